package boardtest

import (
	"errors"
	"slices"
	"time"

	"cubby/board"
	"cubby/board/virtual"
)

type testCase struct {
	name    string
	needs   func(Family) bool // nil: every family
	pipe    bool              // in virtual time only: long, and no matter of the line
	line    virtual.LineOptions
	twins   twins
	reopens bool // the line heals, as in the product
	run     func(*bench)
}

func (f Family) sees() bool { return f.Latch || f.Cycle }

func sees(f Family) bool      { return f.sees() }
func acks(f Family) bool      { return f.Acks }
func both(f Family) bool      { return f.Acks && f.sees() }
func twoBoards(f Family) bool { return !f.Single }
func checks(f Family) bool    { return f.Checksum && both(f) }
func echoes(f Family) bool    { return f.Echoes }
func software(f Family) bool  { return f.Software }

// cases is the suite: a list that a reader sees whole.
func cases() []testCase {
	echo, slow := virtual.LineOptions{Echo: true}, virtual.LineOptions{BaudRate: 9600}
	return []testCase{
		{name: "info", run: testInfo},
		{name: "codec", run: testCodec},
		{name: "open", run: testOpen},
		{name: "each channel once", run: testEachChannel},
		{name: "states", needs: sees, run: testStates},
		{name: "no witness", needs: func(f Family) bool { return !f.sees() }, run: testBlind},
		{name: "occupancy", needs: func(f Family) bool { return f.Infrared }, run: testOccupancy},
		{name: "out of range", run: testRange},
		{name: "silent board", needs: sees, run: testSilent},
		{name: "other board lives", needs: twoBoards, run: testOtherBoard},
		{name: "power cycle", needs: sees, run: testPowerCycle},
		{name: "late reply to unlock", needs: acks, run: testLateUnlock},
		{name: "late reply during another unlock", needs: acks, run: testLateDuring},
		{name: "late reply to status", needs: sees, run: testLateStatus},
		{name: "lost reply", needs: acks, run: testLostReply},
		{name: "corrupt checksum", needs: checks, run: testChecksum},
		{name: "reply from another board", needs: both, run: testForeign},
		{name: "half a frame", needs: both, run: testHalf},
		{name: "two frames glued", needs: both, run: testGlued},
		{name: "noise before the reply", needs: sees, line: virtual.LineOptions{Seed: 1}, run: testNoise},
		{name: "echo", needs: echoes, line: echo, run: testEcho},
		{
			name: "echo of a dead board", line: echo, run: testEchoSilent,
			needs: func(f Family) bool { return f.Echoes && f.Acks },
		},
		{name: "slow line", line: slow, run: testOpen},
		{name: "stuck lock", needs: sees, run: testStuck},
		{name: "slow lock", needs: sees, run: testSlow},
		{name: "bouncing sensor", needs: sees, run: testBouncing},
		{name: "lying sensor", needs: sees, run: testLying},
		{name: "dead channel", needs: acks, run: testDead},
		{name: "busy board", needs: func(f Family) bool { return f.sees() && !f.Software }, run: testBusy},
		{name: "line unplugged", run: testUnplugged},
		{name: "line plugged in again", reopens: true, run: testReplugged},
		{name: "cancelled", run: testCancelled},
		{name: "probe", run: testProbe},
		{name: "census", run: testCensus},
		{name: "two boards answer in turn", twins: inTurn, run: testTwins},
		{name: "two boards clash", twins: clashing, run: testTwins},
		{name: "pulse ended by the driver", needs: software, run: testSoftware},
		{name: "pulse ended after a cancel", needs: software, run: testSoftwareCancelled},
		{name: "restore", run: testRestore},
		{name: "storm", pipe: true, line: virtual.LineOptions{Odds: 0.5, Seed: 7}, run: testStorm},
	}
}

// unlock unlocks and checks what must hold whatever the answer: in time, and no lock is pulsed more
// often than it was asked for.
func (b *bench) unlock(ch board.Channel) (board.Ack, error) {
	b.Helper()
	start := b.Now()
	b.asked[ch]++
	ack, err := b.driver.Unlock(b.Context(), b.Addr, ch)
	b.inTime(start)
	b.neverMore()
	if err != nil && ack != board.AckNone {
		b.Errorf("Unlock gave %v with the error %v", ack, err)
	}
	return ack, err
}

// neverMore requires that no lock was pulsed more often than it was asked for. A board that answers
// nothing may still have to read what it was told.
func (b *bench) neverMore() {
	b.Helper()
	b.atMost(b.Addr, b.asked)
	if !b.Single {
		b.atMost(b.Other, b.asked2)
	}
}

func (b *bench) atMost(addr board.Address, asked map[board.Channel]int) {
	b.Helper()
	for i := range b.Channels {
		ch := board.Channel(i + 1)
		if got := b.world.PulseCount(addr, ch); got > asked[ch] {
			b.Fatalf("channel %d of board %d was pulsed %d times for %d unlocks", ch, addr, got, asked[ch])
		}
	}
}

func (b *bench) read(addr board.Address) (board.Reading, error) {
	b.Helper()
	start := b.Now()
	reading, err := b.driver.ReadStates(b.Context(), addr)
	b.inTime(start)
	return reading, err
}

func (b *bench) inTime(start time.Time) {
	b.Helper()
	if took, limit := b.Now().Sub(start), b.driver.Info().Deadline+drainSlack; took > limit+b.slack {
		b.Errorf("took %v, Info promised %v", took, limit)
	}
}

// drainSlack is what a driver may spend on emptying the line before a request.
const drainSlack = 100 * time.Millisecond

// opens unlocks and requires that the board pulsed once and did not complain.
func (b *bench) opens(ch board.Channel) {
	b.Helper()
	before := b.world.PulseCount(b.Addr, ch)
	ack, err := b.unlock(ch)
	if err != nil {
		b.Fatalf("unlock channel %d: %v", ch, err)
	}
	// A board that answers nothing may not have read the request yet.
	for !b.Acks && b.world.PulseCount(b.Addr, ch) == before && b.Context().Err() == nil {
		b.pause(time.Millisecond)
	}
	if got := b.world.PulseCount(b.Addr, ch); got != before+1 {
		b.Errorf("channel %d: %d pulses, want %d", ch, got, before+1)
	}
	if want := b.accepted(ch); ack != want {
		b.Errorf("unlock channel %d: ack %v, want %v", ch, ack, want)
	}
}

// accepted is what a board answers to an unlock that it obeyed.
func (b *bench) accepted(ch board.Channel) board.Ack {
	switch {
	case !b.Acks:
		return board.AckNone
	case b.Refuses && b.world.Sensed(b.Addr, ch) == board.StateClosed:
		return board.AckRefused
	}
	return board.AckAccepted
}

// refuses unlocks a channel that the board cannot pulse.
func (b *bench) refuses(ch board.Channel) {
	b.Helper()
	ack, err := b.unlock(ch)
	if b.Refuses && err == nil {
		if ack != board.AckRefused {
			b.Errorf("unlock of a dead channel: ack %v, want refused", ack)
		}
		return
	}
	b.fails(err, board.ErrSilent, board.ErrGarbled)
}

// readFails requires that a poll ends with one of the errors.
func (b *bench) readFails(want ...error) {
	b.Helper()
	if !b.sees() {
		return
	}
	_, err := b.read(b.Addr)
	b.fails(err, want...)
}

// reads requires that the board reads exactly these channels as open. A family that cannot see says
// nothing.
func (b *bench) reads(addr board.Address, open ...board.Channel) {
	b.Helper()
	if !b.sees() {
		return
	}
	reading, err := b.read(addr)
	if err != nil {
		b.Fatalf("read states: %v", err)
	}
	if len(reading.Doors) != b.Channels {
		b.Fatalf("%d doors read, want %d", len(reading.Doors), b.Channels)
	}
	for i, got := range reading.Doors {
		want := board.StateClosed
		if slices.Contains(open, board.Channel(i+1)) {
			want = board.StateOpen
		}
		if got != want {
			b.Errorf("channel %d of board %d reads %v, want %v", i+1, addr, got, want)
		}
	}
}

// fails requires one of the errors.
func (b *bench) fails(err error, want ...error) {
	b.Helper()
	for _, w := range want {
		if errors.Is(err, w) {
			return
		}
	}
	b.Errorf("error %v, want one of %v", err, want)
}

func (b *bench) inject(faults ...virtual.Fault) {
	b.Helper()
	fatal(b.T, b.line.Inject(faults...))
}

// pause lets the line work: virtual time on a pipe, real time elsewhere.
func (b *bench) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

func (b *bench) counts() board.Counts {
	if c, ok := b.driver.(board.Counter); ok {
		return c.Counts()
	}
	return board.Counts{}
}

func (b *bench) silence(silent bool) {
	b.Helper()
	fatal(b.T, b.world.SetSilent(b.Addr, silent))
}

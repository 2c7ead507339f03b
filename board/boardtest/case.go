package boardtest

import (
	"context"
	"errors"
	"slices"
	"time"

	"cubby/board"
	"cubby/board/virtual"
)

type testCase struct {
	name  string
	needs func(Family) bool // nil: every family
	pipe  bool              // in virtual time only: long, and no matter of the line
	line  virtual.LineOptions
	run   func(*bench)
}

func latch(f Family) bool    { return f.Latch }
func acks(f Family) bool     { return f.Acks }
func both(f Family) bool     { return f.Acks && f.Latch }
func twoBoard(f Family) bool { return f.Other != 0 && f.Latch }

//nolint:gochecknoglobals // the suite is data: a list that a reader sees whole
var cases = []testCase{
	{name: "open", run: testOpen},
	{name: "each channel once", run: testEachChannel},
	{name: "states", needs: latch, run: testStates},
	{name: "out of range", run: testRange},
	{name: "silent board", needs: latch, run: testSilent},
	{name: "other board lives", needs: twoBoard, run: testOtherBoard},
	{name: "power cycle", pipe: true, needs: latch, run: testPowerCycle},
	{name: "late reply to unlock", needs: both, run: testLateUnlock},
	{name: "late reply to status", needs: latch, run: testLateStatus},
	{name: "lost reply", needs: acks, run: testLostReply},
	{name: "corrupt checksum", needs: func(f Family) bool { return f.Checksum && f.Latch && f.Acks }, run: testChecksum},
	{name: "reply from another board", needs: both, run: testForeign},
	{name: "half a frame", needs: both, run: testHalf},
	{name: "two frames glued", needs: both, run: testGlued},
	{name: "noise before the reply", needs: latch, line: virtual.LineOptions{Seed: 1}, run: testNoise},
	{name: "echo", needs: func(f Family) bool { return f.Echoes }, line: virtual.LineOptions{Echo: true}, run: testEcho},
	{
		name: "echo of a dead board", needs: func(f Family) bool { return f.Echoes && f.Acks },
		line: virtual.LineOptions{Echo: true}, run: testEchoSilent,
	},
	{name: "slow line", line: virtual.LineOptions{BaudRate: 9600, Echo: false}, run: testOpen},
	{name: "stuck lock", needs: latch, run: testStuck},
	{name: "slow lock", needs: latch, run: testSlow},
	{name: "lying sensor", needs: latch, run: testLying},
	{name: "dead channel", needs: acks, run: testDead},
	{name: "line unplugged", run: testUnplugged},
	{name: "cancelled", run: testCancelled},
	{name: "probe", run: testProbe},
	{name: "storm", pipe: true, line: virtual.LineOptions{Odds: 0.5, Seed: 7}, run: testStorm},
}

// unlock unlocks and checks what must hold whatever the answer: in time, and at most one pulse, of
// that channel only.
func (b *bench) unlock(ch board.Channel) (board.Ack, error) {
	b.Helper()
	before := b.world.Pulses()
	start := b.Now()
	ack, err := b.driver.Unlock(b.Context(), b.Addr, ch)
	b.inTime(start)
	pulses := b.world.Pulses()[len(before):]
	if len(pulses) > 1 {
		b.Fatalf("one Unlock gave %d pulses", len(pulses))
	}
	if len(pulses) == 1 && (pulses[0].Addr != b.Addr || pulses[0].Channel != ch) {
		b.Fatalf("Unlock of channel %d pulsed %d/%d", ch, pulses[0].Addr, pulses[0].Channel)
	}
	if err != nil && ack != board.AckNone {
		b.Errorf("Unlock gave %d with the error %v", ack, err)
	}
	return ack, err
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
	if want := b.accepted(); ack != want {
		b.Errorf("unlock channel %d: ack %d, want %d", ch, ack, want)
	}
	// A board that answers nothing may not have read the request yet.
	for !b.Acks && b.world.PulseCount(b.Addr, ch) == before && b.Context().Err() == nil {
		b.pause(time.Millisecond)
	}
	if got := b.world.PulseCount(b.Addr, ch); got != before+1 {
		b.Errorf("channel %d: %d pulses, want %d", ch, got, before+1)
	}
}

func (b *bench) accepted() board.Ack {
	if b.Acks {
		return board.AckAccepted
	}
	return board.AckNone
}

// sees requires that the board reads exactly these channels as open.
func (b *bench) sees(addr board.Address, open ...board.Channel) {
	b.Helper()
	if !b.Latch {
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

func testOpen(b *bench) {
	b.sees(b.Addr)
	b.opens(2)
	b.sees(b.Addr, 2)
	fatal(b.T, b.world.Close(b.Addr, 2))
	b.sees(b.Addr)
}

func testEachChannel(b *bench) {
	var open []board.Channel
	for i := range b.Channels {
		ch := board.Channel(i + 1)
		b.opens(ch)
		open = append(open, ch)
	}
	b.sees(b.Addr, open...)
	if got := len(b.world.Pulses()); got != b.Channels {
		b.Errorf("%d pulses, want %d", got, b.Channels)
	}
}

func testStates(b *bench) {
	for round := range 1 << 4 { // every pattern of the first four, and the last one
		var open []board.Channel
		for i := range 4 {
			ch := board.Channel(i + 1)
			if i == 3 {
				ch = board.Channel(b.Channels)
			}
			if round>>i&1 == 1 {
				fatal(b.T, b.world.Force(b.Addr, ch))
				open = append(open, ch)
			} else {
				fatal(b.T, b.world.Close(b.Addr, ch))
			}
		}
		b.sees(b.Addr, open...)
	}
	if b.Other != 0 {
		b.sees(b.Other)
	}
}

func testRange(b *bench) {
	sent := b.counts().Requests
	_, err := b.unlock(0)
	b.fails(err, board.ErrRange)
	_, err = b.unlock(board.Channel(b.Channels + 1))
	b.fails(err, board.ErrRange)
	if got := b.counts().Requests; got != sent {
		b.Errorf("%d requests were sent", got-sent)
	}
}

func testSilent(b *bench) {
	b.silence(true)
	_, err := b.read(b.Addr)
	b.fails(err, board.ErrSilent)
	if _, err = b.unlock(1); b.Acks {
		b.fails(err, board.ErrSilent)
	}
	if got := b.counts().Timeouts; got == 0 {
		b.Error("no time-out was counted")
	}
	b.silence(false)
	b.sees(b.Addr)
	b.opens(1)
	b.sees(b.Addr, 1)
}

func testOtherBoard(b *bench) {
	b.silence(true)
	fatal(b.T, b.world.Force(b.Other, 3))
	_, err := b.read(b.Addr)
	b.fails(err, board.ErrSilent)
	b.sees(b.Other, 3)
}

func testPowerCycle(b *bench) {
	b.opens(1)
	b.world.SetPower(false)
	_, err := b.read(b.Addr)
	b.fails(err, board.ErrSilent)
	_, err = b.unlock(2)
	if b.Acks {
		b.fails(err, board.ErrSilent)
	}
	b.world.SetPower(true)
	b.sees(b.Addr, 1)
}

func testLateUnlock(b *bench) {
	b.sees(b.Addr)
	b.inject(virtual.FaultLate)
	_, err := b.unlock(1)
	b.fails(err, board.ErrSilent)
	fatal(b.T, b.world.SetBehaviour(b.Addr, 2, virtual.BehaviourDead, 0))
	b.pause(2 * lateAfter) // the reply arrives now
	_, err = b.unlock(2)   // and must not answer for another channel
	b.fails(err, board.ErrSilent)
	fatal(b.T, b.world.SetBehaviour(b.Addr, 2, virtual.BehaviourNormal, 0))
	b.sees(b.Addr, 1)
	if b.counts().Late == 0 {
		b.Error("the late answer was not counted")
	}
}

func testLateStatus(b *bench) {
	b.sees(b.Addr)
	b.inject(virtual.FaultLate)
	_, err := b.read(b.Addr)
	b.fails(err, board.ErrSilent)
	fatal(b.T, b.world.Force(b.Addr, 3))
	b.sees(b.Addr, 3) // not what the late answer says, whenever it comes
	fatal(b.T, b.world.Force(b.Addr, 4))
	b.sees(b.Addr, 3, 4)
}

func testLostReply(b *bench) {
	b.sees(b.Addr)
	b.inject(virtual.FaultLost)
	_, err := b.unlock(1)
	b.fails(err, board.ErrSilent)
	if got := b.world.PulseCount(b.Addr, 1); got != 1 {
		b.Errorf("%d pulses, want 1", got)
	}
	b.sees(b.Addr, 1)
}

func testChecksum(b *bench) {
	b.sees(b.Addr)
	b.inject(virtual.FaultChecksum)
	_, err := b.read(b.Addr)
	b.fails(err, board.ErrGarbled)
	if got := b.counts().Checksums; got != 1 {
		b.Errorf("%d bad checksums counted, want 1", got)
	}
	b.inject(virtual.FaultChecksum)
	_, err = b.unlock(1)
	b.fails(err, board.ErrGarbled)
	b.sees(b.Addr, 1)
}

func testForeign(b *bench) {
	b.sees(b.Addr)
	b.inject(virtual.FaultForeign, virtual.FaultForeign)
	_, err := b.read(b.Addr)
	b.fails(err, board.ErrSilent, board.ErrGarbled)
	_, err = b.unlock(1)
	b.fails(err, board.ErrSilent, board.ErrGarbled)
	b.sees(b.Addr, 1)
}

func testHalf(b *bench) {
	b.sees(b.Addr)
	b.inject(virtual.FaultHalf)
	_, err := b.read(b.Addr)
	b.fails(err, board.ErrGarbled)
	b.inject(virtual.FaultHalf)
	_, err = b.unlock(1)
	b.fails(err, board.ErrGarbled)
	b.opens(2)
	b.sees(b.Addr, 1, 2)
}

func testGlued(b *bench) {
	b.sees(b.Addr)
	for range 3 {
		b.inject(virtual.FaultGlued)
		b.sees(b.Addr)
	}
	b.inject(virtual.FaultGlued)
	b.opens(1)
	b.sees(b.Addr, 1)
}

func testNoise(b *bench) {
	fatal(b.T, b.world.Force(b.Addr, 2))
	right, rounds := 0, 20
	if b.slack > 0 {
		rounds = 4 // real time
	}
	for range rounds {
		b.inject(virtual.FaultNoise)
		reading, err := b.read(b.Addr)
		if err != nil {
			b.fails(err, board.ErrSilent, board.ErrGarbled)
			continue
		}
		right++
		if reading.Doors[1] != board.StateOpen || reading.Doors[0] != board.StateClosed {
			b.Errorf("noise was believed: %v", reading.Doors)
		}
	}
	if right < rounds/2 {
		b.Errorf("%d of %d readings survived noise before them, want most", right, rounds)
	}
}

func testEcho(b *bench) {
	for ch := board.Channel(1); ch <= 3; ch++ {
		b.opens(ch)
	}
	b.sees(b.Addr, 1, 2, 3)
	if b.counts().Echoes == 0 {
		b.Error("no echo was counted")
	}
}

// testEchoSilent is why a driver must know its adapter: here the echo of an unlock is all that comes.
func testEchoSilent(b *bench) {
	b.silence(true)
	for range 2 {
		_, err := b.unlock(1)
		b.fails(err, board.ErrSilent)
	}
	_, err := b.read(b.Addr)
	b.fails(err, board.ErrSilent)
	b.silence(false)
	b.opens(1)
}

func testStuck(b *bench) {
	fatal(b.T, b.world.SetBehaviour(b.Addr, 1, virtual.BehaviourStuck, 0))
	b.opens(1) // the board pulses and says so; that is no opening
	b.sees(b.Addr)
}

func testSlow(b *bench) {
	const delay = 300 * time.Millisecond
	fatal(b.T, b.world.SetBehaviour(b.Addr, 1, virtual.BehaviourSlow, delay))
	b.opens(1)
	b.pause(delay)
	b.sees(b.Addr, 1)
}

func testLying(b *bench) {
	fatal(b.T, b.world.SetBehaviour(b.Addr, 1, virtual.BehaviourInverted, 0))
	b.sees(b.Addr, 1)
	b.opens(1) // a broken sensor never blocks an opening
	b.sees(b.Addr)
	fatal(b.T, b.world.SetBehaviour(b.Addr, 2, virtual.BehaviourFrozen, 0))
	b.opens(2)
	b.sees(b.Addr)
}

func testDead(b *bench) {
	fatal(b.T, b.world.SetBehaviour(b.Addr, 1, virtual.BehaviourDead, 0))
	_, err := b.unlock(1)
	b.fails(err, board.ErrSilent, board.ErrGarbled)
	b.opens(2)
}

func testUnplugged(b *bench) {
	b.opens(1)
	b.unplug()
	// The first request may still be swallowed by the system.
	for range 2 {
		if _, err := b.unlock(2); errors.Is(err, board.ErrLost) {
			return
		}
	}
	b.Error("no request on an unplugged line says that it is lost")
}

func testCancelled(b *bench) {
	b.silence(true)
	ctx, cancel := context.WithTimeout(b.Context(), b.deadline/10)
	defer cancel()
	start := b.Now()
	_, err := b.driver.Unlock(ctx, b.Addr, 1)
	if took := b.Now().Sub(start); took > b.deadline/2+b.slack {
		b.Errorf("took %v after its context ended at %v", took, b.deadline/10)
	}
	if b.Acks && err == nil {
		b.Error("no error from a cancelled request to a silent board")
	}
	cancel()
	sent := b.counts().Requests
	_, err = b.driver.Unlock(ctx, b.Addr, 1)
	b.fails(err, context.Canceled, context.DeadlineExceeded)
	if got := b.counts().Requests; got != sent {
		b.Error("a request was sent after its context had ended")
	}
	b.silence(false)
	b.opens(1)
}

func testProbe(b *bench) {
	p, ok := b.driver.(board.Prober)
	if !ok {
		b.Skip("this family cannot probe")
	}
	found, err := p.Probe(b.Context(), b.Addr)
	if err != nil || !found {
		b.Errorf("probe: %v, %v, want the board", found, err)
	}
	b.silence(true)
	found, err = p.Probe(b.Context(), b.Addr)
	if err != nil || found {
		b.Errorf("probe of a silent board: %v, %v, want nothing", found, err)
	}
	if n := len(b.world.Pulses()); n != 0 {
		b.Errorf("probing pulsed %d times", n)
	}
}

// testStorm opens doors on a line where every second reply is disturbed. unlock and read check that
// no request pulses twice or takes too long.
func testStorm(b *bench) {
	const rounds = 200
	for i := range rounds {
		ch := board.Channel(i%b.Channels + 1)
		if _, err := b.unlock(ch); err != nil {
			b.fails(err, board.ErrSilent, board.ErrGarbled)
		}
		if _, err := b.read(b.Addr); b.Latch && err != nil {
			b.fails(err, board.ErrSilent, board.ErrGarbled)
		}
	}
	if n := len(b.world.Pulses()); n > rounds {
		b.Errorf("%d pulses for %d unlocks", n, rounds)
	}
}

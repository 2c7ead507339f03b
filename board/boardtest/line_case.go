package boardtest

import (
	"cubby/board"
	"cubby/board/virtual"
)

func testOpen(b *bench) {
	b.reads(b.Addr)
	b.opens(2)
	b.reads(b.Addr, 2)
	fatal(b.T, b.world.Close(b.Addr, 2))
	b.reads(b.Addr)
}

func testEachChannel(b *bench) {
	var open []board.Channel
	for i := range b.Channels {
		ch := board.Channel(i + 1)
		b.opens(ch)
		open = append(open, ch)
	}
	b.reads(b.Addr, open...)
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
		b.reads(b.Addr, open...)
	}
	if !b.Single {
		b.reads(b.Other)
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
	if _, ok := b.driver.(board.Counter); ok && b.counts().Timeouts == 0 {
		b.Error("no time-out was counted")
	}
	b.silence(false)
	b.reads(b.Addr)
	b.opens(2)
	b.reads(b.Addr, 2)
}

// testOtherBoard: a dead board delays the others by its own deadline and no more.
func testOtherBoard(b *bench) {
	b.silence(true)
	fatal(b.T, b.world.Force(b.Other, 3))
	for range 2 {
		start := b.Now()
		b.readFails(board.ErrSilent)
		b.reads(b.Other, 3)
		if took, limit := b.Now().Sub(start), b.driver.Info().Deadline+2*drainSlack; took > limit+b.slack {
			b.Errorf("a round with a dead board took %v, want its deadline and no more than %v", took, limit)
		}
	}
	b.asked2[1]++
	if _, err := b.driver.Unlock(b.Context(), b.Other, 1); err != nil {
		b.Errorf("unlock on the board that lives: %v", err)
	}
	b.reads(b.Other, 1, 3)
	if c, ok := b.driver.(board.AddressCounter); ok && b.sees() {
		if dead, live := c.BoardCounts(b.Addr), c.BoardCounts(b.Other); dead.Timeouts == 0 || live.Timeouts != 0 {
			b.Errorf("timeouts %d of the dead board and %d of the other", dead.Timeouts, live.Timeouts)
		}
	}
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
	b.reads(b.Addr, 1)
}

func testLateUnlock(b *bench) {
	b.reads(b.Addr)
	b.inject(virtual.FaultLate)
	_, err := b.unlock(1)
	b.fails(err, board.ErrSilent)
	fatal(b.T, b.world.SetBehaviour(b.Addr, 2, virtual.BehaviourDead, 0))
	b.pause(2 * b.late) // the reply arrives now
	b.refuses(2)        // and must not answer for another channel
	fatal(b.T, b.world.SetBehaviour(b.Addr, 2, virtual.BehaviourNormal, 0))
	b.reads(b.Addr, 1)
	if _, ok := b.driver.(board.Counter); ok && b.counts().Late == 0 {
		b.Error("the late answer was not counted")
	}
}

// testLateDuring: here the late reply comes while the next request waits for its own. It is channel 1,
// whose number some families' replies use for "no channel".
func testLateDuring(b *bench) {
	b.reads(b.Addr)
	fatal(b.T, b.world.SetBehaviour(b.Addr, 3, virtual.BehaviourDead, 0))
	b.inject(virtual.FaultLate)
	_, err := b.unlock(1)
	b.fails(err, board.ErrSilent)
	b.refuses(3)
	fatal(b.T, b.world.SetBehaviour(b.Addr, 3, virtual.BehaviourNormal, 0))
	b.opens(4)
	b.reads(b.Addr, 1, 4)
}

func testLateStatus(b *bench) {
	b.reads(b.Addr)
	b.inject(virtual.FaultLate)
	_, err := b.read(b.Addr)
	b.fails(err, board.ErrSilent)
	fatal(b.T, b.world.Force(b.Addr, 3))
	b.reads(b.Addr, 3) // not what the late answer says, whenever it comes
	fatal(b.T, b.world.Force(b.Addr, 4))
	b.reads(b.Addr, 3, 4)
}

func testLostReply(b *bench) {
	b.reads(b.Addr)
	b.inject(virtual.FaultLost)
	_, err := b.unlock(1)
	b.fails(err, board.ErrSilent)
	if got := b.world.PulseCount(b.Addr, 1); got != 1 {
		b.Errorf("%d pulses, want 1", got)
	}
	b.reads(b.Addr, 1)
}

func testChecksum(b *bench) {
	b.reads(b.Addr)
	b.inject(virtual.FaultChecksum)
	_, err := b.read(b.Addr)
	b.fails(err, board.ErrGarbled)
	if got := b.counts().Checksums; got != 1 {
		b.Errorf("%d bad checksums counted, want 1", got)
	}
	b.inject(virtual.FaultChecksum)
	_, err = b.unlock(1)
	b.fails(err, board.ErrGarbled)
	b.reads(b.Addr, 1)
}

func testForeign(b *bench) {
	b.reads(b.Addr)
	b.inject(virtual.FaultForeign, virtual.FaultForeign)
	_, err := b.read(b.Addr)
	b.fails(err, board.ErrSilent, board.ErrGarbled)
	_, err = b.unlock(1)
	b.fails(err, board.ErrSilent, board.ErrGarbled)
	b.reads(b.Addr, 1)
}

func testHalf(b *bench) {
	b.reads(b.Addr)
	b.inject(virtual.FaultHalf)
	_, err := b.read(b.Addr)
	b.fails(err, board.ErrGarbled)
	b.inject(virtual.FaultHalf)
	_, err = b.unlock(1)
	b.fails(err, board.ErrGarbled)
	b.opens(2)
	b.reads(b.Addr, 1, 2)
}

func testGlued(b *bench) {
	b.reads(b.Addr)
	for range 3 {
		b.inject(virtual.FaultGlued)
		b.reads(b.Addr)
	}
	b.inject(virtual.FaultGlued)
	b.opens(1)
	b.reads(b.Addr, 1)
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
	b.reads(b.Addr, 1, 2, 3)
	if _, ok := b.driver.(board.Counter); ok && b.counts().Echoes == 0 {
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
	b.readFails(board.ErrSilent)
	b.silence(false)
	b.opens(2)
}

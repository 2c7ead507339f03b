package boardtest

import (
	"context"
	"errors"
	"time"

	"cubby/board"
	"cubby/board/virtual"
)

func testStuck(b *bench) {
	fatal(b.T, b.world.SetBehaviour(b.Addr, 1, virtual.BehaviourStuck, 0))
	b.opens(1) // the board pulses and says so; that is no opening
	b.reads(b.Addr)
}

func testSlow(b *bench) {
	const delay = 300 * time.Millisecond
	fatal(b.T, b.world.SetBehaviour(b.Addr, 1, virtual.BehaviourSlow, delay))
	b.opens(1)
	b.pause(delay)
	b.reads(b.Addr, 1)
}

func testLying(b *bench) {
	fatal(b.T, b.world.SetBehaviour(b.Addr, 1, virtual.BehaviourInverted, 0))
	b.reads(b.Addr, 1)
	b.opens(1) // a broken sensor never blocks an opening
	b.reads(b.Addr)
	fatal(b.T, b.world.SetBehaviour(b.Addr, 2, virtual.BehaviourFrozen, 0))
	b.opens(2)
	b.reads(b.Addr)
}

func testDead(b *bench) {
	fatal(b.T, b.world.SetBehaviour(b.Addr, 1, virtual.BehaviourDead, 0))
	b.refuses(1)
	b.opens(2)
}

func testUnplugged(b *bench) {
	b.opens(1)
	b.plug.unplug()
	// A coil that is on when the cable is cut cannot be switched off any more.
	defer b.world.SetPower(false)
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
	b.asked[1]++
	_, err := b.driver.Unlock(ctx, b.Addr, 1)
	if took := b.Now().Sub(start); took > b.deadline/2+b.pulse+b.slack {
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
	b.opens(2) // a board may read late what it was told before
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
		if _, err := b.driver.ReadStates(b.Context(), b.Addr); b.sees() && err != nil {
			b.fails(err, board.ErrSilent, board.ErrGarbled)
		}
	}
	if n := len(b.world.Pulses()); n > rounds {
		b.Errorf("%d pulses for %d unlocks", n, rounds)
	}
}

// testBouncing: while a contact chatters the reading is one of the two, never an error; then it is
// the truth.
func testBouncing(b *bench) {
	const chatter = 200 * time.Millisecond
	fatal(b.T, b.world.SetBehaviour(b.Addr, 1, virtual.BehaviourBouncing, chatter))
	b.opens(1)
	for range 5 {
		reading, err := b.read(b.Addr)
		if err != nil || reading.Doors[0] == board.StateUnknown || reading.Doors[1] != board.StateClosed {
			b.Errorf("reading %v, %v while channel 1 bounces", reading, err)
		}
		b.pause(time.Millisecond)
	}
	b.pause(chatter)
	b.reads(b.Addr, 1)
}

// testBusy: a board that is deaf after an unlock costs its own deadline, and nothing pulses twice.
func testBusy(b *bench) {
	rest := b.deadline + b.deadline/2
	fatal(b.T, b.world.SetBusy(b.Addr, rest))
	b.opens(1)
	_, err := b.unlock(2)
	if err != nil {
		b.fails(err, board.ErrSilent)
	}
	if !b.Single {
		b.reads(b.Other)
	}
	fatal(b.T, b.world.SetBusy(b.Addr, 0))
	b.pause(rest)
	open := []board.Channel{1}
	if b.world.PulseCount(b.Addr, 2) > 0 {
		open = append(open, 2) // a driver may know how to wake the board
	}
	b.reads(b.Addr, open...)
	b.opens(3)
}

// testReplugged pulls the adapter and plugs it in again, with the reopener of the product.
func testReplugged(b *bench) {
	b.opens(1)
	b.plug.unplug()
	// The first request may still be swallowed by the system.
	lost := false
	for range 3 {
		_, err := b.unlock(2)
		lost = lost || errors.Is(err, board.ErrLost)
	}
	if !lost {
		b.Error("no request on an unplugged line says that it is lost")
	}
	b.plug.replug()
	for range 20 {
		b.pause(2 * reopenWait)
		if _, err := b.unlock(3); err == nil {
			break
		}
	}
	b.opens(4)
	for ch := board.Channel(1); ch <= 3; ch++ {
		fatal(b.T, b.world.Close(b.Addr, ch))
	}
	b.reads(b.Addr, 4)
}

func testCensus(b *bench) {
	c, ok := b.driver.(board.Censor)
	if !ok {
		b.Skip("this family takes no census")
	}
	for range 2 {
		b.counted(c, b.Addr, board.PresenceOne)
	}
	b.silence(true)
	b.counted(c, b.Addr, board.PresenceNone)
	if !b.Single {
		b.counted(c, b.Other, board.PresenceOne)
	}
	b.silence(false)
	b.counted(c, b.Addr, board.PresenceOne)
	b.opens(1)
	b.reads(b.Addr, 1)
}

// testTwins: a second board at the address is noticed, and the board beside them is still one.
func testTwins(b *bench) {
	c, ok := b.driver.(board.Censor)
	if !ok {
		b.Skip("this family takes no census")
	}
	fatal(b.T, b.twin.Force(b.Addr, 1)) // else two answers that clash may be the same
	b.counted(c, b.Addr, board.PresenceSeveral)
	if !b.Single {
		b.counted(c, b.Other, board.PresenceOne)
	}
	fatal(b.T, b.twin.SetSilent(b.Addr, true))
	b.counted(c, b.Addr, board.PresenceOne)
	if n := len(b.world.Pulses()) + len(b.twin.Pulses()); n != 0 {
		b.Errorf("a census pulsed %d times", n)
	}
}

func (b *bench) counted(c board.Censor, addr board.Address, want board.Presence) {
	b.Helper()
	if got, err := c.Census(b.Context(), addr); err != nil || got != want {
		b.Errorf("census of board %d: %v, %v, want %v", addr, got, err, want)
	}
}

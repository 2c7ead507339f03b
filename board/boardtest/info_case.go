package boardtest

import (
	"bytes"
	"context"
	"math/rand/v2"
	"time"

	"cubby/board"
)

// testInfo compares what the driver says of itself with what its test says.
func testInfo(b *bench) {
	info := b.driver.Info()
	want := board.Info{
		Family: b.Name, Channels: b.Channels, Latch: b.Latch, Cycle: b.Cycle, Infrared: b.Infrared,
		Software: b.Software, Deadline: info.Deadline, BoardTime: info.BoardTime,
	}
	if info != want {
		b.Errorf("info %+v, want %+v", info, want)
	}
	if info.Deadline <= 0 || info.BoardTime <= 0 {
		b.Errorf("deadline %v and pulse %v, want both", info.Deadline, info.BoardTime)
	}
	if _, ok := b.driver.(board.Restorer); b.Software && !ok {
		b.Error("a driver that ends pulses cannot switch all off: it wants Restore")
	}
}

// testCodec: what the codec calls the frame of an unlock is what Unlock sends, once.
func testCodec(b *bench) {
	for i := range b.Channels {
		ch := board.Channel(i + 1)
		frame, err := b.Codec.OpenFrame(b.Addr, ch)
		fatal(b.T, err)
		open := b.explained(frame)
		b.tap.take()
		b.opens(ch)
		times := 0
		for _, e := range b.Codec.Explain(b.tap.take()) {
			if !e.Valid {
				b.Errorf("Unlock sent % X, which the codec calls %q", e.Bytes, e.Text)
			}
			if e.Text == open {
				times++
			}
		}
		if times != 1 {
			b.Errorf("Unlock of channel %d sent %q %d times", ch, open, times)
		}
	}
	for _, ch := range []board.Channel{0, board.Channel(b.Channels + 1)} {
		_, err := b.Codec.OpenFrame(b.Addr, ch)
		b.fails(err, board.ErrRange)
	}
	if frame, err := b.Codec.StatusFrame(b.Addr, 0); err == nil {
		b.explained(frame)
	} else if b.sees() {
		b.Errorf("status frame: %v", err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		seen := make([]byte, rng.IntN(40))
		for i := range seen {
			seen[i] = byte(rng.IntN(256))
		}
		b.covered(seen)
	}
}

// explained returns the one sentence that explains a frame.
func (b *bench) explained(frame []byte) string {
	b.Helper()
	list := b.Codec.Explain(frame)
	if len(list) != 1 || !list[0].Valid || list[0].Text == "" || !bytes.Equal(list[0].Bytes, frame) {
		b.Fatalf("% X is explained as %+v, want one valid frame", frame, list)
	}
	return list[0].Text
}

// covered requires that an explanation leaves out no byte.
func (b *bench) covered(seen []byte) {
	b.Helper()
	var all []byte
	for _, e := range b.Codec.Explain(seen) {
		all = append(all, e.Bytes...)
		if e.Text == "" {
			b.Errorf("% X has no explanation", e.Bytes)
		}
	}
	if !bytes.Equal(all, seen) {
		b.Errorf("the explanation of % X covers % X", seen, all)
	}
}

// testBlind: without a witness every door reads unknown, and that is no error.
func testBlind(b *bench) {
	reading, err := b.read(b.Addr)
	if err != nil || len(reading.Doors) != b.Channels {
		b.Fatalf("read states: %v, %v, want %d unknown doors", reading, err, b.Channels)
	}
	for i, s := range reading.Doors {
		if s != board.StateUnknown {
			b.Errorf("channel %d reads %v, want unknown", i+1, s)
		}
	}
}

func testOccupancy(b *bench) {
	for round := range 1 << 3 { // every pattern of the first two and the last one
		taken := map[int]bool{0: round&1 != 0, 1: round&2 != 0, b.Channels - 1: round&4 != 0}
		for i, occupied := range taken {
			fatal(b.T, b.world.SetOccupied(b.Addr, board.Channel(i+1), occupied))
		}
		reading, err := b.read(b.Addr)
		if err != nil || len(reading.Occupancy) != b.Channels {
			b.Fatalf("read states: %v, %v, want the occupancy of %d", reading, err, b.Channels)
		}
		for i, got := range reading.Occupancy {
			want := board.OccupancyEmpty
			if taken[i] {
				want = board.OccupancyOccupied
			}
			if got != want {
				b.Errorf("channel %d is %v, want %v", i+1, got, want)
			}
		}
		b.reads(b.Addr) // nothing opened
	}
}

// coilsOff waits for the driver to end its pulses and requires that it does.
func (b *bench) coilsOff() {
	b.Helper()
	limit := b.Now().Add(b.driver.Info().BoardTime + b.deadline + b.slack)
	for {
		var on []board.Channel
		for i := range b.Channels {
			if ch := board.Channel(i + 1); b.world.Coil(b.Addr, ch) {
				on = append(on, ch)
			}
		}
		if len(on) == 0 {
			return
		}
		if b.Now().After(limit) {
			b.Errorf("channels %v are still energised", on)
			return
		}
		b.pause(time.Millisecond)
	}
}

func testSoftware(b *bench) {
	want := b.driver.Info().BoardTime
	for ch := board.Channel(1); ch <= 3; ch++ {
		b.opens(ch)
		b.coilsOff()
		got := b.world.CoilTime(b.Addr, ch)
		// In real time the board may have been late to read the first of the two requests.
		if got < want/2 && b.slack == 0 || got > want+b.deadline+b.slack {
			b.Errorf("channel %d was energised for %v, want %v", ch, got, want)
		}
	}
}

// testSoftwareCancelled: whoever gives up on an unlock does not leave the coil on.
func testSoftwareCancelled(b *bench) {
	ctx, cancel := context.WithTimeout(b.Context(), b.driver.Info().BoardTime/4)
	defer cancel()
	b.asked[1]++
	_, _ = b.driver.Unlock(ctx, b.Addr, 1) // either answer is right
	b.coilsOff()
	b.opens(2)
	b.coilsOff()
}

// testRestore: what a crash left energised is switched off, and nothing opens.
func testRestore(b *bench) {
	r, ok := b.driver.(board.Restorer)
	if !ok {
		b.Skip("the boards of this family end pulses themselves")
	}
	for _, ch := range []board.Channel{1, board.Channel(b.Channels)} {
		b.asked[ch]++
		if !b.world.SetCoil(b.Addr, ch, true) {
			b.Fatalf("channel %d cannot be energised", ch)
		}
	}
	fatal(b.T, r.Restore(b.Context(), b.Addr))
	b.coilsOff()
	if n := len(b.world.Pulses()); n != 2 {
		b.Errorf("%d pulses, want only those of the crash", n)
	}
	b.opens(2)
	b.coilsOff()
	fatal(b.T, r.Restore(b.Context(), b.Addr))
}

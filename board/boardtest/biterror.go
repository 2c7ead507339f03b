package boardtest

import (
	"math/rand/v2"
	"slices"
	"testing"

	"cubby/board"
	"cubby/board/virtual"
)

const (
	// quickFrames is what a test has time for, allFrames what is promised of each family.
	quickFrames = 20_000
	allFrames   = 1_000_000
)

// Flips is what became of unlock frames in which two random bits arrived wrong.
type Flips struct {
	Frames  int
	Wrong   int // pulsed another lock than the one asked for, or more than one
	Right   int // pulsed the lock asked for all the same
	Noticed int // of Wrong: the poll after it showed each such door open
	Most    int // the most doors that one frame opened; a bit can turn one channel into all of them
}

// BitErrors sends 20,000 unlock frames with two flipped bits to the family's virtual boards, logs what
// they did, and requires that the poll after each wrong unlock shows it. All addrs have a board, so
// that a frame whose address changed finds one.
func BitErrors(t *testing.T, f Family, addrs []board.Address) Flips {
	t.Helper()
	return flip(t, f, addrs, quickFrames)
}

// BenchmarkBitErrors does the same with a million frames, whatever b.N, and reports wrong unlocks in a
// million. Run it with -benchtime 1x.
func BenchmarkBitErrors(b *testing.B, f Family, addrs []board.Address) {
	b.Helper()
	for b.Loop() {
		flips := flip(b, f, addrs, allFrames)
		b.ReportMetric(float64(flips.Wrong), "wrong/million")
		b.ReportMetric(float64(flips.Noticed), "noticed/million")
	}
}

func flip(tb testing.TB, f Family, addrs []board.Address, frames int) Flips {
	tb.Helper()
	const seed = 20240917
	rng := rand.New(rand.NewPCG(seed, seed))
	v := newVictim(tb, f, addrs)
	result := Flips{Frames: frames}
	for range frames {
		addr, ch := addrs[rng.IntN(len(addrs))], board.Channel(rng.IntN(f.Channels)+1)
		frame, err := f.Codec.OpenFrame(addr, ch)
		fatal(tb, err)
		bits := 8 * len(frame)
		first := rng.IntN(bits)
		second := (first + 1 + rng.IntN(bits-1)) % bits
		for _, bit := range []int{first, second} {
			frame[bit/8] ^= 1 << (bit % 8)
		}
		v.slave.Session().Feed(frame)
		switch {
		case len(v.pulses) == 0:
		case len(v.pulses) == 1 && v.pulses[0].Addr == addr && v.pulses[0].Channel == ch:
			result.Right++
		default:
			result.Wrong++
			result.Most = max(result.Most, len(v.pulses))
			if f.sees() && v.noticed() {
				result.Noticed++
			}
		}
		v.shut()
	}
	tb.Logf("%s, %d boards, seed %d: of %d unlock frames with two wrong bits %d opened other doors (%.4f %%), "+
		"up to %d at once, %d the right one; the poll noticed %d", f.Name, len(addrs), seed, frames, result.Wrong,
		100*float64(result.Wrong)/float64(frames), result.Most, result.Right, result.Noticed)
	if f.sees() && result.Noticed != result.Wrong {
		tb.Errorf("the polls noticed %d of %d wrong unlocks", result.Noticed, result.Wrong)
	}
	return result
}

// victim is a bank in which every pulse is recorded.
type victim struct {
	testing.TB
	Family
	world  *virtual.World
	slave  virtual.Boards
	driver board.Driver
	pulses []virtual.Event
}

func newVictim(tb testing.TB, f Family, addrs []board.Address) *victim {
	tb.Helper()
	boards := map[board.Address]int{}
	for _, addr := range addrs {
		boards[addr] = f.Channels
	}
	v := &victim{TB: tb, Family: f}
	var err error
	v.world, err = virtual.NewWorld(virtual.Options{Now: f.Now, Boards: boards})
	fatal(tb, err)
	line, err := virtual.NewLine(virtual.LineOptions{})
	fatal(tb, err)
	v.slave, err = f.NewSlave(v.world, line)
	fatal(tb, err)
	plug := pipeLink(tb, f, v.slave.Serve)
	conn, err := plug.open()
	fatal(tb, err)
	plug.before(func() { fatal(tb, conn.Close()) })
	v.driver, err = f.NewDriver(Setup{Conn: conn, Now: f.Now, Deadline: virtualDeadline, Pulse: realPulse})
	fatal(tb, err)
	v.world.Subscribe(func(e virtual.Event) {
		if e.Kind == virtual.EventPulse {
			v.pulses = append(v.pulses, e)
		}
	})
	return v
}

// noticed polls the boards that pulsed and reports whether all their open doors show, and no others.
func (v *victim) noticed() bool {
	v.Helper()
	open := map[board.Address][]board.Channel{}
	for _, p := range v.pulses {
		open[p.Addr] = append(open[p.Addr], p.Channel)
	}
	for addr, channels := range open {
		reading, err := v.driver.ReadStates(v.Context(), addr)
		if err != nil {
			v.Errorf("poll of board %d after a wrong unlock: %v", addr, err)
			return false
		}
		for i, s := range reading.Doors {
			if (s == board.StateOpen) != slices.Contains(channels, board.Channel(i+1)) {
				return false
			}
		}
	}
	return true
}

// shut makes the bank as it was.
func (v *victim) shut() {
	v.Helper()
	for _, p := range v.pulses {
		v.world.SetCoil(p.Addr, p.Channel, false)
		fatal(v.TB, v.world.Close(p.Addr, p.Channel))
	}
	v.pulses = v.pulses[:0]
}

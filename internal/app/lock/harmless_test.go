package lock_test

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"cubby/board"
	"cubby/board/virtual"
	"cubby/internal/app/lock"
	"cubby/internal/config"
)

// recorder is a line that keeps what is written. Nobody answers, or one board does, at once; its time
// passes only by waiting.
type recorder struct {
	now      time.Time
	deadline time.Time
	sent     [][]byte
	slave    virtual.Slave // nil: nobody
	answer   []byte
}

func (r *recorder) Now() time.Time { return r.now }

func (r *recorder) Write(p []byte) (int, error) {
	r.sent = append(r.sent, slices.Clone(p))
	if r.slave != nil {
		for _, reply := range r.slave.Feed(slices.Clone(p)) {
			r.answer = append(r.answer, reply.Frame...)
		}
	}
	return len(p), nil
}

func (r *recorder) Read(p []byte) (int, error) {
	if len(r.answer) > 0 {
		n := copy(p, r.answer)
		r.answer = r.answer[n:]
		return n, nil
	}
	if r.deadline.After(r.now) {
		r.now = r.deadline
	}
	return 0, os.ErrDeadlineExceeded
}

func (r *recorder) SetReadDeadline(t time.Time) error { r.deadline = t; return nil }

func (r *recorder) Close() error { return nil }

// probeFrames returns what a probe for a family sends: to nobody, and to a full bus of its boards.
func probeFrames(t *testing.T, f lock.Family) [][]byte {
	t.Helper()
	var frames [][]byte
	for _, slave := range []virtual.Slave{nil, crowd(t, f.Name).session()} {
		r := &recorder{now: time.Unix(0, 0), slave: slave}
		_, err := lock.Probe(t.Context(), lock.ProbeOptions{
			Port: "tcp:nobody:1", Now: r.Now, Families: []string{f.Name}, Last: f.MaxAddress,
			Open: func(context.Context, string) (board.Conn, error) { return r, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, r.sent...)
	}
	if len(frames) <= int(f.MaxAddress) {
		t.Fatalf("%s: a probe sends only %d frames", f.Name, len(frames))
	}
	return frames
}

// bank is a bus of a family with a board at every address.
type bank struct {
	t     *testing.T
	world *virtual.World
	slave virtual.Boards
}

func crowd(t *testing.T, family string, options ...config.BusOptions) bank {
	t.Helper()
	s := config.Bus{Family: family}
	for _, o := range options {
		s.Options = o
	}
	var addrs []board.Address
	for _, f := range lock.Families() {
		for a := int(f.MinAddress); f.Name == family && a <= int(f.MaxAddress); a++ {
			addrs = append(addrs, board.Address(a))
		}
	}
	world, slave := boards(t, s, addrs...)
	return bank{t: t, world: world, slave: slave}
}

func (b bank) session() virtual.Slave { return b.slave.Session() }

// hear feeds the bytes, whole and then byte by byte, and requires that nothing moves.
func (b bank) hear(what string, frames [][]byte) {
	b.t.Helper()
	whole, bytewise := b.session(), b.session()
	for _, f := range frames {
		b.session().Feed(slices.Clone(f)) // alone
		whole.Feed(slices.Clone(f))       // after those before it
		for i := range f {
			bytewise.Feed(slices.Clone(f[i : i+1]))
		}
	}
	if pulses := b.world.Pulses(); len(pulses) > 0 {
		b.t.Errorf("%s: %d pulses, the first on channel %d of board %d",
			what, len(pulses), pulses[0].Channel, pulses[0].Addr)
	}
}

// A probe asks every family's questions on a line whose boards it does not know. No question of any
// family, alone or after any other, at any rate, is an order to a board of another family.
func TestProbe_OpensNothing(t *testing.T) {
	t.Parallel()
	for _, speaker := range lock.Families() {
		if speaker.Search.Last == 0 {
			continue
		}
		for _, listener := range lock.Families() {
			if listener.BaudRate == 0 {
				continue // it hangs on no line
			}
			t.Run(speaker.Name+" to "+listener.Name, func(t *testing.T) {
				t.Parallel()
				frames := probeFrames(t, speaker)
				single := unique(frames)
				variants := listener.Search.Options
				if len(variants) == 0 {
					variants = []config.BusOptions{{}}
				}
				for _, v := range variants {
					b := crowd(t, listener.Name, v)
					b.hear("as sent", frames)
					b.hear("backwards", reversed(frames))
					for _, sent := range rates() {
						for _, heard := range rates() {
							if sent != heard {
								b.hear("at another rate", resampled(single, sent, heard))
							}
						}
					}
				}
			})
		}
	}
}

// unique drops repeated questions: a board at another rate hears each in the same way.
func unique(frames [][]byte) [][]byte {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(frames), func(f []byte) bool {
		again := seen[string(f)]
		seen[string(f)] = true
		return again
	})
}

func reversed(frames [][]byte) [][]byte {
	frames = slices.Clone(frames)
	slices.Reverse(frames)
	return frames
}

// rates are all rates at which anything is tried.
func rates() []int {
	var all []int
	for _, f := range lock.Families() {
		all = append(all, f.Search.BaudRates...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// resampled is what a board hears at its own rate of frames that were sent at another: 8N1, sampled in
// the middle of each bit. Bytes with a bad stop bit are kept, as careless boards do.
func resampled(frames [][]byte, sent, heard int) [][]byte {
	const common = 2400 // divides every rate: fewer steps
	sent, heard = sent/common, heard/common
	var out [][]byte
	for _, f := range frames {
		bits := []bool{true}
		for _, b := range f {
			bits = append(bits, false)
			for i := range 8 {
				bits = append(bits, b>>i&1 == 1)
			}
			bits = append(bits, true)
		}
		// One unit of time is 1/(common*sent*heard) s: a bit of the sender lasts `heard` units.
		level := func(at int) bool { return at/heard >= len(bits) || bits[at/heard] }
		var bytes []byte
		end := len(bits) * heard
		for at := 0; at < end; {
			if level(at) {
				at++
				continue
			}
			var b byte
			for i := range 8 {
				if level(at + sent + sent/2 + i*sent) {
					b |= 1 << i
				}
			}
			bytes = append(bytes, b)
			at += 9*sent + sent/2
		}
		out = append(out, bytes)
	}
	return out
}

// The test above can fail: an order is an order, and garbled by another rate it is not.
func TestProbe_HarmIsSeen(t *testing.T) {
	t.Parallel()
	codec, err := lock.NewCodec(config.Bus{Family: "rs485"})
	if err != nil {
		t.Fatal(err)
	}
	frame, err := codec.OpenFrame(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	b := crowd(t, "rs485")
	b.session().Feed(resampled([][]byte{frame}, 9600, 9600)[0])
	if len(b.world.Pulses()) != 1 {
		t.Errorf("%d pulses by an order that was sampled at its own rate, want 1", len(b.world.Pulses()))
	}
}

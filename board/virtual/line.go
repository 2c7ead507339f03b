package virtual

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Fault is one disturbance of a reply.
type Fault uint8

// The faults of a line. The zero value is invalid.
const (
	FaultLate     Fault = iota + 1 // the reply comes LineOptions.LateBy too late
	FaultLost                      // the board acts, its reply is lost
	FaultChecksum                  // the last byte arrives with two bits flipped
	FaultNoise                     // random bytes come before the reply
	FaultHalf                      // only the first half of the reply comes
	FaultGlued                     // another valid frame of the same board sticks to the end
	FaultForeign                   // the reply carries another board's address
)

// String returns the fault in lower case.
func (f Fault) String() string {
	switch f {
	case FaultLate:
		return "late"
	case FaultLost:
		return "lost"
	case FaultChecksum:
		return "checksum"
	case FaultNoise:
		return "noise"
	case FaultHalf:
		return "half"
	case FaultGlued:
		return "glued"
	case FaultForeign:
		return "foreign"
	}
	return "invalid"
}

// Limits of a line.
const (
	maxInjected = 1024
	maxNoise    = 16 // bytes of one burst
	bitsPerByte = 10 // 8N1: start, eight data, stop
)

// LineOptions describe the wire between a board and its driver. The zero value is a perfect line.
type LineOptions struct {
	BaudRate int           // paces the bytes as this rate would; 0 sends at once
	Echo     bool          // everything sent comes back first, as from a half-duplex adapter
	LateBy   time.Duration // of FaultLate
	Odds     float64       // 0 to 1: chance that a reply meets a random fault
	Seed     uint64        // of noise and odds
}

// Line disturbs the replies of a slave. It is safe for concurrent use; several connections may
// share one.
type Line struct {
	opts LineOptions

	mu     sync.Mutex
	rng    *rand.Rand
	queued []Fault
}

// NewLine checks the options.
func NewLine(opts LineOptions) (*Line, error) {
	if opts.BaudRate < 0 || opts.LateBy < 0 || opts.Odds < 0 || opts.Odds > 1 {
		return nil, fmt.Errorf("virtual line: baud %d, late by %v or odds %v is out of range",
			opts.BaudRate, opts.LateBy, opts.Odds)
	}

	return &Line{opts: opts, rng: rand.New(rand.NewPCG(opts.Seed, opts.Seed))}, nil
}

// Inject makes the next replies meet these faults, one each, in order.
func (l *Line) Inject(faults ...Fault) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range faults {
		if f < FaultLate || f > FaultForeign {
			return fmt.Errorf("inject fault %d: invalid", f)
		}
	}
	if len(l.queued)+len(faults) > maxInjected {
		return fmt.Errorf("inject: more than %d faults wait", maxInjected)
	}
	l.queued = append(l.queued, faults...)
	return nil
}

// Pending returns how many injected faults no reply has met yet.
func (l *Line) Pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queued)
}

// Reply is what a slave answers to one request.
type Reply struct {
	Request []byte        // as received, for the echo
	Frame   []byte        // nil: the board says nothing
	Foreign []byte        // Frame as another board would send it; nil when the family has none
	Extra   []byte        // another valid frame of the same board, for FaultGlued; nil for none
	After   time.Duration // the board's own time to think, e.g. its pulse
}

// burst is bytes that go out together after a pause.
type burst struct {
	after time.Duration
	bytes []byte
}

// shape turns a reply into what appears on the wire.
func (l *Line) shape(r Reply) []burst {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []burst
	after := l.wire(len(r.Request))
	if l.opts.Echo && len(r.Request) > 0 {
		out = append(out, burst{after: after, bytes: r.Request})
		after = 0
	}
	if len(r.Frame) == 0 {
		return out
	}
	frame := slices.Clone(r.Frame)
	after += r.After
	switch l.fault() {
	case FaultLate:
		after += l.opts.LateBy
	case FaultLost:
		return out
	case FaultChecksum:
		frame[len(frame)-1] ^= 0x41
	case FaultNoise:
		frame = append(l.noise(), frame...)
	case FaultHalf:
		frame = frame[:len(frame)/2]
	case FaultGlued:
		frame = append(frame, r.Extra...)
	case FaultForeign:
		frame = r.Foreign
	}
	if len(frame) > 0 {
		out = append(out, burst{after: after, bytes: frame})
	}
	return out
}

// fault must be called with mu held; 0 is none.
func (l *Line) fault() Fault {
	if len(l.queued) > 0 {
		f := l.queued[0]
		l.queued = l.queued[1:]
		return f
	}
	if l.opts.Odds > 0 && l.rng.Float64() < l.opts.Odds {
		return FaultLate + Fault(l.rng.IntN(int(FaultForeign)))
	}
	return 0
}

func (l *Line) noise() []byte {
	noise := make([]byte, 1+l.rng.IntN(maxNoise))
	for i := range noise {
		noise[i] = byte(l.rng.IntN(256))
	}
	return noise
}

// wire is how long n bytes take at the line's rate.
func (l *Line) wire(n int) time.Duration {
	if l.opts.BaudRate == 0 {
		return 0
	}
	return time.Duration(n*bitsPerByte) * time.Second / time.Duration(l.opts.BaudRate)
}

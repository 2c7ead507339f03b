package exchange

import (
	"bytes"
	"slices"
)

// maxBuffer is half a second of noise at 9600 baud; older bytes are dropped.
const maxBuffer = 512

// Verdict is what the bytes at some place can be.
type Verdict uint8

// The verdicts of a Splitter. The zero value is invalid and read as Garbage.
const (
	Garbage     Verdict = iota + 1 // no frame starts here
	BadChecksum                    // a frame but for its checksum
	Incomplete                     // a frame may start here; more bytes are needed to tell
	Valid                          // a frame
)

// String returns the verdict in lower case.
func (v Verdict) String() string {
	switch v {
	case Garbage:
		return "garbage"
	case BadChecksum:
		return "bad checksum"
	case Incomplete:
		return "incomplete"
	case Valid:
		return "valid"
	}
	return "invalid"
}

// Splitter says what starts at p[0]; p is never empty and must not be kept. n is the length of the
// frame for Valid, from 1 to len(p). For Garbage and BadChecksum n is how many bytes to drop, 0 for
// one; one is right unless the family knows better, because a good frame may begin inside a bad one.
//
// quiet says that the line has been silent for a while. Then a splitter that cannot know a frame's
// length takes the longest reading that fits, where it would otherwise ask for more bytes. It has
// no memory: the same bytes give the same verdict.
type Splitter[F any] func(p []byte, quiet bool) (frame F, n int, v Verdict)

// Found is a frame with its bytes as they came.
type Found[F any] struct {
	Frame F // zero for an echo
	Raw   []byte
	Echo  bool // our own request, returned by the adapter
}

// Scanner finds frames in the bytes of a line. It never fails: what fits no frame is dropped byte by
// byte and counted. It is for one goroutine.
type Scanner[F any] struct {
	Dropped   uint64 // bytes that fitted no frame
	Checksums uint64 // frames whose only fault was the checksum

	split Splitter[F]
	echo  []byte
	sure  bool
	buf   []byte
}

// NewScanner returns a scanner that asks split.
func NewScanner[F any](split Splitter[F]) *Scanner[F] { return &Scanner[F]{split: split} }

// Expect names the request whose echo may come back once; nil for none. sure says that the echo
// comes before anything else that has the same bytes. Otherwise the longer reading wins where a
// frame starts with the bytes of the echo.
func (s *Scanner[F]) Expect(echo []byte, sure bool) {
	s.echo, s.sure = echo, sure && len(echo) > 0
}

// Write adds bytes from the line. It never fails.
func (s *Scanner[F]) Write(p []byte) (int, error) {
	s.buf = append(s.buf, p...)
	if over := len(s.buf) - maxBuffer; over > 0 {
		s.drop(over)
	}
	return len(p), nil
}

// Buffered returns how many bytes wait for the rest of their frame.
func (s *Scanner[F]) Buffered() int { return len(s.buf) }

// Reset drops what is buffered and forgets the echo.
func (s *Scanner[F]) Reset() {
	s.drop(len(s.buf))
	s.Expect(nil, false)
}

// Next returns the next frame or echo. quiet says that the line has been silent for a while: then an
// unfinished frame no longer hides a whole one behind it (the unfinished one stays, its rest may
// still come).
func (s *Scanner[F]) Next(quiet bool) (Found[F], bool) {
	unfinished := -1
	for at := 0; at < len(s.buf); {
		found, n, v := s.look(s.buf[at:], quiet)
		step := max(1, n)
		switch v {
		case Valid:
			n = min(step, len(s.buf)-at)
			found.Raw = slices.Clone(s.buf[at : at+n])
			s.Dropped += uint64(at)
			s.buf = slices.Delete(s.buf, 0, at+n)
			if found.Echo {
				s.Expect(nil, false)
			}
			return found, true
		case Incomplete:
			if !quiet {
				s.drop(at)
				return Found[F]{}, false
			}
			if unfinished < 0 {
				unfinished = at
			}
			step = 1
		case BadChecksum:
			if unfinished < 0 {
				s.Checksums++
				// What precedes is noise too; dropping it here counts this frame only once.
				s.drop(at + step)
				at, step = 0, 0
			}
		case Garbage:
		}
		at += step
	}
	if unfinished < 0 {
		unfinished = len(s.buf)
	}
	s.drop(unfinished)
	return Found[F]{}, false
}

func (s *Scanner[F]) drop(n int) {
	n = min(n, len(s.buf))
	s.Dropped += uint64(n)
	s.buf = slices.Delete(s.buf, 0, n)
}

// look weighs the reading as a frame against the reading as an echo.
func (s *Scanner[F]) look(p []byte, quiet bool) (Found[F], int, Verdict) {
	echo := s.echoAt(p)
	own := Found[F]{Echo: true}
	if s.sure && echo != Garbage {
		return own, len(s.echo), echo
	}
	frame, n, v := s.split(p, quiet)
	found := Found[F]{Frame: frame}
	switch {
	case echo == Incomplete && (v != Valid || !quiet):
		return Found[F]{}, 0, Incomplete
	case echo == Valid && v == Incomplete && !quiet:
		return Found[F]{}, 0, Incomplete
	case echo == Valid && (v != Valid || n <= len(s.echo)):
		return own, len(s.echo), Valid
	}
	return found, n, v
}

// echoAt tells whether p starts with the request that was sent.
func (s *Scanner[F]) echoAt(p []byte) Verdict {
	switch {
	case len(s.echo) == 0:
		return Garbage
	case bytes.HasPrefix(p, s.echo):
		return Valid
	case bytes.HasPrefix(s.echo, p):
		return Incomplete
	}
	return Garbage
}

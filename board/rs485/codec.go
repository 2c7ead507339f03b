package rs485

import (
	"bytes"
	"slices"

	"cubby/board"
)

// Bytes of the protocol.
const (
	headerStatus  = 0x80
	headerChange  = 0x81
	headerChange2 = 0x82
	headerOpen    = 0x8A
	wordOpen      = 0x11
	wordStatus    = 0x33
	stActive      = 0x11 // the feedback switch is closed
	stIdle        = 0x00 // the feedback switch is open
)

// Limits of the protocol.
const (
	MinAddress = 1
	MaxAddress = 31
	// MaxChannels is the largest board seen, with 50 outputs.
	MaxChannels = 50
	// MaxPulseSeconds is the longest pulse that one request can ask for.
	MaxPulseSeconds = 9
	// AllChannels in a frame's channel byte addresses the whole board.
	AllChannels board.Channel = 0

	maxStatusBytes = 8   // 64 channels, more than any board has
	shortFrame     = 5   // header, address, channel, state, checksum
	statusFrame    = 4   // header, address, 33, checksum around the status bytes
	maxBuffer      = 512 // half a second of noise at 9600 baud; older bytes are dropped
)

// EncodeOpen returns the request to pulse one channel, or AllChannels. seconds is 0 for the board's
// own pulse length, or 1 to 9.
func EncodeOpen(addr board.Address, ch board.Channel, seconds int) []byte {
	frame := []byte{headerOpen, byte(addr), byte(ch), wordOpen}
	if seconds > 0 {
		frame = append(frame, byte(seconds))
	}
	return seal(frame)
}

// EncodeStatus returns the request for the state of one channel, or of AllChannels.
func EncodeStatus(addr board.Address, ch board.Channel) []byte {
	return seal([]byte{headerStatus, byte(addr), byte(ch), wordStatus})
}

// seal appends the checksum.
func seal(frame []byte) []byte { return append(frame, bcc(frame)) }

func bcc(p []byte) byte {
	var sum byte
	for _, b := range p {
		sum ^= b
	}
	return sum
}

// Kind is the sort of frame that a board sends.
type Kind uint8

// The kinds of frames. The zero value is invalid.
const (
	KindOpen   Kind = iota + 1 // reply to open
	KindOne                    // state of one channel
	KindAll                    // state of all channels
	KindChange                 // unasked: a door changed
	KindEcho                   // our own request, returned by the adapter
)

// Frame is one frame from the line.
type Frame struct {
	Kind    Kind
	Addr    board.Address
	Channel board.Channel // unset for KindAll
	Active  bool          // ST was 11; unset for KindAll and KindEcho
	Status  []byte        // KindAll: the status bytes as sent, lowest channels last
}

// Bit reports whether the status bit of a channel is set. present is false when the frame has no
// such bit.
func (f Frame) Bit(ch board.Channel) (active, present bool) {
	if f.Kind != KindAll || ch < 1 || int(ch) > 8*len(f.Status) {
		return false, false
	}
	index := int(ch) - 1
	return f.Status[len(f.Status)-1-index/8]>>(index%8)&1 == 1, true
}

// Encode returns the frame's bytes, as a board sends them. It returns nil for KindEcho.
func (f Frame) Encode() []byte {
	st := byte(stIdle)
	if f.Active {
		st = stActive
	}
	switch f.Kind {
	case KindOpen:
		return seal([]byte{headerOpen, byte(f.Addr), byte(f.Channel), st})
	case KindOne:
		return seal([]byte{headerStatus, byte(f.Addr), byte(f.Channel), st})
	case KindChange:
		return seal([]byte{headerChange, byte(f.Addr), byte(f.Channel), st})
	case KindAll:
		frame := append([]byte{headerStatus, byte(f.Addr)}, f.Status...)
		return seal(append(frame, wordStatus))
	case KindEcho:
	}
	return nil
}

// Decoder finds frames in the bytes of a line. It never fails: what fits no frame is dropped byte
// by byte and counted. The zero value is not ready; see NewDecoder.
type Decoder struct {
	// One says that an 80 frame answers "status of one". Otherwise it is read as "status of all":
	// the two cannot be told apart by their bytes alone.
	One bool
	// Echo is the request whose echo may come back once, nil for none. Finding it clears it.
	Echo []byte
	// SureEcho says that Echo will come before anything that has the same bytes.
	SureEcho bool

	Dropped   uint64 // bytes that fitted no frame
	Checksums uint64 // frames whose only fault was the checksum

	lengths []int // of "status of all", ascending, whole frames
	buf     []byte
}

// NewDecoder returns a decoder for boards that send so many status bytes, 0 for three or four.
func NewDecoder(statusBytes int) *Decoder {
	lengths := []int{statusFrame + 3, statusFrame + 4}
	if statusBytes > 0 {
		lengths = []int{statusFrame + min(statusBytes, maxStatusBytes)}
	}
	return &Decoder{lengths: lengths}
}

// Write adds bytes from the line. It never fails.
func (d *Decoder) Write(p []byte) (int, error) {
	d.buf = append(d.buf, p...)
	if over := len(d.buf) - maxBuffer; over > 0 {
		d.drop(over)
	}
	return len(p), nil
}

// Buffered returns how many bytes wait for the rest of their frame.
func (d *Decoder) Buffered() int { return len(d.buf) }

// Reset drops what is buffered and forgets the echo.
func (d *Decoder) Reset() {
	d.drop(len(d.buf))
	d.Echo, d.SureEcho = nil, false
}

// Next returns the next frame. quiet says that the line has been silent for a while: then the
// longest frame that fits is taken where a longer one might have followed, and an unfinished frame
// no longer hides a whole one behind it (the unfinished one stays, its rest may still come).
func (d *Decoder) Next(quiet bool) (Frame, bool) {
	unfinished := -1
	for at := 0; at < len(d.buf); {
		f, n, v := d.parse(d.buf[at:], quiet)
		switch v {
		case fits:
			d.Dropped += uint64(at)
			d.buf = slices.Delete(d.buf, 0, at+n)
			if f.Kind == KindEcho {
				d.Echo, d.SureEcho = nil, false
			}
			return f, true
		case short:
			if !quiet {
				d.drop(at)
				return Frame{}, false
			}
			if unfinished < 0 {
				unfinished = at
			}
		case badSum:
			if unfinished < 0 {
				d.Checksums++
				// What precedes is noise too; dropping it here counts this frame only once.
				d.drop(at + 1)
				at = -1
			}
		case broken:
		}
		at++
	}
	if unfinished < 0 {
		unfinished = len(d.buf)
	}
	d.drop(unfinished)
	return Frame{}, false
}

func (d *Decoder) drop(n int) {
	d.Dropped += uint64(n)
	d.buf = slices.Delete(d.buf, 0, n)
}

// verdict is what the bytes at some place can be.
type verdict uint8

const (
	broken verdict = iota + 1 // no frame starts here
	badSum                    // a frame but for its checksum
	short                     // a frame may start here; more bytes are needed to tell
	fits
)

// parse looks for a frame at the start of p, which is not empty.
func (d *Decoder) parse(p []byte, quiet bool) (Frame, int, verdict) {
	if d.SureEcho {
		if f, v := d.echo(p); v != broken {
			return f, len(d.Echo), v
		}
	}
	switch p[0] {
	case headerOpen:
		return parseShort(p, KindOpen)
	case headerChange, headerChange2:
		return parseShort(p, KindChange)
	case headerStatus:
		if d.One {
			return parseShort(p, KindOne)
		}
		return d.parseAll(p, quiet)
	}
	return Frame{}, 0, broken
}

// echo tells whether p starts with the request that was sent.
func (d *Decoder) echo(p []byte) (Frame, verdict) {
	switch {
	case len(d.Echo) == 0:
		return Frame{}, broken
	case bytes.HasPrefix(p, d.Echo):
		return Frame{Kind: KindEcho, Addr: board.Address(d.Echo[1]), Channel: board.Channel(d.Echo[2])}, fits
	case bytes.HasPrefix(d.Echo, p):
		return Frame{}, short
	}
	return Frame{}, broken
}

func plausible(addr byte) bool { return addr >= MinAddress && addr <= MaxAddress }

// parseShort reads the frames of five bytes.
func parseShort(p []byte, kind Kind) (Frame, int, verdict) {
	if len(p) > 1 && !plausible(p[1]) ||
		len(p) > 2 && (p[2] < 1 || p[2] > MaxChannels) ||
		len(p) > 3 && p[3] != stActive && p[3] != stIdle {
		return Frame{}, 0, broken
	}
	if len(p) < shortFrame {
		return Frame{}, 0, short
	}
	if bcc(p[:shortFrame-1]) != p[shortFrame-1] {
		return Frame{}, 0, badSum
	}
	return Frame{
		Kind: kind, Addr: board.Address(p[1]), Channel: board.Channel(p[2]), Active: p[3] == stActive,
	}, shortFrame, fits
}

// parseAll reads "status of all", whose length is in no byte, and an echo of its request, which can
// be the start of one. The longest reading wins; it waits while a longer one is possible.
func (d *Decoder) parseAll(p []byte, quiet bool) (Frame, int, verdict) {
	if len(p) > 1 && !plausible(p[1]) {
		return Frame{}, 0, broken
	}
	best, length, result := Frame{}, 0, broken
	longer := false
	if !d.SureEcho {
		f, v := d.echo(p)
		if longer = v == short; v == fits {
			best, length, result = f, len(d.Echo), fits
		}
	}
	for _, n := range d.lengths {
		if len(p) >= n-1 && p[n-2] != wordStatus {
			continue
		}
		switch {
		case len(p) < n:
			longer = true
		case bcc(p[:n-1]) == p[n-1]:
			best = Frame{Kind: KindAll, Addr: board.Address(p[1]), Status: slices.Clone(p[2 : n-2])}
			length, result = n, fits
		case result != fits:
			result = badSum
		}
	}
	if longer && (result != fits || !quiet) {
		return Frame{}, 0, short
	}
	return best, length, result
}

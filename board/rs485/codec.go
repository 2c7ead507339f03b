package rs485

import (
	"slices"

	"cubby/board"
	"cubby/board/exchange"
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

	maxStatusBytes = 8 // 64 channels, more than any board has
	shortFrame     = 5 // header, address, channel, state, checksum
	statusFrame    = 4 // header, address, 33, checksum around the status bytes
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
)

// Frame is one frame from the line.
type Frame struct {
	Kind    Kind
	Addr    board.Address
	Channel board.Channel // unset for KindAll
	Active  bool          // ST was 11; unset for KindAll
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

// Encode returns the frame's bytes, as a board sends them; nil for an invalid kind.
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
	}
	return nil
}

// SplitAll returns the splitter for boards that send so many status bytes, 1 to 8, or 0 for three or
// four. It reads an 80 frame as "status of all": by its bytes alone it cannot be told from "status
// of one".
func SplitAll(statusBytes int) exchange.Splitter[Frame] {
	lengths := statusLengths(statusBytes)
	return func(p []byte, quiet bool) (Frame, int, exchange.Verdict) {
		if p[0] == headerStatus {
			return splitAll(p, quiet, lengths)
		}
		return splitShort(p)
	}
}

// statusLengths lists the lengths that "status of all" may have, ascending, whole frames.
func statusLengths(statusBytes int) []int {
	if statusBytes > 0 {
		return []int{statusFrame + min(statusBytes, maxStatusBytes)}
	}
	return []int{statusFrame + 3, statusFrame + 4}
}

// SplitOne is the splitter after a question for the state of one channel.
func SplitOne(p []byte, _ bool) (Frame, int, exchange.Verdict) {
	if p[0] == headerStatus {
		return shortAs(p, KindOne)
	}
	return splitShort(p)
}

// splitShort reads the frames that have five bytes whatever was asked.
func splitShort(p []byte) (Frame, int, exchange.Verdict) {
	switch p[0] {
	case headerOpen:
		return shortAs(p, KindOpen)
	case headerChange, headerChange2:
		return shortAs(p, KindChange)
	}
	return Frame{}, 0, exchange.Garbage
}

func plausible(addr byte) bool { return addr >= MinAddress && addr <= MaxAddress }

func shortAs(p []byte, kind Kind) (Frame, int, exchange.Verdict) {
	if len(p) > 1 && !plausible(p[1]) ||
		len(p) > 2 && (p[2] < 1 || p[2] > MaxChannels) ||
		len(p) > 3 && p[3] != stActive && p[3] != stIdle {
		return Frame{}, 0, exchange.Garbage
	}
	if len(p) < shortFrame {
		return Frame{}, 0, exchange.Incomplete
	}
	if bcc(p[:shortFrame-1]) != p[shortFrame-1] {
		return Frame{}, 0, exchange.BadChecksum
	}
	return Frame{
		Kind: kind, Addr: board.Address(p[1]), Channel: board.Channel(p[2]), Active: p[3] == stActive,
	}, shortFrame, exchange.Valid
}

// splitAll reads "status of all", whose length is in no byte. The longest reading wins; it waits
// while a longer one is possible.
func splitAll(p []byte, quiet bool, lengths []int) (Frame, int, exchange.Verdict) {
	if len(p) > 1 && !plausible(p[1]) {
		return Frame{}, 0, exchange.Garbage
	}
	best, length, result := Frame{}, 0, exchange.Garbage
	longer := false
	for _, n := range lengths {
		if len(p) >= n-1 && p[n-2] != wordStatus {
			continue
		}
		switch {
		case len(p) < n:
			longer = true
		case bcc(p[:n-1]) == p[n-1]:
			best = Frame{Kind: KindAll, Addr: board.Address(p[1]), Status: slices.Clone(p[2 : n-2])}
			length, result = n, exchange.Valid
		case result != exchange.Valid:
			result = exchange.BadChecksum
		}
	}
	if longer && (result != exchange.Valid || !quiet) {
		return Frame{}, 0, exchange.Incomplete
	}
	return best, length, result
}

package usbrelay

import (
	"fmt"

	"cubby/board"
	"cubby/board/exchange"
)

// Bytes of the protocol. Source: testdata/frames.hex.
const (
	header   = 0xA0
	wordOff  = 0x00
	wordOn   = 0x01
	frameLen = 4
)

// Limits of the protocol.
const (
	// Address is the one board of a line.
	Address board.Address = 1
	// MaxChannels is the largest board seen, with 16 relays.
	MaxChannels = 16
)

// Frame is one request. Boards send none.
type Frame struct {
	Channel board.Channel
	On      bool
}

// Encode returns the frame's bytes.
func (f Frame) Encode() []byte {
	word := byte(wordOff)
	if f.On {
		word = wordOn
	}
	return []byte{header, byte(f.Channel), word, header + byte(f.Channel) + word}
}

// Split finds the frames on a line, as exchange.Splitter wants it.
func Split(p []byte, _ bool) (Frame, int, exchange.Verdict) {
	switch {
	case p[0] != header,
		len(p) > 1 && (p[1] < 1 || p[1] > MaxChannels),
		len(p) > 2 && p[2] != wordOn && p[2] != wordOff:
		return Frame{}, 0, exchange.Garbage
	case len(p) < frameLen:
		return Frame{}, 0, exchange.Incomplete
	case p[0]+p[1]+p[2] != p[3]:
		return Frame{}, 0, exchange.BadChecksum
	}
	return Frame{Channel: board.Channel(p[1]), On: p[2] == wordOn}, frameLen, exchange.Valid
}

// Codec says what frames mean to people and tools.
type Codec struct{ opts Options }

var _ board.Codec = (*Codec)(nil)

// NewCodec checks the options as New does, but for Conn, Now and Accept: nothing is sent.
func NewCodec(opts Options) (*Codec, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Codec{opts: opts}, nil
}

// OpenFrame returns the request to switch a relay on. Its pulse ends with another one.
func (c *Codec) OpenFrame(addr board.Address, ch board.Channel) ([]byte, error) {
	if err := c.opts.inRange(addr, ch); err != nil {
		return nil, err
	}
	return Frame{Channel: ch, On: true}.Encode(), nil
}

// StatusFrame returns an error: these boards cannot be asked anything.
func (c *Codec) StatusFrame(addr board.Address, ch board.Channel) ([]byte, error) {
	if err := c.opts.inRange(addr, max(ch, 1)); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("status of board %d: USB relays cannot be asked, they answer nothing", addr)
}

// Explain splits what was sent to a board into frames.
func (c *Codec) Explain(seen []byte) []board.Explanation {
	return exchange.Explain(seen, func(p []byte, quiet bool) (string, int, exchange.Verdict) {
		f, n, v := Split(p, quiet)
		switch {
		case v == exchange.BadChecksum:
			return "a frame with a wrong checksum", frameLen, v
		case v != exchange.Valid:
			return "", n, v
		case f.On:
			return fmt.Sprintf("open channel %d: switch its relay on, until it is switched off", f.Channel), n, v
		}
		return fmt.Sprintf("switch relay %d off", f.Channel), n, v
	})
}

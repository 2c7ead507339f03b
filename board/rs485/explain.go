package rs485

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cubby/board"
	"cubby/board/exchange"
)

// Codec says what the frames of boards with some settings mean. It is safe for concurrent use.
type Codec struct {
	opts    Options
	lengths []int
}

var _ board.Codec = (*Codec)(nil)

// NewCodec checks the options as New does, but for Conn and Now, which it does not need.
func NewCodec(opts Options) (*Codec, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Codec{opts: opts, lengths: statusLengths(opts.StatusBytes)}, nil
}

// inRange refuses addresses and channels that the settings do not have.
func (o Options) inRange(addr board.Address, ch board.Channel) error {
	if addr < MinAddress || addr > MaxAddress {
		return fmt.Errorf("%w: board %d, want %d to %d", board.ErrRange, addr, MinAddress, MaxAddress)
	}
	if ch < 1 || int(ch) > o.Channels {
		return fmt.Errorf("%w: channel %d of board %d, want 1 to %d", board.ErrRange, ch, addr, o.Channels)
	}
	return nil
}

// OpenFrame returns the bytes by which Unlock asks for one pulse.
func (c *Codec) OpenFrame(addr board.Address, ch board.Channel) ([]byte, error) {
	if err := c.opts.inRange(addr, ch); err != nil {
		return nil, fmt.Errorf("open frame: %w", err)
	}
	return EncodeOpen(addr, ch, c.opts.PulseSeconds), nil
}

// StatusFrame returns the bytes that ask for the state of one channel, or of all by channel 0.
func (c *Codec) StatusFrame(addr board.Address, ch board.Channel) ([]byte, error) {
	if err := c.opts.inRange(addr, max(ch, 1)); err != nil {
		return nil, fmt.Errorf("status frame: %w", err)
	}
	return EncodeStatus(addr, ch), nil
}

// Explain reads the frames of both directions. A frame that may be either says so.
func (c *Codec) Explain(seen []byte) []board.Explanation { return exchange.Explain(seen, c.explain) }

// reading is one way to read the bytes at some place.
type reading struct {
	length int
	fits   func(p []byte) bool   // the bytes that are there, at least one, agree with it
	text   func(p []byte) string // of a whole frame
}

// explain takes the longest whole reading with a good checksum, else the longest with a bad one.
func (c *Codec) explain(p []byte, _ bool) (text string, n int, v exchange.Verdict) {
	v = exchange.Garbage
	for _, r := range c.readings() {
		if !r.fits(p) {
			continue
		}
		switch {
		case len(p) < r.length:
			if v == exchange.Garbage {
				v = exchange.Incomplete
			}
		case bcc(p[:r.length-1]) == p[r.length-1]:
			return r.text(p[:r.length]), r.length, exchange.Valid
		case v != exchange.BadChecksum:
			text = fmt.Sprintf("%s, but the checksum is %02X and should be %02X",
				r.text(p[:r.length]), p[r.length-1], bcc(p[:r.length-1]))
			n, v = r.length, exchange.BadChecksum
		}
	}
	return text, n, v
}

// readings lists the longest first.
func (c *Codec) readings() []reading {
	var list []reading
	for _, length := range slices.Backward(c.lengths) {
		list = append(list, reading{length: length, text: c.textAll, fits: func(p []byte) bool {
			return starts(p, headerStatus) && (len(p) < length-1 || p[length-2] == wordStatus)
		}})
	}
	return append(
		list,
		reading{length: shortFrame + 1, text: textLong, fits: func(p []byte) bool {
			return starts(p, headerOpen) && word(p, wordOpen) &&
				(len(p) < shortFrame || p[4] >= 1 && p[4] <= MaxPulseSeconds)
		}},
		reading{length: shortFrame, text: c.textOpen, fits: func(p []byte) bool {
			return starts(p, headerOpen) && (word(p, stActive) || word(p, stIdle) && (len(p) < 3 || p[2] > 0))
		}},
		reading{length: shortFrame, text: textAsk, fits: func(p []byte) bool {
			return starts(p, headerStatus) && word(p, wordStatus)
		}},
		reading{length: shortFrame, text: c.textState, fits: func(p []byte) bool {
			return (starts(p, headerStatus) || starts(p, headerChange) || starts(p, headerChange2)) &&
				(word(p, stActive) || word(p, stIdle)) && (len(p) < 3 || p[2] > 0)
		}},
	)
}

// starts reports whether p is the start of a frame with this header.
func starts(p []byte, header byte) bool {
	return p[0] == header && (len(p) < 2 || plausible(p[1]))
}

// word reports whether the channel can be one and the fourth byte, if there is one, is b.
func word(p []byte, b byte) bool {
	return (len(p) < 3 || p[2] <= MaxChannels) && (len(p) < 4 || p[3] == b)
}

func textLong(p []byte) string {
	return fmt.Sprintf("open %s with a pulse of %d s", whom(p), p[4])
}

func (c *Codec) textOpen(p []byte) string {
	if p[3] == stIdle {
		return fmt.Sprintf("board %d opened channel %d, whose switch says %v", p[1], p[2], c.opts.Polarity.state(false))
	}
	if p[2] == byte(AllChannels) {
		return "open " + whom(p) + ", one after another"
	}
	return fmt.Sprintf("open %s, or its answer when the switch says %v", whom(p), c.opts.Polarity.state(true))
}

func textAsk(p []byte) string { return "ask for the state of " + whom(p) }

func (c *Codec) textState(p []byte) string {
	state := c.opts.Polarity.state(p[3] == stActive)
	if p[0] == headerStatus {
		return fmt.Sprintf("board %d says that channel %d is %v", p[1], p[2], state)
	}
	return fmt.Sprintf("board %d reports unasked that channel %d is now %v", p[1], p[2], state)
}

func (c *Codec) textAll(p []byte) string {
	f := Frame{Kind: KindAll, Addr: board.Address(p[1]), Status: p[2 : len(p)-2]}
	var open []string
	known := min(c.opts.Channels, 8*len(f.Status))
	for i := range known {
		if active, _ := f.Bit(board.Channel(i + 1)); c.opts.Polarity.state(active) == board.StateOpen {
			open = append(open, strconv.Itoa(i+1))
		}
	}
	if len(open) == 0 {
		return fmt.Sprintf("board %d says that all of its %d channels are closed", f.Addr, known)
	}
	return fmt.Sprintf("board %d says that of %d channels these are open: %s", f.Addr, known, strings.Join(open, ", "))
}

// whom names the channel that a request addresses.
func whom(p []byte) string {
	if p[2] == byte(AllChannels) {
		return fmt.Sprintf("all channels of board %d", p[1])
	}
	return fmt.Sprintf("channel %d of board %d", p[2], p[1])
}

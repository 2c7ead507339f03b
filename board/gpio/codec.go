package gpio

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"cubby/board"
	"cubby/board/exchange"
)

// Limits of the pins' line.
const (
	// MaxChannels is more than any hat has; a kernel request takes at most 64 lines.
	MaxChannels = 32
	maxLine     = 160 // bytes of a frame with its line feed
	maxText     = 120 // bytes of an error's text
	seqDigits   = 2
)

// Kind is the sort of frame.
type Kind uint8

// The kinds of frames. The zero value is invalid.
const (
	KindOn Kind = iota + 1
	KindOff
	KindAllOff
	KindRead
	KindOK     // answer to KindOn, KindOff and KindAllOff
	KindInputs // answer to KindRead
	KindError  // answer to anything
)

// Frame is one frame of the pins' line.
type Frame struct {
	Seq     byte // an answer has its request's
	Kind    Kind
	Channel board.Channel // KindOn and KindOff
	Inputs  []bool        // KindInputs: index 0 is channel 1
	Text    string        // KindError
}

// Encode returns the frame's bytes. An error's text is made to fit: printable ASCII without colons.
func (f Frame) Encode() []byte {
	return fmt.Appendf(nil, ":%02X %s\n", f.Seq, f.words())
}

func (f Frame) words() string {
	switch f.Kind {
	case KindOn:
		return fmt.Sprintf("on %d", f.Channel)
	case KindOff:
		return fmt.Sprintf("off %d", f.Channel)
	case KindAllOff:
		return "off all"
	case KindRead:
		return "read"
	case KindOK:
		return "ok"
	case KindInputs:
		return "inputs " + digits(f.Inputs)
	case KindError:
		return "error " + plain(f.Text)
	}
	return "invalid"
}

func digits(inputs []bool) string {
	if len(inputs) == 0 {
		return "-"
	}
	text := make([]byte, len(inputs))
	for i, on := range inputs {
		text[i] = '0'
		if on {
			text[i] = '1'
		}
	}
	return string(text)
}

// plain makes a text fit into a frame.
func plain(text string) string {
	fit := []byte(text)
	for i, b := range fit {
		if !printable(b) {
			fit[i] = ' '
		}
	}
	out := strings.Join(strings.Fields(string(fit)), " ")
	if out == "" {
		return "unknown"
	}
	return strings.TrimSpace(out[:min(len(out), maxText)])
}

// printable leaves the colon out: it starts a frame and nothing else, so half a frame never hides the
// next one.
func printable(b byte) bool { return b >= ' ' && b <= '~' && b != ':' }

// Split finds the frames on a line, as exchange.Splitter wants it.
func Split(p []byte, _ bool) (Frame, int, exchange.Verdict) {
	if p[0] != ':' {
		return Frame{}, 0, exchange.Garbage
	}
	end := bytes.IndexByte(p[:min(len(p), maxLine)], '\n')
	line := p[1:]
	if end >= 0 {
		line = p[1:end]
	}
	for _, b := range line[:min(len(line), maxLine)] {
		if !printable(b) {
			return Frame{}, 0, exchange.Garbage
		}
	}
	if end < 0 {
		if len(p) >= maxLine {
			return Frame{}, 0, exchange.Garbage
		}
		return Frame{}, 0, exchange.Incomplete
	}
	f, ok := parse(string(line))
	if !ok {
		return Frame{}, 0, exchange.Garbage
	}
	return f, end + 1, exchange.Valid
}

// parse is strict: it reads exactly what Encode writes.
func parse(line string) (Frame, bool) {
	number, words, _ := strings.Cut(line, " ")
	seq, err := strconv.ParseUint(number, 16, 8)
	if err != nil || len(number) != seqDigits {
		return Frame{}, false
	}
	f := Frame{Seq: byte(seq)}
	verb, rest, _ := strings.Cut(words, " ")
	switch {
	case words == "off all":
		f.Kind = KindAllOff
	case words == "read":
		f.Kind = KindRead
	case words == "ok":
		f.Kind = KindOK
	case verb == "on" || verb == "off":
		f.Kind = KindOn
		if verb == "off" {
			f.Kind = KindOff
		}
		ch, err := strconv.ParseUint(rest, 10, 8)
		if err != nil || ch < 1 || ch > MaxChannels {
			return Frame{}, false
		}
		f.Channel = board.Channel(ch)
	case verb == "inputs":
		f.Kind = KindInputs
		if f.Inputs = inputs(rest); len(f.Inputs) > MaxChannels {
			return Frame{}, false
		}
	case verb == "error":
		f.Kind, f.Text = KindError, rest
	default:
		return Frame{}, false
	}
	return f, string(f.Encode()) == ":"+line+"\n"
}

func inputs(text string) []bool {
	if text == "-" {
		return nil
	}
	on := make([]bool, len(text))
	for i := range on {
		on[i] = text[i] == '1'
	}
	return on
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
	return Frame{Kind: KindOn, Channel: ch}.Encode(), nil
}

// StatusFrame returns the request for all inputs: there is none for one.
func (c *Codec) StatusFrame(addr board.Address, ch board.Channel) ([]byte, error) {
	if err := c.opts.inRange(addr, max(ch, 1)); err != nil {
		return nil, err
	}
	return Frame{Kind: KindRead}.Encode(), nil
}

// Explain splits what was seen on a line, of both directions, into frames.
func (c *Codec) Explain(seen []byte) []board.Explanation {
	return exchange.Explain(seen, func(p []byte, quiet bool) (string, int, exchange.Verdict) {
		f, n, v := Split(p, quiet)
		if v != exchange.Valid {
			return "", n, v
		}
		return f.explain(), n, v
	})
}

func (f Frame) explain() string {
	switch f.Kind {
	case KindOn:
		return fmt.Sprintf("open channel %d: switch its line on, until it is switched off", f.Channel)
	case KindOff:
		return fmt.Sprintf("switch the line of channel %d off", f.Channel)
	case KindAllOff:
		return "switch all lines off"
	case KindRead:
		return "ask for the inputs"
	case KindOK:
		return "done"
	case KindInputs:
		return "inputs from channel 1 on: " + digits(f.Inputs)
	case KindError:
		return "refused: " + f.Text
	}
	return "invalid"
}

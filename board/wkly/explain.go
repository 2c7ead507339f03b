package wkly

import (
	"fmt"
	"strconv"
	"strings"

	"cubby/board"
	"cubby/board/exchange"
)

// Codec says what frames mean. It is safe for concurrent use.
type Codec struct {
	opts Options
}

var _ board.Codec = (*Codec)(nil)

// NewCodec checks the settings; Conn and Now do not matter.
func NewCodec(opts Options) (*Codec, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Codec{opts: opts}, nil
}

// OpenFrame returns the request to pulse one lock.
func (c *Codec) OpenFrame(addr board.Address, ch board.Channel) ([]byte, error) {
	if err := c.opts.inRange(addr, ch); err != nil {
		return nil, fmt.Errorf("open frame: %w", err)
	}
	return EncodeOpen(addr, ch), nil
}

// StatusFrame returns the request for the state of one door, or with channel 0 of all.
func (c *Codec) StatusFrame(addr board.Address, ch board.Channel) ([]byte, error) {
	if err := c.opts.inRange(addr, max(ch, 1)); err != nil {
		return nil, fmt.Errorf("status frame: %w", err)
	}
	if ch == 0 {
		return EncodeQueryAll(addr), nil
	}
	return EncodeQuery(addr, ch), nil
}

// Explain says what was seen on a line.
func (c *Codec) Explain(seen []byte) []board.Explanation {
	return exchange.Explain(seen, func(p []byte, quiet bool) (string, int, exchange.Verdict) {
		f, n, v := parse(p, quiet)
		switch v {
		case exchange.Valid:
			return c.text(f), n, v
		case exchange.BadChecksum:
			return fmt.Sprintf("looks like \"%v\", but the checksum is %02X instead of %02X",
				Command(p[headSize-1]), p[n-1], xor(p[:n-1])), n, v
		case exchange.Garbage, exchange.Incomplete:
		}
		return "", n, v
	})
}

func (c *Codec) text(f Frame) string {
	switch f.Role() {
	case RoleRequest:
		return request(f)
	case RoleReply:
		return c.reply(f)
	case RoleChange:
		return fmt.Sprintf("board %d reports unasked: channel %d %v", f.Addr, f.Data[0], c.opts.Polarity.state(f.Data[1]))
	}
	return "unknown command"
}

func request(f Frame) string {
	switch f.Command {
	case CommandOpen:
		return fmt.Sprintf("open channel %d of board %d", f.Data[0], f.Addr)
	case CommandQuery:
		return fmt.Sprintf("ask board %d for channel %d", f.Addr, f.Data[0])
	case CommandQueryAll:
		return fmt.Sprintf("ask board %d for all channels", f.Addr)
	case CommandOpenAll:
		return fmt.Sprintf("open all channels of board %d", f.Addr)
	case CommandOpenSome:
		return fmt.Sprintf("open channels %s of board %d at once", numbers(f.Data[1:]), f.Addr)
	case CommandOpenQueue:
		return fmt.Sprintf("open channels %s of board %d one after another", numbers(f.Data[1:]), f.Addr)
	case CommandBlink, CommandLight, CommandDark, CommandChange:
		return fmt.Sprintf("%v for channel %d of board %d", f.Command, f.Data[0], f.Addr)
	}
	return "unknown command"
}

func (c *Codec) reply(f Frame) string {
	says := fmt.Sprintf("board %d answers \"%v\": ", f.Addr, f.Command)
	if f.Failed() {
		return says + "failed"
	}
	switch f.Command {
	case CommandOpen, CommandQuery:
		return says + fmt.Sprintf("channel %d %v", f.Data[1], c.opts.Polarity.state(f.Data[2]))
	case CommandQueryAll:
		return says + c.doors(f)
	case CommandBlink, CommandLight, CommandDark, CommandOpenSome, CommandOpenAll, CommandOpenQueue, CommandChange:
	}
	return says + "done"
}

// doors names the doors of a reply that are not closed.
func (c *Codec) doors(f Frame) string {
	var open, unknown []byte
	for i, door := range f.Data[2:] {
		switch c.opts.Polarity.state(door) {
		case board.StateOpen:
			open = append(open, byte(i+1))
		case board.StateUnknown:
			unknown = append(unknown, byte(i+1))
		case board.StateClosed:
		}
	}
	text := fmt.Sprintf("%d channels, all closed", f.Data[1])
	if len(open) > 0 {
		text = fmt.Sprintf("%d channels, open %s", f.Data[1], numbers(open))
	}
	if len(unknown) > 0 {
		text += ", not known " + numbers(unknown)
	}
	return text
}

func numbers(channels []byte) string {
	words := make([]string, len(channels))
	for i, ch := range channels {
		words[i] = strconv.Itoa(int(ch))
	}
	return strings.Join(words, ", ")
}

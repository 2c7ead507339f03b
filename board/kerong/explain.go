package kerong

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

// NewCodec checks the settings; Conn, Now and the deadlines do not matter. Without a polarity Explain
// names bits instead of doors.
func NewCodec(opts Options) (*Codec, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Codec{opts: opts}, nil
}

// OpenFrame returns the request to pulse one lock.
func (c *Codec) OpenFrame(addr board.Address, ch board.Channel) ([]byte, error) {
	if err := c.opts.mayUnlock(addr, ch); err != nil {
		return nil, fmt.Errorf("open frame: %w", err)
	}
	return EncodeUnlock(addr, ch), nil
}

// StatusFrame returns the request for the states of a board: no frame asks for one channel.
func (c *Codec) StatusFrame(addr board.Address, ch board.Channel) ([]byte, error) {
	if err := c.opts.inRange(addr, max(ch, 1)); err != nil {
		return nil, fmt.Errorf("status frame: %w", err)
	}
	return EncodeStatus(addr), nil
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
				Command(p[2]), p[n-1], sum(p[:n-1])), n, v
		case exchange.Garbage, exchange.Incomplete:
		}
		return "", n, v
	})
}

func (c *Codec) text(f Frame) string {
	switch f.Command {
	case CommandStatus:
		return fmt.Sprintf("ask board %d for its states", f.Addr)
	case CommandUnlock:
		return fmt.Sprintf("open channel %d of board %d", f.Channel, f.Addr)
	case CommandStatusAll:
		return "ask all boards for their states"
	case CommandUnlockAll:
		return fmt.Sprintf("open all channels of board %d", f.Addr)
	case CommandStates, CommandStatesAll:
		return fmt.Sprintf("board %d says: %s", f.Addr, c.states(f))
	case CommandSetTime, CommandTime:
		return timeText(f)
	case CommandDelayed:
		return fmt.Sprintf("open channel %d of board %d after %d seconds", f.Channel, f.Addr, f.Data[0])
	}
	return "unknown command"
}

func timeText(f Frame) string {
	d, ok := f.Time()
	switch {
	case !ok:
		return fmt.Sprintf("ask board %d for its unlock time", f.Addr)
	case f.Command == CommandSetTime:
		return fmt.Sprintf("set the unlock time of board %d to %v", f.Addr, d)
	}
	return fmt.Sprintf("board %d says: the unlock time is %v", f.Addr, d)
}

func (c *Codec) states(f Frame) string {
	var open, occupied []string
	for i := range c.opts.Channels {
		ch := board.Channel(i + 1)
		hook, _ := f.Hook(ch)         // the frame carries states
		presence, _ := f.Infrared(ch) // as well
		set := hook
		if c.opts.Polarity != 0 {
			set = c.opts.Polarity.state(hook) == board.StateOpen
		}
		if set {
			open = append(open, strconv.Itoa(int(ch)))
		}
		if c.opts.Infrared.occupancy(presence) == board.OccupancyOccupied {
			occupied = append(occupied, strconv.Itoa(int(ch)))
		}
	}
	text, none := "open ", "all closed"
	if c.opts.Polarity == 0 {
		text, none = "hook bits set ", "no hook bit set"
	}
	text += strings.Join(open, ", ")
	if len(open) == 0 {
		text = none
	}
	if len(occupied) > 0 {
		text += "; occupied " + strings.Join(occupied, ", ")
	}
	return text
}

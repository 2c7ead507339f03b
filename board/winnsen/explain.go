package winnsen

import (
	"fmt"

	"cubby/board"
	"cubby/board/exchange"
)

// Codec says what frames mean. It is safe for concurrent use.
type Codec struct {
	opts  Options
	split exchange.Splitter[Frame]
}

var _ board.Codec = (*Codec)(nil)

// NewCodec checks the settings; Conn and Now do not matter.
func NewCodec(opts Options) (*Codec, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Codec{opts: opts, split: Split(opts.Order)}, nil
}

// OpenFrame returns the request to pulse one lock.
func (c *Codec) OpenFrame(addr board.Address, ch board.Channel) ([]byte, error) {
	if err := c.opts.inRange(addr, ch); err != nil {
		return nil, fmt.Errorf("open frame: %w", err)
	}
	return EncodeUnlock(addr, ch), nil
}

// StatusFrame returns the request for the state of one lock. No frame asks for a whole board: with
// channel 0 it is that of the first, by which a board is found.
func (c *Codec) StatusFrame(addr board.Address, ch board.Channel) ([]byte, error) {
	ch = max(ch, 1)
	if err := c.opts.inRange(addr, ch); err != nil {
		return nil, fmt.Errorf("status frame: %w", err)
	}
	return EncodeStatus(addr, ch), nil
}

// Explain says what was seen on a line.
func (c *Codec) Explain(seen []byte) []board.Explanation {
	return exchange.Explain(seen, func(p []byte, quiet bool) (string, int, exchange.Verdict) {
		f, n, v := c.split(p, quiet)
		if v != exchange.Valid {
			return "", n, v
		}
		return c.text(f), n, v
	})
}

func (c *Codec) text(f Frame) string {
	switch {
	case f.Function == FunctionUnlock && !f.Reply:
		return fmt.Sprintf("open channel %d of board %d", f.Channel, f.Addr)
	case f.Function == FunctionUnlock:
		says := map[Result]string{ResultYes: "pulsed", ResultNo: "refused", ResultEarly: "has to cool down"}
		return fmt.Sprintf("board %d says: channel %d %s", f.Addr, f.Channel, says[f.Result])
	case !f.Reply:
		return fmt.Sprintf("ask board %d for channel %d", f.Addr, f.Channel)
	}
	return fmt.Sprintf("board %d says: channel %d %v", f.Addr, f.Channel, c.opts.Polarity.state(f.Result))
}

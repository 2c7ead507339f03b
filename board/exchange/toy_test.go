package exchange_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"cubby/board"
	"cubby/board/exchange"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The toy family: 5A, kind and address in one byte, data, the XOR of the three.
type toy struct {
	kind byte
	addr board.Address
	data byte
}

const (
	toyLength = 4
	toyHeader = 0x5A
	toyOpen   = 1 // request and answer; the answer has the same data, or 00
	toyAsk    = 2 // ask for the states
	toyStates = 3 // its answer
	toyReport = 4 // unasked
	toyNo     = 5 // a refusal of open
	within    = 100 * time.Millisecond
)

func (f toy) bytes() []byte {
	p := []byte{toyHeader, f.kind<<4 | byte(f.addr), f.data}
	return append(p, p[0]^p[1]^p[2])
}

// join is frames one after another.
func join(frames ...toy) []byte {
	var p []byte
	for _, f := range frames {
		p = append(p, f.bytes()...)
	}
	return p
}

func splitToy(p []byte, _ bool) (toy, int, exchange.Verdict) {
	switch {
	case p[0] != toyHeader, len(p) > 1 && (p[1]>>4 < toyOpen || p[1]>>4 > toyNo):
		return toy{}, 0, exchange.Garbage
	case len(p) < toyLength:
		return toy{}, 0, exchange.Incomplete
	case p[0]^p[1]^p[2] != p[3]:
		return toy{}, 0, exchange.BadChecksum
	}
	return toy{kind: p[1] >> 4, addr: board.Address(p[1] & 15), data: p[2]}, toyLength, exchange.Valid
}

func openToy(addr board.Address, data byte) exchange.Request[toy] {
	return exchange.Request[toy]{
		Addr: addr, Frame: toy{toyOpen, addr, data}.bytes(), Within: within, Unlock: true, Twin: true,
		Match: func(f toy) exchange.Fit {
			switch {
			case f == toy{toyOpen, addr, data}, f == toy{toyOpen, addr, 0}:
				return exchange.Answer
			case f == toy{toyNo, addr, data}:
				return exchange.Refusal
			}
			return exchange.Other
		},
	}
}

func askToy(addr board.Address) exchange.Request[toy] {
	return exchange.Request[toy]{
		Addr: addr, Frame: toy{toyAsk, addr, 0xFF}.bytes(), Within: within, State: true,
		Match: func(f toy) exchange.Fit {
			if f.kind == toyStates && f.addr == addr {
				return exchange.Answer
			}
			return exchange.Other
		},
	}
}

// piece is bytes that arrive some time after a request was written.
type piece struct {
	after time.Duration
	bytes []byte
}

func at(after time.Duration, bytes []byte) piece { return piece{after, bytes} }

// tape is a line that plays what was recorded for each request, on a clock of its own that moves only
// when somebody reads.
type tape struct {
	now      time.Time
	deadline time.Time
	scripts  [][]piece // for each request, in order of time
	due      []piece   // after is since the start of the tape here
	start    time.Time
	written  [][]byte
	heard    int   // bytes delivered
	fail     error // of the next Read or Write
	onRead   func()
}

func newTape(scripts ...[]piece) *tape {
	start := time.Unix(1e9, 0)
	return &tape{now: start, start: start, scripts: scripts}
}

func (c *tape) Now() time.Time { return c.now }

func (c *tape) SetReadDeadline(t time.Time) error {
	c.deadline = t
	return nil
}

func (c *tape) Close() error { return nil }

func (c *tape) Write(p []byte) (int, error) {
	if c.fail != nil {
		return 0, c.fail
	}
	c.written = append(c.written, slices.Clone(p))
	if len(c.scripts) > 0 {
		since := c.now.Sub(c.start)
		for _, p := range c.scripts[0] {
			c.due = append(c.due, piece{since + p.after, p.bytes})
		}
		slices.SortStableFunc(c.due, func(a, b piece) int { return int(a.after - b.after) })
		c.scripts = c.scripts[1:]
	}
	return len(p), nil
}

func (c *tape) Read(p []byte) (int, error) {
	if c.fail != nil {
		return 0, c.fail
	}
	if c.onRead != nil {
		defer c.onRead()
	}
	if len(c.due) > 0 {
		if when := c.start.Add(c.due[0].after); !when.After(c.deadline) {
			if when.After(c.now) {
				c.now = when
			}
			n := copy(p, c.due[0].bytes)
			c.due[0].bytes = c.due[0].bytes[n:]
			if len(c.due[0].bytes) == 0 {
				c.due = c.due[1:]
			}
			c.heard += n
			return n, nil
		}
	}
	if c.deadline.After(c.now) {
		c.now = c.deadline
	}
	return 0, os.ErrDeadlineExceeded
}

func newExchange(t *testing.T, c *tape, echo exchange.Echo) *exchange.Exchange[toy] {
	t.Helper()
	x, err := exchange.New(exchange.Options[toy]{Conn: c, Now: c.Now, Split: splitToy, Echo: echo})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"cubby/board"
	"cubby/internal/app/lock"
)

type watchCmd struct {
	kindFlags
	Port  string        `help:"The line, e.g. serial:/dev/ttyUSB0, tcp:192.0.2.10:4196 or gpio:/dev/gpiochip0." required:"" placeholder:"PORT"`
	Board []int         `help:"Addresses of the boards." default:"1" placeholder:"ADDRESS"`
	Every time.Duration `help:"Time between two looks at a board." default:"250ms"`
	For   time.Duration `help:"Stop after this long; 0: only when told to." default:"0s"`
}

// Run shows states until it is told to stop: a table that is redrawn on a terminal, else a line for
// each board and then for each change.
func (cmd watchCmd) Run(ctx context.Context, e *env) error {
	s, err := cmd.bus()
	if err != nil {
		return err
	}
	s.Port, s.Boards = cmd.Port, cmd.Board
	if cmd.Every < 10*time.Millisecond || cmd.Every > time.Minute {
		return usageError{fmt.Errorf("--every %s: want 10ms to 1m", cmd.Every)}
	}
	ctx, release := limited(ctx, cmd.For)
	defer release()
	bus, err := lock.Open(ctx, s, time.Now)
	if err != nil {
		return usageError{err}
	}
	defer bus.Close() //nolint:errcheck // it was only asked
	var view watchView = &changeView{out: e.Out, last: map[int]boardView{}}
	if f, ok := e.Out.(*os.File); ok && isTerminal(f) {
		view = &tableView{out: f}
	}
	return watchBoards(ctx, bus.Driver, cmd, view)
}

// limited ends a context after a while; 0 means never.
func limited(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, d)
}

func watchBoards(ctx context.Context, driver board.Driver, cmd watchCmd, view watchView) error {
	ticker := time.NewTicker(cmd.Every)
	defer ticker.Stop()
	for {
		round := make([]boardView, 0, len(cmd.Board))
		for _, n := range cmd.Board {
			reading, err := driver.ReadStates(ctx, board.Address(n)) // checked by lock.Open
			if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
				return nil // told to stop; the driver may notice before the context does
			}
			round = append(round, boardView{addr: n, reading: reading, err: err})
		}
		if err := view.show(time.Now(), round); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// boardView is what one look at a board gave.
type boardView struct {
	addr    int
	reading board.Reading
	err     error
}

// trouble says in a few words why there are no states.
func (v boardView) trouble() string {
	switch {
	case v.err == nil:
		return ""
	case errors.Is(v.err, board.ErrSilent):
		return "no answer"
	case errors.Is(v.err, board.ErrGarbled):
		return "garbled answer"
	case errors.Is(v.err, board.ErrLost):
		return "line lost"
	}
	return v.err.Error()
}

// state says what is known of one channel, with its presence sensor if there is one.
func (v boardView) state(i int) string {
	text := v.reading.Doors[i].String()
	if i < len(v.reading.Occupancy) {
		text += " " + v.reading.Occupancy[i].String()
	}
	return text
}

type watchView interface {
	show(now time.Time, round []boardView) error
}

// changeView prints what changed, one line each.
type changeView struct {
	out  io.Writer
	last map[int]boardView
}

func (c *changeView) show(now time.Time, round []boardView) error {
	for _, v := range round {
		old, seen := c.last[v.addr]
		c.last[v.addr] = v
		for _, line := range changes(old, seen, v) {
			if _, err := fmt.Fprintf(c.out, "%s board %d %s\n", now.Format("15:04:05.000"), v.addr, line); err != nil {
				return err
			}
		}
	}
	return nil
}

func changes(old boardView, seen bool, v boardView) []string {
	switch {
	case v.err != nil && seen && old.trouble() == v.trouble():
		return nil
	case v.err != nil:
		return []string{v.trouble()}
	case !seen || old.err != nil:
		return []string{summary(v)}
	}
	var lines []string
	for i := range v.reading.Doors {
		if state := v.state(i); state != old.state(i) {
			lines = append(lines, fmt.Sprintf("channel %d %s", i+1, state))
		}
	}
	return lines
}

// summary says how all channels of a board are, those that are not closed by their numbers.
func summary(v boardView) string {
	channels := map[string][]string{}
	var states []string
	for i := range v.reading.Doors {
		state := v.state(i)
		if !slices.Contains(states, state) {
			states = append(states, state)
		}
		channels[state] = append(channels[state], strconv.Itoa(i+1))
	}
	slices.Sort(states)
	var parts []string
	for _, state := range states {
		parts = append(parts, state+": "+strings.Join(channels[state], " "))
	}
	return strings.Join(parts, ", ")
}

// tableView redraws one table in place.
type tableView struct {
	out   io.Writer
	lines int // of the last drawing
}

func (t *tableView) show(now time.Time, round []boardView) error {
	var b strings.Builder
	if t.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\x1b[J", t.lines) // up, then clear what follows
	}
	t.lines = 1
	fmt.Fprintf(&b, "%s  Ctrl-C ends\n", now.Format("15:04:05"))
	for _, v := range round {
		const perLine = 8
		if v.err != nil {
			fmt.Fprintf(&b, "board %-3d  %s\n", v.addr, v.trouble())
			t.lines++
			continue
		}
		for first := 0; first < len(v.reading.Doors); first += perLine {
			fmt.Fprintf(&b, "board %-3d", v.addr)
			for i := first; i < min(first+perLine, len(v.reading.Doors)); i++ {
				fmt.Fprintf(&b, "  %3d %s", i+1, mark(v, i))
			}
			b.WriteString("\n")
			t.lines++
		}
	}
	_, err := io.WriteString(t.out, b.String())
	return err
}

// mark is a state that is told apart without colours, too.
func mark(v boardView, i int) string {
	text := ""
	switch v.reading.Doors[i] {
	case board.StateClosed:
		text = "closed"
	case board.StateOpen:
		text = "\x1b[7mOPEN\x1b[0m  "
	case board.StateUnknown:
		text = "?     "
	}
	if i < len(v.reading.Occupancy) && v.reading.Occupancy[i] == board.OccupancyOccupied {
		return text + "*" // something is in there
	}
	return text + " "
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

package boardtest

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"cubby/board"
	"cubby/board/port"
	"cubby/board/virtual"
)

// Setup is what the suite gives a driver under test.
type Setup struct {
	Conn board.Conn
	Now  func() time.Time
	// Deadline is of every request. Info().Deadline may be up to three times as long.
	Deadline time.Duration
}

// Family describes a protocol family to the suite. All fields without a comment are required.
type Family struct {
	Name     string
	Now      func() time.Time // time.Now, named by the test so that the suite names no clock
	Addr     board.Address
	Other    board.Address // a second board of the bus; 0 for families with one board only
	Channels int           // of each board, at least 4

	NewDriver func(Setup) (board.Driver, error)
	NewSlave  func(*virtual.World, *virtual.Line) (virtual.Handler, error)

	Acks     bool // boards answer an unlock
	Latch    bool // boards report their doors
	Checksum bool // replies carry a checksum
	Echoes   bool // the family lives on lines that echo
}

// Deadlines of the driver under test.
const (
	virtualDeadline = 1500 * time.Millisecond
	// realDeadline is longer than a busy test machine forgets a goroutine for.
	realDeadline = 250 * time.Millisecond
	// realSlack is by how much a busy test machine may be late.
	realSlack = 3 * time.Second
	// lateAfter is by how much a late reply misses a deadline.
	lateAfter = 60 * time.Millisecond
)

// stage is where a case runs.
type stage struct {
	join     link
	deadline time.Duration
	slack    time.Duration // 0 in virtual time
}

// Exercise runs the suite as parallel subtests named LINK/case.
func Exercise(t *testing.T, f Family) {
	t.Helper()
	if f.Channels < 4 {
		t.Fatalf("family %s: %d channels, the suite needs 4", f.Name, f.Channels)
	}
	for _, c := range cases {
		if c.needs != nil && !c.needs(f) {
			continue
		}
		t.Run("pipe/"+c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c.run(newBench(t, f, c, stage{join: pipeLink, deadline: virtualDeadline}))
			})
		})
		if c.pipe {
			continue
		}
		t.Run("tcp/"+c.name, func(t *testing.T) {
			t.Parallel()
			c.run(newBench(t, f, c, stage{join: tcpLink, deadline: realDeadline, slack: realSlack}))
		})
		t.Run("pty/"+c.name, func(t *testing.T) {
			t.Parallel()
			c.run(newBench(t, f, c, stage{join: ptyLink, deadline: realDeadline, slack: realSlack}))
		})
	}
}

// bench is one driver wired to one virtual bank.
type bench struct {
	*testing.T
	Family
	world    *virtual.World
	line     *virtual.Line
	driver   board.Driver
	deadline time.Duration
	slack    time.Duration
	unplug   func()
}

// link joins a slave to a Conn. unplug cuts the line at the slave's end.
type link func(t *testing.T, f Family, serve virtual.Handler) (conn board.Conn, unplug func())

func newBench(t *testing.T, f Family, c testCase, s stage) *bench {
	t.Helper()
	line, deadline := c.line, s.deadline
	boards := map[board.Address]int{f.Addr: f.Channels}
	if f.Other != 0 {
		boards[f.Other] = f.Channels
	}
	world, err := virtual.NewWorld(virtual.Options{Now: f.Now, Boards: boards})
	fatal(t, err)
	line.LateBy = deadline + lateAfter
	wire, err := virtual.NewLine(line)
	fatal(t, err)
	serve, err := f.NewSlave(world, wire)
	fatal(t, err)
	conn, unplug := s.join(t, f, serve)
	driver, err := f.NewDriver(Setup{Conn: conn, Now: f.Now, Deadline: deadline})
	fatal(t, err)
	if limit := driver.Info().Deadline; limit > 3*deadline {
		t.Fatalf("Info().Deadline is %v, more than three times the %v asked for", limit, deadline)
	}
	return &bench{
		T: t, Family: f, world: world, line: wire, driver: driver,
		deadline: deadline, slack: s.slack, unplug: unplug,
	}
}

func pipeLink(t *testing.T, _ Family, serve virtual.Handler) (board.Conn, func()) {
	t.Helper()
	near, far := net.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, far) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("virtual board: %v", err)
		}
		fatal(t, near.Close())
	})
	return near, cancel
}

func tcpLink(t *testing.T, f Family, serve virtual.Handler) (board.Conn, func()) {
	t.Helper()
	listener, err := virtual.ListenTCP(context.Background(), "127.0.0.1:0", serve)
	fatal(t, err)
	conn, err := port.Open(context.Background(), listener.Spec(), port.Options{Now: f.Now})
	fatal(t, err)
	t.Cleanup(func() {
		fatal(t, conn.Close())
		if err := listener.Stop(); err != nil {
			t.Errorf("virtual board: %v", err)
		}
	})
	return conn, listener.Unplug
}

func ptyLink(t *testing.T, f Family, serve virtual.Handler) (board.Conn, func()) {
	t.Helper()
	pty, err := virtual.OpenPTY(context.Background(), serve)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	fatal(t, err)
	conn, err := port.Open(context.Background(), pty.Spec(), port.Options{Now: f.Now})
	fatal(t, err)
	stop := func() {
		if err := pty.Stop(); err != nil {
			t.Errorf("virtual board: %v", err)
		}
	}
	t.Cleanup(func() {
		fatal(t, conn.Close())
		stop()
	})
	return conn, stop
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

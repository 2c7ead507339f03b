package boardtest

import (
	"slices"
	"sync"
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
	// Pulse is how long a driver that ends pulses itself shall keep a coil on; it comes on top of
	// the deadlines. Other families ignore it.
	Pulse time.Duration
}

// Family describes a protocol family to the suite. The fields of the first two groups are required;
// the others say what the family can do, and a case that needs what it cannot is left out.
type Family struct {
	Name     string           // as Info().Family
	Now      func() time.Time // time.Now, named by the test so that the suite names no clock
	Channels int              // of each board, at least 4
	Addr     board.Address    // a board; 0 is an address like another
	Other    board.Address    // a second board, unless Single
	Single   bool             // the line has one board only
	Piped    bool             // skip TCP and pseudo terminal: another test of the family uses them

	NewDriver func(Setup) (board.Driver, error)
	NewSlave  func(*virtual.World, *virtual.Line) (virtual.Boards, error)
	Codec     board.Codec // with the settings that NewDriver gives

	Acks     bool // boards answer an unlock
	Refuses  bool // and say no when the door still reads closed, or for a channel that is dead
	Latch    bool // ReadStates knows the doors by the lock
	Cycle    bool // ReadStates knows the doors by a contact
	Infrared bool // ReadStates knows the occupancy
	Software bool // the driver ends pulses, see board.Info
	Checksum bool // replies carry a checksum
	Echoes   bool // the family lives on lines that echo
}

// Times of the driver under test.
const (
	virtualDeadline = 1500 * time.Millisecond
	// realDeadline is on a machine with time to spare; a busy one gets up to maxDeadline, see patience.
	realDeadline = time.Second
	maxDeadline  = 4 * time.Second
	// realSlack is by how much a busy test machine may be late.
	realSlack = 3 * time.Second
	// virtualLate and a fifth of a real deadline are by how much a late reply misses its deadline: by less
	// than the shortest deadline of a family, so that it meets the next request.
	virtualLate = 60 * time.Millisecond
	lateShare   = 5
	// virtualPulse and realPulse are what drivers that end pulses are asked for.
	virtualPulse = 300 * time.Millisecond
	realPulse    = 40 * time.Millisecond
	// reopenWait is the back-off of a line that is plugged in again.
	reopenWait = 20 * time.Millisecond
	// realCases run at once on each link: they sleep most of the time.
	realCases = 16
)

// stage is where a case runs.
type stage struct {
	join     link
	deadline time.Duration
	late     time.Duration // how much later a late reply is
	pulse    time.Duration
	slack    time.Duration // 0 in virtual time
}

// virtually is a pipe in virtual time.
func virtually() stage {
	return stage{join: pipeLink, deadline: virtualDeadline, late: virtualLate, pulse: virtualPulse}
}

// really is a link in real time.
func really(join link, deadline time.Duration) stage {
	return stage{join: join, deadline: deadline, late: deadline / lateShare, pulse: realPulse, slack: realSlack}
}

// patience is the deadline for links in real time: many times what this machine forgets a goroutine for
// right now, so that a healthy board answers in time on a busy machine and the cases are short on another.
func patience(now func() time.Time) time.Duration {
	const naps, times = 30, 12
	var mu sync.Mutex
	var worst time.Duration
	var sleepers sync.WaitGroup
	for range realCases {
		sleepers.Go(func() {
			for range naps {
				start := now()
				time.Sleep(time.Millisecond)
				late := now().Sub(start) - time.Millisecond
				mu.Lock()
				worst = max(worst, late)
				mu.Unlock()
			}
		})
	}
	sleepers.Wait()
	return min(max(realDeadline, times*worst), maxDeadline)
}

// Exercise runs the suite as subtests named LINK/case.
func Exercise(t *testing.T, f Family) {
	t.Helper()
	if f.Channels < 4 || f.Codec == nil || !f.Single && f.Other == f.Addr {
		t.Fatalf("family %s: %d channels, codec %v, boards %d and %d; the suite needs 4 channels, a codec, "+
			"and two boards unless Single is set", f.Name, f.Channels, f.Codec, f.Addr, f.Other)
	}
	t.Run("pipe", func(t *testing.T) {
		t.Parallel()
		for _, c := range casesOf(f) {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { runCase(t, f, c, virtually()) })
			})
		}
	})
	if f.Piped {
		return
	}
	for name, join := range map[string]link{"tcp": tcpLink, "pty": ptyLink} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			realLink(t, f, join)
		})
	}
}

// realLink runs the cases side by side, more of them than -parallel would.
func realLink(t *testing.T, f Family, join link) {
	t.Helper()
	deadline := patience(f.Now)
	var running sync.WaitGroup
	places := make(chan struct{}, realCases)
	for _, c := range casesOf(f) {
		if c.pipe {
			continue
		}
		running.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			t.Run(c.name, func(t *testing.T) { runCase(t, f, c, really(join, deadline)) })
		})
	}
	running.Wait()
}

// casesOf lists the cases that a family can pass.
func casesOf(f Family) []testCase {
	return slices.DeleteFunc(cases(), func(c testCase) bool { return c.needs != nil && !c.needs(f) })
}

func runCase(t *testing.T, f Family, c testCase, s stage) {
	t.Helper()
	b := newBench(t, f, c, s)
	c.run(b)
	b.accountFor()
}

// bench is one driver wired to one virtual bank.
type bench struct {
	*testing.T
	Family
	stage
	world  *virtual.World
	twin   *virtual.World // of a second board at Addr; nil for none
	line   *virtual.Line
	driver board.Driver
	plug   plug
	tap    *tap
	asked  map[board.Channel]int // unlocks of the board at Addr
	asked2 map[board.Channel]int // unlocks of the board at Other
}

func newBench(t *testing.T, f Family, c testCase, s stage) *bench {
	t.Helper()
	b := &bench{
		T: t, Family: f, stage: s, asked: map[board.Channel]int{}, asked2: map[board.Channel]int{},
	}
	boards := map[board.Address]int{f.Addr: f.Channels}
	if !f.Single {
		boards[f.Other] = f.Channels
	}
	var err error
	b.world, err = virtual.NewWorld(virtual.Options{Now: f.Now, Boards: boards})
	fatal(t, err)
	line := c.line
	line.LateBy = s.deadline + s.late
	b.line, err = virtual.NewLine(line)
	fatal(t, err)
	b.plug = s.join(t, f, b.serve(c.twins))
	conn, err := b.open(c.reopens)
	fatal(t, err)
	b.tap = &tap{Conn: conn, now: f.Now}
	b.plug.before(func() { fatal(t, conn.Close()) })
	b.driver, err = f.NewDriver(Setup{Conn: b.tap, Now: f.Now, Deadline: s.deadline, Pulse: s.pulse})
	fatal(t, err)
	if limit := b.driver.Info().Deadline; limit > 3*s.deadline+s.pulse {
		t.Fatalf("Info().Deadline is %v, more than three times the %v asked for, and %v", limit, s.deadline, s.pulse)
	}
	return b
}

func (b *bench) open(reopens bool) (board.Conn, error) {
	if !reopens {
		return b.plug.open()
	}
	return port.NewReopener(port.ReopenOptions{
		Open: b.plug.open, Now: b.Now, MinWait: reopenWait, MaxWait: reopenWait,
	})
}

// serve makes the boards' end, with a second board at Addr if the case wants one.
func (b *bench) serve(twins twins) virtual.Handler {
	b.Helper()
	first, err := b.NewSlave(b.world, b.line)
	fatal(b.T, err)
	if twins == noTwins {
		return first.Serve
	}
	b.twin, err = virtual.NewWorld(virtual.Options{Now: b.Now, Boards: map[board.Address]int{b.Addr: b.Channels}})
	fatal(b.T, err)
	second, err := b.NewSlave(b.twin, b.line)
	fatal(b.T, err)
	return together(virtual.ServeOptions{World: b.world, Line: b.line}, twins == clashing, first, second)
}

// accountFor checks what must hold at the end of every case: no lock was pulsed more often than it
// was asked for, and no coil is left on.
func (b *bench) accountFor() {
	b.Helper()
	if b.Software {
		b.coilsOff()
	}
	b.neverMore()
}

func fatal(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

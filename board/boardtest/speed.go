package boardtest

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"cubby/board"
	"cubby/board/virtual"
)

const (
	// minRatio of the line's own limit is what a poll must reach; the rest is the look at the line
	// before each request.
	minRatio    = 0.8
	bitsPerByte = 10 // 8N1
	// pollRounds are enough to even out a timer that fires late.
	pollRounds = 20
)

// Poll is a bank to be polled at the speed of its line.
type Poll struct {
	Addrs    []board.Address // the boards
	Channels int             // of each; the driver may be configured for more
	BaudRate int             // bits per second, 8N1
	// Gap is the silence that the protocol itself demands before each request; it counts as the
	// line's time, not as ours.
	Gap time.Duration
}

// Speed is how fast a bank was polled.
type Speed struct {
	Doors    int
	Requests int           // of one round
	Bytes    int           // of one round, both directions
	Limit    time.Duration // what the bytes and gaps of one round take on the line
	Took     time.Duration // what one round took
	Ratio    float64       // Limit / Took, 1 at best
}

// PollSpeed polls over the paced virtual line in virtual time, where the figures are exact, and
// requires 0.8 of the line's limit. It also requires that an unlock which arrives in the middle of a
// poll waits for one request at most.
func PollSpeed(t *testing.T, f Family, p Poll) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newPolled(t, f, p, virtually())
		s := r.speed(pollRounds)
		t.Logf("%d doors on %d boards at %d baud: %d bytes in %d requests take %v on the line, %v with us: %.3f of the limit",
			s.Doors, len(p.Addrs), p.BaudRate, s.Bytes, s.Requests, s.Limit, s.Took, s.Ratio)
		if s.Ratio < minRatio || s.Ratio > 1 {
			t.Errorf("%.3f of the line's limit, want %.1f to 1", s.Ratio, minRatio)
		}
		r.overtakes(t, s)
	})
}

// BenchmarkPoll polls over a pseudo terminal in real time and reports the ratio to the line's limit.
func BenchmarkPoll(b *testing.B, f Family, p Poll) {
	b.Helper()
	r := newPolled(b, f, p, really(ptyLink, realDeadline))
	var limit, took time.Duration
	doors := 0
	for b.Loop() {
		s := r.speed(1)
		limit, took, doors = limit+s.Limit, took+s.Took, doors+s.Doors
	}
	b.ReportMetric(float64(limit)/float64(took), "limit-ratio")
	b.ReportMetric(float64(doors)/took.Seconds(), "doors/s")
}

// polled is a driver and the bank that it polls.
type polled struct {
	testing.TB
	Poll
	now    func() time.Time
	driver board.Driver
	tap    *tap
}

func newPolled(tb testing.TB, f Family, p Poll, s stage) *polled {
	tb.Helper()
	boards := map[board.Address]int{}
	for _, addr := range p.Addrs {
		boards[addr] = p.Channels
	}
	world, err := virtual.NewWorld(virtual.Options{Now: f.Now, Boards: boards})
	fatal(tb, err)
	line, err := virtual.NewLine(virtual.LineOptions{BaudRate: p.BaudRate})
	fatal(tb, err)
	slave, err := f.NewSlave(world, line)
	fatal(tb, err)
	plug := s.join(tb, f, slave.Serve)
	conn, err := plug.open()
	fatal(tb, err)
	plug.before(func() { fatal(tb, conn.Close()) })
	r := &polled{TB: tb, Poll: p, now: f.Now, tap: &tap{Conn: conn, now: f.Now}}
	r.driver, err = f.NewDriver(Setup{Conn: r.tap, Now: f.Now, Deadline: s.deadline, Pulse: s.pulse})
	fatal(tb, err)
	r.round() // what a driver finds out first is not polling
	return r
}

func (r *polled) round() {
	r.Helper()
	for _, addr := range r.Addrs {
		if _, err := r.driver.ReadStates(r.Context(), addr); err != nil {
			r.Fatalf("read states of board %d: %v", addr, err)
		}
	}
}

func (r *polled) requests() int {
	if c, ok := r.driver.(board.Counter); ok {
		return int(c.Counts().Requests)
	}
	return 0
}

// speed polls some rounds and returns the mean of one.
func (r *polled) speed(rounds int) Speed {
	r.Helper()
	bytes, _ := r.tap.traffic()
	requests, start := r.requests(), r.now()
	for range rounds {
		r.round()
	}
	took := r.now().Sub(start) / time.Duration(rounds)
	after, _ := r.tap.traffic()
	s := Speed{
		Doors: len(r.Addrs) * r.Channels, Requests: (r.requests() - requests) / rounds,
		Bytes: (after - bytes) / rounds, Took: took,
	}
	s.Limit = time.Duration(s.Bytes*bitsPerByte)*time.Second/time.Duration(r.BaudRate) +
		time.Duration(s.Requests)*r.Gap
	s.Ratio = float64(s.Limit) / float64(s.Took)
	return s
}

// overtakes lets unlocks arrive at every part of a poll, with an owner that looks for them between
// two calls of the driver.
func (r *polled) overtakes(t *testing.T, s Speed) {
	t.Helper()
	one := s.Took / time.Duration(len(r.Addrs)) // one ReadStates
	request := s.Took / time.Duration(s.Requests)
	var worst time.Duration
	for i := range 16 {
		wanted := make(chan time.Time, 1)
		if y, ok := r.driver.(board.Yielder); ok {
			y.YieldTo(func() bool { return len(wanted) > 0 })
		}
		timer := time.AfterFunc(one*time.Duration(i)/16, func() { wanted <- r.now() })
		for unlocked := false; !unlocked; {
			select {
			case at := <-wanted:
				if _, err := r.driver.Unlock(t.Context(), r.Addrs[0], board.Channel(i%r.Channels+1)); err != nil {
					t.Fatalf("unlock: %v", err)
				}
				_, wrote := r.tap.traffic()
				worst = max(worst, wrote.Sub(at))
				unlocked = true
			default:
				_, err := r.driver.ReadStates(t.Context(), r.Addrs[i%len(r.Addrs)])
				if err != nil && !errors.Is(err, board.ErrYielded) {
					t.Fatalf("read states: %v", err)
				}
			}
		}
		timer.Stop()
	}
	t.Logf("an unlock waited at most %v behind the poll; one request takes %v, one ReadStates %d of them",
		worst, request, s.Requests/len(r.Addrs))
	if worst > request+drainSlack/20 {
		t.Errorf("an unlock waited %v behind the poll, want at most one request of %v", worst, request)
	}
}

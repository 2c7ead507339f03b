package port_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"cubby/board"
	"cubby/board/port"
)

// flaky is a line that tells what was done to it and fails on demand.
type flaky struct {
	fail     error
	deadline time.Time
	written  []byte
	closed   bool
}

func (f *flaky) Read([]byte) (int, error) {
	if f.fail != nil {
		return 0, f.fail
	}
	return 0, os.ErrDeadlineExceeded
}

func (f *flaky) Write(p []byte) (int, error) {
	if f.fail != nil {
		return 0, f.fail
	}
	f.written = append(f.written, p...)
	return len(p), nil
}

func (f *flaky) Close() error {
	f.closed = true
	return nil
}

func (f *flaky) SetReadDeadline(t time.Time) error {
	f.deadline = t
	return nil
}

type reopening struct {
	*port.Reopener
	now     time.Time
	openErr error
	lines   []*flaky
}

func newReopening(t *testing.T) *reopening {
	t.Helper()
	r := &reopening{now: time.Unix(1000, 0)}
	reopener, err := port.NewReopener(port.ReopenOptions{
		Now: func() time.Time { return r.now },
		Open: func() (board.Conn, error) {
			if r.openErr != nil {
				return nil, r.openErr
			}
			r.lines = append(r.lines, &flaky{})
			return r.lines[len(r.lines)-1], nil
		},
		MinWait: time.Second, MaxWait: 4 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Reopener = reopener
	return r
}

func TestReopener_Heals(t *testing.T) {
	t.Parallel()
	r := newReopening(t)
	deadline := r.now.Add(time.Minute)
	if err := r.SetReadDeadline(deadline); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Write([]byte{1}); err != nil || !r.Connected() || r.Reopens() != 0 {
		t.Fatal(err, r.Reopens())
	}
	if _, err := r.Read(nil); !errors.Is(err, os.ErrDeadlineExceeded) || !r.Connected() {
		t.Fatalf("%v: a deadline is no loss", err)
	}
	r.lines[0].fail = errors.New("unplugged")
	if _, err := r.Write([]byte{2}); !errors.Is(err, board.ErrLost) || !r.lines[0].closed || r.Connected() {
		t.Fatalf("write on a broken line: %v", err)
	}
	if _, err := r.Write([]byte{3}); !errors.Is(err, board.ErrLost) || len(r.lines) != 1 {
		t.Fatalf("%v: reopened before the back-off was over", err)
	}
	r.now = r.now.Add(time.Second)
	if _, err := r.Write([]byte{4}); err != nil {
		t.Fatal(err)
	}
	if got := r.lines[1].written; len(got) != 1 || got[0] != 4 {
		t.Errorf("the new line got %v: failed writes must not be repeated", got)
	}
	if got := r.Reopens(); got != 1 {
		t.Errorf("%d reopens counted, want 1", got)
	}
	if !r.lines[1].deadline.Equal(deadline) {
		t.Error("the deadline was not carried over")
	}
	if err := r.Close(); err != nil || !r.lines[1].closed {
		t.Error(err)
	}
	if _, err := r.Read(nil); !errors.Is(err, board.ErrLost) {
		t.Errorf("read after Close: %v", err)
	}
}

func TestReopener_BackOff(t *testing.T) {
	t.Parallel()
	r := newReopening(t)
	r.openErr = errors.New("no such device")
	attempts := 0
	var gaps []time.Duration
	last := r.now
	for end := r.now.Add(15 * time.Second); r.now.Before(end); r.now = r.now.Add(100 * time.Millisecond) {
		_, err := r.Read(nil)
		if !errors.Is(err, board.ErrLost) {
			t.Fatal(err)
		}
		if errors.Is(err, r.openErr) {
			attempts++
			gaps = append(gaps, r.now.Sub(last))
			last = r.now
		}
	}
	want := []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second}
	if attempts != len(want) {
		t.Fatalf("attempts after %v, want %v", gaps, want)
	}
	for i := range want {
		if gaps[i] != want[i] {
			t.Errorf("attempts after %v, want %v", gaps, want)
		}
	}
	// A line that held for long starts again with short waits.
	r.openErr = nil
	r.now = r.now.Add(time.Minute)
	if _, err := r.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	r.now = r.now.Add(time.Minute)
	r.lines[0].fail = errors.New("unplugged")
	if _, err := r.Read(nil); !errors.Is(err, board.ErrLost) {
		t.Fatal(err)
	}
	r.now = r.now.Add(time.Second)
	if _, err := r.Write([]byte{2}); err != nil {
		t.Errorf("after the shortest wait: %v", err)
	}
}

// TestReopener_FailsAtOnce: a port that opens and breaks at once is not tried in a tight loop.
func TestReopener_FailsAtOnce(t *testing.T) {
	t.Parallel()
	r := newReopening(t)
	for end := r.now.Add(20 * time.Second); r.now.Before(end); r.now = r.now.Add(100 * time.Millisecond) {
		if _, err := r.Write([]byte{1}); err != nil {
			continue
		}
		r.lines[len(r.lines)-1].fail = errors.New("unplugged")
		if _, err := r.Read(nil); !errors.Is(err, board.ErrLost) {
			t.Fatal(err)
		}
	}
	if got := len(r.lines); got != 7 { // at 0, 1, 3, 7, 11, 15 and 19 s
		t.Errorf("opened %d times in 20 s, want 7", got)
	}
}

func TestNewReopener_Invalid(t *testing.T) {
	t.Parallel()
	open := func() (board.Conn, error) { return &flaky{}, nil }
	for _, opts := range []port.ReopenOptions{
		{Now: time.Now},
		{Open: open},
		{Open: open, Now: time.Now, MinWait: -1},
		{Open: open, Now: time.Now, MinWait: 2, MaxWait: 1},
	} {
		if _, err := port.NewReopener(opts); err == nil {
			t.Errorf("%+v is accepted", opts)
		}
	}
	if _, err := port.NewSpecReopener(t.Context(), "nonsense", port.Options{Now: time.Now}); !errors.Is(err, port.ErrSpec) {
		t.Errorf("%v, want ErrSpec", err)
	}
}

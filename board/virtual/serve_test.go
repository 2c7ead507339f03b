package virtual_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"cubby/board"
	"cubby/board/virtual"
)

// parrot answers every byte with itself, three times.
type parrot struct{}

func (parrot) Feed(p []byte) []virtual.Reply {
	replies := make([]virtual.Reply, 0, len(p))
	for _, b := range p {
		replies = append(replies, virtual.Reply{
			Request: []byte{b}, Frame: bytes.Repeat([]byte{b}, 4), Foreign: []byte{'F'}, Extra: []byte{'X'},
		})
	}
	return replies
}

func (parrot) Announce(e virtual.Event) []byte {
	if e.Kind == virtual.EventPulse {
		return nil
	}
	return []byte{'!'}
}

func serveParrot(t *testing.T, opts virtual.LineOptions) (net.Conn, *virtual.World, *virtual.Line) {
	t.Helper()
	w, err := virtual.NewWorld(virtual.Options{Now: time.Now, Boards: map[board.Address]int{1: 1}})
	must(t, err)
	line, err := virtual.NewLine(opts)
	must(t, err)
	near, far := net.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- virtual.Serve(ctx, far, virtual.ServeOptions{World: w, Line: line, Slave: parrot{}})
	}()
	t.Cleanup(func() {
		cancel()
		must(t, <-done)
		must(t, near.Close())
	})
	return near, w, line
}

// hear returns what comes until the line is quiet for d.
func hear(t *testing.T, conn net.Conn, d time.Duration) string {
	t.Helper()
	var heard []byte
	buf := make([]byte, 64)
	for {
		must(t, conn.SetReadDeadline(time.Now().Add(d)))
		n, err := conn.Read(buf)
		heard = append(heard, buf[:n]...)
		if err != nil {
			return string(heard)
		}
	}
}

func TestServe_Faults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		faults []virtual.Fault
		line   virtual.LineOptions
		want   string
		within time.Duration
	}{
		{name: "none", want: "aaaabbbb"},
		{name: "lost", faults: []virtual.Fault{virtual.FaultLost}, want: "bbbb"},
		{name: "checksum", faults: []virtual.Fault{virtual.FaultChecksum}, want: "aaa bbbb"},
		{name: "half", faults: []virtual.Fault{virtual.FaultHalf}, want: "aabbbb"},
		{name: "glued", faults: []virtual.Fault{virtual.FaultGlued}, want: "aaaaXbbbb"},
		{name: "foreign", faults: []virtual.Fault{virtual.FaultForeign}, want: "Fbbbb"},
		{name: "echo", line: virtual.LineOptions{Echo: true}, want: "aaaaabbbbb"},
		{
			name: "echo of a lost reply", faults: []virtual.Fault{virtual.FaultLost},
			line: virtual.LineOptions{Echo: true}, want: "abbbbb",
		},
		{
			name: "late", faults: []virtual.Fault{virtual.FaultLate},
			line: virtual.LineOptions{LateBy: time.Second}, want: "aaaabbbb", within: time.Second,
		},
		// A line of 10 bytes a second: two requests of one byte, two replies of four.
		{name: "paced", line: virtual.LineOptions{BaudRate: 100}, want: "aaaabbbb", within: time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				conn, _, line := serveParrot(t, c.line)
				must(t, line.Inject(c.faults...))
				start := time.Now()
				_, err := conn.Write([]byte("ab"))
				must(t, err)
				const quiet = 2 * time.Second
				if got := hear(t, conn, quiet); got != c.want {
					t.Errorf("heard %q, want %q", got, c.want)
				}
				if took := time.Since(start) - quiet; took != c.within {
					t.Errorf("took %v, want %v", took, c.within)
				}
				if line.Pending() != 0 {
					t.Error("a fault still waits")
				}
			})
		})
	}
}

func TestServe_Noise(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn, _, line := serveParrot(t, virtual.LineOptions{Seed: 3})
		must(t, line.Inject(virtual.FaultNoise))
		_, err := conn.Write([]byte("a"))
		must(t, err)
		got := hear(t, conn, time.Second)
		if len(got) < 5 || got[len(got)-4:] != "aaaa" {
			t.Errorf("heard %q, want noise and the reply", got)
		}
	})
}

func TestServe_Announce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn, w, _ := serveParrot(t, virtual.LineOptions{})
		synctest.Wait() // Serve listens to the world
		w.Pulse(1, 1)
		for range 1000 { // more than waits for a line that nobody reads
			must(t, w.Close(1, 1))
			must(t, w.Force(1, 1))
		}
		got := hear(t, conn, time.Second)
		if len(got) == 0 || len(got) > 100 {
			t.Errorf("%d announcements, want some and a bound", len(got))
		}
	})
}

func TestLine_Invalid(t *testing.T) {
	t.Parallel()
	for _, opts := range []virtual.LineOptions{{BaudRate: -1}, {LateBy: -1}, {Odds: 1.5}, {Odds: -1}} {
		if _, err := virtual.NewLine(opts); err == nil {
			t.Errorf("%+v is accepted", opts)
		}
	}
	line, err := virtual.NewLine(virtual.LineOptions{})
	must(t, err)
	if err := line.Inject(0); err == nil {
		t.Error("no fault is accepted")
	}
	if err := line.Inject(make([]virtual.Fault, 2000)...); err == nil {
		t.Error("endless faults are accepted")
	}
}

func TestListenTCP_Stop(t *testing.T) {
	t.Parallel()
	gone := errors.New("handler failed")
	l, err := virtual.ListenTCP(t.Context(), "127.0.0.1:0", func(_ context.Context, rw io.ReadWriter) error {
		if _, err := rw.Read(make([]byte, 1)); err != nil {
			return nil //nolint:nilerr // the peer hung up
		}
		return gone
	})
	must(t, err)
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", l.Addr())
	must(t, err)
	_, err = conn.Write([]byte{1})
	must(t, err)
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection outlives its handler")
	}
	must(t, conn.Close())
	if err := l.Stop(); !errors.Is(err, gone) {
		t.Errorf("Stop: %v, want what the handler failed with", err)
	}
	if _, err := virtual.ListenTCP(t.Context(), "nonsense", nil); err == nil {
		t.Error("nonsense was listened on")
	}
}

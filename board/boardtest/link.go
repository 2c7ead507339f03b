package boardtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"cubby/board"
	"cubby/board/port"
	"cubby/board/virtual"
)

// twins say how a second board with the same address behaves.
type twins uint8

const (
	noTwins twins = iota
	inTurn        // it answers after the first one
	clashing
)

// together serves two boards as one line.
func together(opts virtual.ServeOptions, clash bool, boards ...virtual.Boards) virtual.Handler {
	return func(ctx context.Context, rw io.ReadWriter) error {
		slaves := make([]virtual.Slave, len(boards))
		for i, b := range boards {
			slaves[i] = b.Session()
		}
		opts.Slave = virtual.Together(clash, slaves...)
		return virtual.Serve(ctx, rw, opts)
	}
}

// tap remembers what a driver wrote.
type tap struct {
	board.Conn
	now func() time.Time

	mu    sync.Mutex
	sent  []byte
	wrote time.Time // when the last Write began
	bytes int       // in both directions
}

func (t *tap) Write(p []byte) (int, error) {
	t.mu.Lock()
	t.sent = append(t.sent, p...)
	t.bytes += len(p)
	t.wrote = t.now()
	t.mu.Unlock()
	return t.Conn.Write(p)
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.mu.Lock()
	t.bytes += n
	t.mu.Unlock()
	return n, err
}

// traffic returns how many bytes went over the line and when the last Write began.
func (t *tap) traffic() (bytes int, wrote time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bytes, t.wrote
}

// take returns what was written since the last call.
func (t *tap) take() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	sent := slices.Clone(t.sent)
	t.sent = t.sent[:0]
	return sent
}

// plug is the place where a line can be pulled.
type plug struct {
	open   func() (board.Conn, error)
	unplug func() // cuts the line at the boards' end; open fails from now on
	replug func() // lets open work again
	before func(func())
}

// link joins a slave to a Conn.
type link func(tb testing.TB, f Family, serve virtual.Handler) plug

var errUnplugged = fmt.Errorf("%w: unplugged", board.ErrLost)

func pipeLink(tb testing.TB, _ Family, serve virtual.Handler) plug {
	tb.Helper()
	var served sync.WaitGroup
	var cancels []context.CancelFunc
	plugged := true
	cut := func() {
		for _, cancel := range cancels {
			cancel()
		}
		plugged = false
	}
	var first func()
	tb.Cleanup(func() {
		cut()
		served.Wait()
		if first != nil {
			first()
		}
	})
	return plug{
		open: func() (board.Conn, error) {
			if !plugged {
				return nil, errUnplugged
			}
			near, far := net.Pipe()
			ctx, cancel := context.WithCancel(context.Background())
			cancels = append(cancels, cancel)
			served.Go(func() {
				if err := serve(ctx, far); err != nil {
					tb.Errorf("virtual board: %v", err)
				}
			})
			return near, nil
		},
		unplug: cut,
		replug: func() { plugged = true },
		before: func(f func()) { first = f },
	}
}

func tcpLink(tb testing.TB, f Family, serve virtual.Handler) plug {
	tb.Helper()
	listener, err := virtual.ListenTCP(context.Background(), "127.0.0.1:0", serve)
	fatal(tb, err)
	plugged := true
	var first func()
	tb.Cleanup(func() {
		if first != nil {
			first()
		}
		if err := listener.Stop(); err != nil {
			tb.Errorf("virtual board: %v", err)
		}
	})
	return plug{
		open: func() (board.Conn, error) {
			if !plugged {
				return nil, errUnplugged
			}
			return port.Open(context.Background(), listener.Spec(), port.Options{Now: f.Now})
		},
		unplug: func() {
			plugged = false
			listener.Unplug()
		},
		replug: func() { plugged = true },
		before: func(f func()) { first = f },
	}
}

func ptyLink(tb testing.TB, f Family, serve virtual.Handler) plug {
	tb.Helper()
	var pty *virtual.PTY
	start := func() {
		var err error
		pty, err = virtual.OpenPTY(context.Background(), serve)
		if errors.Is(err, errors.ErrUnsupported) {
			tb.Skip(err)
		}
		fatal(tb, err)
	}
	stop := func() {
		if pty == nil {
			return
		}
		if err := pty.Stop(); err != nil {
			tb.Errorf("virtual board: %v", err)
		}
		pty = nil
	}
	start()
	var first func()
	tb.Cleanup(func() {
		if first != nil {
			first()
		}
		stop()
	})
	return plug{
		open: func() (board.Conn, error) {
			if pty == nil {
				return nil, errUnplugged
			}
			return port.Open(context.Background(), pty.Spec(), port.Options{Now: f.Now})
		},
		unplug: stop,
		replug: start,
		before: func(f func()) { first = f },
	}
}

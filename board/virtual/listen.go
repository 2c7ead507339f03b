package virtual

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// Handler serves one connection until ctx ends or the peer hangs up; a slave's Serve method is one.
// It must close rw, or let it be closed, when ctx ends.
type Handler func(ctx context.Context, rw io.ReadWriter) error

// maxConns bounds the connections of a listener; a serial server takes one or two.
const maxConns = 16

// Listener is boards behind a TCP port, as behind a serial server.
type Listener struct {
	net    net.Listener
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	errs  []error
}

// ListenTCP serves every connection to address ("127.0.0.1:0" for any free loopback port) until ctx
// ends or Stop is called.
func ListenTCP(ctx context.Context, address string, handle Handler) (*Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for virtual boards: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	l := &Listener{net: listener, cancel: cancel, conns: map[net.Conn]struct{}{}}
	stop := context.AfterFunc(ctx, func() {
		_ = listener.Close() // only wakes Accept; the port is given up
	})
	l.done.Go(func() {
		defer stop()
		l.accept(ctx, handle)
	})
	return l, nil
}

// Addr returns "host:port" as bound.
func (l *Listener) Addr() string { return l.net.Addr().String() }

// Spec returns the line in the words of board/port.
func (l *Listener) Spec() string { return "tcp:" + l.Addr() }

// Unplug cuts the connections that exist; new ones are served again.
func (l *Listener) Unplug() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn := range l.conns {
		_ = conn.Close() // a cut cable reports nothing
	}
}

// Stop ends all connections and waits for them. It returns what handlers failed with.
func (l *Listener) Stop() error {
	l.cancel()
	l.done.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.errs...)
}

func (l *Listener) accept(ctx context.Context, handle Handler) {
	for {
		conn, err := l.net.Accept()
		if err != nil {
			if ctx.Err() == nil {
				l.fail(err)
			}
			return
		}
		if !l.add(conn) {
			continue
		}
		l.done.Go(func() {
			defer l.remove(conn)
			// A cut cable is what Unplug is for, not a failure.
			if err := handle(ctx, conn); err != nil && ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
				l.fail(err)
			}
		})
	}
}

func (l *Listener) add(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.conns) >= maxConns {
		_ = conn.Close() // refused
		return false
	}
	l.conns[conn] = struct{}{}
	return true
}

func (l *Listener) remove(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = conn.Close() // usually closed by the handler already
	delete(l.conns, conn)
}

// fail keeps the first few errors; a listener that fails for ever must not grow for ever.
func (l *Listener) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.errs) < maxConns {
		l.errs = append(l.errs, err)
	}
}

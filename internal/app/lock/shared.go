package lock

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"

	"cubby/board/virtual"
)

// Shared puts the boards of several handlers on one line: each of them hears every byte of the host,
// and what they say comes as it comes. Two handlers with a board of the same address are the mistake
// that a probe names.
func Shared(handlers ...virtual.Handler) virtual.Handler {
	return func(ctx context.Context, rw io.ReadWriter) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		w := &wire{rw: rw}
		var boards sync.WaitGroup
		errs := make([]error, len(handlers))
		for i, handle := range handlers {
			near, far := net.Pipe()
			w.boards = append(w.boards, near)
			boards.Go(func() {
				errs[i] = handle(ctx, far)
				_ = far.Close() // usually the handler has
			})
			boards.Go(func() {
				_, _ = io.Copy(w, near) // it ends with the pipe
			})
		}
		// Nothing else wakes a Read when the context ends.
		stop := context.AfterFunc(ctx, w.hangUp)
		defer stop()
		err := w.listen()
		if ctx.Err() != nil || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
			err = nil
		}
		cancel()
		w.hangUp()
		boards.Wait()
		return errors.Join(append(errs, err)...)
	}
}

// wire is what the boards of Shared hang on.
type wire struct {
	rw     io.ReadWriter
	boards []net.Conn
	once   sync.Once

	mu sync.Mutex // one board at a time writes
}

// Write is for the boards.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rw.Write(p)
}

// listen hands what the host says to every board.
func (w *wire) listen() error {
	buf := make([]byte, 256)
	for {
		n, err := w.rw.Read(buf)
		for _, b := range w.boards {
			_, _ = b.Write(buf[:n]) // a board that is gone hears nothing
		}
		if err != nil {
			return err
		}
	}
}

func (w *wire) hangUp() {
	w.once.Do(func() {
		for _, b := range w.boards {
			_ = b.Close() // a pipe fails in nothing
		}
		if c, ok := w.rw.(io.Closer); ok {
			_ = c.Close() // the line is given up
		}
	})
}

package cli

import (
	"context"
	"os"
	"sync"

	"cubby/internal/app"
	"cubby/internal/config"
)

// watcher tells the supervisor of this process, systemd as a rule, that the program turns.
type watcher struct {
	*app.Supervisor
	cancel context.CancelFunc // nil: not started
	loop   sync.WaitGroup
	ended  bool
}

// supervise finds the supervisor, if there is one.
func (e *env) supervise(ctx context.Context, c config.Log) (*watcher, error) {
	s, err := app.NewSupervisor(ctx, app.SupervisorOptions{Logger: e.logger(c), Env: os.Getenv, PID: os.Getpid()})
	if err != nil {
		return nil, err
	}
	return &watcher{Supervisor: s}, nil
}

// start says that the program is ready, and gives signs of life while alive does. Starting again
// changes what is watched.
func (w *watcher) start(ctx context.Context, status string, alive func(context.Context) error) {
	w.rest()
	w.Ready(status)
	ctx, w.cancel = context.WithCancel(ctx)
	w.loop.Go(func() { w.Watch(ctx, alive) })
}

// rest ends the signs of life.
func (w *watcher) rest() {
	if w.cancel != nil {
		w.cancel()
		w.loop.Wait()
	}
}

// stop says that the program ends in order. It may be called twice.
func (w *watcher) stop() {
	if w.ended {
		return
	}
	w.ended = true
	w.rest()
	w.Stopping()
	_ = w.Close() // nothing is left to say
}

package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"cubby/internal/app"
	"cubby/internal/config"
)

type serveCmd struct{}

// Run runs the server until it is told to stop or fails.
func (serveCmd) Run(ctx context.Context, e *env) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	watcher, err := e.supervise(ctx, c.Log)
	if err != nil {
		return err
	}
	defer watcher.stop()
	server, err := app.NewServer(ctx, e.serverOptions(c))
	if err != nil {
		return err
	}
	if err := server.Start(ctx); err != nil {
		return errors.Join(err, server.Stop())
	}
	e.say("server is ready at %s", server.URL())
	watcher.start(ctx, "answers at "+server.URL(), server.Alive)
	select {
	case <-ctx.Done():
		watcher.stop()
		return server.Stop()
	case err := <-server.Failed():
		watcher.stop()
		return errors.Join(err, server.Stop())
	}
}

func (e *env) serverOptions(c config.Config) app.ServerOptions {
	return app.ServerOptions{
		Config: c.Server, Logger: e.logger(c.Log), Version: app.Version, Now: time.Now, Random: rand.Reader, NewID: newIDs(),
	}
}

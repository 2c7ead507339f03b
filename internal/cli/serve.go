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
	server, err := app.NewServer(ctx, e.serverOptions(c))
	if err != nil {
		return err
	}
	if err := server.Start(ctx); err != nil {
		return errors.Join(err, server.Stop())
	}
	e.say("server is ready at %s", server.URL())
	select {
	case <-ctx.Done():
		return server.Stop()
	case err := <-server.Failed():
		return errors.Join(err, server.Stop())
	}
}

func (e *env) serverOptions(c config.Config) app.ServerOptions {
	return app.ServerOptions{
		Config: c.Server, Logger: e.logger(c.Log), Version: app.Version, Now: time.Now, Random: rand.Reader, NewID: newIDs(),
	}
}

package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"cubby/internal/app"
	"cubby/internal/config"
)

type serveCmd struct {
	Database string `help:"Where the tables are: sqlite:PATH or postgres://USER@HOST/NAME. Short for --set server.database.url=URL." placeholder:"URL"`
}

// Run runs the server until it is told to stop or fails.
func (cmd serveCmd) Run(ctx context.Context, e *env) error {
	e.set("server.database.url", cmd.Database)
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

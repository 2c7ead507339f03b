package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"runtime/debug"
	"time"

	"cubby/internal/app"
	"cubby/internal/auth"
	"cubby/internal/config"
)

// memoryLimit makes the collector work harder before a controller grows: the computers beside
// lockers are small, and the kiosk's browser needs theirs. It is a soft limit, in bytes.
const memoryLimit = 48 << 20

type controllerCmd struct{}

// errRestart ends a controller that staff asked to restart. The code is not 0, so that whatever
// supervises the program starts it again.
var errRestart = errors.New("stopped to be started again, as the server asked")

// Run runs the controller until it is told to stop or fails.
func (controllerCmd) Run(ctx context.Context, e *env) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	opts := e.siteOptions(c)
	restart := make(chan struct{}, 1)
	opts.Reboot = func() {
		select {
		case restart <- struct{}{}:
		default: // it was asked for already
		}
	}
	debug.SetMemoryLimit(memoryLimit)
	site, err := app.NewSite(ctx, opts)
	if err != nil {
		return err
	}
	if err := site.Start(ctx); err != nil {
		return err
	}
	e.say("controller of site %s is ready; kiosk at %s", site.ID, site.KioskURL())
	select {
	case <-ctx.Done():
		return site.Stop()
	case <-restart:
		return errors.Join(errRestart, site.Stop())
	case err := <-site.Failed():
		// What is in memory may be ahead of the disk: leave at once, the next start reads the journal.
		return err
	}
}

func (e *env) siteOptions(c config.Config) app.SiteOptions {
	return app.SiteOptions{
		Config: c.Controller, Logger: e.logger(c.Log), Version: app.Version, Now: time.Now, Random: rand.Reader,
		NewID: newIDs(),
	}
}

type enrolCmd struct {
	Token string `arg:"" help:"Enrolment token, from the console or from 'cubby site token'."`
}

// Run enrols this controller.
func (cmd enrolCmd) Run(ctx context.Context, e *env) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	token, err := auth.ParseEnrolmentToken(cmd.Token)
	if err != nil {
		return usageError{errors.New("this is no enrolment token: copy the whole of it, from cubby-enrol1- to its end")}
	}
	site, err := app.Enrol(ctx, e.siteOptions(c), token)
	var lost *url.Error
	if errors.As(err, &lost) {
		return fmt.Errorf("%w; the token names that address: it is server.public_url of the server, which must run", err)
	}
	if err != nil {
		return err
	}
	return e.print("enrolled as the controller of site %s; start it with 'cubby controller'", site)
}

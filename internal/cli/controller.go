package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"cubby/internal/app"
	"cubby/internal/auth"
	"cubby/internal/commission"
	"cubby/internal/config"
)

// Both make the collector work harder before a controller grows: the computers beside lockers are
// small, and the kiosk's browser needs theirs. memoryLimit is soft, in bytes; memoryGrowth is what the heap
// may grow over what is in use, in percent (Go's own figure is 100).
const (
	memoryLimit  = 32 << 20
	memoryGrowth = 40
)

type controllerCmd struct {
	Run         controllerRunCmd `cmd:"" default:"withargs" help:"Run the controller beside the lockers."`
	ServiceCode serviceCodeCmd   `cmd:"" name:"service-code" help:"Make a one-time code for the page on which an installer tests the doors."`
	Recover     recoverCmd       `cmd:"" help:"Put this computer in the place of one that is lost: its site comes back from the server's copy of the record."`
}

type controllerRunCmd struct {
	NoService bool `help:"End with an error while this controller belongs to no site, instead of serving the page that tests doors."`
}

// errRestart ends a controller that staff asked to restart. The code is not 0, so that whatever
// supervises the program starts it again.
var errRestart = errors.New("stopped to be started again, as the server asked")

// Run runs the controller until it is told to stop or fails. One that belongs to no site yet serves the
// installer's page until it does.
func (cmd controllerRunCmd) Run(ctx context.Context, e *env) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	opts := e.siteOptions(c)
	release, err := app.OwnFolder(opts.Config.DataDir)
	if err != nil {
		return err
	}
	defer release() //nolint:errcheck // it ends with the process at the latest
	debug.SetMemoryLimit(memoryLimit)
	debug.SetGCPercent(memoryGrowth)
	watcher, err := e.supervise(ctx, c.Log)
	if err != nil {
		return err
	}
	defer watcher.stop()
	enrolled, err := app.Enrolled(ctx, opts)
	switch {
	case err != nil:
		return err
	case !enrolled && (cmd.NoService || opts.Config.Service.Listen == ""):
		return app.ErrNotEnrolled
	case !enrolled:
		if err := cmd.awaitSite(ctx, e, opts, watcher); err != nil || ctx.Err() != nil {
			return err
		}
	}
	return cmd.serve(ctx, e, opts, watcher)
}

// awaitSite serves the installer's page until the controller belongs to a site.
func (controllerRunCmd) awaitSite(ctx context.Context, e *env, opts app.SiteOptions, w *watcher) error {
	page, err := app.NewService(app.ServiceOptions{SiteOptions: opts, Announce: e.sayCode})
	if err != nil {
		return err
	}
	e.say("%v", app.ErrNotEnrolled)
	if err := page.Start(ctx); err != nil {
		return err
	}
	w.start(ctx, "belongs to no site yet", page.Alive)
	select {
	case <-ctx.Done():
	case <-page.Enrolled():
		e.say("this controller belongs to a site now")
	}
	w.rest() // the loop that it watched ends
	return page.Stop()
}

// sayCode says a code and where to type it, on this computer's own terminal.
func (e *env) sayCode(code string, addresses []string) {
	e.say("to test the doors, open %s and type the code %s (works once, for %d minutes)",
		strings.Join(addresses, " or "), code, int(commission.CodeFor.Minutes()))
}

func (controllerRunCmd) serve(ctx context.Context, e *env, opts app.SiteOptions, w *watcher) error {
	restart := make(chan struct{}, 1)
	opts.Reboot = func() {
		select {
		case restart <- struct{}{}:
		default: // it was asked for already
		}
	}
	site, err := app.NewSite(ctx, opts)
	if err != nil {
		return err
	}
	if err := site.Start(ctx); err != nil {
		return err
	}
	stop, err := servicePage(ctx, opts, site)
	if err != nil {
		return errors.Join(err, site.Stop())
	}
	e.say("controller of site %s is ready; kiosk at %s", site.ID, site.KioskURL())
	w.start(ctx, "site "+string(site.ID), site.Alive)
	select {
	case <-ctx.Done():
		w.stop()
		return errors.Join(stop(), site.Stop())
	case <-restart:
		w.stop()
		return errors.Join(errRestart, stop(), site.Stop())
	case err := <-site.Failed():
		// What is in memory may be ahead of the disk: leave at once, the next start reads the journal.
		return err
	}
}

// servicePage starts the installer's page beside a running controller. It answers nobody without a code.
func servicePage(ctx context.Context, opts app.SiteOptions, site *app.Site) (stop func() error, err error) {
	if opts.Config.Service.Listen == "" {
		return func() error { return nil }, nil
	}
	page, err := app.NewService(app.ServiceOptions{SiteOptions: opts, Site: site})
	if err != nil {
		return nil, err
	}
	return page.Stop, page.Start(ctx)
}

type serviceCodeCmd struct{}

// Run makes a code for whoever tests the doors. It works once, for a quarter of an hour, and ends the
// code before it.
func (serviceCodeCmd) Run(_ context.Context, e *env) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	opts := e.siteOptions(c)
	if opts.Config.Service.Listen == "" {
		return usageError{errors.New("controller.service.listen is empty: the page is never served")}
	}
	codes, err := app.ServiceCodes(opts)
	if err != nil {
		return err
	}
	code, err := codes.New(rand.Reader)
	if err != nil {
		return err
	}
	if release, err := app.OwnFolder(opts.Config.DataDir); err == nil {
		e.say("the controller does not run: start it with 'cubby controller', then open the page")
		return errors.Join(e.print("%s", code), release())
	}
	e.say("open %s and type this code; it works once, for %d minutes",
		strings.Join(app.ServiceAddresses(opts.Config.Service.Listen), " or "), int(commission.CodeFor.Minutes()))
	return e.print("%s", code)
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
	return e.join(ctx, cmd.Token, app.Enrol)
}

type recoverCmd struct {
	Token string `arg:"" help:"Enrolment token for the site, from the console or from 'cubby site token'. It shuts the lost computer out."`
}

// Run brings a site back to this computer.
func (cmd recoverCmd) Run(ctx context.Context, e *env) error {
	return e.join(ctx, cmd.Token, app.Recover)
}

// join makes this computer the controller of the site that a token is for.
func (e *env) join(
	ctx context.Context, typed string, as func(context.Context, app.SiteOptions, auth.EnrolmentToken) (app.Membership, error),
) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	token, err := auth.ParseEnrolmentToken(typed)
	if err != nil {
		return usageError{errors.New("this is no enrolment token: copy the whole of it, from cubby-enrol1- to its end")}
	}
	joined, err := as(ctx, e.siteOptions(c), token)
	var lost *url.Error
	if errors.As(err, &lost) {
		return fmt.Errorf("%w; the token names that address: it is server.public_url of the server, which must run", err)
	}
	if err != nil {
		return err
	}
	if joined.Epoch > 0 {
		e.say("the site had another computer: its record came back up to operation %s with %d parcels, and epoch %d continues it",
			joined.Recovered, joined.Stays, joined.Epoch)
		e.say("every compartment counts as unverified until staff have looked into it; residents can collect meanwhile")
	}
	return e.print("enrolled as the controller of site %s; start it with 'cubby controller'", joined.Site)
}

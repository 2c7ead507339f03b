package demo

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"cubby/board"
	"cubby/board/rs485"
	"cubby/board/virtual"
	"cubby/internal/app"
	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/config"
	"cubby/internal/locker"
	"cubby/internal/notify/mailcatch"
)

//go:embed residents.csv
var residents []byte

// Sign-in of the sample installation, printed when it starts. It listens on loopback only.
const (
	OwnerMail     = "owner@cubby.example"
	OwnerPassword = "three quiet parcels" //nolint:gosec // of the demo, printed when it starts
)

// BankSite and RoomSite are the ids of the two sites.
const (
	BankSite locker.SiteID = "harbour-lockers"
	RoomSite locker.SiteID = "harbour-mailroom"
)

const (
	pollIdle   = 250 * time.Millisecond
	pollBusy   = 40 * time.Millisecond // a person sees no delay
	readyAfter = 30 * time.Second      // both controllers know their directory by then
	lookAgain  = 20 * time.Millisecond
)

// Options say what to start. Zero ports mean any free one.
type Options struct {
	Dir     string // data of the server and of both controllers
	Logger  *slog.Logger
	Now     func() time.Time
	Random  io.Reader
	NewID   func() string
	Listen  Addresses
	Version string
}

// Addresses are where the faces listen, host and port; empty ones take any free port on loopback.
type Addresses struct {
	Server, BankKiosk, RoomKiosk, Mail string
}

// House is the running sample installation.
type House struct {
	Server *app.Server
	Bank   *Place
	Room   *Place
	Mail   *mailcatch.Server

	opts  Options
	owner cloud.Principal
}

// Place is a site with its controller and the virtual world behind its boards.
type Place struct {
	*app.Site
	World *virtual.World
	ID    locker.SiteID

	line *virtual.Listener
}

// Start builds the house and returns when both kiosks are ready for people. On an error everything
// that was started is stopped.
func Start(ctx context.Context, opts Options) (*House, error) {
	h := &House{opts: opts}
	if err := h.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start the demo: %w", err), h.Stop())
	}
	return h, nil
}

func (h *House) start(ctx context.Context) error {
	var err error
	if h.Mail, err = mailcatch.New(mailcatch.Options{
		Addr: h.opts.Listen.Mail, Logger: h.opts.Logger, Now: h.opts.Now,
	}); err != nil {
		return err
	}
	if err := h.Mail.Start(ctx); err != nil {
		return err
	}
	if err := h.startServer(ctx); err != nil {
		return err
	}
	if err := h.furnish(ctx); err != nil {
		return err
	}
	h.Bank, err = h.startPlace(ctx, BankSite, BankBus, boardsOf(BankLayout()), h.opts.Listen.BankKiosk)
	if err != nil {
		return err
	}
	h.Room, err = h.startPlace(ctx, RoomSite, RoomBus, boardsOf(RoomLayout()), h.opts.Listen.RoomKiosk)
	if err != nil {
		return err
	}
	return h.awaitReady(ctx)
}

func boardsOf(l locker.Layout) map[board.Address]int {
	boards := map[board.Address]int{}
	for _, p := range l.Places() {
		if p.Kind == locker.PlaceCompartment {
			boards[board.Address(p.Compartment.Output.Board)] = channels
		}
	}
	return boards
}

func (h *House) startServer(ctx context.Context) error {
	listen := h.opts.Listen.Server
	if listen == "" {
		free, err := freeAddress(ctx)
		if err != nil {
			return err
		}
		listen = free
	}
	c := config.Default().Server
	c.Listen, c.PublicURL = listen, "http://"+listen
	c.DataDir = filepath.Join(h.opts.Dir, "server")
	c.Branding = config.Branding{Name: "Harbour House", Phone: "+1 555 0100", Mail: "desk@harbour.example"}
	addr := h.Mail.Addr()
	c.SMTP.Host, c.SMTP.Port, c.SMTP.TLS = addr.IP.String(), addr.Port, "none"
	c.SMTP.From = "Harbour House <parcels@harbour.example>"
	c.DutyMail = []string{"duty@harbour.example"}
	server, err := app.NewServer(ctx, app.ServerOptions{
		Config: c, Logger: h.opts.Logger.With(slog.String("half", "server")), Version: h.opts.Version,
		Now: h.opts.Now, Random: h.opts.Random, NewID: h.opts.NewID, Demo: true,
	})
	if err != nil {
		return err
	}
	h.Server = server
	return server.Start(ctx)
}

func freeAddress(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// furnish fills the tables of an installation that has none: owner, property, sites, people.
func (h *House) furnish(ctx context.Context) error {
	c := h.Server.Cloud
	owner, err := c.Operator(ctx, "")
	if err == nil {
		h.owner = owner
		return nil // an earlier demo in the same folder
	}
	h.owner, err = c.CreateOwner(ctx, cloud.OwnerDraft{
		Organization: "Harbour House", Name: "Olive Owner", Email: OwnerMail, Password: OwnerPassword,
	})
	if err != nil {
		return err
	}
	property, err := c.CreateProperty(ctx, h.owner, cloud.PropertyDraft{
		Name: "Harbour House", Address: "1 Quay Street", TimeZone: "America/New_York",
		Phone: "+1 555 0100", Mail: "desk@harbour.example",
	})
	if err != nil {
		return err
	}
	settings := cloud.SiteSettings{
		Phone: "+1 555 0100", Mail: "desk@harbour.example", Languages: []string{"en", "es", "ar"},
	}
	for _, site := range []cloud.SiteDraft{
		{ID: BankSite, Name: "Harbour House lockers", Layout: BankLayout()},
		{ID: RoomSite, Name: "Harbour House mailroom", Layout: RoomLayout()},
	} {
		site.Property, site.Settings, site.Policy = property, settings, locker.DefaultPolicy()
		if _, err := c.CreateSite(ctx, h.owner, site); err != nil {
			return err
		}
	}
	return h.invite(ctx)
}

// invite brings residents from the sample file and gives a courier access to both sites.
func (h *House) invite(ctx context.Context) error {
	c := h.Server.Cloud
	guess, err := c.GuessMapping(ctx, h.owner, residents)
	if err != nil {
		return err
	}
	plan, err := c.PlanImport(ctx, h.owner, cloud.ImportInput{Site: BankSite, Data: residents, Mapping: guess.Mapping()})
	if err != nil {
		return err
	}
	if plan.Faulty > 0 {
		return fmt.Errorf("the sample file has %d faulty rows, the first: %v", plan.Faulty, plan.Problems[0])
	}
	if _, err := c.ApplyImport(ctx, h.owner, plan.ID); err != nil {
		return err
	}
	if err := c.PutCarrier(ctx, h.owner, cloud.CarrierView{ID: "ups", Name: "UPS"}); err != nil {
		return err
	}
	for _, site := range []locker.SiteID{BankSite, RoomSite} {
		draft := cloud.CourierDraft{Carrier: "ups", Name: "Morning round"}
		if _, err := c.PutCourier(ctx, h.owner, site, draft); err != nil {
			return err
		}
	}
	return nil
}

func (h *House) startPlace(
	ctx context.Context, id locker.SiteID, bus string, boards map[board.Address]int, kiosk string,
) (*Place, error) {
	p := &Place{ID: id}
	var err error
	if p.World, err = virtual.NewWorld(virtual.Options{Now: h.opts.Now, Boards: boards}); err != nil {
		return nil, err
	}
	slave, err := rs485.NewSlave(rs485.SlaveOptions{World: p.World, Polarity: rs485.PolarityClosing})
	if err != nil {
		return nil, err
	}
	if p.line, err = virtual.ListenTCP(ctx, "127.0.0.1:0", slave.Serve); err != nil {
		return nil, err
	}
	opts := h.siteOptions(id, bus, kiosk, p.line.Spec(), boards)
	if err := h.enrol(ctx, id, opts); err != nil {
		return nil, errors.Join(err, p.line.Stop())
	}
	if p.Site, err = app.NewSite(ctx, opts); err != nil {
		return nil, errors.Join(err, p.line.Stop())
	}
	return p, p.Site.Start(ctx)
}

func (h *House) siteOptions(
	id locker.SiteID, bus, kiosk, port string, boards map[board.Address]int,
) app.SiteOptions {
	c := config.Default().Controller
	c.DataDir = filepath.Join(h.opts.Dir, string(id))
	c.Kiosk.Listen = kiosk
	if kiosk == "" {
		c.Kiosk.Listen = "127.0.0.1:0"
	}
	c.Doors.PollIdle, c.Doors.PollBusy = pollIdle, pollBusy
	addresses := make([]int, 0, len(boards))
	for a := range boards {
		addresses = append(addresses, int(a))
	}
	c.Buses = []config.Bus{{
		Name: bus, Port: port, Family: "rs485", Boards: addresses, Options: config.BusOptions{Channels: channels},
	}}
	return app.SiteOptions{
		Config: c, Logger: h.opts.Logger.With(slog.String("half", string(id))), Version: h.opts.Version,
		Now: h.opts.Now, Random: h.opts.Random, NewID: h.opts.NewID, Demo: true,
	}
}

// enrol enrols a controller unless an earlier demo in the same folder did.
func (h *House) enrol(ctx context.Context, id locker.SiteID, opts app.SiteOptions) error {
	view, err := h.Server.Cloud.Site(ctx, h.owner, id)
	if err != nil {
		return err
	}
	if view.Enrolled {
		return nil
	}
	text, err := h.Server.Cloud.CreateEnrolToken(ctx, h.owner, id)
	if err != nil {
		return err
	}
	token, err := auth.ParseEnrolmentToken(string(text))
	if err != nil {
		return err
	}
	_, err = app.Enrol(ctx, opts, token)
	return err
}

// awaitReady waits until the server has heard from both sites that all their doors are shut.
func (h *House) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyAfter)
	defer cancel()
	for _, p := range []*Place{h.Bank, h.Room} {
		for {
			home, err := p.Controller.Home(ctx, Panel)
			if err != nil {
				return err
			}
			tiles, err := h.Server.Cloud.Tiles(ctx, h.owner, p.ID)
			if err != nil {
				return err
			}
			if home.Ready && home.Online && tiles.Free+tiles.Occupied+tiles.Overdue == p.doors() {
				break
			}
			if err := pause(ctx, lookAgain); err != nil {
				return fmt.Errorf("site %s is not ready: %w", p.ID, err)
			}
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stop ends everything that runs.
func (h *House) Stop() error {
	var errs []error
	for _, p := range []*Place{h.Bank, h.Room} {
		if p == nil {
			continue
		}
		if p.Site != nil {
			errs = append(errs, p.Site.Stop())
		}
		errs = append(errs, p.line.Stop())
	}
	if h.Server != nil {
		errs = append(errs, h.Server.Stop())
	}
	if h.Mail != nil {
		errs = append(errs, h.Mail.Stop())
	}
	return errors.Join(errs...)
}

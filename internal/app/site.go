package app

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"cubby/internal/app/lock"
	"cubby/internal/auth"
	"cubby/internal/config"
	"cubby/internal/controller"
	"cubby/internal/credential"
	"cubby/internal/journal"
	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/sitestore"
	"cubby/internal/text"
	"cubby/internal/web/kiosk"
	"cubby/internal/web/ui"
	"cubby/internal/wire"
)

// ErrNotEnrolled says that a controller does not belong to a site yet.
var ErrNotEnrolled = errors.New("this controller belongs to no site yet: make a token in the console and run `cubby enrol TOKEN`")

// Files of a controller's data folder.
const (
	IdentityFile = "controller.key"
	JournalFile  = "journal.db"
	ReplicaFile  = "site.db"
)

const mmPerInch = 25.4

// ServerKeyName is the name under which servers countersign tree heads.
const ServerKeyName = "cubby"

// SiteOptions are what a controller is built from.
type SiteOptions struct {
	Config  config.Controller
	Logger  *slog.Logger
	Version string
	Now     func() time.Time
	Random  io.Reader
	NewID   func() string
	Demo    bool // the data is invented, and its folder is marked so
	// Reboot restarts the computer when the server asks for it; nil: the request is answered only.
	Reboot func()
	// Fault is called with what ends the controller by itself; nil: nobody listens.
	Fault func(error)
}

// Site is the running on-site half.
type Site struct {
	ID         locker.SiteID
	Controller *controller.Controller
	Link       *link.Client
	Journal    *journal.Log

	opts   SiteOptions
	store  *sitestore.Store
	buses  []*lock.Bus
	kiosk  *http.Server
	listen net.Listener
	cancel context.CancelFunc
	done   sync.WaitGroup
	failed chan error
}

// membership is what a controller keeps of its enrolment.
type membership struct {
	Site      locker.SiteID     `json:"site"`
	ServerURL string            `json:"server_url"`
	ServerKey ed25519.PublicKey `json:"server_key"`
}

// NewSite opens the data folder of an enrolled controller and builds its parts. Nothing runs yet.
func NewSite(ctx context.Context, opts SiteOptions) (*Site, error) {
	s := &Site{opts: opts, failed: make(chan error, 1)}
	if err := s.build(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *Site) build(ctx context.Context) error {
	stages := newStages(s.opts.Now)
	dir := s.opts.Config.DataDir
	if err := claimFolder(dir, s.opts.Demo); err != nil {
		return err
	}
	id, _, err := auth.LoadOrCreateIdentity(filepath.Join(dir, IdentityFile), s.opts.Random)
	if err != nil {
		return fmt.Errorf("load the controller's key: %w", err)
	}
	store, report, err := sitestore.Open(ctx, filepath.Join(dir, ReplicaFile))
	if err != nil {
		return fmt.Errorf("open the replica of the directory: %w", err)
	}
	s.store = store
	if report.MovedTo != "" {
		s.opts.Logger.ErrorContext(ctx, "the replica of the directory was damaged and moved aside",
			slog.String("path", report.MovedTo), slog.String("reason", report.Reason))
	}
	member, err := s.membership(ctx)
	if err != nil {
		return err
	}
	s.ID = member.Site
	stages.end("replica")
	sealed, err := s.openJournal(ctx, id)
	if err != nil {
		return err
	}
	stages.end("journal")
	if s.buses, err = openBuses(ctx, s.opts.Config.Buses, s.opts.Now); err != nil {
		return err
	}
	stages.end("lines")
	if err := s.buildController(sealed); err != nil {
		return err
	}
	if err := s.buildLink(id, member); err != nil {
		return err
	}
	stages.end("parts")
	if err := s.buildKiosk(); err != nil {
		return err
	}
	stages.end("kiosk")
	s.opts.Logger.LogAttrs(ctx, slog.LevelInfo, "site opened", append(stages.took, slog.String("site", string(s.ID)))...)
	return nil
}

// stages says how long each part of a start took.
type stages struct {
	now  func() time.Time
	last time.Time
	took []slog.Attr
}

func newStages(now func() time.Time) *stages { return &stages{now: now, last: now()} }

// end ends a stage and begins the next one.
func (s *stages) end(name string) {
	now := s.now()
	s.took = append(s.took, slog.Duration(name, now.Sub(s.last)))
	s.last = now
}

func (s *Site) membership(ctx context.Context) (membership, error) {
	data, ok, err := s.store.Link(ctx)
	if err != nil {
		return membership{}, fmt.Errorf("read the enrolment: %w", err)
	}
	if !ok {
		return membership{}, ErrNotEnrolled
	}
	var m membership
	if err := json.Unmarshal(data, &m); err != nil {
		return membership{}, fmt.Errorf("read the enrolment: %w", err)
	}
	if s.opts.Config.ServerURL != "" {
		m.ServerURL = s.opts.Config.ServerURL
	}
	return m, nil
}

// openJournal opens the journal and says what was lost, if anything.
func (s *Site) openJournal(ctx context.Context, id auth.Identity) (sealed string, err error) {
	log, report, err := journal.Open(ctx, journal.Options{
		Path: filepath.Join(s.opts.Config.DataDir, JournalFile), Site: string(s.ID), Signer: id.Private(),
		ReserveBytes: int64(s.opts.Config.DiskReserveMiB) << 20, Now: s.opts.Now,
	})
	if err != nil {
		return "", fmt.Errorf("open the journal: %w", err)
	}
	s.Journal = log
	if report.Sealed {
		s.opts.Logger.ErrorContext(ctx, "the journal was damaged and sealed; a new epoch starts in audit mode",
			slog.String("path", report.SealedPath), slog.String("reason", report.Reason),
			slog.Uint64("epoch", report.BadEpoch), slog.Uint64("number", report.BadNumber))
	}
	if report.Lost {
		return report.Reason, nil
	}
	return "", nil
}

func (s *Site) buildController(sealed string) error {
	buses := make([]controller.Bus, 0, len(s.buses))
	for _, b := range s.buses {
		buses = append(buses, controller.Bus{Name: b.Name, Driver: b.Driver, Reopens: b.Reopens})
	}
	c, err := controller.New(controller.Options{
		Site: s.ID, Version: s.opts.Version, Journal: s.Journal, Store: controller.NewSiteStore(s.store),
		Buses: buses, Limits: credential.DefaultLimits(), Sealed: sealed,
		Past: func(ctx context.Context, yield func(journal.Record, bool) error) error {
			return journal.ReadPast(ctx, filepath.Join(s.opts.Config.DataDir, JournalFile), yield)
		},
		Logger: s.opts.Logger, Now: s.opts.Now, NewID: s.opts.NewID,
		IdlePoll: s.opts.Config.Doors.PollIdle, BusyPoll: s.opts.Config.Doors.PollBusy,
		Wake: func() { s.Link.Wake() }, Online: func() bool { return s.Link.State().Connected },
		Reboot: s.opts.Reboot, Disk: diskOf(s.opts.Config.DataDir),
		Readings: readSensors(s.opts.Config.Sensors, s.opts.Now),
	})
	if err != nil {
		return fmt.Errorf("build the controller: %w", err)
	}
	s.Controller = c
	return nil
}

func (s *Site) buildLink(id auth.Identity, m membership) error {
	verifier, err := journal.NewVerifier(ServerKeyName, m.ServerKey)
	if err != nil {
		return fmt.Errorf("read the server's key: %w", err)
	}
	client, err := link.NewClient(link.ClientOptions{
		ServerURL: m.ServerURL, Identity: id, ServerKey: m.ServerKey, SiteID: s.ID, Instance: s.opts.NewID(),
		Software: s.opts.Version, Site: reporting{s.Controller, s}, Logger: s.opts.Logger, Now: s.opts.Now, Rand: rand.Float64,
		OnCountersigned: func(note string) {
			if err := s.Journal.AddCountersignature(context.Background(), []byte(note), verifier); err != nil {
				s.opts.Logger.Warn("the server's countersignature was not kept", slog.Any("error", err))
			}
		},
		OnClock: s.Controller.ServerClock,
		OnNotice: func(n wire.Notice) { // it names what a person must mend, e.g. a second controller with this key
			s.opts.Logger.Error("the server warns this controller",
				slog.String("code", string(n.Code)), slog.String("message", n.Message))
		},
	})
	if err != nil {
		return fmt.Errorf("build the link: %w", err)
	}
	s.Link = client
	return nil
}

// reporting is the controller as the link sees it. A new directory changes what the site's status
// says, doors and boards above all, so the status follows it at once.
type reporting struct {
	*controller.Controller
	site *Site
}

// ApplyDirectory implements link.SiteSide.
func (r reporting) ApplyDirectory(ctx context.Context, batch wire.DirectoryBatch) (uint64, error) {
	rev, err := r.Controller.ApplyDirectory(ctx, batch)
	if err == nil {
		r.site.Link.ReportSoon()
	}
	return rev, err
}

func (s *Site) buildKiosk() error {
	catalog, err := text.New(kiosk.Texts()...)
	if err != nil {
		return fmt.Errorf("load the catalogues: %w", err)
	}
	k := s.opts.Config.Kiosk
	pages, err := kiosk.New(kiosk.Options{
		Site: s.Controller, Text: catalog, Logger: s.opts.Logger, Now: s.opts.Now,
		Panel: ui.PanelView{Density: ui.PanelDensity(k.PanelWidthPX, k.PanelHeightPX, k.PanelInches*mmPerInch)},
	})
	if err != nil {
		return fmt.Errorf("build the kiosk: %w", err)
	}
	var lc net.ListenConfig
	if s.listen, err = lc.Listen(context.Background(), "tcp", k.Listen); err != nil {
		return fmt.Errorf("listen for the kiosk at %s: %w", k.Listen, err)
	}
	s.kiosk = &http.Server{Handler: pages, ReadHeaderTimeout: headerTimeout, ErrorLog: quiet(s.opts.Logger)}
	return nil
}

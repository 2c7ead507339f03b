package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"time"

	"cubby/internal/api"
	"cubby/internal/cloud/audit"
	"cubby/internal/cloud/desk"
	"cubby/internal/cloud/evidence/bundle"
	"cubby/internal/cloud/holder"
	"cubby/internal/cloud/hook"
	"cubby/internal/cloud/notice"
	"cubby/internal/cloud/publish"
	"cubby/internal/cloud/round"
	"cubby/internal/commission/remote"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/text"
	"cubby/internal/web/console"
	"cubby/internal/web/planner"
	"cubby/internal/web/resident"
	"cubby/internal/web/ui"
)

// faces are what people and programs reach, and the work behind them.
type faces struct {
	public   http.Handler
	host     *host
	notifier *notice.Notifier
	holders  *holder.Desk
	channels []holder.Channel // by which people are told
	pushKey  string           // public; empty: no messages to browsers
	worker   *store.Worker
	hooks    *hook.Hooks
	auditor  *audit.Auditor
	rounds   *round.Desk
	desk     *desk.Desk
	planner  *planner.Face // nil: switched off
	advise   api.Adviser
	proofs   *bundle.Maker
	heads    *publish.Publisher
}

// buildFaces builds pages, notices and the host of hosted sites. This is the list of faces.
func (s *Server) buildFaces(ctx context.Context) error {
	catalog, err := text.New()
	if err != nil {
		return fmt.Errorf("load the catalogues: %w", err)
	}
	s.faces.holders, err = holder.New(holder.Options{Cloud: s.Cloud, Store: s.store, Now: s.opts.Now, NewID: s.opts.NewID})
	if err != nil {
		return fmt.Errorf("build the desk of residents: %w", err)
	}
	if err := s.buildNotices(ctx, catalog); err != nil {
		return err
	}
	if s.faces.hooks, err = newHooks(s.opts, s.store); err != nil {
		return err
	}
	if err := s.buildAudit(); err != nil {
		return err
	}
	if err := s.buildDesk(catalog); err != nil {
		return err
	}
	s.faces.host = &host{
		hub: s.Cloud.Hub(), cloud: s.Cloud, opts: s.opts, key: s.identity,
		sites: map[locker.SiteID]chan struct{}{}, sitesOf: s.Cloud.HostedSites,
	}
	s.Cloud.OnWake(s.faces.host.wake)
	if s.faces.planner, err = s.newPlanner(catalog); err != nil {
		return err
	}
	if s.faces.advise, err = s.advisePages(); err != nil {
		return err
	}
	if err := s.buildEvidence(catalog); err != nil {
		return err
	}
	pages, err := s.buildConsole(catalog)
	if err != nil {
		return err
	}
	parcels, err := resident.New(resident.Options{
		Cloud: s.Cloud, Desk: s.faces.holders, Channels: s.faces.channels, PushKey: s.faces.pushKey, Text: catalog, Logger: s.opts.Logger, Now: s.opts.Now, Secure: s.secure(),
	})
	if err != nil {
		return fmt.Errorf("build the resident's pages: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/link/v1/", s.Link.Handler())
	mux.Handle("GET "+ui.AssetPrefix, ui.Handler())
	mux.HandleFunc("GET "+KeyPath, s.serveKey)
	mux.HandleFunc("GET "+publish.Path, s.serveHeads)
	mux.HandleFunc("GET "+publish.Path+"/{day}", s.serveHeadsOf)
	counted := s.measures.metrics
	mux.Handle("/p/", counted.HTTP("resident", parcels.Handler()))
	s.buildPlanner(mux)
	mux.Handle("/", counted.HTTP("console", pages.Handler()))
	if err := s.buildAPI(mux, catalog); err != nil {
		return err
	}
	s.faces.public = mux
	return nil
}

// secure reports whether people reach the server by HTTPS.
func (s *Server) secure() bool { return strings.HasPrefix(s.opts.Config.PublicURL, "https://") }

func (s *Server) buildConsole(catalog *text.Catalog) (*console.Console, error) {
	c := s.opts.Config
	mail := ""
	if c.SMTP.Host != "" {
		mail = fmt.Sprintf("%s:%d (%s)", c.SMTP.Host, c.SMTP.Port, c.SMTP.TLS)
	}
	tests, err := remote.New(remote.Options{Cloud: s.Cloud, Store: s.store, Now: s.opts.Now, NewID: s.opts.NewID})
	if err != nil {
		return nil, fmt.Errorf("build the test of banks: %w", err)
	}
	pages, err := console.New(console.Options{
		Cloud: s.Cloud, Desk: s.faces.desk, Said: s.faces.holders, Text: catalog, Logger: s.opts.Logger, Now: s.opts.Now, Secure: s.secure(),
		Trusted: []string{strings.TrimRight(c.PublicURL, "/")},
		Contact: console.Contact{Mail: c.Branding.Mail, Phone: c.Branding.Phone},
		Mail:    mail, TestMail: s.faces.notifier.SendTestMail, RetryNotice: s.faces.notifier.RetryNotice, Version: s.opts.Version,
		Plan:  s.planSite(),
		Tests: tests, Audits: s.auditPages(), Advise: s.faces.advise, Evidence: s.faces.proofs.Bundle,
	})
	if err != nil {
		return nil, fmt.Errorf("build the console: %w", err)
	}
	return pages, nil
}

func (s *Server) buildNotices(ctx context.Context, catalog *text.Catalog) error {
	c := s.opts.Config
	sender, err := newSender(s.opts)
	if err != nil {
		return fmt.Errorf("build the mail channel: %w", err)
	}
	var mailer notice.Mailer
	if sender != nil {
		mailer = sender
	}
	opts := notice.Options{
		Store: s.store, Post: s.Cloud.Post(), Mailer: mailer, Texts: catalog, Logger: s.opts.Logger, Now: s.opts.Now,
		PublicURL: c.PublicURL, Language: c.Language,
		Brand: notice.Brand{Name: c.Branding.Name, Phone: c.Branding.Phone, Mail: c.Branding.Mail},
		Duty:  c.DutyMail, Also: s.faces.holders.Tick,
		Rhythm: notice.Rhythm{Steps: c.Notices.Reminders, Repeat: c.Notices.Repeat},
		Quiet:  notice.Hours{From: minuteOfDay(c.Notices.QuietStart), To: minuteOfDay(c.Notices.QuietEnd)},
	}
	if err := s.channels(ctx, &opts); err != nil {
		return fmt.Errorf("build the channels: %w", err)
	}
	if s.faces.notifier, err = notice.New(opts); err != nil {
		return fmt.Errorf("build the notices: %w", err)
	}
	if err := s.buildPublisher(catalog, sender); err != nil {
		return err
	}
	handlers := s.faces.notifier.Handlers()
	maps.Copy(handlers, s.faces.heads.Handlers())
	s.faces.worker, err = store.NewWorker(store.WorkerOptions{
		Store: s.store, Logger: s.opts.Logger, Handlers: handlers,
		Parallel: s.faces.notifier.Parallel(),
		Dead: func(ctx context.Context, j store.Job, cause error) {
			s.opts.Logger.ErrorContext(ctx, "a job was given up", slog.String("kind", j.Kind),
				slog.String("key", j.Key), slog.Any("error", cause))
		},
	})
	if err != nil {
		return fmt.Errorf("build the outbox: %w", err)
	}
	return nil
}

// minuteOfDay reads HH:MM, which the settings have checked; empty is 0.
func minuteOfDay(clock string) int {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		return 0
	}
	return t.Hour()*60 + t.Minute()
}

func (s *Server) startFaces(ctx context.Context) error {
	if err := s.faces.notifier.Start(ctx); err != nil {
		return fmt.Errorf("start the notices: %w", err)
	}
	if err := s.faces.worker.Start(ctx); err != nil {
		return fmt.Errorf("start the outbox: %w", err)
	}
	s.faces.hooks.Start(ctx)
	s.faces.heads.Start(ctx)
	if err := s.faces.auditor.Start(ctx); err != nil {
		return fmt.Errorf("start the audit: %w", err)
	}
	s.done.Go(func() { s.faces.host.run(ctx) })
	return nil
}

func (s *Server) stopFaces() {
	if s.faces.notifier != nil {
		s.faces.notifier.Stop()
	}
	if s.faces.worker != nil {
		s.faces.worker.Stop()
	}
	if s.faces.hooks != nil {
		s.faces.hooks.Stop()
	}
	if s.faces.heads != nil {
		s.faces.heads.Stop()
	}
	if s.faces.auditor != nil {
		s.faces.auditor.Stop()
	}
}

package backend

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/audit"
	"cubby/internal/cloud/notice"
	"cubby/internal/locker"
	"cubby/internal/notify/email"
	"cubby/internal/store"
	"cubby/internal/text"
)

// Options configure [Open]. All are needed.
type Options struct {
	Seed uint64
	Now  func() time.Time
	// Mail is the provider of messages. An error is one that passes: the message comes again, with the same ID.
	Mail func(Mail) error
}

// Mail is a message about a stay, as its provider sees it.
type Mail struct {
	ID   string // the same each time it comes
	Kind string // first, code, reminder_…, collected
	Site locker.SiteID
	Stay locker.StayID
}

// Backend is a server. It is for one goroutine.
type Backend struct {
	opts     Options
	dir      string
	store    *store.Store
	cloud    *cloud.Cloud
	auditor  *audit.Auditor
	notifier *notice.Notifier
	worker   *store.Worker
	owner    cloud.Principal
	property string
	ran      map[locker.SiteID]time.Time // the last audit that was handed out
}

// Open starts a server with one organization and one property, in a folder of its own.
func Open(ctx context.Context, opts Options) (b *Backend, err error) {
	b = &Backend{opts: opts, ran: map[locker.SiteID]time.Time{}}
	if b.dir, err = os.MkdirTemp("", "cubby-sim-"); err != nil {
		return nil, fmt.Errorf("make a folder for the server: %w", err)
	}
	if err := b.open(ctx); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func (b *Backend) open(ctx context.Context) (err error) {
	quiet, random := slog.New(slog.DiscardHandler), b.random("server")
	b.store, err = store.Open(ctx, store.Options{
		Path: filepath.Join(b.dir, "cubby.db"), Logger: quiet, Now: b.opts.Now, Rand: b.random("jobs"),
	})
	if err != nil {
		return err
	}
	identity, err := auth.NewIdentity(b.random("identity"))
	if err != nil {
		return err
	}
	ids := store.NewIDs(b.opts.Now, b.random("ids"))
	made, err := cloud.New(cloud.Options{
		Store: b.store, Logger: quiet, Now: b.opts.Now, NewID: ids.New, Rand: random, Identity: identity, PublicURL: address, Silence: silence,
	})
	if err != nil {
		return err
	}
	if err := made.StartWriters(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	b.cloud = made
	b.auditor, err = audit.New(audit.Options{Cloud: made, Store: b.store, Logger: quiet, Now: b.opts.Now, NewID: ids.New})
	if err != nil {
		return err
	}
	if err := b.openNotices(quiet); err != nil {
		return err
	}
	return b.found(ctx)
}

// silence is longer than a simulated site, which beats once an hour, says nothing of its own accord.
const silence = 3 * time.Hour

// address is where the server says that it is.
const address = "https://parcels.example.org"

func (b *Backend) openNotices(log *slog.Logger) error {
	texts, err := text.New()
	if err != nil {
		return err
	}
	b.notifier, err = notice.New(notice.Options{
		Store: b.store, Post: b.cloud.Post(), Mailer: mailer{b}, Texts: texts, Logger: log, Now: b.opts.Now, PublicURL: address,
	})
	if err != nil {
		return err
	}
	b.worker, err = store.NewWorker(store.WorkerOptions{Store: b.store, Logger: log, Handlers: b.notifier.Handlers()})
	return err
}

// found makes whoever owns the server, and where its sites are.
func (b *Backend) found(ctx context.Context) (err error) {
	b.owner, err = b.cloud.CreateOwner(ctx, cloud.OwnerDraft{
		Organization: "Simulated Homes", Name: "Olga Owner", Email: "owner@example.org", Password: "three quiet parcels",
	})
	if err != nil {
		return err
	}
	if err := b.cloud.PutCarrier(ctx, b.owner, cloud.CarrierView{ID: Carrier, Name: "UPS"}); err != nil {
		return err
	}
	b.property, err = b.cloud.CreateProperty(ctx, b.owner, cloud.PropertyDraft{Name: "House", TimeZone: "UTC"})
	return err
}

// Carrier is the one carrier of the server.
const Carrier = locker.CarrierID("ups")

// random returns a source of its own for each purpose, so that a draw more in one changes nothing in the others.
func (b *Backend) random(purpose string) io.Reader {
	return rand.NewChaCha8(sha256.Sum256(binary.BigEndian.AppendUint64([]byte(purpose), b.opts.Seed)))
}

// Close ends the server and takes its folder away.
func (b *Backend) Close() error {
	if b.cloud != nil {
		b.cloud.Stop()
	}
	var err error
	if b.store != nil {
		err = b.store.Close()
	}
	return errors.Join(err, os.RemoveAll(b.dir))
}

// mailer is the provider as the notices see it.
type mailer struct{ backend *Backend }

// Send implements notice.Mailer. Mails to staff are taken, and nobody reads them.
func (m mailer) Send(ctx context.Context, message email.Message) error {
	row, err := m.backend.store.Read().FindNotice(ctx, message.ID)
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	return m.backend.opts.Mail(Mail{
		ID: row.ID, Kind: row.Kind, Site: locker.SiteID(row.Site), Stay: locker.StayID(row.Stay),
	})
}

// Check implements notice.Mailer.
func (m mailer) Check(context.Context) error { return nil }

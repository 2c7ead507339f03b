package backup_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"cubby/internal/app/backup"
	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/journal"
	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/storetest"
	"cubby/internal/wire"
)

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// world is a server with a property, a site with a controller and a room without one.
type world struct {
	*cloud.Cloud
	t        *testing.T
	clock    *storetest.Clock
	opts     backup.Options
	store    *store.Store
	server   auth.Identity
	site     auth.Identity
	owner    cloud.Principal
	property string
	unit     locker.UnitID
	next     uint64 // operation
	sent     []wire.Upload
}

func options(t *testing.T, engine store.Engine, clock *storetest.Clock) backup.Options {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	return backup.Options{
		Store:   store.Options{URL: storetest.DatabaseOn(t, engine), Logger: log, Now: clock.Now},
		DataDir: t.TempDir(), Version: "test", Logger: log, Now: clock.Now,
	}
}

// run starts a server over what the options name.
func (w *world) run(opts backup.Options) {
	w.t.Helper()
	w.opts = opts
	var err error
	w.server, _, err = auth.LoadOrCreateIdentity(filepath.Join(opts.DataDir, "server.key"), nil)
	must(w.t, err)
	w.store, err = store.Open(w.t.Context(), opts.Store)
	must(w.t, err)
	w.Cloud, err = cloud.New(cloud.Options{
		Store: w.store, Logger: opts.Logger, Now: opts.Now, Identity: w.server, PublicURL: "https://parcels.example.org",
	})
	must(w.t, err)
	must(w.t, w.Start(context.WithoutCancel(w.t.Context())))
}

func (w *world) end() {
	w.t.Helper()
	w.Stop()
	must(w.t, w.store.Close())
}

const (
	bank = locker.SiteID("bank")
	room = locker.SiteID("room")
)

func (w *world) populate() {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	var err error
	w.owner, err = w.CreateOwner(ctx, cloud.OwnerDraft{
		Organization: "Harbour Homes", Name: "Olga", Email: "olga@example.org", Password: "correct horse battery",
	})
	must(t, err)
	w.property, err = w.CreateProperty(ctx, w.owner, cloud.PropertyDraft{Name: "Harbour House", TimeZone: "Europe/Madrid"})
	must(t, err)
	w.unit, err = w.PutUnit(ctx, w.owner, w.property, cloud.UnitDraft{Name: "4B"})
	must(t, err)
	shelf := locker.Layout{Rooms: []locker.Room{{ID: "room", Name: "Room", Shelves: []locker.Shelf{{ID: "room/1", Name: "1"}}}}}
	for _, draft := range []cloud.SiteDraft{
		{ID: bank, Property: w.property, Name: "Bank", Layout: shelf}, {ID: room, Property: w.property, Name: "Room", Layout: shelf, Hosted: true},
	} {
		_, err = w.CreateSite(ctx, w.owner, draft)
		must(t, err)
	}
	text, err := w.CreateEnrolToken(ctx, w.owner, bank)
	must(t, err)
	token, err := auth.ParseEnrolmentToken(string(text))
	must(t, err)
	w.site, err = auth.NewIdentity(nil)
	must(t, err)
	_, err = w.Hub().Enrol(ctx, link.EnrolRequest{Secret: token.Secret, Key: w.site.Public(), Name: "pi"})
	must(t, err)
}

// operate makes operations of the bank that its journal keeps.
func (w *world) operate(n int) {
	w.t.Helper()
	for range n {
		w.next++
		at := wire.Position{Epoch: 1, Number: w.next}
		body, err := wire.EncodeOperation(wire.Operation{
			Site: bank, Epoch: 1, Number: at.Number, Boot: "b", WallMS: w.clock.Now().UnixMilli(),
			Facts: []locker.Fact{locker.DoorOpened{Place: "room/1", Evidence: locker.EvidenceDoor}},
		})
		must(w.t, err)
		w.sent = append(w.sent, wire.Upload{Position: at, Op: body})
	}
}

// upload sends what the server has not, as a site does after it connected.
func (w *world) upload() {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	standing, err := w.Hub().Standing(ctx, bank)
	must(t, err)
	at, err := w.Hub().Ingest(ctx, bank, w.sent[standing.Acked.Number:])
	must(t, err)
	if at.Number != w.next {
		t.Fatalf("the server has %s of %d operations", at, w.next)
	}
}

// hosted appends to the record of the room.
func (w *world) hosted(n int) (epoch uint64) {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	log, err := journal.New(ctx, w.HostedStorage(room), journal.LogOptions{Site: string(room), Signer: w.server.Private(), Now: w.clock.Now})
	must(t, err)
	for range n {
		epoch, number, err := log.Next(ctx)
		must(t, err)
		body, err := wire.EncodeOperation(wire.Operation{
			Site: room, Epoch: epoch, Number: number, Boot: "b", WallMS: 1, Facts: []locker.Fact{locker.ClockTrusted{}},
		})
		must(t, err)
		must(t, log.Append(ctx, number, []journal.Entry{{Body: body}}))
	}
	_, err = log.Checkpoint(ctx)
	must(t, err)
	epoch, _, err = log.Next(ctx)
	must(t, err)
	return epoch
}

func (w *world) directory(have wire.DirectoryAck) wire.DirectoryBatch {
	w.t.Helper()
	batch, err := w.Hub().Directory(w.t.Context(), bank, have, wire.MaxChanges)
	must(w.t, err)
	return batch
}

// A backup that is older than the sites loses nothing that they know: they send again what is missing, take
// the directory anew though its revisions overtake theirs, and the record that the server keeps itself goes on
// in an epoch that no head of what was lost can be mistaken for.
func TestRestore_OlderThanTheSites(t *testing.T) {
	t.Parallel()
	storetest.Both(t, func(t *testing.T, from store.Engine) {
		t.Helper()
		to := store.PostgreSQL
		if from == store.PostgreSQL {
			to = store.SQLite
		}
		ctx := t.Context()
		w := &world{t: t, clock: storetest.NewClock()}
		w.run(options(t, from, w.clock))
		w.populate()
		w.operate(5)
		w.upload()
		epoch := w.hosted(3)
		key, err := age.GenerateX25519Identity()
		must(t, err)
		path := filepath.Join(w.opts.DataDir, "monday.age")
		report, err := backup.Create(ctx, w.opts, path, []age.Recipient{key.Recipient()})
		must(t, err)
		if report.Files != 1 || report.Sums.Rows() < 20 {
			t.Errorf("it holds %d files and %d rows", report.Files, report.Sums.Rows())
		}
		// Life goes on, and the site knows of it.
		w.operate(4)
		w.upload()
		w.hosted(2)
		_, err = w.PutRecipient(ctx, w.owner, w.property, cloud.RecipientDraft{Unit: w.unit, Name: "Lost Person"})
		must(t, err)
		known := w.directory(wire.DirectoryAck{})
		identity := w.server
		w.end()
		// The disk is lost. Time passes on the site.
		w.operate(2)
		w.clock.Add(1)
		restored := options(t, to, w.clock)
		_, err = backup.Restore(ctx, restored, path, []age.Identity{key})
		must(t, err)
		w.run(restored)
		defer w.end()
		if !bytes.Equal(w.server.Public(), identity.Public()) {
			t.Error("the server has another key: no site would know it")
		}
		for range 3 { // other revisions with the numbers that the site knows
			_, err = w.PutRecipient(ctx, w.owner, w.property, cloud.RecipientDraft{Unit: w.unit, Name: "New Person"})
			must(t, err)
		}
		w.upload()
		w.sameRecord()
		batch := w.directory(wire.DirectoryAck{Epoch: known.Epoch, Rev: known.To})
		if batch.From != 0 || batch.Epoch == known.Epoch || len(batch.Changes) < 4 {
			t.Errorf("the site is given %d changes from %d on in epoch %d, it had %d", len(batch.Changes), batch.From, batch.Epoch, known.Epoch)
		}
		if now := w.hosted(1); now <= epoch {
			t.Errorf("the record of the room goes on in epoch %d, and was in %d", now, epoch)
		}
	})
}

// sameRecord holds the server's copy against the journal of the bank.
func (w *world) sameRecord() {
	w.t.Helper()
	items, err := w.Hub().Recall(w.t.Context(), bank, wire.Position{}, 100)
	must(w.t, err)
	if len(items) != len(w.sent) {
		w.t.Fatalf("the server has %d operations of %d", len(items), len(w.sent))
	}
	for n, item := range items {
		if !bytes.Equal(item.Op, w.sent[n].Op) {
			w.t.Errorf("operation %d differs", n+1)
		}
	}
}

func TestRestore_RefusesWhatItShould(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := &world{t: t, clock: storetest.NewClock()}
	w.run(options(t, store.SQLite, w.clock))
	w.populate()
	defer w.end()
	key, err := age.GenerateX25519Identity()
	must(t, err)
	other, err := age.GenerateX25519Identity()
	must(t, err)
	path := filepath.Join(t.TempDir(), "backup.age")
	if _, err := backup.Create(ctx, w.opts, path, nil); !errors.Is(err, backup.ErrNoRecipient) {
		t.Errorf("for nobody: %v", err)
	}
	_, err = backup.Create(ctx, w.opts, path, []age.Recipient{key.Recipient()})
	must(t, err)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v", info, err)
	}
	if _, err := backup.Create(ctx, w.opts, path, []age.Recipient{key.Recipient()}); !errors.Is(err, os.ErrExist) {
		t.Errorf("over an older one: %v", err)
	}
	fresh := func() backup.Options { return options(t, store.SQLite, w.clock) }
	if _, err := backup.Restore(ctx, fresh(), path, []age.Identity{other}); err == nil {
		t.Error("another key opened it")
	}
	if _, err := backup.Restore(ctx, w.opts, path, []age.Identity{key}); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("over a server: %v", err)
	}
	inTheWay := fresh()
	must(t, os.WriteFile(filepath.Join(inTheWay.DataDir, "server.key"), []byte("another"), 0o600))
	if _, err := backup.Restore(ctx, inTheWay, path, []age.Identity{key}); !errors.Is(err, backup.ErrInTheWay) {
		t.Errorf("beside another server's key: %v", err)
	}
	whole, err := os.ReadFile(path)
	must(t, err)
	for _, size := range []int{0, 100, len(whole) / 2, len(whole) - 1} {
		must(t, os.WriteFile(path+".part", whole[:size], 0o600))
		opts := fresh()
		if _, err := backup.Restore(ctx, opts, path+".part", []age.Identity{key}); err == nil {
			t.Errorf("%d of %d bytes were taken", size, len(whole))
		}
		if _, err := backup.Restore(ctx, opts, path, []age.Identity{key}); err != nil {
			t.Errorf("after a try with %d bytes: %v", size, err)
		}
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := &world{t: t, clock: storetest.NewClock()}
	w.run(options(t, store.SQLite, w.clock))
	w.populate()
	w.operate(30)
	w.upload()
	w.end()
	there, back := options(t, store.PostgreSQL, w.clock), options(t, store.SQLite, w.clock)
	sums, err := backup.Copy(ctx, w.opts.Store, there.Store)
	must(t, err)
	again, err := backup.Copy(ctx, there.Store, back.Store)
	must(t, err)
	if err := sums.Compare(again); err != nil {
		t.Error(err)
	}
	if _, err := backup.Copy(ctx, w.opts.Store, there.Store); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("over something: %v", err)
	}
	there.DataDir = w.opts.DataDir // the key stays where it is
	w.run(there)
	defer w.end()
	w.operate(1)
	w.upload()
	w.sameRecord()
}

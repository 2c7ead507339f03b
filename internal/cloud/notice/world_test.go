package notice_test

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/notice"
	"cubby/internal/locker"
	"cubby/internal/notify/email"
	"cubby/internal/notify/mailcatch"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/store/storetest"
	"cubby/internal/text"
	"cubby/internal/wire"
)

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// fate is what a mail server does with one mail.
type fate int

const (
	take fate = iota
	loseReply
	busy
	noSuchUser
	hangUp
	refuseSender
	stall // until the test lets go
)

// provider is a real SMTP server that loses replies, refuses and is busy as it is told.
type provider struct {
	port int

	release chan struct{} // closed: whatever stalls goes on
	arrived chan string   // the address of each mail that was taken, when somebody listens

	mu    sync.Mutex
	next  func(to string) fate // nil: take
	mails []mailcatch.Mail     // everything that was taken, copies too
	tries int
}

func startProvider(tb testing.TB) *provider {
	tb.Helper()
	p := &provider{release: make(chan struct{}), arrived: make(chan string, 100)}
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{provider: p, conn: c}, nil
	}))
	srv.Domain, srv.EnableSMTPUTF8, srv.ErrorLog = "localhost", true, log.New(io.Discard, "", 0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(tb, err)
	p.port = listener.Addr().(*net.TCPAddr).Port
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(listener)
	}()
	tb.Cleanup(func() {
		_ = srv.Close()
		_ = listener.Close()
		<-done
	})
	return p
}

func (p *provider) behave(next func(to string) fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = next
}

func (p *provider) all(f fate) { p.behave(func(string) fate { return f }) }

// taken returns what was taken, without copies of the same Message-ID.
func (p *provider) taken() []mailcatch.Mail {
	p.mu.Lock()
	defer p.mu.Unlock()
	var unique []mailcatch.Mail
	for _, m := range p.mails {
		if !slices.ContainsFunc(unique, func(o mailcatch.Mail) bool { return o.MessageID == m.MessageID }) {
			unique = append(unique, m)
		}
	}
	return unique
}

func (p *provider) copies() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.mails)
}

type session struct {
	provider *provider
	conn     *smtp.Conn
	from     string
	to       string
	fate     fate
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	p := s.provider
	p.mu.Lock()
	p.tries++
	if s.fate = take; p.next != nil {
		s.fate = p.next(to)
	}
	p.mu.Unlock()
	switch s.fate {
	case busy:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "busy"}
	case noSuchUser:
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	case hangUp:
		return s.conn.Conn().Close()
	case refuseSender:
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "sign in first"}
	case stall:
		<-p.release
	case take, loseReply:
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := mailcatch.Parse(raw)
	m.From, m.To = s.from, []string{s.to}
	s.provider.mu.Lock()
	s.provider.mails = append(s.provider.mails, m)
	s.provider.mu.Unlock()
	select {
	case s.provider.arrived <- s.to:
	default:
	}
	if s.fate == loseReply {
		return s.conn.Conn().Close()
	}
	return nil
}

func (*session) Reset()        {}
func (*session) Logout() error { return nil }

// world is a Cloud with a site, people and a mail server, and a Notifier that the test drives.
type world struct {
	*cloud.Cloud
	t        testing.TB
	ctx      context.Context
	store    *store.Store
	clock    *clock
	owner    cloud.Principal
	property string
	site     locker.SiteID
	unit     locker.UnitID
	ana, ben locker.RecipientID
	key      locker.KeyID
	number   uint64
	mail     *provider
	notifier *notice.Notifier
	worker   *store.Worker
}

func newWorld(tb testing.TB, change ...func(*notice.Options)) *world {
	tb.Helper()
	// A Monday, ten in the morning in Madrid.
	w := &world{t: tb, ctx: tb.Context(), clock: &clock{t: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}}
	logger := slog.New(slog.DiscardHandler)
	var err error
	w.store, err = store.Open(w.ctx, store.Options{
		URL: storetest.Database(tb), Logger: logger, Now: w.clock.now,
	})
	must(tb, err)
	identity, err := auth.NewIdentity(nil)
	must(tb, err)
	w.Cloud, err = cloud.New(cloud.Options{
		Store: w.store, Logger: logger, Now: w.clock.now, Identity: identity, PublicURL: "https://parcels.example.org",
	})
	must(tb, err)
	must(tb, w.Start(context.WithoutCancel(w.ctx)))
	tb.Cleanup(func() {
		w.Stop()
		must(tb, w.store.Close())
	})
	w.populate()
	w.mail = startProvider(tb)
	texts, err := text.New()
	must(tb, err)
	opts := notice.Options{
		Store: w.store, Post: w.Post(), Mailer: w.client(w.mail.port), Texts: texts, Logger: logger, Now: w.clock.now,
		PublicURL: "https://parcels.example.org", Duty: []string{"duty@example.org"},
		Brand:  notice.Brand{Name: "Harbour Parcels", Phone: "+34 600 111 222"},
		Rhythm: notice.Rhythm{Steps: []time.Duration{24 * time.Hour, 48 * time.Hour}, Repeat: 24 * time.Hour},
		Quiet:  notice.Hours{From: 21 * 60, To: 8 * 60},
	}
	for _, f := range change {
		f(&opts)
	}
	w.restart(opts)
	return w
}

// restart replaces the Notifier and its worker, as a new start of the program does.
func (w *world) restart(opts notice.Options) {
	w.t.Helper()
	var err error
	w.notifier, err = notice.New(opts)
	must(w.t, err)
	w.worker, err = store.NewWorker(store.WorkerOptions{
		Store: w.store, Logger: slog.New(slog.DiscardHandler), Handlers: w.notifier.Handlers(), Parallel: w.notifier.Parallel(),
	})
	must(w.t, err)
}

func (w *world) client(port int) *email.Client {
	w.t.Helper()
	client, err := email.New(email.Options{
		Host: "127.0.0.1", Port: port, From: "Parcels <parcels@example.org>", TLS: email.TLSNone, Now: w.clock.now,
		Timeout: 5 * time.Second,
	})
	must(w.t, err)
	return client
}

func (w *world) populate() {
	var err error
	w.owner, err = w.CreateOwner(w.ctx, cloud.OwnerDraft{
		Organization: "Harbour Homes", Name: "Olga Owner", Email: "olga@example.org", Password: "correct horse battery",
	})
	must(w.t, err)
	w.property, err = w.CreateProperty(w.ctx, w.owner, cloud.PropertyDraft{
		Name: "Harbour House", Address: "1 Dock Street", TimeZone: "Europe/Madrid", Phone: "+34 600 000 000",
	})
	must(w.t, err)
	w.unit, err = w.PutUnit(w.ctx, w.owner, w.property, cloud.UnitDraft{Name: "4B", Number: "402"})
	must(w.t, err)
	w.ana = w.put(cloud.RecipientDraft{Name: "Ana García", Email: "ana@example.org", Language: "es"})
	w.ben = w.put(cloud.RecipientDraft{Name: "Ben Smith"})
	must(w.t, w.PutCarrier(w.ctx, w.owner, cloud.CarrierView{ID: "ups", Name: "UPS"}))
	w.site, err = w.CreateSite(w.ctx, w.owner, cloud.SiteDraft{
		ID: "harbour", Property: w.property, Name: "Harbour", Layout: layout(),
	})
	must(w.t, err)
	batch, err := w.Hub().Directory(w.ctx, w.site, wire.DirectoryAck{}, wire.MaxChanges)
	must(w.t, err)
	for _, change := range batch.Changes {
		if change.Kind == wire.KindCodeKey {
			w.key = locker.KeyID(change.ID)
		}
	}
}

func layout() locker.Layout {
	var doors []locker.Compartment
	for i, name := range []string{"A01", "A02", "A03"} {
		doors = append(doors, locker.Compartment{
			ID: locker.PlaceID("main/" + name), Name: name, Size: locker.SizeM, Units: 2, ReachMM: 1000,
			Output: locker.Output{Bus: "a", Board: 1, Channel: uint8(i + 1)},
		})
	}
	return locker.Layout{
		Banks: []locker.Bank{{
			ID: "main", Name: "Lobby", Witness: locker.Witness{Latch: true},
			Columns: []locker.Column{{Name: "A", Compartments: doors}},
		}},
		Rooms: []locker.Room{{ID: "room", Name: "Parcel room", Shelves: []locker.Shelf{{ID: "room/1", Name: "S1"}}}},
		Desk:  &locker.Desk{ID: "desk", Name: "Desk"},
	}
}

// put adds or changes somebody of unit 4B.
func (w *world) put(d cloud.RecipientDraft) locker.RecipientID {
	w.t.Helper()
	d.Unit = w.unit
	id, err := w.PutRecipient(w.ctx, w.owner, w.property, d)
	must(w.t, err)
	return id
}

func (w *world) ingest(facts ...locker.Fact) {
	w.t.Helper()
	_, err := w.Hub().Ingest(w.ctx, w.site, []wire.Upload{w.upload(facts...)})
	must(w.t, err)
}

// upload encodes the next operation of the site.
func (w *world) upload(facts ...locker.Fact) wire.Upload {
	w.t.Helper()
	w.number++
	body, err := wire.EncodeOperation(wire.Operation{
		Site: w.site, Epoch: 1, Number: w.number, Boot: "b", WallMS: w.clock.now().UnixMilli(), ClockTrusted: true,
		Facts: facts,
	})
	must(w.t, err)
	notes, err := wire.EncodeAnnex(wire.Annex{"t": "1Z 999-AA1 0123456784"})
	must(w.t, err)
	return wire.Upload{Position: wire.Position{Epoch: 1, Number: w.number}, Op: body, Annex: notes}
}

func (w *world) depositFacts(stay locker.StayID, place locker.PlaceID, to locker.RecipientID) []locker.Fact {
	courier := locker.Actor{Kind: locker.ActorCourier, ID: "c1"}
	return []locker.Fact{
		locker.DepositBegun{
			Stay: stay, Parcel: locker.ParcelID("p-" + stay), Place: place, Recipient: to, Unit: w.unit, Size: locker.SizeM,
			Actor: courier, Carrier: "ups", Tracking: "t", Key: w.key, Generation: 1,
			CollectBy: locker.At(w.clock.now().Add(72 * time.Hour)),
		},
		locker.ParcelStored{Stay: stay, Place: place, Evidence: locker.EvidenceDoor, By: courier},
	}
}

// stored has a parcel stored and settled.
func (w *world) stored(stay locker.StayID, place locker.PlaceID, to locker.RecipientID) {
	w.t.Helper()
	w.ingest(w.depositFacts(stay, place, to)...)
	w.ingest(locker.DepositSettled{Stay: stay})
}

func (w *world) collected(stay locker.StayID, place locker.PlaceID, by locker.RecipientID) {
	w.ingest(locker.ParcelCollected{
		Stay: stay, Place: place, Evidence: locker.EvidenceDoor, By: locker.Actor{Kind: locker.ActorRecipient, ID: string(by)},
	})
}

// work runs every job that is due, and those that they make.
func (w *world) work() {
	w.t.Helper()
	for range 3 {
		for _, kind := range append([]string{cloud.JobFirstNotice, cloud.JobIncident, notice.JobDuty}, slices.Sorted(maps.Keys(w.notifier.Handlers()))...) {
			if _, ok := w.notifier.Handlers()[kind]; !ok {
				continue
			}
			_, err := w.worker.Run(w.ctx, kind)
			must(w.t, err)
		}
	}
}

func (w *world) tick() {
	w.t.Helper()
	must(w.t, w.notifier.Tick(w.ctx))
	w.work()
}

// pass lets time go by, with a tick each step.
func (w *world) pass(d, step time.Duration) {
	w.t.Helper()
	for ; d > 0; d -= step {
		w.clock.add(min(step, d))
		w.tick()
	}
}

// to returns the mails to one address, without copies.
func (w *world) to(address string) []mailcatch.Mail {
	var found []mailcatch.Mail
	for _, m := range w.mail.taken() {
		if slices.Contains(m.To, address) {
			found = append(found, m)
		}
	}
	return found
}

func (w *world) wantMails(address string, n int) []mailcatch.Mail {
	w.t.Helper()
	found := w.to(address)
	if len(found) != n {
		var subjects []string
		for _, m := range found {
			subjects = append(subjects, m.Subject)
		}
		w.t.Fatalf("%s got %d mails %q, want %d", address, len(found), subjects, n)
	}
	return found
}

func (w *world) notices(stay locker.StayID) []db.Notice {
	w.t.Helper()
	rows, err := w.store.Read().ListNoticesOfStay(w.ctx, db.ListNoticesOfStayParams{Site: string(w.site), Stay: string(stay)})
	must(w.t, err)
	return rows
}

func (w *world) incidents(kind cloud.IncidentKind) []cloud.IncidentView {
	w.t.Helper()
	page, err := w.Incidents(w.ctx, w.owner, cloud.IncidentFilter{Site: w.site})
	must(w.t, err)
	return slices.DeleteFunc(page.Items, func(i cloud.IncidentView) bool { return i.Kind != kind })
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func wantCode(tb testing.TB, err error, code locker.Code) {
	tb.Helper()
	if e := new(locker.Error); !errors.As(err, &e) || e.Code != code {
		tb.Fatalf("error %v, want %s", err, code)
	}
}

package storetest

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"cubby/internal/store"
	"cubby/internal/store/db"
)

// Clock is a clock that a test drives by hand. It is safe for concurrent use.
type Clock struct {
	mu sync.Mutex
	t  time.Time
}

// NewClock returns a clock that stands at a Monday morning.
func NewClock() *Clock { return &Clock{t: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

// Now returns the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

// Add moves the clock.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// Open returns an empty store of its own, closed when the test ends, on the engine that the environment
// asks for.
func Open(tb testing.TB, now func() time.Time) *store.Store {
	tb.Helper()
	return OpenOn(tb, Default(), now)
}

// OpenOn is Open on a certain engine.
func OpenOn(tb testing.TB, engine store.Engine, now func() time.Time) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), store.Options{
		URL: DatabaseOn(tb, engine), Logger: slog.New(slog.DiscardHandler), Now: now,
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Builder adds rows to a store, each with what it needs around it and fixed times.
type Builder struct {
	tb    testing.TB
	store *store.Store
	n     int
}

// Build returns a builder.
func Build(tb testing.TB, s *store.Store) *Builder {
	tb.Helper()
	return &Builder{tb: tb, store: s}
}

func (b *Builder) tx(do func(*db.Queries) error) {
	b.tb.Helper()
	if err := b.store.Tx(b.tb.Context(), do); err != nil {
		b.tb.Fatal(err)
	}
}

func (b *Builder) id(kind string) string {
	b.n++
	return fmt.Sprintf("%s-%d", kind, b.n)
}

// Organization adds an organization below parent; empty: at the top.
func (b *Builder) Organization(parent string) string {
	b.tb.Helper()
	row := db.CreateOrganizationParams{ID: b.id("organization"), Name: "Harbour Homes"}
	row.Parent.String, row.Parent.Valid = parent, parent != ""
	b.tx(func(q *db.Queries) error { return q.CreateOrganization(b.tb.Context(), row) })
	return row.ID
}

// Property adds a property of an organization.
func (b *Builder) Property(organization string) string {
	b.tb.Helper()
	row := db.CreatePropertyParams{
		ID: b.id("property"), Organization: organization, Name: "Harbour House", TimeZone: "Europe/Madrid",
	}
	b.tx(func(q *db.Queries) error { return q.CreateProperty(b.tb.Context(), row) })
	return row.ID
}

// Site adds a site of a property, without places.
func (b *Builder) Site(property string) string {
	b.tb.Helper()
	row := db.CreateSiteParams{
		ID: b.id("site"), Property: property, Name: "Harbour", Settings: "{}", Layout: "{}", Policy: "{}", LinkKey: []byte{},
	}
	b.tx(func(q *db.Queries) error { return q.CreateSite(b.tb.Context(), row) })
	return row.ID
}

// Unit adds a unit of a property.
func (b *Builder) Unit(property, name string) string {
	b.tb.Helper()
	row := db.CreateUnitParams{ID: b.id("unit"), Property: property, Kind: "apartment", Name: name, NameKey: name}
	b.tx(func(q *db.Queries) error { return q.CreateUnit(b.tb.Context(), row) })
	return row.ID
}

// Recipient adds a resident of a unit with a mail address.
func (b *Builder) Recipient(property, unit, name string) string {
	b.tb.Helper()
	id := b.id("recipient")
	row := db.CreateRecipientParams{
		ID: id, Property: property, Unit: unit, Kind: "resident", Name: name, NameKey: name, Email: id + "@example.org",
		LinkGeneration: 1, LinkHash: []byte(id),
	}
	b.tx(func(q *db.Queries) error { return q.CreateRecipient(b.tb.Context(), row) })
	return id
}

// Stay adds a stored and settled parcel of a recipient.
func (b *Builder) Stay(site, place, recipient, unit string) string {
	b.tb.Helper()
	id := b.id("stay")
	b.tx(func(q *db.Queries) error {
		return q.PutStay(b.tb.Context(), db.PutStayParams{
			Site: site, ID: id, Parcel: "parcel-" + id, Place: place, Recipient: recipient, Unit: unit,
			FirstRecipient: recipient, Size: "M", State: "stored", Live: true, Settled: true, Generation: 1, BegunAt: 1,
			StoredAt: 2, CollectBy: 3,
		})
	})
	return id
}

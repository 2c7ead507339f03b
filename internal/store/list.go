package store

import (
	"context"
	"fmt"

	"github.com/huandu/go-sqlbuilder"

	"cubby/internal/store/db"
)

// Key names a row of a table whose ids are unique within a site only.
type Key struct{ Site, ID string }

// DeliveryQuery chooses deliveries. Sites must not be empty.
type DeliveryQuery struct {
	Sites []string
	// Narrow says that only rows of Units, Recipients or Parcels count.
	Narrow     bool
	Units      []string
	Recipients []string
	Parcels    []Key
	States     []string // empty: all
	LiveOnly   bool
	EndedOnly  bool
	DueBefore  int64 // 0: all
	// BeforeBegun and BeforeID are the last row of the page before; 0: the first page.
	BeforeBegun int64
	BeforeID    string
	Limit       int
}

// DeliveryRow is a stay with the names around it.
type DeliveryRow struct {
	db.Stay
	SiteName, RecipientName, UnitName, CarrierName, Tracking string
}

// deliveryColumns must follow the order of db.Stay's fields, then DeliveryRow's.
func deliveryColumns() []string {
	return []string{
		"s.site", "s.id", "s.parcel", "s.place", "s.recipient", "s.unit", "s.first_recipient", "s.size", "s.state",
		"s.live", "s.revoked", "s.settled", "s.carrier", "s.actor_kind", "s.actor_id", "s.session", "s.key_id",
		"s.generation", "s.begun_at", "s.stored_at", "s.collect_by", "s.ended_at", "s.evidence", "s.end_reason",
		"s.taken_by", "s.problem",
		"COALESCE(t.name, '')", "COALESCE(r.name, '')", "COALESCE(u.name, '')", "COALESCE(c.name, s.carrier)",
		"COALESCE(p.tracking, '')",
	}
}

func (r *DeliveryRow) targets() []any {
	return []any{
		&r.Site, &r.ID, &r.Parcel, &r.Place, &r.Recipient, &r.Unit, &r.FirstRecipient, &r.Size, &r.State,
		&r.Live, &r.Revoked, &r.Settled, &r.Carrier, &r.ActorKind, &r.ActorID, &r.Session, &r.KeyID,
		&r.Generation, &r.BegunAt, &r.StoredAt, &r.CollectBy, &r.EndedAt, &r.Evidence, &r.EndReason,
		&r.TakenBy, &r.Problem,
		&r.SiteName, &r.RecipientName, &r.UnitName, &r.CarrierName, &r.Tracking,
	}
}

func deliveries() *sqlbuilder.SelectBuilder {
	b := sqlbuilder.PostgreSQL.NewSelectBuilder()
	b.Select(deliveryColumns()...).From("stays s")
	b.JoinWithOption(sqlbuilder.LeftJoin, "sites t", "t.id = s.site")
	b.JoinWithOption(sqlbuilder.LeftJoin, "parcels p", "p.site = s.site", "p.id = s.parcel")
	b.JoinWithOption(sqlbuilder.LeftJoin, "recipients r", "r.id = s.recipient")
	b.JoinWithOption(sqlbuilder.LeftJoin, "units u", "u.id = s.unit")
	b.JoinWithOption(sqlbuilder.LeftJoin, "carriers c", "c.id = s.carrier")
	return b
}

// ListDeliveries returns stays with the names around them, newest first.
func (s *Store) ListDeliveries(ctx context.Context, f DeliveryQuery) ([]DeliveryRow, error) {
	query, args := f.build()
	return s.deliveries(ctx, query, args)
}

func (f DeliveryQuery) build() (string, []any) {
	b := deliveries()
	b.Where(b.In("s.site", sqlbuilder.List(f.Sites)))
	if f.Narrow {
		var or []string
		if len(f.Units) > 0 {
			or = append(or, b.In("s.unit", sqlbuilder.List(f.Units)))
		}
		if len(f.Recipients) > 0 {
			or = append(or, b.In("s.recipient", sqlbuilder.List(f.Recipients)))
		}
		for _, k := range f.Parcels {
			or = append(or, b.And(b.Equal("s.site", k.Site), b.Equal("s.parcel", k.ID)))
		}
		if len(or) == 0 {
			or = []string{"FALSE"}
		}
		b.Where(b.Or(or...))
	}
	if len(f.States) > 0 {
		b.Where(b.In("s.state", sqlbuilder.List(f.States)))
	}
	if f.LiveOnly {
		b.Where("s.live = TRUE")
	}
	if f.EndedOnly {
		b.Where("s.live = FALSE")
	}
	if f.DueBefore > 0 {
		b.Where(b.LessThan("s.collect_by", f.DueBefore))
	}
	if f.BeforeBegun > 0 {
		b.Where(b.Or(b.LessThan("s.begun_at", f.BeforeBegun),
			b.And(b.Equal("s.begun_at", f.BeforeBegun), b.LessThan("s.id", f.BeforeID))))
	}
	return b.OrderBy("s.begun_at DESC", "s.id DESC").Limit(f.Limit).Build()
}

// ListStaysOfParcel returns all stays of a parcel, oldest first.
func (s *Store) ListStaysOfParcel(ctx context.Context, site, parcel string) ([]DeliveryRow, error) {
	b := deliveries()
	b.Where(b.Equal("s.site", site), b.Equal("s.parcel", parcel)).OrderBy("s.begun_at", "s.id").Limit(maxStays)
	query, args := b.Build()
	return s.deliveries(ctx, query, args)
}

// maxStays bounds how many stays of a parcel or a place are read at once.
const maxStays = 500

// FindDelivery returns one stay with the names around it; ok is false when there is none.
func (s *Store) FindDelivery(ctx context.Context, site, stay string) (row DeliveryRow, ok bool, err error) {
	b := deliveries()
	b.Where(b.Equal("s.site", site), b.Equal("s.id", stay))
	query, args := b.Build()
	rows, err := s.deliveries(ctx, query, args)
	if err != nil || len(rows) == 0 {
		return DeliveryRow{}, false, err
	}
	return rows[0], true, nil
}

// ListLiveOfPlace returns the live stays of a place with the names around them, oldest first.
func (s *Store) ListLiveOfPlace(ctx context.Context, site, place string) ([]DeliveryRow, error) {
	b := deliveries()
	b.Where(b.Equal("s.site", site), b.Equal("s.place", place), "s.live = TRUE").OrderBy("s.begun_at", "s.id")
	query, args := b.Limit(maxStays).Build()
	return s.deliveries(ctx, query, args)
}

func (s *Store) deliveries(ctx context.Context, query string, args []any) ([]DeliveryRow, error) {
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	defer rows.Close()
	var found []DeliveryRow
	for rows.Next() {
		var r DeliveryRow
		if err := rows.Scan(r.targets()...); err != nil {
			return nil, fmt.Errorf("read a delivery: %w", err)
		}
		found = append(found, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return found, nil
}

// IncidentQuery chooses incidents. Sites must not be empty.
type IncidentQuery struct {
	Sites        []string
	State        string
	Place        string // empty: all
	BeforeOpened int64  // last row of the page before; 0: the first page
	BeforeID     string
	Limit        int
}

// IncidentRow is an incident with the names around it.
type IncidentRow struct {
	db.Incident
	SiteName, OwnerName, Parcel string
}

func (f IncidentQuery) build() (string, []any) {
	b := sqlbuilder.PostgreSQL.NewSelectBuilder()
	b.Select("i.id", "i.site", "i.kind", "i.severity", "i.place", "i.stay", "i.detail", "i.dedupe", "i.state",
		"i.owner", "i.count", "i.opened_at", "i.last_at", "i.due_at", "i.resolved_at", "i.resolved_by",
		"i.resolution", "COALESCE(t.name, '')", "COALESCE(w.name, '')", "COALESCE(s.parcel, '')").From("incidents i")
	b.JoinWithOption(sqlbuilder.LeftJoin, "sites t", "t.id = i.site")
	b.JoinWithOption(sqlbuilder.LeftJoin, "users w", "w.id = i.owner")
	b.JoinWithOption(sqlbuilder.LeftJoin, "stays s", "s.site = i.site", "s.id = i.stay")
	b.Where(b.In("i.site", sqlbuilder.List(f.Sites)), b.Equal("i.state", f.State))
	if f.Place != "" {
		b.Where(b.Equal("i.place", f.Place))
	}
	if f.BeforeOpened > 0 {
		b.Where(b.Or(b.LessThan("i.opened_at", f.BeforeOpened),
			b.And(b.Equal("i.opened_at", f.BeforeOpened), b.LessThan("i.id", f.BeforeID))))
	}
	return b.OrderBy("i.opened_at DESC", "i.id DESC").Limit(f.Limit).Build()
}

// ListIncidents returns incidents, newest first.
func (s *Store) ListIncidents(ctx context.Context, f IncidentQuery) ([]IncidentRow, error) {
	query, args := f.build()
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	defer rows.Close()
	var found []IncidentRow
	for rows.Next() {
		var r IncidentRow
		if err := rows.Scan(&r.ID, &r.Site, &r.Kind, &r.Severity, &r.Place, &r.Stay, &r.Detail, &r.Dedupe, &r.State,
			&r.Owner, &r.Count, &r.OpenedAt, &r.LastAt, &r.DueAt, &r.ResolvedAt, &r.ResolvedBy,
			&r.Resolution, &r.SiteName, &r.OwnerName, &r.Parcel); err != nil {
			return nil, fmt.Errorf("read an incident: %w", err)
		}
		found = append(found, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	return found, nil
}

// CountOpenIncidents returns how many incidents of the sites are open.
func (s *Store) CountOpenIncidents(ctx context.Context, sites []string) (map[string]int, error) {
	if len(sites) == 0 {
		return map[string]int{}, nil
	}
	b := sqlbuilder.PostgreSQL.NewSelectBuilder()
	b.Select("site", "COUNT(*)").From("incidents").
		Where(b.In("site", sqlbuilder.List(sites)), b.Equal("state", "open")).GroupBy("site")
	query, args := b.Build()
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("count incidents: %w", err)
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var site string
		var n int
		if err := rows.Scan(&site, &n); err != nil {
			return nil, fmt.Errorf("read a count: %w", err)
		}
		counts[site] = n
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count incidents: %w", err)
	}
	return counts, nil
}

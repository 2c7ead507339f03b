package intake

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"cubby/internal/cloud/feed"
	"cubby/internal/cloud/incident"
	"cubby/internal/cloud/rows"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// projection folds operations of one site into its tables: it loads the rows that they touch once,
// folds all facts in memory as locker.Evolve does, and writes each changed row once.
type projection struct {
	intake *Intake
	q      *db.Queries
	site   string

	places  map[string]*placeRow
	stays   map[string]*stayRow
	ahead   store.Ahead
	parcels map[string]db.PutParcelParams
	jobs    []store.Job
	touched []db.InsertCustodyParams
	health  *healthRow
	again   bool // a rebuild: orders may be older than stays

	// of the operation that is being applied
	op      wire.Operation
	at      int64
	annex   wire.Annex
	rawAnx  []byte
	effects bool
	marks   map[custodyMark]bool
	causes  map[string]bool // incidents that this operation raised, by kind and place

	// what follows
	answered  []locker.IntentID
	incidents bool
	tiles     bool
	healthy   bool // health changed
	all       bool
}

type placeRow struct {
	db.Place
	faults  []locker.Fault
	changed bool
}

type stayRow struct {
	db.Stay
	changed bool
	fresh   bool // not in the table yet
}

type custodyMark struct{ place, stay string }

func newProjection(in *Intake, q *db.Queries, site string) *projection {
	return &projection{
		intake: in, q: q, site: site, places: map[string]*placeRow{}, stays: map[string]*stayRow{},
		parcels: map[string]db.PutParcelParams{},
	}
}

// apply folds one operation in. With effects, incidents and jobs follow from it.
func (p *projection) apply(ctx context.Context, in incoming, effects bool) error {
	p.op, p.at, p.effects = in.op, in.op.WallMS, effects
	p.annex, p.rawAnx = nil, in.Annex
	p.marks, p.causes = map[custodyMark]bool{}, map[string]bool{}
	if in.err != nil { // kept, and shown to somebody; a newer version may read it
		return p.raise(ctx, incident.Incident{
			Kind: incident.Projection, Severity: incident.High, Detail: "unreadable", Key: "unreadable",
		})
	}
	for _, f := range in.op.Facts {
		if err := p.fold(ctx, f); err != nil {
			return fmt.Errorf("operation %s: fact %s: %w", in.Position, f.Kind(), err)
		}
		if effects {
			if err := p.follow(ctx, f); err != nil {
				return fmt.Errorf("operation %s: what follows from %s: %w", in.Position, f.Kind(), err)
			}
		}
	}
	for m := range p.marks {
		if m.stay == "" && p.marked(m.place) {
			continue // another mark of the same place names a stay
		}
		p.touched = append(p.touched, db.InsertCustodyParams{
			Site: p.site, Place: m.place, Stay: m.stay, Epoch: int64(in.Epoch), Number: int64(in.Number),
		})
	}
	return nil
}

func (p *projection) marked(place string) bool {
	for m := range p.marks {
		if m.place == place && m.stay != "" {
			return true
		}
	}
	return false
}

func (p *projection) mark(place locker.PlaceID, stay locker.StayID) {
	p.marks[custodyMark{string(place), string(stay)}] = true
}

// fold changes the rows that one fact is about.
func (p *projection) fold(ctx context.Context, f locker.Fact) error {
	switch f := f.(type) {
	case locker.OpenRequested, locker.DoorOpened, locker.OpenFailed, locker.OpenUnconfirmed, locker.DoorClosed:
		return p.foldDoor(ctx, f)
	case locker.DepositBegun, locker.ParcelStored, locker.DepositSettled, locker.UndoRequested, locker.DepositUndone,
		locker.ParcelCollected, locker.ParcelRemoved, locker.CodeReissued, locker.ProblemReported:
		return p.foldStay(ctx, f)
	case locker.ServiceChanged, locker.PlaceReserved, locker.ReservationEnded, locker.PlaceDoubted,
		locker.PlaceVerified:
		return p.foldPlace(ctx, f)
	case locker.PlaceAudited:
		return p.foldAudited(ctx, f)
	case locker.FaultRaised:
		return p.foldFault(ctx, f.Fault, f.Place, f.Part, true)
	case locker.FaultCleared:
		return p.foldFault(ctx, f.Fault, f.Place, f.Part, false)
	case locker.EpochBegan, locker.ClockDoubted, locker.ClockTrusted:
		return p.foldHealth(ctx, f)
	case locker.DropRefused:
		return p.foldRefusal(ctx, f)
	case locker.IntentAnswered, locker.SessionBegan, locker.SessionEnded, locker.CodeRefused, locker.SiteStarted,
		locker.DirectoryApplied, locker.ServiceSessionBegan, locker.ServiceSessionEnded, locker.Unknown:
	}
	return nil
}

// place returns the row of a place to change.
func (p *projection) place(ctx context.Context, id locker.PlaceID) (*placeRow, error) {
	if row := p.places[string(id)]; row != nil {
		row.changed = true
		return row, nil
	}
	found, err := p.readPlace(ctx, string(id))
	if rows.None(err) {
		found, err = db.Place{Site: p.site, ID: string(id), Faults: "[]"}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read place %s: %w", id, err)
	}
	return p.keepPlace(found)
}

func (p *projection) keepPlace(found db.Place) (*placeRow, error) {
	row := &placeRow{Place: found, changed: true}
	if found.Faults != "[]" {
		if err := rows.Decode(found.Faults, &row.faults); err != nil {
			return nil, err
		}
	}
	p.places[found.ID] = row
	return row, nil
}

// stay returns the row of a stay to change, or nil when there is none.
func (p *projection) stay(ctx context.Context, id locker.StayID) (*stayRow, error) {
	if row := p.stays[string(id)]; row != nil {
		row.changed = true
		return row, nil
	}
	found, err := p.readStay(ctx, string(id))
	if rows.None(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read stay %s: %w", id, err)
	}
	row := &stayRow{Stay: found, changed: true}
	p.stays[found.ID] = row
	return row, nil
}

// flush hands over every changed row once, in the order of their ids.
func (p *projection) flush(ctx context.Context, tables *store.Tables) error {
	for _, id := range slices.Sorted(maps.Keys(p.places)) {
		if row := p.places[id]; row.changed {
			row.changed = false
			tables.Places = append(tables.Places, db.PutPlaceParams(row.Place))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.stays)) {
		if row := p.stays[id]; row.changed {
			row.writeTo(tables)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.parcels)) {
		tables.Parcels = append(tables.Parcels, p.parcels[id])
	}
	tables.Custody = append(tables.Custody, p.touched...)
	tables.Jobs = append(tables.Jobs, p.jobs...)
	p.touched, p.jobs = nil, nil
	clear(p.parcels)
	return p.flushHealth(ctx)
}

func (s *stayRow) writeTo(tables *store.Tables) {
	fresh := s.fresh
	s.changed, s.fresh = false, false
	if fresh {
		tables.Stays = append(tables.Stays, db.PutStayParams(s.Stay))
		return
	}
	tables.StayChanges = append(tables.StayChanges, db.UpdateStayParams{
		State: s.State, Live: s.Live, Settled: s.Settled, KeyID: s.KeyID, Generation: s.Generation,
		StoredAt: s.StoredAt, EndedAt: s.EndedAt, Evidence: s.Evidence, EndReason: s.EndReason,
		TakenBy: s.TakenBy, Problem: s.Problem, Site: s.Site, ID: s.ID,
	})
}

// change says what pages must draw again.
func (p *projection) change() feed.Change {
	return feed.Change{
		Site: locker.SiteID(p.site), Places: p.changedPlaces(), Tiles: p.tiles, Incidents: p.incidents,
		Health: p.healthy, All: p.all,
	}
}

func (p *projection) changedPlaces() []locker.PlaceID {
	var ids []locker.PlaceID
	for _, id := range slices.Sorted(maps.Keys(p.places)) {
		ids = append(ids, locker.PlaceID(id))
	}
	return ids
}

// note returns what a reference of the current operation stands for; empty when it was erased.
func (p *projection) note(ref locker.AnnexRef) string {
	if ref == "" || len(p.rawAnx) == 0 {
		return ""
	}
	if p.annex == nil {
		var err error
		if p.annex, err = wire.DecodeAnnex(p.rawAnx); err != nil {
			p.annex = wire.Annex{} // erased or damaged: the record stands without it
		}
	}
	return p.annex[ref]
}

// raise opens an incident of this site.
func (p *projection) raise(ctx context.Context, i incident.Incident) error {
	i.Site = p.site
	p.incidents, p.tiles = true, true
	if p.causes != nil {
		p.causes[string(i.Kind)+"|"+i.Place] = true
	}
	return p.intake.book.Raise(ctx, p.q, i)
}

// raised reports whether the current operation raised an incident of a kind at a place.
func (p *projection) raised(kind incident.Kind, place locker.PlaceID) bool {
	return p.causes[string(kind)+"|"+string(place)]
}

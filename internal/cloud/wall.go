package cloud

import (
	"context"
	"fmt"
	"time"

	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// PlaceStatus is what the wall shows of a place. The zero value is invalid.
type PlaceStatus string

// The states of a place on the wall. When several hold, the one that needs a person first shows.
const (
	PlaceFree     PlaceStatus = "free"
	PlaceReserved PlaceStatus = "reserved"
	PlaceOccupied PlaceStatus = "occupied"
	PlaceOverdue  PlaceStatus = "overdue" // a parcel is past its "collect by"
	PlaceOpen     PlaceStatus = "open"    // its door stands open, or is being opened
	PlaceFault    PlaceStatus = "fault"   // a fault, or nobody can vouch for what is in it
	PlaceBlocked  PlaceStatus = "blocked" // out of service, or its bank is closed
)

// Wall is a site as its live wall shows it.
type Wall struct {
	Site  SiteSummary
	At    time.Time
	Banks []WallBank
	Rooms []WallRoom
	Desk  *WallPlace
	Tiles Tiles
}

// WallBank is a bank, its columns from the left.
type WallBank struct {
	ID      locker.BankID
	Name    string
	Closed  bool
	Columns []WallColumn
}

// WallColumn is a column of a bank, its doors from the top.
type WallColumn struct {
	Name        string
	Doors       []WallPlace
	ScreenUnits int // height of the kiosk's screen; 0: none
	ScreenAbove int // index of the door right below the screen
}

// WallRoom is a package room.
type WallRoom struct {
	ID      locker.RoomID
	Name    string
	Shelves []WallPlace
}

// WallPlace is one place of the wall.
type WallPlace struct {
	Place    locker.PlaceID
	Kind     locker.PlaceKind
	Name     string
	Size     locker.Size // of a compartment
	Units    int         // height of a compartment, 1 to 12
	Low      bool        // within reach of a seated person
	Features locker.Features
	Status   PlaceStatus
	Unit     string         // name of the unit whose parcels are in it, or that it is reserved for
	Days     int            // whole days since the oldest parcel was stored
	Parcels  int            // live stays
	Overdue  int            // of them, past "collect by"
	Held     int            // of them, for staff only
	Faults   []locker.Fault // what is broken
	Doubt    string         // why nobody can vouch for what is in it; empty: nobody doubts
	Since    time.Time      // when the door last changed; zero: never
}

// Tiles are the counts above the wall.
type Tiles struct {
	Free, Reserved, Occupied, Overdue, Open, Fault, Blocked int // compartments
	FreeBySize                                              map[locker.Size]int
	Waiting                                                 int // live parcels, shelves and desk too
	StoredToday, CollectedToday                             int // since midnight in the site's zone
	Incidents                                               int // open
}

// Wall returns a site as its live wall shows it now.
func (c *Cloud) Wall(ctx context.Context, p Principal, site locker.SiteID) (Wall, error) {
	row, err := c.findSite(ctx, p, site)
	if err != nil {
		return Wall{}, err
	}
	v, err := c.viewSite(ctx, row)
	if err != nil {
		return Wall{}, err
	}
	w := Wall{At: v.now}
	if w.Site, err = c.fullSummary(ctx, row); err != nil {
		return Wall{}, err
	}
	for _, b := range v.layout.Banks {
		w.Banks = append(w.Banks, v.bank(b))
	}
	for _, r := range v.layout.Rooms {
		room := WallRoom{ID: r.ID, Name: r.Name}
		for _, shelf := range r.Shelves {
			room.Shelves = append(room.Shelves, v.place(shelf.ID))
		}
		w.Rooms = append(w.Rooms, room)
	}
	if v.layout.Desk != nil {
		desk := v.place(v.layout.Desk.ID)
		w.Desk = &desk
	}
	w.Tiles, err = c.tiles(ctx, v)
	w.Tiles.Incidents = w.Site.Incidents
	return w, err
}

// siteView is everything of a site that its places are drawn from.
type siteView struct {
	row    db.Site
	now    time.Time
	layout locker.Layout
	index  map[locker.PlaceID]locker.Place
	rows   map[string]db.Place
	live   map[string][]db.ListLiveStaysRow
	units  map[string]string // names of units that places are reserved for
}

func (c *Cloud) viewSite(ctx context.Context, row db.Site) (*siteView, error) {
	v := &siteView{
		row: row, now: c.now(), index: map[locker.PlaceID]locker.Place{}, rows: map[string]db.Place{},
		live: map[string][]db.ListLiveStaysRow{}, units: map[string]string{},
	}
	if err := decodeJSON(row.Layout, &v.layout); err != nil {
		return nil, err
	}
	for _, place := range v.layout.Places() {
		v.index[place.ID] = place
	}
	err := c.store.ReadTx(ctx, func(q *db.Queries) error {
		places, err := q.ListPlaces(ctx, row.ID)
		if err != nil {
			return fmt.Errorf("list places: %w", err)
		}
		for _, place := range places {
			v.rows[place.ID] = place
			if place.ReservedUnit != "" && v.units[place.ReservedUnit] == "" {
				unit, err := q.FindUnit(ctx, place.ReservedUnit)
				if err != nil && !isNone(err) {
					return fmt.Errorf("find a unit: %w", err)
				}
				v.units[place.ReservedUnit] = unit.Name
			}
		}
		stays, err := q.ListLiveStays(ctx, row.ID)
		if err != nil {
			return fmt.Errorf("list stays: %w", err)
		}
		for _, stay := range stays {
			v.live[stay.Place] = append(v.live[stay.Place], stay)
		}
		return nil
	})
	return v, err
}

func (v *siteView) bank(b locker.Bank) WallBank {
	bank := WallBank{ID: b.ID, Name: b.Name, Closed: b.Closed}
	for _, col := range b.Columns {
		column := WallColumn{Name: col.Name, ScreenUnits: col.ScreenUnits, ScreenAbove: col.ScreenAbove}
		for _, compartment := range col.Compartments {
			column.Doors = append(column.Doors, v.place(compartment.ID))
		}
		bank.Columns = append(bank.Columns, column)
	}
	return bank
}

// place draws one place.
func (v *siteView) place(id locker.PlaceID) WallPlace {
	place, row := v.index[id], v.rows[string(id)]
	w := WallPlace{
		Place: id, Kind: place.Kind, Name: place.Name, Size: place.Compartment.Size, Units: place.Compartment.Units,
		Low: place.Kind == locker.PlaceCompartment && place.Compartment.Low(), Features: place.Compartment.Features,
		Doubt: row.Doubt, Since: moment(row.DoorSince),
	}
	if row.Faults != "" && row.Faults != "[]" {
		if err := decodeJSON(row.Faults, &w.Faults); err != nil {
			w.Faults = []locker.Fault{locker.FaultSensor} // a damaged row is shown as broken, never as fine
		}
	}
	now := v.now.UnixMilli()
	oldest := int64(0)
	for _, stay := range v.live[string(id)] {
		w.Parcels++
		if stay.UnitName != "" && w.Unit == "" {
			w.Unit = stay.UnitName
		}
		if stay.State == string(locker.StayHeld) || stay.Revoked {
			w.Held++
		}
		if stay.State == string(locker.StayStored) && stay.CollectBy != 0 && stay.CollectBy < now {
			w.Overdue++
		}
		if stay.StoredAt != 0 && (oldest == 0 || stay.StoredAt < oldest) {
			oldest = stay.StoredAt
		}
	}
	if oldest != 0 {
		w.Days = int(max(0, now-oldest) / day.Milliseconds())
	}
	reserved := row.Reservation != "" && row.ReservedUntil > now
	if reserved && w.Parcels == 0 {
		w.Unit = v.units[row.ReservedUnit]
	}
	w.Status = status(w, row, place.Closed, reserved)
	return w
}

const day = 24 * time.Hour

// status says what the wall shows when several things hold: first what needs a person.
func status(w WallPlace, row db.Place, closed, reserved bool) PlaceStatus {
	switch {
	case row.Door == string(locker.DoorAjar) || row.Request != "":
		return PlaceOpen
	case len(w.Faults) > 0 || w.Doubt != "" || w.Held > 0:
		return PlaceFault
	case w.Overdue > 0:
		return PlaceOverdue
	case w.Parcels > 0:
		return PlaceOccupied
	case row.OutOfService || closed:
		return PlaceBlocked
	case reserved:
		return PlaceReserved
	}
	return PlaceFree
}

// WallPlace returns one place of the wall: what a live update draws again.
func (c *Cloud) WallPlace(ctx context.Context, p Principal, site locker.SiteID, place locker.PlaceID) (WallPlace, error) {
	row, err := c.findSite(ctx, p, site)
	if err != nil {
		return WallPlace{}, err
	}
	v, err := c.viewSite(ctx, row)
	if err != nil {
		return WallPlace{}, err
	}
	if _, ok := v.index[place]; !ok {
		return WallPlace{}, locker.Errorf(locker.CodePlaceUnknown, "no place %s in the layout", place)
	}
	return v.place(place), nil
}

// Tiles returns the counts above the wall.
func (c *Cloud) Tiles(ctx context.Context, p Principal, site locker.SiteID) (Tiles, error) {
	row, err := c.findSite(ctx, p, site)
	if err != nil {
		return Tiles{}, err
	}
	v, err := c.viewSite(ctx, row)
	if err != nil {
		return Tiles{}, err
	}
	t, err := c.tiles(ctx, v)
	if err != nil {
		return Tiles{}, err
	}
	n, err := c.store.Read().CountOpenIncidents(ctx, row.ID)
	t.Incidents = int(n)
	return t, err
}

// tiles counts a site's places and parcels, but for its incidents.
func (c *Cloud) tiles(ctx context.Context, v *siteView) (Tiles, error) {
	t := Tiles{FreeBySize: map[locker.Size]int{}}
	for _, place := range v.layout.Places() {
		w := v.place(place.ID)
		t.Waiting += w.Parcels
		if place.Kind == locker.PlaceCompartment {
			t.count(w)
		}
	}
	q := c.store.Read()
	property, err := q.FindProperty(ctx, v.row.Property)
	if err != nil {
		return t, notFound(err, "property")
	}
	since := midnight(v.now, property.TimeZone).UnixMilli()
	stored, err := q.CountStoredSince(ctx, db.CountStoredSinceParams{Site: v.row.ID, Since: since})
	if err != nil {
		return t, fmt.Errorf("count what was stored: %w", err)
	}
	collected, err := q.CountCollectedSince(ctx, db.CountCollectedSinceParams{Site: v.row.ID, Since: since})
	if err != nil {
		return t, fmt.Errorf("count what was collected: %w", err)
	}
	t.StoredToday, t.CollectedToday = int(stored), int(collected)
	return t, nil
}

func (t *Tiles) count(w WallPlace) {
	switch w.Status {
	case PlaceFree:
		t.Free++
		t.FreeBySize[w.Size]++
	case PlaceReserved:
		t.Reserved++
	case PlaceOccupied:
		t.Occupied++
	case PlaceOverdue:
		t.Overdue++
	case PlaceOpen:
		t.Open++
	case PlaceFault:
		t.Fault++
	case PlaceBlocked:
		t.Blocked++
	}
}

// midnight returns when the day of a moment began in a zone; an unknown zone is UTC.
func midnight(now time.Time, zone string) time.Time {
	place, err := time.LoadLocation(zone)
	if err != nil {
		place = time.UTC
	}
	y, m, d := now.In(place).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, place)
}

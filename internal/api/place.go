package api

import (
	"context"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

// Place is a place as the live wall shows it.
type Place struct {
	ID       locker.PlaceID    `json:"id" doc:"Id." example:"main/B07"`
	Kind     locker.PlaceKind  `json:"kind" enum:"compartment,shelf,desk" doc:"What it is."`
	Name     string            `json:"name" doc:"As painted on it." example:"B07"`
	Bank     locker.BankID     `json:"bank,omitempty" doc:"Id of the bank of a compartment."`
	Room     locker.RoomID     `json:"room,omitempty" doc:"Id of the room of a shelf."`
	Column   int               `json:"column,omitempty" doc:"Of a compartment, counted from 1."`
	Row      int               `json:"row,omitempty" doc:"Of a compartment, counted from 1 at the top."`
	Size     locker.Size       `json:"size,omitempty" enum:"S,M,L,XL" doc:"Of a compartment."`
	Units    int               `json:"units,omitempty" doc:"Height of a compartment, 1 to 12."`
	Low      bool              `json:"low" doc:"Within reach of a seated person."`
	Features locker.Features   `json:"features" doc:"What it offers beyond its size."`
	Status   cloud.PlaceStatus `json:"status" enum:"free,reserved,occupied,overdue,open,fault,blocked" doc:"What a person must know first."`
	Unit     string            `json:"unit,omitempty" doc:"Name of the unit whose parcels are in it, or that it is reserved for."`
	Days     int               `json:"days" doc:"Whole days since the oldest parcel was stored."`
	Parcels  int               `json:"parcels" doc:"How many are in it."`
	Overdue  int               `json:"overdue" doc:"Of them, past their \"collect by\"."`
	Held     int               `json:"held" doc:"Of them, for staff only."`
	Faults   []locker.Fault    `json:"faults" doc:"What is broken."`
	Doubt    string            `json:"doubt,omitempty" doc:"Why nobody can vouch for what is in it."`
	Since    time.Time         `json:"since,omitzero" doc:"When the door last changed."`
}

func placeOf(p cloud.WallPlace) Place {
	return Place{
		ID: p.Place, Kind: p.Kind, Name: p.Name, Size: p.Size, Units: p.Units, Low: p.Low, Features: p.Features,
		Status: p.Status, Unit: p.Unit, Days: p.Days, Parcels: p.Parcels, Overdue: p.Overdue, Held: p.Held,
		Faults: each(p.Faults, func(f locker.Fault) locker.Fault { return f }), Doubt: p.Doubt, Since: p.Since,
	}
}

// Wall is a site as its live wall shows it.
type Wall struct {
	Site  Site       `json:"site" doc:"The site."`
	Banks []WallBank `json:"banks" doc:"Its banks."`
	Rooms []WallRoom `json:"rooms" doc:"Its package rooms."`
	Desk  *Place     `json:"desk,omitempty" doc:"Its desk."`
	Tiles Tiles      `json:"tiles" doc:"Counts."`
}

// WallBank is a bank with its compartments.
type WallBank struct {
	ID      locker.BankID `json:"id" doc:"Id."`
	Name    string        `json:"name" doc:"Name."`
	Closed  bool          `json:"closed" doc:"Closed for service: nothing new is stored."`
	Columns []WallColumn  `json:"columns" doc:"From the left."`
}

// WallColumn is a column of a bank.
type WallColumn struct {
	Name         string  `json:"name" doc:"Name." example:"B"`
	Compartments []Place `json:"compartments" doc:"From the top."`
}

// WallRoom is a package room with its shelves.
type WallRoom struct {
	ID      locker.RoomID `json:"id" doc:"Id."`
	Name    string        `json:"name" doc:"Name."`
	Shelves []Place       `json:"shelves" doc:"Its shelves."`
}

// Tiles are counts.
type Tiles struct {
	Free           int                 `json:"free" doc:"Compartments."`
	Reserved       int                 `json:"reserved" doc:"Compartments."`
	Occupied       int                 `json:"occupied" doc:"Compartments."`
	Overdue        int                 `json:"overdue" doc:"Compartments."`
	Open           int                 `json:"open" doc:"Compartments."`
	Fault          int                 `json:"fault" doc:"Compartments."`
	Blocked        int                 `json:"blocked" doc:"Compartments."`
	FreeBySize     map[locker.Size]int `json:"free_by_size" doc:"Free compartments of each size."`
	Waiting        int                 `json:"waiting" doc:"Parcels that wait, on shelves and at the desk too."`
	StoredToday    int                 `json:"stored_today" doc:"Since midnight of the site."`
	CollectedToday int                 `json:"collected_today" doc:"Since midnight of the site."`
	OpenIncidents  int                 `json:"open_incidents" doc:"How many."`
}

func wallOf(w cloud.Wall) Wall {
	t := w.Tiles
	view := Wall{
		Site:  siteOf(w.Site),
		Rooms: each(w.Rooms, roomOf),
		Banks: each(w.Banks, bankOf),
		Tiles: Tiles{
			Free: t.Free, Reserved: t.Reserved, Occupied: t.Occupied, Overdue: t.Overdue, Open: t.Open, Fault: t.Fault,
			Blocked: t.Blocked, FreeBySize: t.FreeBySize, Waiting: t.Waiting, StoredToday: t.StoredToday,
			CollectedToday: t.CollectedToday, OpenIncidents: t.Incidents,
		},
	}
	if view.Tiles.FreeBySize == nil {
		view.Tiles.FreeBySize = map[locker.Size]int{}
	}
	if w.Desk != nil {
		desk := placeOf(*w.Desk)
		view.Desk = &desk
	}
	return view
}

func roomOf(r cloud.WallRoom) WallRoom {
	return WallRoom{ID: r.ID, Name: r.Name, Shelves: each(r.Shelves, func(s cloud.WallPlace) Place {
		p := placeOf(s)
		p.Room = r.ID
		return p
	})}
}

func bankOf(b cloud.WallBank) WallBank {
	view := WallBank{ID: b.ID, Name: b.Name, Closed: b.Closed, Columns: []WallColumn{}}
	for c, column := range b.Columns {
		places := each(column.Doors, placeOf)
		for r := range places {
			places[r].Bank, places[r].Column, places[r].Row = b.ID, c+1, r+1
		}
		view.Columns = append(view.Columns, WallColumn{Name: column.Name, Compartments: places})
	}
	return view
}

// places lists all places of a wall: compartments, shelves, the desk.
func (w Wall) places() []Place {
	var all []Place
	for _, b := range w.Banks {
		for _, c := range b.Columns {
			all = append(all, c.Compartments...)
		}
	}
	for _, r := range w.Rooms {
		all = append(all, r.Shelves...)
	}
	if w.Desk != nil {
		all = append(all, *w.Desk)
	}
	return all
}

func (a *API) wall(ctx context.Context, who cloud.Principal, site locker.SiteID) (Wall, error) {
	w, err := a.cloud.Wall(ctx, who, site)
	return wallOf(w), err
}

func (a *API) getWall(ctx context.Context, who cloud.Principal, in *OfSite) (*reply[Wall], error) {
	return answer(a.wall(ctx, who, in.Site))
}

// Bank is a bank with counts.
type Bank struct {
	ID           locker.BankID             `json:"id" doc:"Id."`
	Name         string                    `json:"name" doc:"Name."`
	Closed       bool                      `json:"closed" doc:"Closed for service: nothing new is stored."`
	Columns      int                       `json:"columns" doc:"How many."`
	Compartments int                       `json:"compartments" doc:"How many."`
	Statuses     map[cloud.PlaceStatus]int `json:"statuses" doc:"Compartments in each state."`
}

func (a *API) listBanks(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Paging
},
) (*reply[List[Bank]], error) {
	w, err := a.wall(ctx, who, in.Site)
	if err != nil {
		return nil, err
	}
	page, err := cut(w.Banks, in.Paging, func(b WallBank) string { return string(b.ID) })
	return answer(listOf(page, func(b WallBank) Bank {
		bank := Bank{ID: b.ID, Name: b.Name, Closed: b.Closed, Columns: len(b.Columns), Statuses: map[cloud.PlaceStatus]int{}}
		for _, c := range b.Columns {
			for _, p := range c.Compartments {
				bank.Compartments++
				bank.Statuses[p.Status]++
			}
		}
		return bank
	}), err)
}

// PlaceFilter chooses places.
type PlaceFilter struct {
	OfSite
	Paging
	Status cloud.PlaceStatus `query:"status" enum:"free,reserved,occupied,overdue,open,fault,blocked" doc:"Only places in this state."`
}

func (a *API) listPlaces(ctx context.Context, who cloud.Principal, in *struct {
	PlaceFilter
	Kind locker.PlaceKind `query:"kind" enum:"compartment,shelf,desk" doc:"Only places of this kind."`
},
) (*reply[List[Place]], error) {
	return a.choosePlaces(ctx, who, in.PlaceFilter, in.Kind)
}

func (a *API) listCompartments(ctx context.Context, who cloud.Principal, in *PlaceFilter) (*reply[List[Place]], error) {
	return a.choosePlaces(ctx, who, *in, locker.PlaceCompartment)
}

func (a *API) choosePlaces(ctx context.Context, who cloud.Principal, f PlaceFilter, kind locker.PlaceKind) (*reply[List[Place]], error) {
	w, err := a.wall(ctx, who, f.Site)
	if err != nil {
		return nil, err
	}
	var chosen []Place
	for _, p := range w.places() {
		if (kind == "" || p.Kind == kind) && (f.Status == "" || p.Status == f.Status) {
			chosen = append(chosen, p)
		}
	}
	page, err := cut(chosen, f.Paging, func(p Place) string { return string(p.ID) })
	return answer(listOf(page, func(p Place) Place { return p }), err)
}

// PlaceDetail is a place with everything that staff need to know of it.
type PlaceDetail struct {
	Place
	Around      string           `json:"around,omitempty" doc:"Name of its bank or room."`
	Door        locker.Door      `json:"door,omitempty" enum:"open,closed" doc:"What is known of the door; missing: nothing."`
	Occupancy   locker.Occupancy `json:"occupancy,omitempty" enum:"empty,occupied" doc:"What a sensor says; missing: nothing."`
	Out         bool             `json:"out_of_service" doc:"Out of service."`
	Reservation *Reservation     `json:"reservation,omitempty" doc:"Whom it is kept free for."`
	Stays       []Parcel         `json:"stays" doc:"Parcels in it, oldest first."`
	Timeline    []TimelineEntry  `json:"timeline" doc:"The last 100 entries, newest first."`
	Intents     []Intent         `json:"intents" doc:"The latest, newest first."`
	Actions     []cloud.Action   `json:"actions" doc:"What may be asked of it now."`
}

// Reservation keeps a compartment free.
type Reservation struct {
	ID      locker.ReservationID `json:"id" doc:"Id."`
	Unit    locker.UnitID        `json:"unit,omitempty" doc:"For whom: a unit."`
	Courier locker.CourierID     `json:"courier,omitempty" doc:"For whom: a courier."`
	Until   time.Time            `json:"until,omitzero" doc:"When it ends."`
}

func (a *API) getPlace(ctx context.Context, who cloud.Principal, in *OfPlace) (*reply[PlaceDetail], error) {
	sheet, err := a.cloud.DoorSheet(ctx, who, in.Site, in.Place)
	if err != nil {
		return nil, err
	}
	people := seesPeople(who)
	view := PlaceDetail{
		Place: placeOf(sheet.Place), Around: sheet.Bank, Door: sheet.Door, Occupancy: sheet.Occupancy, Out: sheet.Out,
		Stays:    each(sheet.Parcels, func(d cloud.Delivery) Parcel { return parcelOf(d, people) }),
		Timeline: each(sheet.Timeline, func(e cloud.TimelineEntry) TimelineEntry { return entryOf(e, people) }),
		Intents:  each(sheet.Intents, func(i cloud.IntentView) Intent { return intentOf(i, people) }),
		Actions:  each(sheet.Actions, func(x cloud.Action) cloud.Action { return x }),
	}
	if r := sheet.Reserved; r.ID != "" {
		view.Reservation = &Reservation{ID: r.ID, Unit: r.Unit, Courier: r.Courier, Until: r.Until.Time()}
	}
	return answer(view, nil)
}

func (a *API) getCompartment(ctx context.Context, who cloud.Principal, in *OfPlace) (*reply[PlaceDetail], error) {
	found, err := a.getPlace(ctx, who, in)
	if err == nil && found.Body.Kind != locker.PlaceCompartment {
		return nil, locker.Errorf(locker.CodePlaceUnknown, "%s is not a compartment; see /places", in.Place)
	}
	return found, err
}

func (a *API) setService(ctx context.Context, who cloud.Principal, in *struct {
	OfPlace
	Body struct {
		Out    bool   `json:"out_of_service" doc:"True takes it out, false puts it back."`
		Reason string `json:"reason" minLength:"3" maxLength:"500" doc:"Why." example:"hinge bent"`
	}
},
) (*made[Named], error) {
	return asked(a.cloud.SetService(ctx, who, in.Site, in.Place, in.Body.Out, in.Body.Reason))
}

func (a *API) openPlace(ctx context.Context, who cloud.Principal, in *struct {
	OfPlace
	Body Reasoned
},
) (*made[Named], error) {
	return asked(a.cloud.RemoteOpen(ctx, who, in.Site, in.Place, in.Body.Reason))
}

func (a *API) verifyPlace(ctx context.Context, who cloud.Principal, in *struct {
	OfPlace
	Body struct {
		Occupied bool `json:"occupied" doc:"Something is in it."`
	}
},
) (*made[Named], error) {
	return asked(a.cloud.Verify(ctx, who, in.Site, in.Place, in.Body.Occupied))
}

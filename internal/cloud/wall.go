package cloud

import (
	"context"
	"time"

	"cubby/internal/locker"
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
	return Wall{}, errLater
}

// WallPlace returns one place of the wall: what a live update draws again.
func (c *Cloud) WallPlace(ctx context.Context, p Principal, site locker.SiteID, place locker.PlaceID) (WallPlace, error) {
	return WallPlace{}, errLater
}

// Tiles returns the counts above the wall.
func (c *Cloud) Tiles(ctx context.Context, p Principal, site locker.SiteID) (Tiles, error) {
	return Tiles{}, errLater
}

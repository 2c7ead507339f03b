package locker

import (
	"fmt"
	"slices"
)

// Reach of a seated or short person, in millimetres above the floor.
// Source: EN 301 549 §8.3 (unobstructed reach 380 to 1,220 mm).
const (
	ReachLowMM  = 380
	ReachHighMM = 1220
)

// Witness says what a bank can see for itself. Where a witness is missing the person is asked.
type Witness struct {
	Latch    bool `json:"latch"`              // the lock tells open from closed
	Cycle    bool `json:"cycle,omitempty"`    // a contact on the door tells open from closed
	Infrared bool `json:"infrared,omitempty"` // a sensor tells occupied from empty
	Weight   bool `json:"weight,omitempty"`   // a scale tells occupied from empty
}

// SeesDoor reports whether the bank sees its doors open and close.
func (w Witness) SeesDoor() bool { return w.Latch || w.Cycle }

// SeesSpace reports whether the bank sees what is behind its doors.
func (w Witness) SeesSpace() bool { return w.Infrared || w.Weight }

// Output is where a compartment's lock is wired: a channel of a board on a bus.
type Output struct {
	Bus     string `json:"bus"`     // name of the bus in the controller's configuration
	Board   uint8  `json:"board"`   // address on the bus
	Channel uint8  `json:"channel"` // counted from 1
}

// Features are what a compartment offers beyond its size.
type Features struct {
	Refrigerated bool `json:"refrigerated,omitempty"`
	Outdoor      bool `json:"outdoor,omitempty"`
	Oversize     bool `json:"oversize,omitempty"`
	Accessible   bool `json:"accessible,omitempty"` // declared so, whatever ReachMM says
}

// Compartment is one lockable door with a space behind it.
type Compartment struct {
	ID       PlaceID  `json:"id"`
	Name     string   `json:"name"` // as painted on the door, e.g. "B07"
	Size     Size     `json:"size"`
	Units    int      `json:"units"`    // height on the wall, 1 to 12
	ReachMM  int      `json:"reach_mm"` // height of the operable part above the floor; 0 when unknown
	Features Features `json:"features"`
	Output   Output   `json:"output"`
}

// Low reports whether a seated or short person reaches the door.
func (c Compartment) Low() bool {
	return c.Features.Accessible || c.ReachMM >= ReachLowMM && c.ReachMM <= ReachHighMM
}

// Column is a vertical module of a bank; its compartments are listed from the top.
type Column struct {
	Name         string        `json:"name"`
	Compartments []Compartment `json:"compartments"`
	ScreenUnits  int           `json:"screen_units,omitempty"` // height of the kiosk's screen in this column
	ScreenAbove  int           `json:"screen_above,omitempty"` // index of the compartment right below the screen
}

// Bank is a locker cabinet.
type Bank struct {
	ID      BankID   `json:"id"`
	Name    string   `json:"name"`
	Witness Witness  `json:"witness"`
	Columns []Column `json:"columns"`
	Closed  bool     `json:"closed,omitempty"` // closed for service: nothing new is stored
}

// Shelf is a numbered place in a room.
type Shelf struct {
	ID       PlaceID  `json:"id"`
	Name     string   `json:"name"`
	Features Features `json:"features"`
}

// Room is a package room.
type Room struct {
	ID      RoomID  `json:"id"`
	Name    string  `json:"name"`
	Shelves []Shelf `json:"shelves"`
}

// Desk is the counter where staff keep and hand over parcels.
type Desk struct {
	ID   PlaceID `json:"id"`
	Name string  `json:"name"`
}

// Layout is what a site consists of.
type Layout struct {
	Banks []Bank `json:"banks"`
	Rooms []Room `json:"rooms,omitempty"`
	Desk  *Desk  `json:"desk,omitempty"`
}

// PlaceKind tells compartments, shelves and the desk apart. The zero value is invalid.
type PlaceKind string

// The kinds of place.
const (
	PlaceCompartment PlaceKind = "compartment"
	PlaceShelf       PlaceKind = "shelf"
	PlaceDesk        PlaceKind = "desk"
)

// Place is one entry of the layout's index.
type Place struct {
	ID          PlaceID
	Kind        PlaceKind
	Name        string
	Bank        BankID // of a compartment
	Room        RoomID // of a shelf
	Column      int    // of a compartment, counted from 0
	Row         int    // of a compartment, counted from 0 at the top
	Compartment Compartment
	Witness     Witness
	Closed      bool
}

// Places returns every place of the layout: compartments bank by bank, column by column from the
// top, then shelves, then the desk.
func (l Layout) Places() []Place {
	var places []Place
	for _, b := range l.Banks {
		for ci, col := range b.Columns {
			for ri, c := range col.Compartments {
				places = append(places, Place{
					ID: c.ID, Kind: PlaceCompartment, Name: c.Name, Bank: b.ID,
					Column: ci, Row: ri, Compartment: c, Witness: b.Witness, Closed: b.Closed,
				})
			}
		}
	}
	for _, r := range l.Rooms {
		for _, s := range r.Shelves {
			places = append(places, Place{ID: s.ID, Kind: PlaceShelf, Name: s.Name, Room: r.ID})
		}
	}
	if l.Desk != nil {
		places = append(places, Place{ID: l.Desk.ID, Kind: PlaceDesk, Name: l.Desk.Name})
	}
	return places
}

// Validate returns an *Error with CodeLayoutInvalid that names the first thing wrong: an id used
// twice, two doors on one output, a size that does not exist, a height outside of 1 to 12.
func (l Layout) Validate() error {
	ids := map[PlaceID]bool{}
	outputs := map[Output]PlaceID{}
	for _, p := range l.Places() {
		if p.ID == "" || p.Name == "" {
			return Errorf(CodeLayoutInvalid, "a %s has no id or no name", p.Kind)
		}
		if ids[p.ID] {
			return Errorf(CodeLayoutInvalid, "place %s stands twice in the layout", p.ID)
		}
		ids[p.ID] = true
		if p.Kind != PlaceCompartment {
			continue
		}
		if err := p.Compartment.validate(); err != nil {
			return err
		}
		if other, taken := outputs[p.Compartment.Output]; taken {
			return Errorf(CodeLayoutInvalid, "doors %s and %s are wired to the same output (%s)",
				other, p.ID, p.Compartment.Output)
		}
		outputs[p.Compartment.Output] = p.ID
	}
	return l.validateBanks()
}

func (c Compartment) validate() error {
	switch {
	case !c.Size.Valid():
		return Errorf(CodeLayoutInvalid, "door %s: size %q is not one of S, M, L, XL", c.ID, string(c.Size))
	case c.Units < 1 || c.Units > 12:
		return Errorf(CodeLayoutInvalid, "door %s: height of %d units is not 1 to 12", c.ID, c.Units)
	case c.ReachMM < 0 || c.ReachMM > 3000:
		return Errorf(CodeLayoutInvalid, "door %s: reach of %d mm is not 0 to 3000", c.ID, c.ReachMM)
	case c.Output.Channel == 0:
		return Errorf(CodeLayoutInvalid, "door %s: channels count from 1", c.ID)
	}
	return nil
}

func (l Layout) validateBanks() error {
	var seen []BankID
	for _, b := range l.Banks {
		if b.ID == "" || slices.Contains(seen, b.ID) {
			return Errorf(CodeLayoutInvalid, "bank id %q is empty or stands twice", string(b.ID))
		}
		seen = append(seen, b.ID)
		for _, c := range b.Columns {
			if c.ScreenUnits < 0 || c.ScreenAbove < 0 || c.ScreenAbove > len(c.Compartments) {
				return Errorf(CodeLayoutInvalid, "bank %s, column %s: the screen lies outside of the column", b.ID, c.Name)
			}
		}
	}
	return nil
}

// String returns the output as bus/board/channel.
func (o Output) String() string { return fmt.Sprintf("%s/%d/%d", o.Bus, o.Board, o.Channel) }

package client

// Features are what a compartment offers beyond its size.
type Features struct {
	Refrigerated bool `json:"refrigerated,omitempty"`
	Outdoor      bool `json:"outdoor,omitempty"`
	Oversize     bool `json:"oversize,omitempty"`
	Accessible   bool `json:"accessible,omitempty"` // declared so, whatever ReachMM says
}

// Layout is what a site consists of.
type Layout struct {
	Banks []LayoutBank `json:"banks"`
	Rooms []LayoutRoom `json:"rooms,omitempty"`
	Desk  *LayoutDesk  `json:"desk,omitempty"`
}

// LayoutBank is a locker cabinet.
type LayoutBank struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Witness LayoutWitness  `json:"witness"`
	Columns []LayoutColumn `json:"columns"`
	Closed  bool           `json:"closed,omitempty"` // closed for service: nothing new is stored
}

// LayoutColumn is a vertical module of a bank; its compartments are listed from the top.
type LayoutColumn struct {
	Name         string              `json:"name"`
	Compartments []LayoutCompartment `json:"compartments"`
	ScreenUnits  int                 `json:"screen_units,omitempty"` // height of the kiosk's screen in this column
	ScreenAbove  int                 `json:"screen_above,omitempty"` // index of the compartment right below the screen
}

// LayoutCompartment is one lockable door with a space behind it.
type LayoutCompartment struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"` // as painted on the door, e.g. "B07"
	Size     string       `json:"size"`
	Units    int          `json:"units"`    // height on the wall, 1 to 12
	ReachMM  int          `json:"reach_mm"` // height of the operable part above the floor; 0 when unknown
	Features Features     `json:"features"`
	Output   LayoutOutput `json:"output"`
}

// LayoutOutput is where a compartment's lock is wired: a channel of a board on a bus.
type LayoutOutput struct {
	Bus     string `json:"bus"`     // name of the bus in the controller's configuration
	Board   uint8  `json:"board"`   // address on the bus
	Channel uint8  `json:"channel"` // counted from 1
}

// LayoutWitness says what a bank can see for itself. Where a witness is missing the person is asked.
type LayoutWitness struct {
	Latch    bool `json:"latch"`              // the lock tells open from closed
	Cycle    bool `json:"cycle,omitempty"`    // a contact on the door tells open from closed
	Infrared bool `json:"infrared,omitempty"` // a sensor tells occupied from empty
	Weight   bool `json:"weight,omitempty"`   // a scale tells occupied from empty
}

// LayoutRoom is a package room.
type LayoutRoom struct {
	ID      string        `json:"id"`
	Name    string        `json:"name"`
	Shelves []LayoutShelf `json:"shelves"`
}

// LayoutShelf is a numbered place in a room.
type LayoutShelf struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Features Features `json:"features"`
}

// LayoutDesk is the counter where staff keep and hand over parcels.
type LayoutDesk struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Policy is how a site wants its parcels handled. Zero values mean the defaults of DefaultPolicy.
type Policy struct {
	Consolidate    bool     `json:"consolidate"`     // a household's parcels may share a compartment
	HoldHours      int      `json:"hold_hours"`      // from storing to "collect by"
	UndoSeconds    int      `json:"undo_seconds"`    // a courier may undo or reopen for so long
	GraceSeconds   int      `json:"grace_seconds"`   // a collected compartment may be reopened for so long
	OpenSeconds    int      `json:"open_seconds"`    // a door must open within so long after its pulse
	AjarSeconds    int      `json:"ajar_seconds"`    // an open door is an incident after so long
	ReserveMinutes int      `json:"reserve_minutes"` // longest reservation
	MaxUpgrade     int      `json:"max_upgrade"`     // size classes a parcel may be upgraded; 0: any
	Fallback       []string `json:"fallback,omitempty"`
	Guesses        int      `json:"guesses,omitempty"` // wrong codes a day that the site takes; 0: 20
}

package round

import (
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

// Scope says which places are looked into. The zero value is invalid.
type Scope string

// The scopes.
const (
	All      Scope = "all"
	Doubtful Scope = "doubtful" // in doubt, with a parcel in incident, or named by the last audit
)

// Valid reports whether the scope is known.
func (s Scope) Valid() bool { return s == All || s == Doubtful }

// Said is what a person said of a place. The zero value: nothing yet.
type Said string

// What can be said.
const (
	Empty    Said = "empty"
	AsBooked Said = "as_booked" // what is booked is there, and nothing else
	Differs  Said = "differs"   // see Answer
	Unseen   Said = "unseen"    // could not look
)

// Valid reports whether it is something to say.
func (s Said) Valid() bool { return s == Empty || s == AsBooked || s == Differs || s == Unseen }

// Limits of one guided audit.
const (
	maxPlaces = 2000
	maxLabels = 20
	maxLabel  = 100 // letters
	maxNote   = 500
	minReason = 3
	maxReason = 200
)

// Draft is a guided audit to begin.
type Draft struct {
	Scope  Scope
	Bank   locker.BankID // or the id of a room; empty: the whole site
	Reason string        // why, 3 to 200 letters: it stands beside each opening
}

// Answer is what a person saw in a place.
type Answer struct {
	Said   Said
	Seen   []locker.StayID // of those booked here; with Differs
	Found  []locker.StayID // booked somewhere else; with Differs
	Labels []string        // as scanned, of parcels that are booked nowhere; with Differs
	More   int             // parcels that are booked nowhere and have no label; with Differs
	Note   string
}

// State says how far a place is. The zero value is invalid.
type State string

// The states.
const (
	Todo    State = "todo"
	Sent    State = "sent"    // said, and the site has not answered
	Done    State = "done"    // said, and in the site's record
	Refused State = "refused" // said, and the site did not take it: see Step.Code
	Skipped State = "skipped"
)

// Step is one place of a guided audit.
type Step struct {
	Place     locker.PlaceID   `json:"place"`
	Name      string           `json:"name"`
	Kind      locker.PlaceKind `json:"kind"`
	State     State            `json:"state"`
	Booked    int              `json:"booked,omitempty"` // parcels in the books when it was said
	Said      Said             `json:"said,omitempty"`
	Seen      int              `json:"seen,omitempty"`
	Missing   []string         `json:"missing,omitempty"` // ids of parcels
	Found     []string         `json:"found,omitempty"`   // ids of parcels
	Strangers int              `json:"strangers,omitempty"`
	Tails     []string         `json:"tails,omitempty"` // last letters of the strangers' labels; all of them are in the site's annex only
	Note      string           `json:"note,omitempty"`
	By        string           `json:"by,omitempty"` // user id
	At        time.Time        `json:"at,omitzero"`
	Open      locker.IntentID  `json:"open,omitempty"`   // latest opening
	Intent    locker.IntentID  `json:"intent,omitempty"` // that tells the site
	Code      locker.Code      `json:"code,omitempty"`   // why the site did not take it
}

// body is what a row keeps.
type body struct {
	Scope  Scope         `json:"scope"`
	Bank   locker.BankID `json:"bank,omitempty"`
	Reason string        `json:"reason"`
	Steps  []Step        `json:"steps"`
}

// Summary is a guided audit in a list.
type Summary struct {
	ID     string
	Scope  Scope
	Bank   locker.BankID
	Reason string
	By     string // name
	Began  time.Time
	Ended  time.Time // zero: it goes on
	Done   int       // places that are over
	Of     int
	Amiss  int // places that were not as booked, or could not be seen
}

// View is a guided audit as everybody who looks at it sees it.
type View struct {
	Summary
	Steps   []Step
	Current *Step            // the place at hand; nil: all are over
	Sheet   cloud.DoorSheet  // of the place at hand
	Opening cloud.IntentView // latest opening of it; zero: none was asked for
	People  map[string]string
}

func (s Step) over() bool { return s.State == Done || s.State == Skipped }

// Amiss reports whether what was said is not what the books said.
func (s Step) Amiss() bool {
	return s.State == Refused || s.Said == Unseen || s.Said == Differs || len(s.Missing) > 0
}

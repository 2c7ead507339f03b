package oracle

// Head is what every event has: the site and the true time in milliseconds.
type Head struct {
	Site string
	At   int64
}

func (h Head) head() Head { return h }

// Event is something that happened.
type Event interface{ head() Head }

// What the world did.
type (
	// Pulse is one coil pulse, as the lock felt it.
	Pulse struct {
		Head
		Bank, Place, Request string
		End                  int64 // true time
		Boot                 int
	}
	// DoorMoved is a door that opened or shut.
	DoorMoved struct {
		Head
		Place string
		Open  bool
		Cause string // pulse, force, person
	}
	// Put is a parcel that somebody laid into a place.
	Put struct {
		Head
		Place, Parcel, Household string
		AsTold                   bool // where the kiosk said, for whom the kiosk was told
	}
	// Took is a parcel that left a place.
	Took struct {
		Head
		Place, Parcel string
		By            string // household, courier, staff, thief
	}
	// LeftBehind is a parcel whose holder shut the door on it.
	LeftBehind struct {
		Head
		Place, Parcel string
		Seen          bool // a sensor that does not lie looks into the space
	}
	// Booted is a controller that started.
	Booted struct {
		Head
		Boot int
	}
	// DiskLies says that from here on the disk keeps nothing of what it says is durable.
	DiskLies struct{ Head }
	// Lost says that the power went and the disk has nothing after that record, nor anything since it
	// began to lie.
	Lost struct {
		Head
		Epoch, Number uint64
	}
	// Replaced is a blank computer in the place of the controller: its record begins anew.
	Replaced struct{ Head }
	// SensorLied says that a sensor of a place showed what was not so, from here on until it is false.
	SensorLied struct {
		Head
		Place string
		Lies  bool
	}
)

// Fact is one durable fact of a site's record, told when the disk has it. Fields that its kind has not
// got are empty.
type Fact struct {
	Head
	Epoch, Number uint64
	Boot          int
	Kind          string
	Request       string
	Place         string
	Stay          string
	Parcel        string
	Recipient     string
	Household     string
	Grant         string
	Cause         string
	Purpose       string
	Retries       string
	Reason        string
	Intent        string
	Problem       string
	Attempt       int
	Stays         []string
	Done          bool
	Audit         bool
}

// What the server decided and the site learned.
type (
	// Right is a right as the server has it from here on. Rev orders the server's decisions.
	Right struct {
		Head
		Ref         string // stay:…, pass:…, courier:…, staff:…, intent:…
		Rev         uint64
		From, Until int64 // zero: open
		Revoked     bool
		Place       string // of an intent
	}
	// DayPassed says nothing but the time: a day has passed.
	DayPassed struct{ Head }
	// Applied says that the site acts on the directory up to a revision.
	Applied struct {
		Head
		Rev uint64
	}
	// Online says whether messages pass at all between the halves.
	Online struct {
		Head
		Up bool
	}
	// Committed is a record that the server committed, told when its acknowledgement is written.
	Committed struct {
		Head
		Epoch, Number uint64
		Sum           [32]byte // SHA-256 of the body
		Again         bool     // it was there before
	}
	// Acknowledged is how far the server says that a site's record goes, and what it was given in order.
	Acknowledged struct {
		Head
		Epoch, Number           uint64
		GivenEpoch, GivenNumber uint64
	}
	// Notice is a message that a provider accepted.
	Notice struct {
		Head
		Parcel, Channel, Kind, Key string
	}
)

// What people were told, and did.
type (
	// Told is something that a person was told is done: stored or collected.
	Told struct {
		Head
		What, Stay string
	}
	// Guessed is a wrong code that somebody tried, and the answer.
	Guessed struct {
		Head
		Answer string // wrong, flooded, locked, open
	}
	// Tried is somebody who asked to be let in by a right that the server took back.
	Tried struct {
		Head
		Ref      string
		Admitted bool
	}
	// Entered is a holder who enters the right code of a stored parcel. Excused names what kept the
	// site from opening its door, empty when nothing did.
	Entered struct {
		Head
		Place, Stay, Excused string
	}
	// Dropping is a courier who brings a parcel for which a free door fits, as the truth has it.
	Dropping struct {
		Head
		Offered bool // the kiosk opened a door
		Excused string
	}
)

// What an audit found.
type (
	// Record is one record of the disk at the end of a run.
	Record struct {
		Head
		Epoch, Number uint64
		Body          []byte
		Prev, Chain   [32]byte // Prev is only read for record 1
	}
	// Tampered is one change that was made to a copy of the record, and what the verifier said.
	Tampered struct {
		Head
		What         string
		Number       uint64
		Found        bool
		Named        uint64 // the record that the verifier named
		NamesExactly bool   // the verifier must name Number
	}
	// Counted is what one half believes of its parcels.
	Counted struct {
		Head
		Who                                       string // controller or server
		Entered, Live, Collected, Removed, Undone int
	}
	// Audited is what the server's own audit of a site found.
	Audited struct {
		Head
		Entered, Stored, Held, Collected, Returned int64
		// Contradictions are differences between books that follow the same record: nothing that people or sensors do
		// makes one.
		Contradictions []string
		Differences    []string // all
		Plain          bool     // as in Believed
		Current        bool     // it is about the whole record of the site as it stands
	}
	// Believed is what the controller believes of a place.
	Believed struct {
		Head
		Place   string
		Stays   int
		Doubted bool
		Busy    bool // a request is under way, or its door is known to be open
		// Plain says that nothing went wrong at this site: everybody did as they were told, and every
		// sensor and lock did its work.
		Plain bool
	}
	// Compared is both halves' state, some time after everything was healed.
	Compared struct {
		Head
		Healed             int64
		Controller, Server string
	}
	// Recovered is where a controller stood after a start, and where the disk did.
	Recovered struct {
		Head
		Epoch, Number         uint64
		DiskEpoch, DiskNumber uint64
	}
	// Drained is the end: everybody came for what is theirs.
	Drained struct {
		Head
		Live int // stays that the controller still believes in
		Left int // parcels that really are behind its doors, without those that nobody saw
	}
)

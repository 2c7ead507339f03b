package locker

// Command is a wish with everything that a decision about it needs beyond the state: who, what,
// and the fresh ids that the facts may use.
type Command interface{ command() }

type (
	// Start says that the controller started. It ends what a restart left open.
	Start struct {
		Boot    string
		Version string
		Seen    map[PlaceID]Sighting // what the sensors say now; nothing was pulsed
	}

	// BeginEpoch opens a journal.
	BeginEpoch struct {
		Reason string
		Sealed string
		Audit  bool
	}

	// ApplyDirectory says that the site now knows a revision of the directory.
	ApplyDirectory struct{ Rev uint64 }

	// BeginSession opens a session for somebody whose credential was verified.
	BeginSession struct {
		Session SessionID
		Actor   Actor
		Grant   GrantRef
	}

	// EndSession closes a session and settles its deposits.
	EndSession struct {
		Session SessionID
		Reason  string
	}

	// RefuseCode counts a wrong code.
	RefuseCode struct{ Fact CodeRefused }

	// BeginDeposit asks for a place for a parcel, and opens its door when it has one.
	BeginDeposit struct {
		Session   SessionID
		Actor     Actor // courier or staff
		Grant     GrantRef
		Parcel    ParcelID
		Stay      StayID
		Request   RequestID
		Recipient RecipientID // empty only with Actor staff: an unknown parcel
		Size      Size
		Place     PlaceID // empty: Allocate chooses
		Bank      BankID  // where the person stands; empty: any
		Cold      bool    // needs refrigeration
		Carrier   CarrierID
		Tracking  AnnexRef
		Key       KeyID
		// Generation is the first one under which the code equals no live one.
		Generation uint32
		Cause      Cause // of the opening; empty: CauseLocal
	}

	// ConfirmStored is a person's word that the parcel is in its place and the door is shut.
	ConfirmStored struct {
		Stay StayID
		By   Actor
	}

	// Undo takes a deposit back; it opens the door again when it is shut.
	Undo struct {
		Session SessionID
		Stay    StayID
		Request RequestID
		Reason  string // undo, need_bigger, wrong_recipient
		By      Actor
		Grant   GrantRef
		Cause   Cause // of the opening; empty: CauseLocal
	}

	// Settle closes the courier's undo of a stay: its time is over.
	Settle struct{ Stay StayID }

	// Collect opens the next door for whoever holds a right to a stay.
	Collect struct {
		Session SessionID
		Stay    StayID  // whose code was shown
		Grant   GrantID // when a pass was shown
		Place   PlaceID // empty: the first of the holder's doors
		Request RequestID
		By      Actor
		Cause   Cause
	}

	// ConfirmTaken is a person's word that the parcels of a place were taken and the door is shut.
	ConfirmTaken struct {
		Session SessionID
		Place   PlaceID
		By      Actor
	}

	// Reopen opens again a door that this session opened last, within the policy's grace.
	Reopen struct {
		Session SessionID
		Place   PlaceID
		Request RequestID
		By      Actor
		Grant   GrantRef
	}

	// Retry repeats a request that failed, after the states were read.
	Retry struct {
		Of      RequestID
		Request RequestID
	}

	// ReportProblem records what a person says is wrong.
	ReportProblem struct {
		Session SessionID
		Stay    StayID // may be empty
		Place   PlaceID
		Problem Problem
		By      Actor
	}

	// StaffOpen opens a door for a reason.
	StaffOpen struct {
		Session SessionID
		Staff   StaffID
		Place   PlaceID
		Request RequestID
		Note    AnnexRef
	}

	// StaffClear takes the parcels out of a place: with a door, once it was opened and shut again.
	StaffClear struct {
		Session SessionID
		Staff   StaffID
		Place   PlaceID
		Stays   []StayID // empty: all of the place
		Request RequestID
		Reason  string
		Note    AnnexRef
	}

	// HandOver gives parcels to somebody over the counter.
	HandOver struct {
		Staff     StaffID
		Stays     []StayID
		To        AnnexRef
		Taker     string // as what they take it, see ParcelCollected
		Signature AnnexRef
	}

	// Reissue gives a stay a new code.
	Reissue struct {
		Stay       StayID
		Key        KeyID
		Generation uint32
		By         Actor
		For        RecipientID // whose it is now, when the cloud made it somebody else's
	}

	// SetService takes a place out of service or puts it back.
	SetService struct {
		Place PlaceID
		Out   bool
		By    Actor
		Note  AnnexRef
	}

	// Verify says what somebody saw in a place.
	Verify struct {
		Place    PlaceID
		Occupied bool
		By       Actor
	}

	// Audit says which parcels somebody saw in a place.
	Audit struct {
		Place     PlaceID
		By        Actor
		Seen      []StayID // of those that are booked here
		Found     []StayID // booked somewhere else
		Strangers int      // booked nowhere, at most MaxStrangers
		Labels    []AnnexRef
		Unseen    bool // nobody could look
		Note      AnnexRef
	}

	// RefuseDrop records a parcel that was not taken.
	RefuseDrop struct{ Fact DropRefused }

	// RemoteOpen is the cloud's intent to open a door.
	RemoteOpen struct {
		Intent  IntentID
		Place   PlaceID
		Staff   StaffID
		Request RequestID
		Note    AnnexRef
		Expires Millis
	}

	// Reserve is the cloud's intent to keep a compartment free.
	Reserve struct {
		Intent      IntentID
		Reservation ReservationID
		Place       PlaceID // empty: Allocate chooses by Size
		Size        Size
		Unit        UnitID
		Courier     CourierID
		Until       Millis
		Expires     Millis
	}

	// EndReservation frees a reserved compartment.
	EndReservation struct {
		Reservation ReservationID
		Reason      string
	}

	// AnswerIntent records the outcome of an intent that needs no other decision, or its refusal.
	AnswerIntent struct {
		Intent IntentID
		Done   bool
		Reason Code
	}

	// DoubtAll says that what this site believes of its compartments may be old: another computer
	// went on with its record.
	DoubtAll struct{}

	// See is what a board said of a door.
	See struct {
		Place PlaceID
		Sighting
	}

	// Unwatched says that a pulse was sent to a door that nobody can see.
	Unwatched struct{ Request RequestID }

	// EndUnwatched ends an opening of a door that nobody sees: By says that the door is shut, or
	// the site (ActorSite) that its time is over without a word.
	EndUnwatched struct {
		Request RequestID
		By      Actor
	}

	// FailOpen ends a request whose door was not seen to open.
	FailOpen struct {
		Request RequestID
		Reason  string // silent, refused, not_opened, governor
		Final   bool   // it will not be tried again
	}

	// RaiseFault says that a part is broken; ClearFault that it works again.
	RaiseFault struct {
		Fault Fault
		Place PlaceID
		Part  string
	}

	// ClearFault ends a fault.
	ClearFault struct {
		Fault Fault
		Place PlaceID
		Part  string
	}

	// BeginService lifts the limit on remote openings: two different people on site ask for it.
	BeginService struct {
		First, Second StaffID
		Until         Millis
	}

	// EndService puts the limit back.
	EndService struct{ Reason string }

	// DoubtClock says that the clock jumped; TrustClock that it is right again.
	DoubtClock struct{ JumpMS int64 }

	// TrustClock says that the clock is right again.
	TrustClock struct{ OffsetMS int64 }
)

// Sighting is one reading of a door and of the space behind it.
type Sighting struct {
	Door      Door
	Occupancy Occupancy
}

func (Start) command()          {}
func (BeginEpoch) command()     {}
func (ApplyDirectory) command() {}
func (BeginSession) command()   {}
func (EndSession) command()     {}
func (RefuseCode) command()     {}
func (BeginDeposit) command()   {}
func (ConfirmStored) command()  {}
func (Undo) command()           {}
func (Settle) command()         {}
func (Collect) command()        {}
func (ConfirmTaken) command()   {}
func (Reopen) command()         {}
func (Retry) command()          {}
func (ReportProblem) command()  {}
func (StaffOpen) command()      {}
func (StaffClear) command()     {}
func (HandOver) command()       {}
func (Reissue) command()        {}
func (SetService) command()     {}
func (Verify) command()         {}
func (Audit) command()          {}
func (RefuseDrop) command()     {}
func (RemoteOpen) command()     {}
func (Reserve) command()        {}
func (EndReservation) command() {}
func (AnswerIntent) command()   {}
func (See) command()            {}
func (Unwatched) command()      {}
func (DoubtAll) command()       {}
func (EndUnwatched) command()   {}
func (FailOpen) command()       {}
func (RaiseFault) command()     {}
func (ClearFault) command()     {}
func (BeginService) command()   {}
func (EndService) command()     {}
func (DoubtClock) command()     {}
func (TrustClock) command()     {}

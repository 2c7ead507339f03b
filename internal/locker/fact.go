package locker

// Fact is something that happened on a site. Facts are records: never refused, never changed.
// Each type has a stable Kind and a golden encoding in internal/wire; fields are only ever added.
type Fact interface {
	// Kind returns the stable name of the type, in snake case.
	Kind() string
}

type (
	// EpochBegan opens a journal: first start, enrolment, replacement, or after a sealed journal.
	EpochBegan struct {
		Reason string `json:"reason"`          // enrolment, replacement, sealed, rollback
		Audit  bool   `json:"audit,omitempty"` // all places are unverified until seen
		Sealed string `json:"sealed,omitempty"`
	}

	// SiteStarted says that the controller (or the host of the site) started.
	SiteStarted struct {
		Boot    string `json:"boot"`
		Version string `json:"version"`
	}

	// DirectoryApplied says which revision of the directory the site knew from here on.
	DirectoryApplied struct {
		Rev uint64 `json:"rev"`
	}

	// SessionBegan says that somebody proved who they are.
	SessionBegan struct {
		Session SessionID `json:"session"`
		Actor   Actor     `json:"actor"`
		Grant   GrantRef  `json:"grant,omitempty"`
	}

	// SessionEnded closes a session.
	SessionEnded struct {
		Session SessionID `json:"session"`
		Reason  string    `json:"reason"` // done, idle, replaced, restart
	}

	// CodeRefused counts a wrong code against the budgets. It never holds the code.
	CodeRefused struct {
		Form    string `json:"form"`             // symbols, digits, token
		Unit    UnitID `json:"unit,omitempty"`   // whose budget, when a unit was typed
		Reason  Code   `json:"reason"`           // CODE_WRONG, CODE_EXPIRED, ...
		Purpose string `json:"purpose"`          // collect, courier, staff, phone
		Source  string `json:"source,omitempty"` // kiosk name
	}

	// OpenRequested is durable before a lock is pulsed: at most one pulse for each.
	OpenRequested struct {
		Request RequestID `json:"request"`
		Place   PlaceID   `json:"place"`
		Purpose Purpose   `json:"purpose"`
		Cause   Cause     `json:"cause"`
		Grant   GrantRef  `json:"grant"`
		Actor   Actor     `json:"actor"`
		Session SessionID `json:"session,omitempty"`
		Stays   []StayID  `json:"stays,omitempty"`
		Retries RequestID `json:"retries,omitempty"` // the first request of the series
		Attempt int       `json:"attempt"`           // 1 to 3
		Note    AnnexRef  `json:"note,omitempty"`    // reason, in the annex
	}

	// DoorOpened says that a door was seen to open. Without a Request nobody asked for it.
	DoorOpened struct {
		Place    PlaceID   `json:"place"`
		Request  RequestID `json:"request,omitempty"`
		Evidence Evidence  `json:"evidence"`
	}

	// OpenFailed ends a request: the door was not seen to open.
	OpenFailed struct {
		Request RequestID `json:"request"`
		Place   PlaceID   `json:"place"`
		Reason  string    `json:"reason"` // silent, refused, jammed, not_opened, governor
	}

	// OpenUnconfirmed ends a request that a power cut left unanswered.
	OpenUnconfirmed struct {
		Request RequestID `json:"request"`
		Place   PlaceID   `json:"place"`
	}

	// DoorClosed says that a door was seen to close.
	DoorClosed struct {
		Place     PlaceID   `json:"place"`
		Request   RequestID `json:"request,omitempty"`
		Occupancy Occupancy `json:"occupancy,omitempty"`
	}

	// DepositBegun says that a parcel was promised a place.
	DepositBegun struct {
		Stay       StayID      `json:"stay"`
		Parcel     ParcelID    `json:"parcel"`
		Place      PlaceID     `json:"place"`
		Recipient  RecipientID `json:"recipient,omitempty"` // empty: unknown, kept for staff
		Unit       UnitID      `json:"unit,omitempty"`
		Size       Size        `json:"size"`
		Actor      Actor       `json:"actor"`
		Carrier    CarrierID   `json:"carrier,omitempty"`
		Session    SessionID   `json:"session,omitempty"`
		Tracking   AnnexRef    `json:"tracking,omitempty"`
		Key        KeyID       `json:"key"`
		Generation uint32      `json:"generation"`
		CollectBy  Millis      `json:"collect_by"`
		Upgraded   bool        `json:"upgraded,omitempty"`
		Shared     bool        `json:"shared,omitempty"` // into a door with the household's other parcels
	}

	// ParcelStored says that the parcel is in its place. The right to collect begins here.
	ParcelStored struct {
		Stay     StayID   `json:"stay"`
		Place    PlaceID  `json:"place"`
		Evidence Evidence `json:"evidence"`
		By       Actor    `json:"by"`
	}

	// DepositSettled says that the courier's undo has closed: the first notice may go.
	DepositSettled struct {
		Stay StayID `json:"stay"`
	}

	// UndoRequested says that the courier takes a parcel back.
	UndoRequested struct {
		Stay   StayID `json:"stay"`
		Reason string `json:"reason"` // undo, need_bigger, wrong_recipient
	}

	// DepositUndone ends a stay that never was: the parcel left with whoever brought it.
	DepositUndone struct {
		Stay   StayID  `json:"stay"`
		Place  PlaceID `json:"place"`
		Reason string  `json:"reason"` // undo, need_bigger, wrong_recipient, failed, abandoned
	}

	// ParcelCollected ends a stay: the parcel left with its recipient.
	ParcelCollected struct {
		Stay     StayID   `json:"stay"`
		Place    PlaceID  `json:"place"`
		Evidence Evidence `json:"evidence"`
		By       Actor    `json:"by"`
		To       AnnexRef `json:"to,omitempty"` // who took it, when somebody handed it over
		// Taker says as what they took it: recipient, household, delegate or other.
		Taker     string   `json:"taker,omitempty"`
		Signature AnnexRef `json:"signature,omitempty"` // their signature, in the annex
	}

	// ParcelRemoved ends a stay: staff took the parcel.
	ParcelRemoved struct {
		Stay   StayID   `json:"stay"`
		Place  PlaceID  `json:"place"`
		By     Actor    `json:"by"`
		Reason string   `json:"reason"` // returned, moved, cleared, missing
		Note   AnnexRef `json:"note,omitempty"`
	}

	// ProblemReported is what a person said of a stay or of a door.
	ProblemReported struct {
		Stay    StayID  `json:"stay,omitempty"`
		Place   PlaceID `json:"place"`
		Problem Problem `json:"problem"`
		By      Actor   `json:"by"`
	}

	// CodeReissued gives a stay a new code; the old one is wrong from here on.
	CodeReissued struct {
		Stay       StayID      `json:"stay"`
		Key        KeyID       `json:"key"`
		Generation uint32      `json:"generation"`
		By         Actor       `json:"by"`
		For        RecipientID `json:"for,omitempty"` // whose it is now, when the cloud made it somebody else's
	}

	// DropRefused records a parcel that was not taken, so that none ends on the floor unseen.
	DropRefused struct {
		Session   SessionID   `json:"session,omitempty"`
		Actor     Actor       `json:"actor"`
		Carrier   CarrierID   `json:"carrier,omitempty"`
		Recipient RecipientID `json:"recipient,omitempty"`
		Reason    Code        `json:"reason"` // BANK_FULL, NOTHING_FITS, NO_LOW_DOOR, UNIT_UNKNOWN
		Size      Size        `json:"size,omitempty"`
		Tracking  AnnexRef    `json:"tracking,omitempty"`
	}

	// ServiceChanged takes a place out of service or puts it back.
	ServiceChanged struct {
		Place PlaceID  `json:"place"`
		Out   bool     `json:"out"`
		By    Actor    `json:"by"`
		Note  AnnexRef `json:"note,omitempty"`
	}

	// PlaceReserved keeps a compartment free for somebody until a moment.
	PlaceReserved struct {
		Reservation ReservationID `json:"reservation"`
		Place       PlaceID       `json:"place"`
		Unit        UnitID        `json:"unit,omitempty"`
		Courier     CourierID     `json:"courier,omitempty"`
		Until       Millis        `json:"until"`
	}

	// ReservationEnded frees a reserved compartment.
	ReservationEnded struct {
		Reservation ReservationID `json:"reservation"`
		Reason      string        `json:"reason"` // used, expired, cancelled
	}

	// IntentAnswered is the site's answer to an intent.
	IntentAnswered struct {
		Intent IntentID `json:"intent"`
		Done   bool     `json:"done"`
		Reason Code     `json:"reason,omitempty"` // why not
	}

	// FaultRaised says that a part of the site does not do what it should.
	FaultRaised struct {
		Fault Fault   `json:"fault"`
		Place PlaceID `json:"place,omitempty"`
		Part  string  `json:"part,omitempty"` // e.g. bus or bus/board
	}

	// FaultCleared ends a fault.
	FaultCleared struct {
		Fault Fault   `json:"fault"`
		Place PlaceID `json:"place,omitempty"`
		Part  string  `json:"part,omitempty"`
	}

	// PlaceDoubted says that nobody can vouch for what is in a place until somebody looks.
	PlaceDoubted struct {
		Place  PlaceID `json:"place"`
		Reason string  `json:"reason"` // unasked_open, restart, contradiction, reported, unanswered, audit, strangers, unseen
	}

	// PlaceVerified says that somebody looked.
	PlaceVerified struct {
		Place    PlaceID `json:"place"`
		Occupied bool    `json:"occupied"`
		By       Actor   `json:"by"`
	}

	// PlaceAudited says what somebody saw in a place, parcel by parcel, where that is not what the books
	// say. What follows for the parcels stands in facts before it, in the same operation.
	PlaceAudited struct {
		Place     PlaceID    `json:"place"`
		By        Actor      `json:"by"`
		Seen      []StayID   `json:"seen,omitempty"`    // booked here, and here
		Missing   []StayID   `json:"missing,omitempty"` // booked here, and not here
		Found     []StayID   `json:"found,omitempty"`   // here, and booked somewhere else
		Strangers int        `json:"strangers"`         // parcels here that are booked nowhere
		Held      []StayID   `json:"held,omitempty"`    // of Seen: only staff hand them out until the others are gone
		Unseen    bool       `json:"unseen,omitempty"`  // nobody could look
		Labels    []AnnexRef `json:"labels,omitempty"`  // of the strangers, in the annex
		Note      AnnexRef   `json:"note,omitempty"`
	}

	// ServiceSessionBegan lifts the limit on remote openings: two people on site asked for it.
	ServiceSessionBegan struct {
		First  StaffID `json:"first"`
		Second StaffID `json:"second"`
		Until  Millis  `json:"until"`
	}

	// ServiceSessionEnded puts the limit back.
	ServiceSessionEnded struct {
		Reason string `json:"reason"` // done, expired
	}

	// ClockDoubted says that the wall clock jumped against the monotonic one.
	ClockDoubted struct {
		JumpMS int64 `json:"jump_ms"`
	}

	// ClockTrusted says that the wall clock is right again.
	ClockTrusted struct {
		OffsetMS int64 `json:"offset_ms"`
	}

	// Unknown is a fact of a newer version: kept as it is.
	Unknown struct {
		Name string
		Body string
	}
)

// Problem is what a person reports of a stay or of a door. The zero value is invalid.
type Problem string

// The problems.
const (
	ProblemDidNotOpen Problem = "did_not_open"
	ProblemTooHigh    Problem = "too_high"
	ProblemEmpty      Problem = "empty"
	ProblemNotMine    Problem = "not_mine"
	ProblemDamaged    Problem = "damaged"
	ProblemWontClose  Problem = "wont_close"
)

// Fault names what is broken. The zero value is invalid.
type Fault string

// The faults.
const (
	FaultBoardSilent Fault = "board_silent"
	FaultBusLost     Fault = "bus_lost"
	FaultLock        Fault = "lock"      // a lock that failed three times in a row
	FaultAjar        Fault = "door_ajar" // open for longer than the policy allows
	FaultDisk        Fault = "disk"
	FaultSensor      Fault = "sensor"
	FaultLayout      Fault = "layout" // the layout names an output that the boards do not have
)

// Kinds of facts, stable for ever.

// Kind returns "epoch_began".
func (EpochBegan) Kind() string { return "epoch_began" }

// Kind returns "site_started".
func (SiteStarted) Kind() string { return "site_started" }

// Kind returns "directory_applied".
func (DirectoryApplied) Kind() string { return "directory_applied" }

// Kind returns "session_began".
func (SessionBegan) Kind() string { return "session_began" }

// Kind returns "session_ended".
func (SessionEnded) Kind() string { return "session_ended" }

// Kind returns "code_refused".
func (CodeRefused) Kind() string { return "code_refused" }

// Kind returns "open_requested".
func (OpenRequested) Kind() string { return "open_requested" }

// Kind returns "door_opened".
func (DoorOpened) Kind() string { return "door_opened" }

// Kind returns "open_failed".
func (OpenFailed) Kind() string { return "open_failed" }

// Kind returns "open_unconfirmed".
func (OpenUnconfirmed) Kind() string { return "open_unconfirmed" }

// Kind returns "door_closed".
func (DoorClosed) Kind() string { return "door_closed" }

// Kind returns "deposit_begun".
func (DepositBegun) Kind() string { return "deposit_begun" }

// Kind returns "parcel_stored".
func (ParcelStored) Kind() string { return "parcel_stored" }

// Kind returns "deposit_settled".
func (DepositSettled) Kind() string { return "deposit_settled" }

// Kind returns "undo_requested".
func (UndoRequested) Kind() string { return "undo_requested" }

// Kind returns "deposit_undone".
func (DepositUndone) Kind() string { return "deposit_undone" }

// Kind returns "parcel_collected".
func (ParcelCollected) Kind() string { return "parcel_collected" }

// Kind returns "parcel_removed".
func (ParcelRemoved) Kind() string { return "parcel_removed" }

// Kind returns "problem_reported".
func (ProblemReported) Kind() string { return "problem_reported" }

// Kind returns "code_reissued".
func (CodeReissued) Kind() string { return "code_reissued" }

// Kind returns "drop_refused".
func (DropRefused) Kind() string { return "drop_refused" }

// Kind returns "service_changed".
func (ServiceChanged) Kind() string { return "service_changed" }

// Kind returns "place_reserved".
func (PlaceReserved) Kind() string { return "place_reserved" }

// Kind returns "reservation_ended".
func (ReservationEnded) Kind() string { return "reservation_ended" }

// Kind returns "intent_answered".
func (IntentAnswered) Kind() string { return "intent_answered" }

// Kind returns "fault_raised".
func (FaultRaised) Kind() string { return "fault_raised" }

// Kind returns "fault_cleared".
func (FaultCleared) Kind() string { return "fault_cleared" }

// Kind returns "place_doubted".
func (PlaceDoubted) Kind() string { return "place_doubted" }

// Kind returns "place_verified".
func (PlaceVerified) Kind() string { return "place_verified" }

// Kind returns "place_audited".
func (PlaceAudited) Kind() string { return "place_audited" }

// Kind returns "service_session_began".
func (ServiceSessionBegan) Kind() string { return "service_session_began" }

// Kind returns "service_session_ended".
func (ServiceSessionEnded) Kind() string { return "service_session_ended" }

// Kind returns "clock_doubted".
func (ClockDoubted) Kind() string { return "clock_doubted" }

// Kind returns "clock_trusted".
func (ClockTrusted) Kind() string { return "clock_trusted" }

// Kind returns the name under which the fact came.
func (u Unknown) Kind() string { return u.Name }

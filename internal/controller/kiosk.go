package controller

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"cubby/internal/locker"
)

// PanelID names a screen with its keys: a kiosk. Each panel has one turn at a time.
type PanelID string

// Role says whose turn it is. The zero value means nobody's: the panel shows its home screen.
type Role string

// The roles.
const (
	RoleNone     Role = ""
	RoleResident Role = "resident" // whoever holds a recipient's code or a pass
	RoleCourier  Role = "courier"
	RoleStaff    Role = "staff"
)

// Step says what the panel shows now. The zero value is invalid.
type Step string

// The steps. Opening, Open and Failed are shared by all roles: Turn.Role and Turn.Purpose say what
// the door is for.
const (
	StepHome      Step = "home"       // nobody is at the panel
	StepOpening   Step = "opening"    // Door was asked to open; it is tried up to three times
	StepOpen      Step = "open"       // Door is open; the step lasts until it shuts
	StepAskTaken  Step = "ask_taken"  // nobody saw it: was everything taken from Door? AnswerTaken
	StepAskStored Step = "ask_stored" // nobody saw it: is the parcel in Door? AnswerStored
	StepMore      Step = "more"       // Remaining doors wait: OpenNext or Finish
	StepFailed    Step = "failed"     // Door did not open; Failure says why: ReportProblem, OpenNext, Finish
	StepDone      Step = "done"       // over, with thanks: OpenAgain and ReportProblem for a while, or Finish

	StepCourierReady     Step = "courier_ready"     // ScanParcel; Last may be undone or reopened
	StepCourierRecipient Step = "courier_recipient" // FindRecipient, ChooseRecipient of Matches, NoRecipient
	StepCourierSize      Step = "courier_size"      // ChooseSize opens a door at once
	StepCourierOptions   Step = "courier_options"   // no door: TakeOption or RefuseParcel; Failure says why

	StepStaffMenu Step = "staff_menu" // Doors, with OpenDoor, ClearPlace, ReissueCode, ...
	StepStaffCode Step = "staff_code" // Issued holds the new code, shown this once
)

// Input is one entry at the panel, typed or scanned. All roles use the same entry. It prints as
// "redacted".
type Input struct {
	Code string // as it came: nine symbols, number and nine digits, or a scanned token
	Unit string // unit or pass number, when the page asked for it apart (CODE_FLOODED); may be empty
}

// Format prints "redacted" for every verb.
func (Input) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) } // fmt.State keeps its own errors

// LogValue hides the entry from logs.
func (Input) LogValue() slog.Value { return slog.StringValue(redacted) }

const redacted = "redacted"

// Door is a place as a panel shows it.
type Door struct {
	Place    locker.PlaceID
	Kind     locker.PlaceKind // a door to open, or the shelf or desk where the parcel goes
	Name     string           // as painted, e.g. "B07"
	Bank     locker.BankID
	BankName string
	Column   int     // counted from 1 at the left; 0 without a door
	Row      int     // counted from 1 at the top; 0 without a door
	Part     float64 // height of the door's middle in its column: 0 top edge, 1 bottom edge
	Size     locker.Size
	Low      bool // within reach of a seated person
}

// Failure says why something could not be done.
type Failure struct {
	Code   locker.Code // text under "error.<Code>"
	Number int         // that an operator can look up
}

// Match is one recipient that a courier's search found: what may be seen of them before a door
// opens, and nothing else.
type Match struct {
	Ref    string // opaque, for ChooseRecipient; good for this turn only
	Masked string // e.g. "J… SMITH"
	Unit   string // e.g. "4B"
}

// SizeChoice is one size button.
type SizeChoice struct {
	Size locker.Size
	Free int  // free doors of exactly this size at this bank
	Fits bool // a parcel of this size finds a door here, its household's or a larger one included
}

// OptionChoice is one way out when no door takes the parcel.
type OptionChoice struct {
	Option locker.Option
	Door   Door // the place; zero for a refusal
}

// Deposit is a parcel that the courier stored last.
type Deposit struct {
	Door      Door
	Stored    bool          // the parcel is known to be in it
	UndoUntil locker.Millis // UndoDeposit, NeedBigger and OpenAgain until then
	Masked    string        // whom it is for
	Unit      string
}

// StayInfo is a parcel as staff see it at a panel: no names.
type StayInfo struct {
	Stay      locker.StayID
	State     locker.StayState
	Size      locker.Size
	StoredAt  locker.Millis
	CollectBy locker.Millis
}

// DoorState is a place as staff see it at a panel.
type DoorState struct {
	Door     Door
	State    locker.Door // unknown for shelves and the desk
	Out      bool
	Doubt    string // why nobody can vouch for what is in it; empty: nothing to look at
	Faults   []locker.Fault
	Reserved bool
	Stays    []StayInfo
}

// IssuedCode is a code that staff just made for a recipient. It is shown once and prints as
// "redacted".
type IssuedCode struct {
	Symbols string // "HJK-3MP-2XY"
	Digits  string // "012-345-678", behind Number; empty without a number
	Number  string // unit or pass number for keypads
	Token   string // text of the QR code
}

// Format prints "redacted" for every verb.
func (IssuedCode) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) } // fmt.State keeps its own errors

// LogValue hides the code from logs.
func (IssuedCode) LogValue() slog.Value { return slog.StringValue(redacted) }

// Turn is all that a panel may show now. It names nobody but by the masked echo for couriers.
// Times are by the site's clock; compare them with Now.
type Turn struct {
	Version uint64 // grows with every change of this panel
	Session locker.SessionID
	Role    Role
	Step    Step
	Now     locker.Millis

	Door      *Door          // of opening, open, ask, failed
	Purpose   locker.Purpose // what the door was asked to open for
	Attempt   int            // of the opening, 1 to 3
	OpenSince locker.Millis  // when the door was seen to open
	Ajar      bool           // open for longer than a minute: speak and beep
	Watched   bool           // the bank sees its doors: the step ends by itself; else offer "It is shut"
	CanReopen bool           // OpenAgain is possible now
	Remaining int            // doors that wait after this one
	Reported  locker.Problem // what the person reported of Door in this turn
	Failure   *Failure       // why not: of failed, courier_options, and beside any step

	Masked  string // courier: whom the parcel at hand is for
	Unit    string
	Matches []Match
	Sizes   []SizeChoice
	Cold    bool // a refrigerated door is free
	Options []OptionChoice
	Last    *Deposit
	Stored  int // parcels that this courier stored in this turn

	Duties  []locker.Duty // of the person of the staff
	Doors   []DoorState   // of staff_menu
	Issued  *IssuedCode   // of staff_code
	Service locker.Millis // end of the service session; zero: none
}

// Proof is what a panel shows to prove that a phone is near: it opens nothing by itself.
type Proof struct {
	Symbols string // "HJK-3MP"
	Text    string // for the QR code
	Until   locker.Millis
}

// Home is what a panel's home screen shows.
type Home struct {
	Site      string
	Property  string
	Bank      locker.Bank // the wall to draw; zero without a bank
	Languages []string    // first is the default
	TimeZone  string
	Phone     string // whom to call
	Mail      string
	PublicURL string
	Online    bool
	Since     locker.Millis // since when online or offline; zero: since the start
	Proof     Proof         // zero on a site without banks
	Now       locker.Millis
	Ready     bool // the site knows its layout; else it waits for its first directory
	Auditing  bool // a new record began, and staff have not looked into every compartment yet
}

// Act is something that the person at a panel does in a turn.
type Act interface{ act() }

// What everybody does.
type (
	// OpenNext opens the next door: a resident's next parcel, or the failed door again.
	OpenNext struct{}
	// OpenAgain opens again the door that this turn opened last, while CanReopen.
	OpenAgain struct{}
	// ReportProblem says what is wrong with Turn.Door.
	ReportProblem struct{ Problem locker.Problem }
	// AnswerTaken answers ask_taken.
	AnswerTaken struct{ Taken bool }
	// DoorShut says that Door is shut, where nobody sees it (Turn.Watched is false).
	DoorShut struct{}
	// Finish ends the turn. "Done" on every page.
	Finish struct{}
	// Idle ends the turn because nobody touched the panel.
	Idle struct{}
)

// What couriers do.
type (
	// ScanParcel begins a parcel: its tracking number, scanned or typed.
	ScanParcel struct {
		Tracking string
		Carrier  locker.CarrierID // that the barcode names; empty: the courier's own
	}
	// FindRecipient searches by unit or by three letters of a name.
	FindRecipient struct{ Text string }
	// ChooseRecipient takes one of Turn.Matches.
	ChooseRecipient struct{ Ref string }
	// NoRecipient says that nobody matches what the label says.
	NoRecipient struct{}
	// ChooseSize opens a door at once.
	ChooseSize struct {
		Size locker.Size
		Cold bool // needs refrigeration
	}
	// NeedBigger takes the parcel back out and goes to the next size.
	NeedBigger struct{}
	// UndoDeposit takes the last parcel back: its door opens when it is shut.
	UndoDeposit struct{ WrongRecipient bool }
	// AnswerStored answers ask_stored.
	AnswerStored struct{ Stored bool }
	// TakeOption takes one of Turn.Options by its index.
	TakeOption struct{ Index int }
	// RefuseParcel records that the parcel goes away again.
	RefuseParcel struct{}
	// Back leaves recipient, size or options for courier_ready, or a code for the menu.
	Back struct{}
)

// What staff do.
type (
	// OpenDoor opens a door for a reason.
	OpenDoor struct {
		Place  locker.PlaceID
		Reason string
	}
	// ClearPlace takes the parcels out of a place.
	ClearPlace struct {
		Place  locker.PlaceID
		Reason string
	}
	// ReissueCode gives a stay a new code and shows it once.
	ReissueCode struct{ Stay locker.StayID }
	// SetService takes a place out of service or puts it back.
	SetService struct {
		Place  locker.PlaceID
		Out    bool
		Reason string
	}
	// SetBankService takes every door of the panel's bank out of service or puts them back.
	SetBankService struct {
		Out    bool
		Reason string
	}
	// VerifyPlace says what the person saw in a place.
	VerifyPlace struct {
		Place    locker.PlaceID
		Occupied bool
	}
	// BeginService lifts the limit on remote openings for half an hour: Second is the code of
	// another person of the staff.
	BeginService struct{ Second Input }
	// EndService puts the limit back.
	EndService struct{}
)

func (OpenNext) act()        {}
func (OpenAgain) act()       {}
func (ReportProblem) act()   {}
func (AnswerTaken) act()     {}
func (DoorShut) act()        {}
func (Finish) act()          {}
func (Idle) act()            {}
func (ScanParcel) act()      {}
func (FindRecipient) act()   {}
func (ChooseRecipient) act() {}
func (NoRecipient) act()     {}
func (ChooseSize) act()      {}
func (NeedBigger) act()      {}
func (UndoDeposit) act()     {}
func (AnswerStored) act()    {}
func (TakeOption) act()      {}
func (RefuseParcel) act()    {}
func (Back) act()            {}
func (OpenDoor) act()        {}
func (ClearPlace) act()      {}
func (ReissueCode) act()     {}
func (SetService) act()      {}
func (SetBankService) act()  {}
func (VerifyPlace) act()     {}
func (BeginService) act()    {}
func (EndService) act()      {}

// The kiosk's face. All methods are safe for concurrent use and return once what they did is
// durable. An error that is a *locker.Error is for the person: the page shows its text and number
// beside the turn, which is returned as it stands then. A panel that was never seen before gets a
// home screen of its own.

// Home returns what the panel's home screen shows. It counts as a sign of life of the panel.
func (c *Controller) Home(ctx context.Context, panel PanelID) (Home, error) {
	return ask[Home](ctx, c, HomeAsked{Panel: panel})
}

// Enter takes a code, whatever the panel shows: a code scanned at any moment begins a new turn.
// Errors: CODE_TYPED for a slip (not counted), CODE_WRONG, CODE_EXPIRED, CODE_FLOODED (ask for the
// unit and call again with Input.Unit), HOLDER_LOCKED, COURIER_UNKNOWN, CLOCK_UNTRUSTED,
// STAY_REVOKED, DISK_FULL.
func (c *Controller) Enter(ctx context.Context, panel PanelID, in Input) (Turn, error) {
	return ask[Turn](ctx, c, CodeEntered{Panel: panel, Input: in})
}

// Turn returns the panel's turn as it is now.
func (c *Controller) Turn(ctx context.Context, panel PanelID) (Turn, error) {
	return ask[Turn](ctx, c, TurnAsked{Panel: panel})
}

// Act does something in the panel's turn. Errors: SESSION_ENDED without a turn, INPUT_INVALID for
// an act that the step does not offer, and those of the rules.
func (c *Controller) Act(ctx context.Context, panel PanelID, act Act) (Turn, error) {
	return ask[Turn](ctx, c, PanelActed{Panel: panel, Act: act})
}

// Watch returns the panel's turn once its version differs from after: at once when it does already.
// It returns the context's error when nothing changed before ctx ended.
func (c *Controller) Watch(ctx context.Context, panel PanelID, after uint64) (Turn, error) {
	for {
		changed := c.watchers.wait(panel) // before the question: no change slips between
		turn, err := c.Turn(ctx, panel)
		if err != nil || turn.Version != after {
			return turn, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return turn, fmt.Errorf("watch panel %s: %w", panel, ctx.Err())
		case <-c.stopped:
			return turn, fmt.Errorf("watch panel %s: %w", panel, ErrStopped)
		}
	}
}

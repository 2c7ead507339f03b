package wire

import "cubby/internal/locker"

// IntentKind says what the cloud asks of a site. The zero value is invalid. A kind that a site
// does not know is answered with INPUT_INVALID.
type IntentKind string

// The kinds of intent.
const (
	IntentOpen              IntentKind = "open"      // staff open Place for the reason in Note
	IntentOpenStay          IntentKind = "open_stay" // a phone collects Stay with the rotating Proof
	IntentReserve           IntentKind = "reserve"   // keep Place, or one of Size, free Until
	IntentCancelReservation IntentKind = "cancel_reservation"
	IntentReissue           IntentKind = "reissue"     // give Stay a new code
	IntentSetService        IntentKind = "set_service" // take Place out of service, or back in
	IntentVerify            IntentKind = "verify"      // somebody saw what is in Place
	IntentReboot            IntentKind = "reboot"      // restart the controller
	IntentDeposit           IntentKind = "deposit"     // staff put a parcel on a shelf or at the desk: Place
	IntentHandOver          IntentKind = "hand_over"   // staff gave Stays to To over the counter
	IntentClear             IntentKind = "clear"       // staff took Stays off a shelf or the desk, for Reason
	IntentUndo              IntentKind = "undo"        // staff take back Stay that they booked a moment ago; since v3
	IntentReport            IntentKind = "report"      // the holder of Stay says from afar what is wrong: Problem; since v3
	IntentAudit             IntentKind = "audit"       // staff saw Stays, Found and Strangers in Place, or could not look: Unseen; since v3
)

// Known reports whether this version knows the kind.
func (k IntentKind) Known() bool {
	switch k {
	case IntentOpen, IntentOpenStay, IntentReserve, IntentCancelReservation, IntentReissue,
		IntentSetService, IntentVerify, IntentReboot, IntentDeposit, IntentHandOver, IntentClear, IntentUndo,
		IntentReport, IntentAudit:
		return true
	}
	return false
}

// Intent is something that the cloud asks of a site. It has no effect after Expires, and at most
// one effect however often it arrives: the site answers each ID once, by a fact.
type Intent struct {
	ID          locker.IntentID      `json:"id"`
	Kind        IntentKind           `json:"kind"`
	Created     locker.Millis        `json:"created"` // by the server's clock
	Expires     locker.Millis        `json:"expires"` // by the server's clock
	Place       locker.PlaceID       `json:"place,omitempty"`
	Stay        locker.StayID        `json:"stay,omitempty"`
	Grant       locker.GrantID       `json:"grant,omitempty"` // of open_stay, when a pass was shown
	Staff       locker.StaffID       `json:"staff,omitempty"` // who asks
	Note        string               `json:"note,omitempty"`  // the reason; personal data: to the annex
	Proof       string               `json:"proof,omitempty"` // what the kiosk shows now, as typed or scanned
	Size        locker.Size          `json:"size,omitempty"`
	Unit        locker.UnitID        `json:"unit,omitempty"`
	Courier     locker.CourierID     `json:"courier,omitempty"`
	Reservation locker.ReservationID `json:"reservation,omitempty"`
	Until       locker.Millis        `json:"until,omitempty"`     // of reserve
	Out         bool                 `json:"out,omitempty"`       // of set_service
	Occupied    bool                 `json:"occupied,omitempty"`  // of verify
	Stays       []locker.StayID      `json:"stays,omitempty"`     // of hand_over, clear and audit
	Parcel      locker.ParcelID      `json:"parcel,omitempty"`    // of deposit, with Stay: ids that the cloud chose
	Recipient   locker.RecipientID   `json:"recipient,omitempty"` // of deposit, empty: unknown; of open_stay: whose phone it is
	Carrier     locker.CarrierID     `json:"carrier,omitempty"`   // of deposit
	Tracking    string               `json:"tracking,omitempty"`  // of deposit; personal data: to the annex
	To          string               `json:"to,omitempty"`        // of hand_over: who took it; personal data
	Reason      string               `json:"reason,omitempty"`    // of clear: returned, moved, cleared
	Found       []locker.StayID      `json:"found,omitempty"`     // of audit, since v3
	Strangers   int                  `json:"strangers,omitempty"` // of audit, since v3
	Labels      []string             `json:"labels,omitempty"`    // of audit: what stands on the strangers; personal data: to the annex; since v3
	Unseen      bool                 `json:"unseen,omitempty"`    // of audit, since v3
	Door        bool                 `json:"door,omitempty"`      // of deposit: a free door that takes Size, which opens; since v3
	Bank        locker.BankID        `json:"bank,omitempty"`      // of deposit with Door, and of set_service without Place: which bank; since v3
	Undo        bool                 `json:"undo,omitempty"`      // of deposit: it may be taken back for a while, nobody is told before; since v3
	Taker       string               `json:"taker,omitempty"`     // of hand_over: recipient, household, delegate, other; since v3
	Problem     locker.Problem       `json:"problem,omitempty"`   // of report; since v3
	Signature   string               `json:"signature,omitempty"` // of hand_over: strokes of a pen; personal data: to the annex; since v3
}

// ExpiredAt reports whether the intent has no effect any more at a moment of the server's clock.
// An intent without an expiry is always expired.
func (i Intent) ExpiredAt(now locker.Millis) bool { return now >= i.Expires }

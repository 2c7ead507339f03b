package cloud

import (
	"context"
	"time"

	"cubby/internal/locker"
)

// Delivery is a parcel with its latest stay, as lists show it.
type Delivery struct {
	Site          locker.SiteID
	SiteName      string
	Parcel        locker.ParcelID
	Stay          locker.StayID
	State         locker.StayState
	Overdue       bool
	Revoked       bool // only staff may open it
	Place         locker.PlaceID
	PlaceName     string
	PlaceKind     locker.PlaceKind
	Recipient     locker.RecipientID // empty: unknown
	RecipientName string
	Unit          locker.UnitID
	UnitName      string
	Carrier       locker.CarrierID
	CarrierName   string
	Tracking      string // empty when unknown or erased
	Size          locker.Size
	BegunAt       time.Time
	StoredAt      time.Time // zero: not yet
	CollectBy     time.Time
	EndedAt       time.Time       // zero: still there
	Evidence      locker.Evidence // of the last step
	EndReason     string
	Problem       locker.Problem // last one reported
	Days          int            // whole days since it was stored
}

// DeliveryFilter chooses deliveries. Zero fields do not filter.
type DeliveryFilter struct {
	Site   locker.SiteID // empty: all that the principal sees
	Query  string        // a tracking number or its last four, a unit, or the beginning of a name
	State  string        // a locker.StayState, or "waiting", "overdue", "held", "ended"
	Cursor string        // of the page before
	Limit  int           // 1 to MaxPage; 0: DefaultPage
}

// Limits of one page of any list.
const (
	DefaultPage = 50
	MaxPage     = 200
)

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	Next  string // cursor of the next page; empty: this was the last
}

// Deliveries returns parcels, newest first.
func (c *Cloud) Deliveries(ctx context.Context, p Principal, f DeliveryFilter) (Page[Delivery], error) {
	return Page[Delivery]{}, errLater
}

// ParcelView is one parcel with its whole custody record.
type ParcelView struct {
	Delivery
	Stays    []Delivery      // all of them, oldest first
	Timeline []TimelineEntry // oldest first
	Notices  []NoticeView
	Actions  []Action
}

// NoticeView is one message to a recipient.
type NoticeView struct {
	ID       string
	Channel  string
	Kind     string // first, reminder_1, ...
	State    string // queued, sent, failed, bounced, cancelled
	Attempts int
	Created  time.Time
	Sent     time.Time
	Failed   time.Time
	Error    string
}

// Parcel returns one parcel with its custody record.
func (c *Cloud) Parcel(ctx context.Context, p Principal, site locker.SiteID, id locker.ParcelID) (ParcelView, error) {
	return ParcelView{}, errLater
}

// Code is the pick-up code of a stay in its three forms. Show it to its holder only.
type Code struct {
	Symbols string // 3-3-3
	Token   string // text of the QR code
	Unit    string // number to type before Digits on a keypad
	Digits  string // 3-3-3
}

// StayCode returns the code of a stay that waits, for a notice or for staff who read it to its
// holder. The act is recorded with the reason.
func (c *Cloud) StayCode(ctx context.Context, p Principal, site locker.SiteID, stay locker.StayID, reason string) (Code, error) {
	return Code{}, errLater
}

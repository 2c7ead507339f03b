package cloud

import (
	"context"
	"time"

	"cubby/internal/locker"
)

// RecipientView is a recipient with contacts and wishes.
type RecipientView struct {
	ID            locker.RecipientID
	Property      string
	Kind          locker.RecipientKind
	Unit          locker.UnitID
	UnitName      string
	UnitNumber    string
	Name          string
	Email         string
	Phone         string // E.164 or empty
	Language      string // BCP 47; empty: the site's first
	LowDoor       bool
	Inactive      bool
	VacationUntil time.Time // parcels are held and reminders pause; zero: none
	QuietFrom     int       // minutes of the day in the property's zone; equal to QuietTo: none
	QuietTo       int
	Source        string // of an import or a property system
	ExternalID    string
	Waiting       int // parcels
}

// RecipientFilter chooses recipients. Zero fields do not filter.
type RecipientFilter struct {
	Site     locker.SiteID // recipients of the site's property; needed
	Query    string        // a unit, or the beginning of a word of the name
	Inactive bool          // those who left too
	Cursor   string
	Limit    int
}

// Recipients returns recipients by name.
func (c *Cloud) Recipients(ctx context.Context, p Principal, f RecipientFilter) (Page[RecipientView], error) {
	return Page[RecipientView]{}, errLater
}

// Recipient returns one recipient.
func (c *Cloud) Recipient(ctx context.Context, p Principal, id locker.RecipientID) (RecipientView, error) {
	return RecipientView{}, errLater
}

// FindRecipients returns at most locker.Matches active recipients of a site that the text points
// at: a unit, or three letters of a name. For "Log a delivery".
func (c *Cloud) FindRecipients(ctx context.Context, p Principal, site locker.SiteID, text string) ([]RecipientView, error) {
	return nil, errLater
}

// UnitView is a unit.
type UnitView struct {
	ID         locker.UnitID
	Kind       locker.UnitKind
	Name       string
	Number     string // digits for keypads
	Recipients int    // active
}

// Units returns the units of a site's property by name.
func (c *Cloud) Units(ctx context.Context, p Principal, site locker.SiteID, cursor string, limit int) (Page[UnitView], error) {
	return Page[UnitView]{}, errLater
}

// UnitDraft is a unit to add or to change.
type UnitDraft struct {
	ID     locker.UnitID // empty: a new one
	Kind   locker.UnitKind
	Name   string
	Number string // empty: the digits of Name
}

// PutUnit adds or changes a unit of a property and tells its sites.
func (c *Cloud) PutUnit(ctx context.Context, p Principal, property string, d UnitDraft) (locker.UnitID, error) {
	return "", errLater
}

// RecipientDraft is a recipient to add or to change.
type RecipientDraft struct {
	ID            locker.RecipientID // empty: a new one
	Kind          locker.RecipientKind
	Unit          locker.UnitID
	Name          string
	Email         string
	Phone         string
	Language      string
	LowDoor       bool
	Inactive      bool
	VacationUntil time.Time
	QuietFrom     int
	QuietTo       int
	Source        string
	ExternalID    string
}

// PutRecipient adds or changes a recipient of a property and tells its sites.
func (c *Cloud) PutRecipient(ctx context.Context, p Principal, property string, d RecipientDraft) (locker.RecipientID, error) {
	return "", errLater
}

// RecipientLink returns the address of a recipient's page.
func (c *Cloud) RecipientLink(ctx context.Context, p Principal, id locker.RecipientID) (string, error) {
	return "", errLater
}

// RenewRecipientLink makes the old address of a recipient's page worthless.
func (c *Cloud) RenewRecipientLink(ctx context.Context, p Principal, id locker.RecipientID) (string, error) {
	return "", errLater
}

package cloud

import (
	"context"
	"time"

	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// LinkState says how a site stands with the server. The zero value is invalid.
type LinkState string

// The states of a link.
const (
	LinkNever  LinkState = "never"  // no controller enrolled yet
	LinkUp     LinkState = "up"     // connected now
	LinkDown   LinkState = "down"   // not connected
	LinkSilent LinkState = "silent" // nothing heard for five minutes
	LinkHosted LinkState = "hosted" // runs inside the server
)

// SiteSummary is a site in a list.
type SiteSummary struct {
	ID           locker.SiteID
	Name         string
	Property     string // id
	PropertyName string
	TimeZone     string
	Hosted       bool
	Link         LinkState
	SeenAt       time.Time // last word of the site; zero: never
	Stale        string    // why the tables do not follow its record; empty: they do
	Incidents    int       // open
}

// SiteView is a site with everything that its settings page shows.
type SiteView struct {
	SiteSummary
	Settings SiteSettings
	Layout   locker.Layout
	Policy   locker.Policy
	Rev      uint64 // of the directory
	Enrolled bool
	Key      string // fingerprint of the controller's key
}

// SiteSettings are the settings of a site beside its layout and policy.
type SiteSettings struct {
	Phone     string   `json:"phone,omitempty"`
	Mail      string   `json:"mail,omitempty"`
	Languages []string `json:"languages,omitempty"` // BCP 47, the first is the default
	OnDuty    []string `json:"on_duty,omitempty"`   // mail addresses for incidents
}

// Sites returns the sites that the principal sees, by name.
func (c *Cloud) Sites(ctx context.Context, p Principal) ([]SiteSummary, error) { return nil, errLater }

// Site returns one site.
func (c *Cloud) Site(ctx context.Context, p Principal, site locker.SiteID) (SiteView, error) {
	return SiteView{}, errLater
}

// SiteHealth is what a site says of itself, and what its record says of it.
type SiteHealth struct {
	Site       SiteSummary
	Status     *wire.Status // nil: never heard
	StatusAt   time.Time
	ClockBad   bool
	Audit      bool
	Parts      map[string][]locker.Fault // of buses and boards
	Epoch      uint64
	Number     uint64 // highest committed operation
	Operations uint64
	Facts      uint64
	ReceivedAt time.Time
	Head       string // latest countersigned tree head
	HeadAt     time.Time
}

// SiteHealth returns the health of one site.
func (c *Cloud) SiteHealth(ctx context.Context, p Principal, site locker.SiteID) (SiteHealth, error) {
	return SiteHealth{}, errLater
}

// PropertyDraft is a property to create.
type PropertyDraft struct {
	Name     string
	Address  string
	TimeZone string // IANA name
	Phone    string
	Mail     string
}

// CreateProperty creates a property of the principal's organization.
func (c *Cloud) CreateProperty(ctx context.Context, p Principal, d PropertyDraft) (string, error) {
	return "", errLater
}

// SiteDraft is a site to create.
type SiteDraft struct {
	ID       locker.SiteID // empty: a new id
	Property string
	Name     string
	Hosted   bool // without hardware: runs inside the server
	Settings SiteSettings
	Layout   locker.Layout
	Policy   locker.Policy // zero fields: defaults
}

// CreateSite creates a site with keys of its own. It returns LAYOUT_INVALID or INPUT_INVALID.
func (c *Cloud) CreateSite(ctx context.Context, p Principal, d SiteDraft) (locker.SiteID, error) {
	return "", errLater
}

// SetSettings replaces the settings of a site and its name.
func (c *Cloud) SetSettings(ctx context.Context, p Principal, site locker.SiteID, name string, s SiteSettings) error {
	return errLater
}

// SetLayout replaces the layout of a site. A place with live stays cannot be taken out: CONFLICT.
func (c *Cloud) SetLayout(ctx context.Context, p Principal, site locker.SiteID, l locker.Layout) error {
	return errLater
}

// SetPolicy replaces the policy of a site.
func (c *Cloud) SetPolicy(ctx context.Context, p Principal, site locker.SiteID, pol locker.Policy) error {
	return errLater
}

// CreateEnrolToken returns a token that enrols one controller for a site, once, within
// auth.EnrolmentLife. It is shown once.
func (c *Cloud) CreateEnrolToken(ctx context.Context, p Principal, site locker.SiteID) (auth.Secret, error) {
	return "", errLater
}

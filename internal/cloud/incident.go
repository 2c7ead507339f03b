package cloud

import (
	"context"
	"time"

	"cubby/internal/locker"
)

// IncidentKind says what a person must look at. Stable; pages translate it under
// "incident.<kind>".
type IncidentKind string

// The kinds of incident.
const (
	IncidentRevokedCollected IncidentKind = "collected_after_revoke"
	IncidentUnexpectedOpen   IncidentKind = "unexpected_open"
	IncidentFault            IncidentKind = "fault"
	IncidentPlaceDoubted     IncidentKind = "place_doubted"
	IncidentOpenUnconfirmed  IncidentKind = "open_unconfirmed"
	IncidentOpenFailed       IncidentKind = "open_failed"
	IncidentProblem          IncidentKind = "problem_reported"
	IncidentDropRefused      IncidentKind = "drop_refused"
	IncidentLockout          IncidentKind = "lockout"
	IncidentIdentityInUse    IncidentKind = "identity_in_use"
	IncidentClockDoubted     IncidentKind = "clock_doubted"
	IncidentJournalSealed    IncidentKind = "journal_sealed"
	IncidentJournalFork      IncidentKind = "journal_fork"
	IncidentHeadMismatch     IncidentKind = "head_mismatch"
	IncidentSiteSilent       IncidentKind = "site_silent"
	IncidentProjection       IncidentKind = "projection_failed"
	IncidentUnnotified       IncidentKind = "unnotified"
	IncidentUnknownParcel    IncidentKind = "unknown_parcel"
	IncidentMissing          IncidentKind = "parcel_missing"
)

// Severity says how soon a person must look. The zero value is invalid.
type Severity string

// The severities.
const (
	SeverityLow    Severity = "low"
	SeverityHigh   Severity = "high"
	SeverityUrgent Severity = "urgent"
)

// IncidentView is one incident.
type IncidentView struct {
	ID         string
	Site       locker.SiteID
	SiteName   string
	Kind       IncidentKind
	Severity   Severity
	Place      locker.PlaceID
	PlaceName  string
	Stay       locker.StayID
	Parcel     locker.ParcelID
	Detail     string // a code or word that says more, e.g. the fault or the problem
	Resolved   bool
	Owner      string // user id
	OwnerName  string
	Count      int // how often it happened while open
	OpenedAt   time.Time
	LastAt     time.Time
	DueAt      time.Time // when it should be resolved
	ResolvedAt time.Time
	ResolvedBy string // name
	Resolution string
	Notes      []IncidentNote // with Incident only
	Actions    []Action       // next steps at its place
}

// IncidentNote is what somebody wrote to an incident.
type IncidentNote struct {
	At   time.Time
	User string // name
	Text string
}

// IncidentFilter chooses incidents. Zero fields do not filter.
type IncidentFilter struct {
	Site     locker.SiteID
	Resolved bool // the resolved ones instead of the open ones
	Cursor   string
	Limit    int
}

// Incidents returns incidents, newest first.
func (c *Cloud) Incidents(ctx context.Context, p Principal, f IncidentFilter) (Page[IncidentView], error) {
	return Page[IncidentView]{}, errLater
}

// Incident returns one incident with its notes.
func (c *Cloud) Incident(ctx context.Context, p Principal, id string) (IncidentView, error) {
	return IncidentView{}, errLater
}

// OpenIncidents returns how many incidents are open, for the badge of the shell.
func (c *Cloud) OpenIncidents(ctx context.Context, p Principal) (int, error) { return 0, errLater }

// AssignIncident gives an incident an owner; an empty user means the principal.
func (c *Cloud) AssignIncident(ctx context.Context, p Principal, id, user string) error {
	return errLater
}

// NoteIncident adds a note, 1 to 2000 characters.
func (c *Cloud) NoteIncident(ctx context.Context, p Principal, id, text string) error {
	return errLater
}

// ResolveIncident ends an incident; the resolution says what was done, 1 to 2000 characters.
func (c *Cloud) ResolveIncident(ctx context.Context, p Principal, id, resolution string) error {
	return errLater
}

package incident

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cubby/internal/cloud/rows"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// Kind says what a person must look at. Stable; pages translate it under "incident.<kind>".
type Kind string

// The kinds of incident.
const (
	RevokedCollected Kind = "collected_after_revoke"
	UnexpectedOpen   Kind = "unexpected_open"
	Fault            Kind = "fault"
	PlaceDoubted     Kind = "place_doubted"
	OpenUnconfirmed  Kind = "open_unconfirmed"
	OpenFailed       Kind = "open_failed"
	Problem          Kind = "problem_reported"
	DropRefused      Kind = "drop_refused"
	Lockout          Kind = "lockout"
	IdentityInUse    Kind = "identity_in_use"
	ClockDoubted     Kind = "clock_doubted"
	JournalSealed    Kind = "journal_sealed"
	JournalFork      Kind = "journal_fork"
	HeadMismatch     Kind = "head_mismatch"
	SiteSilent       Kind = "site_silent"
	Projection       Kind = "projection_failed"
	Unnotified       Kind = "unnotified"
	UnknownParcel    Kind = "unknown_parcel"
	Missing          Kind = "parcel_missing"
)

// The kinds of incident that the audit opens and ends, one for each kind of difference.
const (
	AuditSum        Kind = "audit_sum"
	AuditTables     Kind = "audit_tables"
	AuditController Kind = "audit_controller"
	AuditUnasked    Kind = "audit_unasked"
	AuditNoDoor     Kind = "audit_no_door"
	AuditGhost      Kind = "audit_ghost"
	AuditStray      Kind = "audit_stray"
	AuditMisplaced  Kind = "audit_misplaced"
	AuditMovedOut   Kind = "audit_moved_out"
	AuditReplaced   Kind = "audit_replaced"
	AuditDoubt      Kind = "audit_doubt"
)

// Severity says how soon a person must look. The zero value is invalid.
type Severity string

// The severities.
const (
	Low    Severity = "low"
	High   Severity = "high"
	Urgent Severity = "urgent"
)

// How soon an incident of a severity should be resolved.
const (
	dueUrgent = time.Hour
	dueHigh   = 24 * time.Hour
	dueLow    = 7 * 24 * time.Hour
)

func (s Severity) due() time.Duration {
	switch s {
	case Urgent:
		return dueUrgent
	case High:
		return dueHigh
	case Low:
		return dueLow
	}
	return dueHigh
}

// JobRaised is the kind of the job that follows from an incident, so that whoever is on duty is
// told. Its body is a Job, its key the incident's id.
const JobRaised = "incident.raised"

// Job is the body of a job about an incident.
type Job struct {
	ID string `json:"id"`
}

// Incident is something to raise. Its Key makes it one with earlier ones that are still open.
type Incident struct {
	Site     string
	Kind     Kind
	Severity Severity
	Place    string
	Stay     string
	Detail   string
	Key      string // beside site and kind
}

// dedupe names the cause of an incident.
func (i Incident) dedupe() string { return i.Site + "|" + string(i.Kind) + "|" + i.Key }

// Reported is the incident of what a person says is wrong, whether a page or the site heard it first.
func Reported(site, place, stay, problem string) Incident {
	return Incident{
		Site: site, Kind: Problem, Severity: High, Place: place, Stay: stay, Detail: problem, Key: problem + "|" + place + "|" + stay,
	}
}

// FaultKey is the Key of a fault: of a place, or of a part, e.g. a bus or bus/board. Either may be empty.
func FaultKey(fault, place, part string) string { return fault + "|" + place + "|" + part }

// Part returns the part of the site that an incident of a fault is about, e.g. a bus or bus/board;
// empty: none. It stands in the cause only, which FaultKey made.
func Part(row db.Incident) string {
	if row.Kind != string(Fault) {
		return ""
	}
	before := Incident{Site: row.Site, Kind: Fault, Key: FaultKey(row.Detail, row.Place, "")}
	part, found := strings.CutPrefix(row.Dedupe, before.dedupe())
	if !found {
		return ""
	}
	return part
}

// Book opens and settles incidents in the transactions of their causes.
type Book struct {
	Store *store.Store
	Now   func() time.Time
	NewID func() string
}

// Raise opens an incident, or adds to the one that is open for the same cause. A new one becomes a
// job.
func (b *Book) Raise(ctx context.Context, q *db.Queries, i Incident) error {
	now := b.Now()
	row, err := q.RaiseIncident(ctx, db.RaiseIncidentParams{
		ID: b.NewID(), Site: i.Site, Kind: string(i.Kind), Severity: string(i.Severity), Place: i.Place, Stay: i.Stay,
		Detail: i.Detail, Dedupe: i.dedupe(), OpenedAt: now.UnixMilli(), DueAt: now.Add(i.Severity.due()).UnixMilli(),
	})
	if err != nil {
		return fmt.Errorf("raise incident %s: %w", i.Kind, err)
	}
	if row.Count > 1 {
		return nil
	}
	body, err := rows.Encode(Job{ID: row.ID})
	if err != nil {
		return err
	}
	_, err = b.Store.Enqueue(ctx, q, store.Job{Kind: JobRaised, Key: row.ID, Body: body})
	return err
}

// Settle resolves the open incident of a cause that is over by itself; why is a word for the reason.
func (b *Book) Settle(ctx context.Context, q *db.Queries, i Incident, why string) error {
	row, err := q.FindOpenIncident(ctx, i.dedupe())
	if rows.None(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for incident %s: %w", i.Kind, err)
	}
	_, err = q.ResolveIncident(ctx, db.ResolveIncidentParams{
		ResolvedAt: b.Now().UnixMilli(), Resolution: why, ID: row.ID,
	})
	if err != nil {
		return fmt.Errorf("settle incident %s: %w", i.Kind, err)
	}
	return nil
}

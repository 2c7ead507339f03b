package cloud

import (
	"context"
	"fmt"
	"time"

	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// Kinds of jobs that the intake and the commands enqueue. Whoever sends messages registers a
// handler for each; the bodies are the JSON of the types below.
const (
	// JobFirstNotice: a parcel waits, the courier's undo has closed, and nobody told its recipient
	// yet. Body: StayJob. The key names stay, recipient and generation.
	JobFirstNotice = "notice.first"
	// JobIncident: an incident was raised. Body: IncidentJob. The key is the incident's id.
	JobIncident = "incident.raised"
)

// StayJob is the body of jobs about a stay.
type StayJob struct {
	Site       locker.SiteID      `json:"site"`
	Stay       locker.StayID      `json:"stay"`
	Recipient  locker.RecipientID `json:"recipient"`
	Generation uint32             `json:"generation"`
}

// IncidentJob is the body of jobs about an incident.
type IncidentJob struct {
	ID string `json:"id"`
}

// incident is something to raise. Its key makes it one with earlier ones that are still open.
type incident struct {
	site     string
	kind     IncidentKind
	severity Severity
	place    string
	stay     string
	detail   string
	key      string // beside site and kind
}

// dedupe names the cause of an incident.
func (i incident) dedupe() string { return i.site + "|" + string(i.kind) + "|" + i.key }

// How soon an incident of a severity should be resolved.
const (
	dueUrgent = time.Hour
	dueHigh   = 24 * time.Hour
	dueLow    = 7 * 24 * time.Hour
)

func (s Severity) due() time.Duration {
	switch s {
	case SeverityUrgent:
		return dueUrgent
	case SeverityHigh:
		return dueHigh
	case SeverityLow:
		return dueLow
	}
	return dueHigh
}

// raise opens an incident, or adds to the one that is open for the same cause. A new one becomes a
// job, so that whoever is on duty is told.
func (c *Cloud) raise(ctx context.Context, q *db.Queries, i incident) error {
	now := c.now()
	row, err := q.RaiseIncident(ctx, db.RaiseIncidentParams{
		ID: c.newID(), Site: i.site, Kind: string(i.kind), Severity: string(i.severity), Place: i.place, Stay: i.stay,
		Detail: i.detail, Dedupe: i.dedupe(), OpenedAt: now.UnixMilli(), DueAt: now.Add(i.severity.due()).UnixMilli(),
	})
	if err != nil {
		return fmt.Errorf("raise incident %s: %w", i.kind, err)
	}
	if row.Count > 1 {
		return nil
	}
	return c.enqueue(ctx, q, JobIncident, row.ID, IncidentJob{ID: row.ID})
}

// Raise opens an incident of a site from outside of the record: a notice that reached nobody, a
// job that was given up. key tells causes of the same kind apart.
func (c *Cloud) Raise(ctx context.Context, site locker.SiteID, kind IncidentKind, severity Severity, key string) error {
	err := c.store.Tx(ctx, func(q *db.Queries) error {
		return c.raise(ctx, q, incident{site: string(site), kind: kind, severity: severity, detail: key, key: key})
	})
	if err != nil {
		return err
	}
	c.feed.publish(Change{Site: site, Incidents: true, Tiles: true})
	return nil
}

// settle resolves the open incident of a cause that is over by itself.
func (c *Cloud) settle(ctx context.Context, q *db.Queries, i incident, why string) error {
	row, err := q.FindOpenIncident(ctx, i.dedupe())
	if isNone(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for incident %s: %w", i.kind, err)
	}
	_, err = q.ResolveIncident(ctx, db.ResolveIncidentParams{ResolvedAt: c.millis(), Resolution: why, ID: row.ID})
	if err != nil {
		return fmt.Errorf("settle incident %s: %w", i.kind, err)
	}
	return nil
}

func (c *Cloud) enqueue(ctx context.Context, q *db.Queries, kind, key string, body any) error {
	text, err := encodeJSON(body)
	if err != nil {
		return err
	}
	_, err = c.store.Enqueue(ctx, q, store.Job{Kind: kind, Key: key, Body: text})
	return err
}

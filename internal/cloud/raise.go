package cloud

import (
	"context"

	"cubby/internal/cloud/incident"
	"cubby/internal/cloud/intake"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// Kinds of jobs that the intake and the commands enqueue. Whoever sends messages registers a
// handler for each; the bodies are the JSON of the types below.
const (
	// JobFirstNotice: a parcel waits and nobody told its recipient yet. Body: StayJob.
	JobFirstNotice = intake.JobFirstNotice
	// JobIncident: an incident was raised. Body: IncidentJob.
	JobIncident = incident.JobRaised
)

type (
	// StayJob is the body of jobs about a stay.
	StayJob = intake.StayJob
	// IncidentJob is the body of jobs about an incident.
	IncidentJob = incident.Job
)

func (c *Cloud) raise(ctx context.Context, q *db.Queries, i incident.Incident) error {
	return c.book.Raise(ctx, q, i)
}

func (c *Cloud) settle(ctx context.Context, q *db.Queries, i incident.Incident, why string) error {
	return c.book.Settle(ctx, q, i, why)
}

func (c *Cloud) announce(ctx context.Context, q *db.Queries, stay db.Stay) error {
	return c.intake.Announce(ctx, q, stay)
}

// Raise opens an incident of a site from outside of the record: a notice that reached nobody, a
// job that was given up. key tells causes of the same kind apart.
func (c *Cloud) Raise(ctx context.Context, site locker.SiteID, kind IncidentKind, severity Severity, key string) error {
	err := c.store.Tx(ctx, func(q *db.Queries) error {
		return c.raise(ctx, q, incident.Incident{Site: string(site), Kind: kind, Severity: severity, Detail: key, Key: key})
	})
	if err != nil {
		return err
	}
	c.feed.Publish(Change{Site: site, Incidents: true, Tiles: true})
	return nil
}

// Rebuild builds the tables of a site again from its record; see intake.Intake.Rebuild.
func (c *Cloud) Rebuild(ctx context.Context, site locker.SiteID, progress func(done, total int64)) error {
	return c.intake.Rebuild(ctx, site, progress)
}

// HostedStorage returns the journal of a site that runs inside the server: the server's own table
// of operations.
func (c *Cloud) HostedStorage(site locker.SiteID) journal.Storage { return c.intake.Hosted(site) }

package cloud

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Stats are counts over all organizations, for whoever runs the server.
type Stats struct {
	Jobs      []JobStats
	Notices   map[string]int   // made in the last StatsWindow, by state
	Incidents map[Severity]int // open
	Sites     map[LinkState]int
	Stale     int // sites whose tables do not follow their record
	// Operations and Facts are how many the server holds.
	Operations, Facts int64
}

// JobStats are the jobs of the outbox of one kind in one state.
type JobStats struct {
	Kind   string
	State  string        // live, dead
	Jobs   int           // how many
	Oldest time.Duration // since the oldest was made
}

// StatsWindow is how far back notices are counted: all of them would be a scan.
const StatsWindow = 24 * time.Hour

// Stats counts. It reads indexes and one row per site, so it can be asked every few seconds.
func (c *Cloud) Stats(ctx context.Context) (Stats, error) {
	q, now := c.store.Read(), c.now()
	s := Stats{Notices: map[string]int{}, Incidents: map[Severity]int{}}
	jobs, err := q.StatsJobs(ctx)
	if err != nil {
		return s, fmt.Errorf("count jobs: %w", err)
	}
	for _, j := range jobs {
		s.Jobs = append(s.Jobs, JobStats{Kind: j.Kind, State: j.State, Jobs: int(j.Jobs), Oldest: max(0, now.Sub(moment(j.OldestAt)))})
	}
	notices, err := q.StatsNotices(ctx, now.Add(-StatsWindow).UnixMilli())
	if err != nil {
		return s, fmt.Errorf("count notices: %w", err)
	}
	for _, n := range notices {
		s.Notices[n.State] = int(n.Notices)
	}
	incidents, err := q.StatsIncidents(ctx)
	if err != nil {
		return s, fmt.Errorf("count incidents: %w", err)
	}
	for _, i := range incidents {
		s.Incidents[Severity(i.Severity)] = int(i.Incidents)
	}
	sites, err := q.StatsSites(ctx)
	if err != nil {
		return s, fmt.Errorf("count sites: %w", err)
	}
	s.Stale, s.Operations, s.Facts = int(sites.Stale), sites.Operations, sites.Facts
	s.Sites = map[LinkState]int{
		LinkHosted: int(sites.Hosted), LinkNever: int(sites.Sites - sites.Hosted - sites.Enrolled),
		LinkSilent: int(sites.Silent), LinkUp: int(sites.Up), LinkDown: int(sites.Enrolled - sites.Silent - sites.Up),
	}
	return s, nil
}

// Writable returns nil while the database takes writes: pages answer without, and nothing is acknowledged.
func (c *Cloud) Writable(ctx context.Context) error { return c.store.Writable(ctx) }

// Ready returns nil when the background work runs and the database answers.
func (c *Cloud) Ready(ctx context.Context) error {
	c.mu.Lock()
	started := c.stop != nil
	c.mu.Unlock()
	if !started {
		return errors.New("the background work was not started")
	}
	if _, err := c.store.Read().FirstOrganization(ctx); err != nil && !isNone(err) {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	return nil
}

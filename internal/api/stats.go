package api

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"cubby/internal/cloud"
)

// statsTime bounds what a scrape waits for the database.
const statsTime = 3 * time.Second

// StatsOptions configure [RegisterStats]. All are needed.
type StatsOptions struct {
	Registerer prometheus.Registerer
	Logger     *slog.Logger
	Now        func() time.Time
	// Stats counts, usually Cloud.Stats.
	Stats func(context.Context) (cloud.Stats, error)
}

// RegisterStats registers what the database knows: outbox, notices, incidents, sites. It is counted at
// each scrape; a database that does not answer shows as cubby_database_up 0.
func RegisterStats(opts StatsOptions) error {
	if opts.Registerer == nil || opts.Logger == nil || opts.Now == nil || opts.Stats == nil {
		return errors.New("api: stats need a registerer, a logger, a clock and what counts")
	}
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return opts.Registerer.Register(&statsCollector{
		opts:       opts,
		up:         describe("cubby_database_up", "1 when the database answered this scrape."),
		latency:    describe("cubby_database_stats_seconds", "How long the database took to count for this scrape."),
		jobs:       describe("cubby_outbox_jobs", "Jobs of the outbox.", "kind", "state"),
		oldest:     describe("cubby_outbox_oldest_seconds", "Age of the oldest job.", "kind", "state"),
		notices:    describe("cubby_notices", "Messages made in the last 24 hours.", "state"),
		incidents:  describe("cubby_incidents_open", "Incidents that are not resolved.", "severity"),
		sites:      describe("cubby_sites", "Sites by how they stand with the server.", "link"),
		stale:      describe("cubby_sites_stale", "Sites whose tables do not follow their record."),
		operations: describe("cubby_operations_stored", "Operations that the server holds."),
		facts:      describe("cubby_facts_stored", "Facts that the server holds."),
	})
}

type statsCollector struct {
	opts StatsOptions

	up, latency, jobs, oldest, notices, incidents, sites, stale, operations, facts *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c *statsCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.up, c.latency, c.jobs, c.oldest, c.notices, c.incidents, c.sites, c.stale, c.operations, c.facts,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *statsCollector) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), statsTime) // Prometheus gives none
	defer cancel()
	began := c.opts.Now()
	s, err := c.opts.Stats(ctx)
	gauge(c.latency, c.opts.Now().Sub(began).Seconds())
	if err != nil {
		c.opts.Logger.WarnContext(ctx, "metrics not counted", slog.Any("error", err))
		gauge(c.up, 0)
		return
	}
	gauge(c.up, 1)
	for _, j := range s.Jobs {
		gauge(c.jobs, float64(j.Jobs), j.Kind, j.State)
		gauge(c.oldest, j.Oldest.Seconds(), j.Kind, j.State)
	}
	for _, state := range []string{"queued", "sent", "failed", "bounced", "cancelled"} {
		gauge(c.notices, float64(s.Notices[state]), state)
	}
	for _, severity := range []cloud.Severity{cloud.SeverityLow, cloud.SeverityHigh, cloud.SeverityUrgent} {
		gauge(c.incidents, float64(s.Incidents[severity]), string(severity))
	}
	for _, link := range []cloud.LinkState{
		cloud.LinkNever, cloud.LinkUp, cloud.LinkDown, cloud.LinkSilent, cloud.LinkHosted,
	} {
		gauge(c.sites, float64(s.Sites[link]), string(link))
	}
	gauge(c.stale, float64(s.Stale))
	gauge(c.operations, float64(s.Operations))
	gauge(c.facts, float64(s.Facts))
}

package api

import (
	"errors"
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"cubby/internal/cloud/audit"
)

// RegisterAudit registers what the audits of this process found. counts is usually Auditor.Counts.
func RegisterAudit(to prometheus.Registerer, counts func() (runs uint64, differences map[audit.Kind]int)) error {
	if to == nil || counts == nil {
		return errors.New("api: metrics of the audit need a registerer and what counts")
	}
	return to.Register(&auditCollector{
		counts: counts,
		runs:   prometheus.NewDesc("cubby_audit_runs_total", "Audits of a site that this process made.", nil, nil),
		found: prometheus.NewDesc("cubby_audit_differences",
			"Differences that the last audit of each site found, of the sites that this process audited.", []string{"kind"}, nil),
	})
}

type auditCollector struct {
	counts      func() (uint64, map[audit.Kind]int)
	runs, found *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c *auditCollector) Describe(to chan<- *prometheus.Desc) { to <- c.runs; to <- c.found }

// Collect implements prometheus.Collector.
func (c *auditCollector) Collect(to chan<- prometheus.Metric) {
	runs, found := c.counts()
	to <- prometheus.MustNewConstMetric(c.runs, prometheus.CounterValue, float64(runs))
	for _, kind := range slices.Sorted(maps.Keys(found)) {
		to <- prometheus.MustNewConstMetric(c.found, prometheus.GaugeValue, float64(found[kind]), string(kind))
	}
}

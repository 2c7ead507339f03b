package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"cubby/internal/cloud"
	"cubby/internal/cloud/audit"
	"cubby/internal/cloud/notice"
	"cubby/internal/locker"
)

// kinds returns the kinds of jobs, each before those that it makes.
func kinds() []string {
	return []string{cloud.JobFirstNotice, cloud.JobIncident, notice.JobSend, notice.JobDuty, notice.JobDutyMail}
}

// Background does what the server's loops do as time goes by: it sweeps, looks after messages and audits what is due.
func (b *Backend) Background(ctx context.Context) error {
	if err := b.cloud.Sweep(ctx); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	if err := b.notifier.Tick(ctx); err != nil {
		return fmt.Errorf("look after messages: %w", err)
	}
	if err := b.auditor.RunDue(ctx); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// Audit audits a site now.
func (b *Backend) Audit(ctx context.Context, site locker.SiteID) (audit.Report, error) {
	return b.auditor.Run(ctx, b.owner, site)
}

// Audited returns the last audit of a site. fresh is false when it was returned before, or there was none.
func (b *Backend) Audited(ctx context.Context, site locker.SiteID) (r audit.Report, fresh bool, err error) {
	r, ok, err := b.auditor.Last(ctx, b.owner, site)
	if err != nil || !ok || r.At.Equal(b.ran[site]) {
		return r, false, err
	}
	b.ran[site] = r.At
	return r, true, nil
}

// Raised counts the incidents of a site by kind, those that are over too.
func (b *Backend) Raised(ctx context.Context, site locker.SiteID) (map[string]int, error) {
	counts := map[string]int{}
	err := b.eachIncident(ctx, site, func(i cloud.IncidentView) error {
		counts[string(i.Kind)] += i.Count
		return nil
	})
	return counts, err
}

func (b *Backend) eachIncident(ctx context.Context, site locker.SiteID, f func(cloud.IncidentView) error) error {
	for _, resolved := range []bool{false, true} {
		filter := cloud.IncidentFilter{Site: site, Resolved: resolved, Limit: cloud.MaxPage}
		for {
			page, err := b.cloud.Incidents(ctx, b.owner, filter)
			if err != nil {
				return err
			}
			for _, i := range page.Items {
				if err := f(i); err != nil {
					return err
				}
			}
			if page.Next == "" {
				break
			}
			filter.Cursor = page.Next
		}
	}
	return nil
}

// WriteState writes what the server knows of a site: each incident, each delivery, the last audit. Two servers that did the same
// write the same.
func (b *Backend) WriteState(ctx context.Context, site locker.SiteID, to io.Writer) error {
	lines := json.NewEncoder(to)
	if err := b.eachIncident(ctx, site, func(i cloud.IncidentView) error { return lines.Encode(i) }); err != nil {
		return err
	}
	report, _, err := b.auditor.Last(ctx, b.owner, site)
	if err != nil {
		return err
	}
	if err := lines.Encode(report); err != nil {
		return err
	}
	filter := cloud.DeliveryFilter{Site: site, Limit: cloud.MaxPage}
	for {
		page, err := b.cloud.Deliveries(ctx, b.owner, filter)
		if err != nil {
			return err
		}
		if err := lines.Encode(page.Items); err != nil {
			return err
		}
		if page.Next == "" {
			return nil
		}
		filter.Cursor = page.Next
	}
}

package app

import (
	"context"
	"fmt"
	"time"

	"cubby/internal/api"
	"cubby/internal/cloud"
	"cubby/internal/cloud/audit"
	"cubby/internal/cloud/round"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/web/console/audits"
)

// buildAudit builds what looks at the books of all sites, and what leads staff through guided audits.
func (s *Server) buildAudit() error {
	var err error
	s.faces.auditor, err = audit.New(audit.Options{
		Cloud: s.Cloud, Store: s.store, Logger: s.opts.Logger, Now: s.opts.Now, NewID: s.opts.NewID,
	})
	if err != nil {
		return fmt.Errorf("build the audit: %w", err)
	}
	if err := api.RegisterAudit(s.measures.registry, s.faces.auditor.Counts); err != nil {
		return fmt.Errorf("build metrics of the audit: %w", err)
	}
	s.faces.rounds, err = round.New(round.Options{
		Cloud: s.Cloud, Store: s.store, Auditor: s.faces.auditor, Now: s.opts.Now, NewID: s.opts.NewID,
	})
	if err != nil {
		return fmt.Errorf("build guided audits: %w", err)
	}
	return nil
}

// auditPages are the pages about audits.
func (s *Server) auditPages() *audits.Pages {
	return &audits.Pages{
		Audits: s.faces.auditor, Rounds: s.faces.rounds,
		Layout: func(ctx context.Context, p cloud.Principal, site locker.SiteID) (locker.Layout, error) {
			view, err := s.Cloud.Site(ctx, p, site)
			return view.Layout, err
		},
	}
}

// auditLate is when the oldest audit means that the server does not audit any more.
const auditLate = 3 * audit.Every

// auditFinding says when the sites were last audited, and what was found.
func auditFinding(ctx context.Context, st *store.Store, now time.Time) Finding {
	f := Finding{What: "audit", Advice: "Look at the incidents of the sites: each names the parcel and the next step. Where pages and record disagree, run `cubby rebuild SITE`."}
	row, err := st.Read().OldestAudit(ctx)
	if err != nil {
		f.Wrong, f.Advice = fmt.Errorf("read the last audits: %w", err), ""
		return f
	}
	switch {
	case row.Sites == 0:
		f.Detail = "no site yet"
	case row.Audited == 0:
		f.Detail = "no site was audited yet: the server does it hourly while it runs"
	case row.Differences > 0:
		f.Wrong = fmt.Errorf("the last audits found %d differences", row.Differences)
	default:
		f.Detail = fmt.Sprintf("%d of %d sites, the oldest %s ago, nothing amiss", row.Audited, row.Sites,
			now.Sub(time.UnixMilli(row.OldestAt)).Round(time.Minute))
		if late := now.Sub(time.UnixMilli(row.OldestAt)); late > auditLate {
			f.Detail += "; the server does it hourly while it runs"
		}
	}
	return f
}

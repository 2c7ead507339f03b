package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cubby/internal/cloud/incident"
	"cubby/internal/cloud/rows"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// Report is what an audit found.
type Report struct {
	At          time.Time     `json:"at"`
	Position    wire.Position `json:"position"` // of the record up to which the books were compared
	Entered     int64         `json:"entered"`  // parcels that the record ever began
	Stored      int64         `json:"stored"`   // there now, but for those in incident
	Collected   int64         `json:"collected"`
	Returned    int64         `json:"returned"` // taken out by staff, or back by whoever brought them
	Held        int64         `json:"held"`     // in incident
	Differences []Difference  `json:"differences,omitempty"`
	Skipped     []string      `json:"skipped,omitempty"` // what could not be compared: "tables", "controller"
	Took        time.Duration `json:"took"`
}

// Nothing reports whether nothing is amiss.
func (r Report) Nothing() bool { return len(r.Differences) == 0 }

func readReport(row db.Audit) (Report, error) {
	var r Report
	if err := rows.Decode(row.Report, &r); err != nil {
		return r, fmt.Errorf("read the audit of site %s: %w", row.Site, err)
	}
	return r, nil
}

func reportOf(x *reading, now time.Time) Report {
	counts := x.books.Replay.Counts
	return Report{
		At: now, Position: x.books.Replay.At, Entered: x.books.Replay.Entered, Skipped: x.skipped, Took: now.Sub(x.began),
		Stored:      counts[locker.StayStored] + counts[locker.StayDepositing] + counts[locker.StayUndoing],
		Collected:   counts[locker.StayCollected],
		Returned:    counts[locker.StayRemoved] + counts[locker.StayUndone],
		Held:        counts[locker.StayHeld],
		Differences: x.differences,
	}
}

// maxOpen bounds the open incidents of a site that are looked at.
const maxOpen = 2000

// keep writes the report, opens an incident for each difference that has none, and ends those whose difference is gone.
func (a *Auditor) keep(ctx context.Context, x *reading) (Report, error) {
	report := reportOf(x, a.opts.Now())
	replay, err := rows.Encode(x.books.Replay)
	if err != nil {
		return report, err
	}
	err = a.opts.Store.Tx(ctx, func(q *db.Queries) error {
		if err := a.settle(ctx, q, x, &report); err != nil {
			return err
		}
		text, err := rows.Encode(report)
		if err != nil {
			return err
		}
		return q.PutAudit(ctx, db.PutAuditParams{
			Site: x.site, At: report.At.UnixMilli(), Epoch: int64(report.Position.Epoch), Number: int64(report.Position.Number),
			Differences: int64(len(report.Differences)), Report: text, Replay: replay,
		})
	})
	if err != nil {
		return report, fmt.Errorf("keep the audit of site %s: %w", x.site, err)
	}
	return report, nil
}

func (a *Auditor) settle(ctx context.Context, q *db.Queries, x *reading, report *Report) error {
	open, err := q.ListOpenIncidentsOfSite(ctx, db.ListOpenIncidentsOfSiteParams{Site: x.site, Page: maxOpen})
	if err != nil {
		return fmt.Errorf("list incidents: %w", err)
	}
	stands := map[string]bool{} // causes whose difference is there
	for i := range report.Differences {
		d := &report.Differences[i]
		found := d.incident(x.site)
		cause := string(found.Kind) + "|" + found.Key
		stands[cause] = true
		if before := x.before(*d); before != nil {
			d.Raised = before.Raised
		}
		if hasOpen(open, found) || d.coveredBy(open) || report.At.Sub(d.Raised) < again {
			continue
		}
		d.Raised = report.At
		if err := a.book.Raise(ctx, q, found); err != nil {
			return err
		}
	}
	for _, row := range open {
		key, ours := strings.CutPrefix(row.Dedupe, x.site+"|"+row.Kind+"|")
		if !ours || !isAudit(row.Kind) || stands[row.Kind+"|"+key] || x.cannotSay(row.Kind) {
			continue
		}
		i := incident.Incident{Site: x.site, Kind: incident.Kind(row.Kind), Key: key}
		if err := a.book.Settle(ctx, q, i, "the audit finds nothing amiss any more"); err != nil {
			return err
		}
	}
	return nil
}

func isAudit(kind string) bool { return strings.HasPrefix(kind, "audit_") }

func hasOpen(open []db.Incident, i incident.Incident) bool {
	return slices.ContainsFunc(open, func(row db.Incident) bool {
		return row.Kind == string(i.Kind) && strings.HasSuffix(row.Dedupe, "|"+i.Key) && row.Place == i.Place && row.Stay == i.Stay
	})
}

func (d Difference) coveredBy(open []db.Incident) bool {
	kinds := d.Kind.covered()
	return slices.ContainsFunc(open, func(row db.Incident) bool {
		here := row.Place == string(d.Place) || incident.Kind(row.Kind) == incident.JournalSealed
		return here && slices.Contains(kinds, incident.Kind(row.Kind))
	})
}

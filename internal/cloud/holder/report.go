package holder

import (
	"context"
	"fmt"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/incident"
	"cubby/internal/cloud/rows"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

const (
	// maxReports bounds how often one recipient reports something in a day: each wakes somebody up.
	maxReports = 10
	maxNote    = 500 // letters
	// keepReports is how long words and pictures of a report are kept: what a carrier takes to answer.
	keepReports = 90 * 24 * time.Hour
	// reportLife is how long a site that is not connected may still hear of a report by itself.
	reportLife = 10 * time.Minute
)

// Complaint is what a holder says is wrong with a parcel.
type Complaint struct {
	Stay    locker.StayID // one that waits, or was collected within locker.ReportWindow
	Problem locker.Problem
	Note    string // in their own words; may be empty
	Photo   []byte // JPEG or PNG as the camera made it; may be empty
}

// Reportable is a parcel that something may be said of.
type Reportable struct {
	Stay      locker.StayID
	Place     locker.PlaceID
	Collected bool // it is gone already
}

// Reportable lists what the holder may complain of: what waits, and what was collected a short time ago.
func (d *Desk) Reportable(ctx context.Context, token string) ([]Reportable, error) {
	r, err := d.holders.Find(ctx, token)
	if err != nil {
		return nil, err
	}
	found, err := d.reportable(ctx, d.store.Read(), r.ID)
	if err != nil {
		return nil, err
	}
	var all []Reportable
	for _, s := range found {
		all = append(all, Reportable{Stay: locker.StayID(s.ID), Place: locker.PlaceID(s.Place), Collected: !s.Live})
	}
	return all, nil
}

func (d *Desk) reportable(ctx context.Context, q *db.Queries, recipient string) ([]db.Stay, error) {
	all, err := waiting(ctx, q, recipient)
	if err != nil {
		return nil, err
	}
	ended, err := q.ListEndedOfRecipient(ctx, db.ListEndedOfRecipientParams{
		Recipient: recipient, Since: d.now().Add(-locker.ReportWindow).UnixMilli(), Page: maxPage,
	})
	if err != nil {
		return nil, fmt.Errorf("list what was collected: %w", err)
	}
	return append(all, ended...), nil
}

// Report writes down what is wrong: staff have an incident at once, and the site a fact as soon as it
// hears of it. A picture that cannot be read is INPUT_INVALID, too many reports are RATE_LIMITED.
func (d *Desk) Report(ctx context.Context, token string, c Complaint) error {
	r, err := d.holders.Find(ctx, token)
	if err != nil {
		return err
	}
	switch c.Problem {
	case locker.ProblemTooHigh, locker.ProblemEmpty, locker.ProblemNotMine, locker.ProblemDamaged:
	case locker.ProblemDidNotOpen, locker.ProblemWontClose:
	default:
		return locker.Errorf(locker.CodeInputInvalid, "choose what is wrong")
	}
	now := d.now()
	count, err := d.store.Read().CountReportsSince(ctx, db.CountReportsSinceParams{
		Recipient: r.ID, Since: now.Add(-24 * time.Hour).UnixMilli(),
	})
	if err != nil {
		return fmt.Errorf("count reports: %w", err)
	}
	if count >= maxReports {
		return locker.Errorf(locker.CodeRateLimited, "that was enough for today: call the number on the page")
	}
	photo := []byte{}
	if len(c.Photo) > 0 {
		if photo, err = d.develop(ctx, c.Photo); err != nil {
			return err
		}
	}
	var site locker.SiteID
	err = d.store.Tx(ctx, func(q *db.Queries) error {
		stays, err := d.reportable(ctx, q, r.ID)
		if err != nil {
			return err
		}
		for _, s := range stays {
			if s.ID == string(c.Stay) {
				site = locker.SiteID(s.Site)
				return d.report(ctx, q, s, c, photo)
			}
		}
		return locker.Errorf(locker.CodeStayUnknown, "no such parcel")
	})
	if err == nil {
		d.holders.Wake(site)
	}
	return err
}

func (d *Desk) report(ctx context.Context, q *db.Queries, stay db.Stay, c Complaint, photo []byte) error {
	now := d.now()
	err := q.CreateReport(ctx, db.CreateReportParams{
		ID: d.newID(), Recipient: stay.Recipient, Site: stay.Site, Stay: stay.ID, Place: stay.Place, Problem: string(c.Problem),
		Note: clean(c.Note, maxNote), Photo: photo, CreatedAt: now.UnixMilli(), KeepUntil: now.Add(keepReports).UnixMilli(),
	})
	if err != nil {
		return fmt.Errorf("write a report of stay %s: %w", stay.ID, err)
	}
	// The fact raises the same incident again, which adds to it.
	err = d.holders.Raise(ctx, q, incident.Reported(stay.Site, stay.Place, stay.ID, string(c.Problem)))
	if err != nil {
		return err
	}
	return d.holders.Ask(ctx, q, cloud.IntentDraft{Site: locker.SiteID(stay.Site), Life: reportLife, Intent: wire.Intent{
		Kind: wire.IntentReport, Stay: locker.StayID(stay.ID), Place: locker.PlaceID(stay.Place), Problem: c.Problem,
		Recipient: locker.RecipientID(stay.Recipient),
	}})
}

// Report is what a recipient said of a parcel, as staff see it.
type Report struct {
	ID      string
	Problem locker.Problem
	Note    string
	Photo   bool // there is one, see [Desk.Photo]
	At      time.Time
}

// maxReported bounds what staff see of one parcel.
const maxReported = 50

// Reports lists what was said of a parcel of a site that the principal sees.
func (d *Desk) Reports(ctx context.Context, p cloud.Principal, site locker.SiteID, stay locker.StayID) ([]Report, error) {
	if err := p.NeedScope(auth.ScopePII); err != nil {
		return nil, err
	}
	if _, err := d.cloud.Site(ctx, p, site); err != nil {
		return nil, err
	}
	found, err := d.store.Read().ListReportsOfStay(ctx, db.ListReportsOfStayParams{Site: string(site), Stay: string(stay), Page: maxReported})
	if err != nil {
		return nil, fmt.Errorf("list reports of stay %s: %w", stay, err)
	}
	all := make([]Report, 0, len(found))
	for _, row := range found {
		all = append(all, Report{
			ID: row.ID, Problem: locker.Problem(row.Problem), Note: row.Note, Photo: row.PhotoSize > 0,
			At: locker.Millis(row.CreatedAt).Time(),
		})
	}
	return all, nil
}

// Photo returns the picture of a report of a site that the principal sees, a JPEG. Without one it is NOT_FOUND.
func (d *Desk) Photo(ctx context.Context, p cloud.Principal, site locker.SiteID, id string) ([]byte, error) {
	if err := p.NeedScope(auth.ScopePII); err != nil {
		return nil, err
	}
	if _, err := d.cloud.Site(ctx, p, site); err != nil {
		return nil, err
	}
	row, err := d.store.Read().FindReport(ctx, id)
	if err != nil {
		return nil, rows.NotFound(err, "report")
	}
	if row.Site != string(site) || len(row.Photo) == 0 {
		return nil, locker.Errorf(locker.CodeNotFound, "no such picture")
	}
	return row.Photo, nil
}

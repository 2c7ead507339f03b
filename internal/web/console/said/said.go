// Package said draws what residents said of their parcels, for the pages of staff, and gives out their
// pictures. It knows nothing of sessions.
package said

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/holder"
	"cubby/internal/locker"
	"cubby/internal/text"
)

// Desk holds what residents said; see [holder.Desk] for what the methods do.
type Desk interface {
	Reports(ctx context.Context, p cloud.Principal, site locker.SiteID, stay locker.StayID) ([]holder.Report, error)
	Photo(ctx context.Context, p cloud.Principal, site locker.SiteID, id string) ([]byte, error)
}

var _ Desk = (*holder.Desk)(nil)

// Request is who asks for what was said of which parcel.
type Request struct {
	Desk  Desk // nil: nothing is shown
	Who   cloud.Principal
	Text  *text.Printer
	Site  locker.SiteID
	Base  string // address of the site
	Stays []locker.StayID
	Now   time.Time
	Zone  *time.Location
}

// View is what was said of a parcel, oldest first.
type View struct {
	Heading string
	Reports []report
}

type report struct {
	What, Note, Time, ISO string
	Photo, Alt            string // address of the picture and what it is; empty: there is none
}

// PhotoPath is below the address of a site, as net/http's ServeMux reads it.
const PhotoPath = "/reports/{report}/photo"

// Of returns what was said; nil: nothing.
func Of(ctx context.Context, r Request) (*View, error) {
	if r.Desk == nil {
		return nil, nil
	}
	v := &View{Heading: r.Text.T("console.said")}
	for _, stay := range r.Stays {
		if stay == "" {
			continue
		}
		all, err := r.Desk.Reports(ctx, r.Who, r.Site, stay)
		if err != nil {
			return nil, err //nolint:wrapcheck // a use case's own error
		}
		for _, one := range all {
			v.Reports = append(v.Reports, r.report(one))
		}
	}
	if len(v.Reports) == 0 {
		return nil, nil
	}
	return v, nil
}

func (r Request) report(one holder.Report) report {
	t := r.Text
	v := report{
		What: t.T("console.problem." + string(one.Problem)), Note: one.Note, Time: t.DayTime(one.At, r.Now, r.Zone),
		ISO: one.At.UTC().Format(time.RFC3339),
	}
	if one.Photo {
		v.Photo = r.Base + "/reports/" + url.PathEscape(one.ID) + "/photo"
		v.Alt = t.T("console.said.photo", "what", v.What, "when", v.Time)
	}
	return v
}

// photoPolicy: a picture needs nothing, and runs nothing.
const photoPolicy = "default-src 'none'; sandbox"

// Photo answers with the picture of a report. Nobody keeps a copy: it ends with the report.
func Photo(w http.ResponseWriter, r *http.Request, d Desk, who cloud.Principal, site locker.SiteID) error {
	if d == nil {
		return locker.Errorf(locker.CodeNotFound, "reports are not kept here")
	}
	picture, err := d.Photo(r.Context(), who, site, r.PathValue("report"))
	if err != nil {
		return err //nolint:wrapcheck // a use case's own error
	}
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Length", strconv.Itoa(len(picture)))
	h.Set("Content-Disposition", `inline; filename="report.jpg"`)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", photoPolicy)
	_, err = w.Write(picture) //nolint:gosec // a JPEG that this server made, under a policy that runs nothing
	return err                //nolint:wrapcheck // the connection's
}

package api

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cubby/internal/cloud"
	"cubby/internal/cloud/holder"
	"cubby/internal/locker"
)

const jpegType = "image/jpeg"

func (a *API) registerReports() {
	add(a, operation{
		method: get, path: "/sites/{site}/stays/{stay}/reports", id: "list-reports", tag: tagParcels, scopes: pii(),
		summary: "List what its recipient said of a parcel",
		more:    "Oldest first, as long as it is kept. A parcel and an incident name the stay.",
	}, a.listReports)
	add(a, operation{
		method: get, path: "/sites/{site}/reports/{report}/photo", id: "get-report-photo", tag: tagParcels, scopes: pii(), stream: true,
		media: jpegType, summary: "Get the picture of a report", more: "NOT_FOUND when there is none.",
	}, a.getReportPhoto)
}

// ResidentReport is what a recipient said of a parcel.
type ResidentReport struct {
	ID      string         `json:"id" doc:"Id of the report."`
	Problem locker.Problem `json:"problem" enum:"too_high,empty,not_mine,damaged,did_not_open,wont_close" doc:"What is wrong." example:"damaged"`
	Note    string         `json:"note,omitempty" doc:"In their own words." example:"The box is wet."`
	Photo   bool           `json:"photo" doc:"There is a picture."`
	At      time.Time      `json:"at" doc:"When."`
}

func (a *API) listReports(ctx context.Context, who cloud.Principal, in *OfStay) (*reply[List[ResidentReport]], error) {
	found, err := a.holders.Reports(ctx, who, in.Site, in.Stay)
	return answer(List[ResidentReport]{Items: each(found, func(r holder.Report) ResidentReport { return ResidentReport(r) })}, err)
}

func (a *API) getReportPhoto(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	Report string `path:"report" maxLength:"200" doc:"Id of the report." example:"0197d3a8-2f6b-7b1c-9d55-0a4f6c1e8b25"`
},
) (*huma.StreamResponse, error) {
	picture, err := a.holders.Photo(ctx, who, in.Site, in.Report)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", jpegType)
		hc.SetHeader("Content-Length", strconv.Itoa(len(picture)))
		hc.SetHeader("Content-Disposition", `inline; filename="report.jpg"`)
		hc.SetHeader("Cache-Control", "no-store")
		hc.SetHeader("X-Content-Type-Options", "nosniff")
		hc.SetHeader("Content-Security-Policy", "default-src 'none'; sandbox")
		if _, err := hc.BodyWriter().Write(picture); err != nil {
			a.log.DebugContext(ctx, "a picture was not read to its end", slog.Any("error", err))
		}
	}}, nil
}

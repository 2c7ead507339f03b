package client

import (
	"context"
	"net/http"
	"time"
)

// ResidentReport is what a recipient said of a parcel on their page.
type ResidentReport struct {
	ID      string    `json:"id"`             // id of the report
	Problem string    `json:"problem"`        // what is wrong, such as "damaged"
	Note    string    `json:"note,omitempty"` // in their own words
	Photo   bool      `json:"photo"`          // there is a picture, see [Client.ReportPhoto]
	At      time.Time `json:"at"`             // when
}

// Reports lists what its recipient said of a parcel, oldest first. A parcel and an incident name the stay.
func (c *Client) Reports(ctx context.Context, site, stay string) ([]ResidentReport, error) {
	p, err := call[page[ResidentReport]](ctx, c, request{method: http.MethodGet, path: at("/sites/%s/stays/%s/reports", site, stay)})
	return p.Items, err
}

// ReportPhoto returns the picture of a report, a JPEG. Without one it is NOT_FOUND.
func (c *Client) ReportPhoto(ctx context.Context, site, report string) ([]byte, error) {
	return c.send(ctx, request{method: http.MethodGet, path: at("/sites/%s/reports/%s/photo", site, report)})
}

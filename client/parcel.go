package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// ParcelFilter chooses parcels. Zero fields do not filter.
type ParcelFilter struct {
	Site  string // empty: all sites
	Text  string // a tracking number or its last four, a unit, or the beginning of a name; needs the scope pii
	State string // "waiting", "overdue", "held", "ended", or the state of a stay
}

// Parcels lists parcels, newest first.
func (c *Client) Parcels(ctx context.Context, f ParcelFilter) iter.Seq2[Parcel, error] {
	path := "/parcels"
	if f.Site != "" {
		path = at("/sites/%s/parcels", f.Site)
	}
	return list[Parcel](ctx, c, path, params().text("q", f.Text).text("state", f.State).values)
}

// Parcel returns a parcel with its custody record.
func (c *Client) Parcel(ctx context.Context, site, parcel string) (ParcelDetail, error) {
	return call[ParcelDetail](ctx, c, request{method: http.MethodGet, path: at("/sites/%s/parcels/%s", site, parcel)})
}

// Evidence returns the archive (ZIP) with what happened to a parcel in plain words, and with the proofs that
// anybody checks by "cubby verify" and the operator's public key. language is "en", "es" or "ar"; names need
// the scope pii. A parcel that no signed tree head covers yet is CONFLICT: ask again in some minutes.
func (c *Client) Evidence(ctx context.Context, site, parcel, language string) ([]byte, error) {
	return c.send(ctx, request{
		method: http.MethodGet, path: at("/sites/%s/parcels/%s/evidence", site, parcel), query: params().text("lang", language).values,
	})
}

// Record returns the whole record of a site as lines for "cubby verify", without personal data. A large one is
// better fetched by "cubby verify URL", which keeps it in a file.
func (c *Client) Record(ctx context.Context, site string) ([]byte, error) {
	return c.send(ctx, request{method: http.MethodGet, path: at("/sites/%s/record", site)})
}

// Heads returns the newest signed tree head of each site. Keep them elsewhere, each day.
func (c *Client) Heads(ctx context.Context) ([]SiteHead, error) {
	p, err := call[page[SiteHead]](ctx, c, request{method: http.MethodGet, path: "/heads"})
	return p.Items, err
}

// Publications returns the days before one (empty: all) whose tree heads were published, newest first, at most 400.
func (c *Client) Publications(ctx context.Context, before string) ([]Publication, error) {
	p, err := call[page[Publication]](ctx, c, request{
		method: http.MethodGet, path: "/publications", query: params().text("before", before).values,
	})
	return p.Items, err
}

// Publication returns what was published on a day, as 2026-11-25: a file for "cubby verify RECORD --published FILE".
func (c *Client) Publication(ctx context.Context, day string) ([]byte, error) {
	return c.send(ctx, request{method: http.MethodGet, path: at("/publications/%s", day)})
}

// Refusals returns the latest parcels that were not taken at a site, at most limit (1 to 200; 0: 50).
func (c *Client) Refusals(ctx context.Context, site string, limit int) ([]Refusal, error) {
	p, err := call[page[Refusal]](ctx, c, request{
		method: http.MethodGet, path: at("/sites/%s/refusals", site), query: params().number("limit", limit).values,
	})
	return p.Items, err
}

// Reassign makes a parcel another resident's.
func (c *Client) Reassign(ctx context.Context, site, stay, resident, reason string) error {
	return c.run(ctx, http.MethodPost, at("/sites/%s/stays/%s/reassign", site, stay), struct {
		Resident string `json:"resident"`
		Reason   string `json:"reason"`
	}{resident, reason})
}

// Revoke takes the right to collect a parcel away: only staff may open it then.
func (c *Client) Revoke(ctx context.Context, site, stay, reason string) error {
	return c.run(ctx, http.MethodPost, at("/sites/%s/stays/%s/revoke", site, stay), reasoned{reason})
}

// Restore gives the right to collect a parcel back.
func (c *Client) Restore(ctx context.Context, site, stay, reason string) error {
	return c.run(ctx, http.MethodPost, at("/sites/%s/stays/%s/restore", site, stay), reasoned{reason})
}

// Hold moves the "collect by" of a parcel.
func (c *Client) Hold(ctx context.Context, site, stay string, until time.Time, reason string) error {
	return c.run(ctx, http.MethodPost, at("/sites/%s/stays/%s/hold", site, stay), struct {
		Until  time.Time `json:"until"`
		Reason string    `json:"reason"`
	}{until, reason})
}

// ReissueCode asks the site for a new code; the old one is worthless from then on.
func (c *Client) ReissueCode(ctx context.Context, site, stay, reason string) (Asked, error) {
	return c.ask(ctx, http.MethodPost, at("/sites/%s/stays/%s/reissue", site, stay), reasoned{reason})
}

// StayCode returns the code of a parcel that waits. That it was shown, and why, is recorded.
func (c *Client) StayCode(ctx context.Context, site, stay, reason string) (PickupCode, error) {
	return call[PickupCode](ctx, c, request{
		method: http.MethodPost, path: at("/sites/%s/stays/%s/code", site, stay), body: reasoned{reason},
	})
}

package client

import (
	"context"
	"iter"
	"net/http"
)

// Sites lists the sites that the token sees, by name.
func (c *Client) Sites(ctx context.Context) iter.Seq2[Site, error] {
	return list[Site](ctx, c, "/sites", nil)
}

// Site returns a site with its settings and policy.
func (c *Client) Site(ctx context.Context, site string) (SiteDetail, error) {
	return call[SiteDetail](ctx, c, request{method: http.MethodGet, path: at("/sites/%s", site)})
}

// CreateSite creates a site and returns its id.
func (c *Client) CreateSite(ctx context.Context, d SiteDraft) (string, error) {
	return made(ctx, c, "/sites", d)
}

// SetSettings replaces the name and the settings of a site.
func (c *Client) SetSettings(ctx context.Context, site, name string, s Settings) error {
	return c.run(ctx, http.MethodPut, at("/sites/%s/settings", site), struct {
		Name string `json:"name"`
		Settings
	}{name, s})
}

// SetPolicy replaces the policy of a site.
func (c *Client) SetPolicy(ctx context.Context, site string, p Policy) error {
	return c.run(ctx, http.MethodPut, at("/sites/%s/policy", site), p)
}

// Codes returns how hard the codes of a site are to guess.
func (c *Client) Codes(ctx context.Context, site string) (Codes, error) {
	return call[Codes](ctx, c, request{method: http.MethodGet, path: at("/sites/%s/codes", site)})
}

// Layout returns the layout of a site.
func (c *Client) Layout(ctx context.Context, site string) (Layout, error) {
	return call[Layout](ctx, c, request{method: http.MethodGet, path: at("/sites/%s/layout", site)})
}

// SetLayout replaces the layout of a site. A place that holds a parcel cannot be taken out: CONFLICT.
func (c *Client) SetLayout(ctx context.Context, site string, l Layout) error {
	return c.run(ctx, http.MethodPut, at("/sites/%s/layout", site), l)
}

// CreateEnrolment makes a token that enrols one controller, once.
func (c *Client) CreateEnrolment(ctx context.Context, site string) (string, error) {
	e, err := call[struct{ Token string }](ctx, c, request{method: http.MethodPost, path: at("/sites/%s/enrolments", site)})
	return e.Token, err
}

// Health returns the health of a site.
func (c *Client) Health(ctx context.Context, site string) (SiteHealth, error) {
	return call[SiteHealth](ctx, c, request{method: http.MethodGet, path: at("/sites/%s/health", site)})
}

// Advice says from the record of a site whether other doors, another hold or one more column would help. It takes
// some seconds. CONFLICT: the record says too little yet; the error says how much is missing.
func (c *Client) Advice(ctx context.Context, site string) (Advice, error) {
	return call[Advice](ctx, c, request{method: http.MethodGet, path: at("/sites/%s/advice", site)})
}

// Acts lists the privileged acts on a site, newest first.
func (c *Client) Acts(ctx context.Context, site string) iter.Seq2[Act, error] {
	return list[Act](ctx, c, at("/sites/%s/acts", site), nil)
}

// Facts returns the facts of a site after a cursor, at most limit (1 to 200; 0: 50), and the cursor to go
// on with, also when there is nothing new yet. An empty cursor is the beginning.
func (c *Client) Facts(ctx context.Context, site, after string, limit int) (facts []Fact, next string, err error) {
	p, err := call[page[Fact]](ctx, c, request{
		method: http.MethodGet, path: at("/sites/%s/facts", site), query: params().text("after", after).number("limit", limit).values,
	})
	return p.Items, p.Next, err
}

// Properties lists the properties that the token sees.
func (c *Client) Properties(ctx context.Context) iter.Seq2[Property, error] {
	return list[Property](ctx, c, "/properties", nil)
}

// CreateProperty creates a property and returns its id.
func (c *Client) CreateProperty(ctx context.Context, d PropertyDraft) (string, error) {
	return made(ctx, c, "/properties", d)
}

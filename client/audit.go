package client

import (
	"context"
	"net/http"
)

// Audit returns what the last audit of a site found; NOT_FOUND before the first one.
func (c *Client) Audit(ctx context.Context, site string) (Audit, error) {
	return call[Audit](ctx, c, request{method: http.MethodGet, path: at("/sites/%s/audit", site)})
}

// RunAudit audits a site now.
func (c *Client) RunAudit(ctx context.Context, site string) (Audit, error) {
	return call[Audit](ctx, c, request{method: http.MethodPost, path: at("/sites/%s/audit", site)})
}

// Rounds returns the latest guided audits of a site, newest first.
func (c *Client) Rounds(ctx context.Context, site string) ([]Round, error) {
	all, err := call[Rounds](ctx, c, request{method: http.MethodGet, path: at("/sites/%s/audit/rounds", site)})
	return all.Items, err
}

// BeginRound begins a guided audit and returns its id.
func (c *Client) BeginRound(ctx context.Context, site string, d RoundDraft) (string, error) {
	return made(ctx, c, at("/sites/%s/audit/rounds", site), d)
}

// Round returns a guided audit, place by place.
func (c *Client) Round(ctx context.Context, site, id string) (RoundDetail, error) {
	return call[RoundDetail](ctx, c, request{method: http.MethodGet, path: at("/sites/%s/audit/rounds/%s", site, id)})
}

// FinishRound ends a guided audit.
func (c *Client) FinishRound(ctx context.Context, site, id string) error {
	return c.run(ctx, http.MethodPost, at("/sites/%s/audit/rounds/%s/finish", site, id), nil)
}

// OpenRoundPlace opens the door of a place of a guided audit.
func (c *Client) OpenRoundPlace(ctx context.Context, site, id, place string) error {
	return c.run(ctx, http.MethodPost, at("/sites/%s/audit/rounds/%s/places/%s/open", site, id, place), nil)
}

// AnswerRoundPlace says what is in a place of a guided audit.
func (c *Client) AnswerRoundPlace(ctx context.Context, site, id, place string, a RoundAnswer) error {
	return c.run(ctx, http.MethodPost, at("/sites/%s/audit/rounds/%s/places/%s/answer", site, id, place), a)
}

// SkipRoundPlace leaves a place of a guided audit out.
func (c *Client) SkipRoundPlace(ctx context.Context, site, id, place string) error {
	return c.run(ctx, http.MethodPost, at("/sites/%s/audit/rounds/%s/places/%s/skip", site, id, place), nil)
}

package client

import (
	"context"
	"iter"
	"net/http"
)

// Incidents lists the open incidents, or the resolved ones, newest first; of one site unless it is empty.
func (c *Client) Incidents(ctx context.Context, site string, resolved bool) iter.Seq2[Incident, error] {
	return list[Incident](ctx, c, "/incidents", params().text("site", site).flag("resolved", resolved).values)
}

// Incident returns an incident with its notes.
func (c *Client) Incident(ctx context.Context, id string) (IncidentDetail, error) {
	return call[IncidentDetail](ctx, c, request{method: http.MethodGet, path: at("/incidents/%s", id)})
}

// AssignIncident gives an incident an owner; an empty user is whoever made the token.
func (c *Client) AssignIncident(ctx context.Context, id, user string) error {
	return c.run(ctx, http.MethodPost, at("/incidents/%s/assign", id), struct {
		User string `json:"user,omitempty"`
	}{user})
}

// NoteIncident adds a note to an incident.
func (c *Client) NoteIncident(ctx context.Context, id, text string) error {
	return c.run(ctx, http.MethodPost, at("/incidents/%s/notes", id), struct {
		Text string `json:"text"`
	}{text})
}

// ResolveIncident resolves an incident; the resolution says what was done.
func (c *Client) ResolveIncident(ctx context.Context, id, resolution string) error {
	return c.run(ctx, http.MethodPost, at("/incidents/%s/resolve", id), struct {
		Resolution string `json:"resolution"`
	}{resolution})
}

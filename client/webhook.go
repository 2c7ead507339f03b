package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"
)

// Webhook is a program elsewhere that is told what happens.
type Webhook struct {
	ID      string    `json:"id"`                     // id
	Name    string    `json:"name"`                   // for people
	URL     string    `json:"url"`                    // where messages go
	Kinds   []string  `json:"kinds"`                  // types of messages; empty: all
	Active  bool      `json:"active"`                 // messages are made and sent
	Stopped string    `json:"stopped,omitempty"`      // why nothing is sent any more: gone, failing
	Failing time.Time `json:"failing_since,omitzero"` // since when no message was taken; zero: all is well
	Created time.Time `json:"created_at"`             // when it was made
	Waiting int       `json:"waiting"`                // messages on their way
	Dead    int       `json:"given_up"`               // messages that were given up
}

// WebhookDraft is a webhook to create.
type WebhookDraft struct {
	Name   string   `json:"name"`            // for people
	URL    string   `json:"url"`             // HTTPS
	Kinds  []string `json:"kinds,omitempty"` // types of messages, e.g. "parcel.stored"; empty: all
	Paused bool     `json:"paused,omitempty"`
}

// WebhookSecret is what a webhook's messages are signed with. It is shown once.
type WebhookSecret struct {
	ID     string `json:"id"`     // of the webhook
	Secret string `json:"secret"` // whsec_…, for any library of Standard Webhooks
}

// WebhookDelivery is one message to a webhook, and how it went.
type WebhookDelivery struct {
	ID       string          `json:"id"`               // id
	Event    string          `json:"event"`            // the header webhook-id of every attempt
	Kind     string          `json:"kind"`             // type of the message
	Site     string          `json:"site,omitempty"`   // id of the site
	State    string          `json:"state"`            // waiting, taken, dead
	Attempts int             `json:"attempts"`         // how often it was sent
	Status   int             `json:"status,omitempty"` // of the last answer
	TookMS   int64           `json:"took_ms"`          // milliseconds of the last attempt
	Error    string          `json:"error,omitempty"`  // of the last attempt
	Created  time.Time       `json:"created_at"`       // when it was made
	Due      time.Time       `json:"due_at,omitzero"`  // when it is sent next
	Ended    time.Time       `json:"ended_at,omitzero"`
	Body     json.RawMessage `json:"body"` // what is sent
}

// Webhooks lists webhooks by name.
func (c *Client) Webhooks(ctx context.Context) iter.Seq2[Webhook, error] {
	return list[Webhook](ctx, c, "/webhooks", nil)
}

// Webhook returns a webhook.
func (c *Client) Webhook(ctx context.Context, id string) (Webhook, error) {
	return call[Webhook](ctx, c, request{method: http.MethodGet, path: at("/webhooks/%s", id)})
}

// CreateWebhook has a program told what happens from now on. Keep the secret.
func (c *Client) CreateWebhook(ctx context.Context, d WebhookDraft) (WebhookSecret, error) {
	return call[WebhookSecret](ctx, c, request{method: http.MethodPost, path: "/webhooks", body: d})
}

// UpdateWebhook changes a webhook, e.g. Edit{"active": false}. One that was stopped is tried again.
func (c *Client) UpdateWebhook(ctx context.Context, id string, e Edit) error {
	return c.run(ctx, http.MethodPatch, at("/webhooks/%s", id), e)
}

// RemoveWebhook removes a webhook with its log.
func (c *Client) RemoveWebhook(ctx context.Context, id string) error {
	return c.run(ctx, http.MethodDelete, at("/webhooks/%s", id), nil)
}

// RotateWebhookSecret gives a webhook a new secret; for a day messages are signed with both.
func (c *Client) RotateWebhookSecret(ctx context.Context, id string) (WebhookSecret, error) {
	return call[WebhookSecret](ctx, c, request{method: http.MethodPost, path: at("/webhooks/%s/secret", id)})
}

// PingWebhook sends a message of the type ping.
func (c *Client) PingWebhook(ctx context.Context, id string) error {
	return c.run(ctx, http.MethodPost, at("/webhooks/%s/ping", id), nil)
}

// WebhookDeliveries lists messages of the last 30 days, newest first; state is waiting, taken, dead or empty.
func (c *Client) WebhookDeliveries(ctx context.Context, id, state string) iter.Seq2[WebhookDelivery, error] {
	return list[WebhookDelivery](ctx, c, at("/webhooks/%s/deliveries", id), params().text("state", state).values)
}

// RedeliverWebhook sends a message again, under the same id.
func (c *Client) RedeliverWebhook(ctx context.Context, id, delivery string) error {
	return c.run(ctx, http.MethodPost, at("/webhooks/%s/deliveries/%s/redeliver", id, delivery), nil)
}

// WebhookSpan chooses messages by when they were made.
type WebhookSpan struct {
	Since      time.Time `json:"since"`          // at most 30 days ago
	Until      time.Time `json:"until,omitzero"` // zero: now
	FailedOnly bool      `json:"failed_only,omitempty"`
}

// ReplayWebhook sends all messages of a span again, under the same ids, and returns how many.
func (c *Client) ReplayWebhook(ctx context.Context, id string, s WebhookSpan) (int, error) {
	out, err := call[struct {
		Messages int `json:"messages"`
	}](ctx, c, request{method: http.MethodPost, path: at("/webhooks/%s/replay", id), body: s})
	return out.Messages, err
}

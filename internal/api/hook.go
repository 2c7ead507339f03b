package api

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/hook"
	"cubby/internal/locker"
)

func (a *API) registerWebhooks() {
	add(a, operation{
		method: get, path: "/webhooks", id: "list-webhooks", tag: tagWebhooks, scopes: read(),
		summary: "List webhooks",
	}, a.listWebhooks)
	add(a, operation{
		method: post, path: "/webhooks", id: "create-webhook", tag: tagWebhooks, scopes: write(), status: createdStatus, secret: true,
		summary: "Create a webhook", more: "The secret is shown once. Messages begin with what happens from now on.",
	}, a.createWebhook)
	add(a, operation{
		method: get, path: "/webhooks/{webhook}", id: "get-webhook", tag: tagWebhooks, scopes: read(),
		summary: "Get a webhook",
	}, a.getWebhook)
	add(a, operation{
		method: patch, path: "/webhooks/{webhook}", id: "update-webhook", tag: tagWebhooks, scopes: write(), status: doneStatus,
		summary: "Change a webhook", more: "One that was stopped is tried again, with all that waited.",
	}, a.updateWebhook)
	add(a, operation{
		method: remove, path: "/webhooks/{webhook}", id: "remove-webhook", tag: tagWebhooks, scopes: write(), status: doneStatus,
		summary: "Remove a webhook with its log",
	}, a.removeWebhook)
	add(a, operation{
		method: post, path: "/webhooks/{webhook}/secret", id: "rotate-webhook-secret", tag: tagWebhooks, scopes: write(), secret: true,
		summary: "Give a webhook a new secret", more: "For a day messages are signed with both.",
	}, a.rotateWebhook)
	add(a, operation{
		method: post, path: "/webhooks/{webhook}/ping", id: "ping-webhook", tag: tagWebhooks, scopes: write(), status: doneStatus,
		summary: "Send a message of the type ping",
	}, a.pingWebhook)
	add(a, operation{
		method: get, path: "/webhooks/{webhook}/deliveries", id: "list-webhook-deliveries", tag: tagWebhooks, scopes: read(),
		summary: "List messages and how they went", more: "Of the last 30 days, newest first.",
	}, a.listWebhookDeliveries)
	add(a, operation{
		method: post, path: "/webhooks/{webhook}/deliveries/{delivery}/redeliver", id: "redeliver-webhook", tag: tagWebhooks, scopes: write(),
		status: doneStatus, summary: "Send a message again, under the same id",
	}, a.redeliverWebhook)
	add(a, operation{
		method: post, path: "/webhooks/{webhook}/replay", id: "replay-webhook", tag: tagWebhooks, scopes: write(),
		summary: "Send all messages of a span again", more: "Under the same ids, so that the receiver can tell copies.",
	}, a.replayWebhook)
}

// OfWebhook names a webhook.
type OfWebhook struct {
	Webhook string `path:"webhook" maxLength:"200" doc:"Id of the webhook."`
}

// Webhook is a program elsewhere that is told what happens.
type Webhook struct {
	ID      string      `json:"id" doc:"Id."`
	Name    string      `json:"name" doc:"For people." example:"Property system"`
	URL     string      `json:"url" doc:"Where messages go, by POST." example:"https://example.org/cubby"`
	Kinds   []hook.Kind `json:"kinds" doc:"Types of messages; empty: all."`
	Active  bool        `json:"active" doc:"Messages are made and sent."`
	Stopped string      `json:"stopped,omitempty" enum:"gone,failing" doc:"Why nothing is sent any more: the address answered 410, or took nothing for five days."`
	Failing time.Time   `json:"failing_since,omitzero" doc:"Since when no message was taken; missing: all is well."`
	Created time.Time   `json:"created_at" doc:"When it was made."`
	Waiting int         `json:"waiting" doc:"Messages on their way."`
	Dead    int         `json:"given_up" doc:"Messages that were given up."`
}

func webhookOf(v hook.View) Webhook {
	if v.Kinds == nil {
		v.Kinds = []hook.Kind{}
	}
	return Webhook(v)
}

func (a *API) listWebhooks(ctx context.Context, who cloud.Principal, in *Paging) (*reply[List[Webhook]], error) {
	all, err := a.hooks.List(ctx, who)
	if err != nil {
		return nil, err
	}
	page, err := cut(all, *in, func(v hook.View) string { return v.ID })
	return answer(listOf(page, webhookOf), err)
}

// Secret is what a webhook's messages are signed with.
type Secret struct {
	ID     string `json:"id" doc:"Id of the webhook."`
	Secret string `json:"secret" doc:"Keep it: it is shown once." example:"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"`
}

func (a *API) createWebhook(ctx context.Context, who cloud.Principal, in *struct {
	Body struct {
		Name   string      `json:"name" minLength:"1" maxLength:"100" doc:"For people." example:"Property system"`
		URL    string      `json:"url" minLength:"1" maxLength:"2000" doc:"HTTPS, at a public address unless the server's settings allow others." example:"https://example.org/cubby"`
		Kinds  []hook.Kind `json:"kinds,omitempty" maxItems:"50" doc:"Types of messages; missing: all." example:"[\"parcel.stored\",\"parcel.collected\"]"`
		Paused bool        `json:"paused,omitempty" doc:"Send nothing yet."`
	}
},
) (*made[Secret], error) {
	id, secret, err := a.hooks.Create(ctx, who, hook.Draft{Name: in.Body.Name, URL: in.Body.URL, Kinds: in.Body.Kinds, Active: !in.Body.Paused})
	if err != nil {
		return nil, err
	}
	return &made[Secret]{Location: Prefix + "/webhooks/" + url.PathEscape(id), Body: Secret{ID: id, Secret: secret.Reveal()}}, nil
}

func (a *API) getWebhook(ctx context.Context, who cloud.Principal, in *OfWebhook) (*reply[Webhook], error) {
	v, err := a.hooks.Get(ctx, who, in.Webhook)
	return answer(webhookOf(v), err)
}

// WebhookEdit is what changes of a webhook.
type WebhookEdit struct {
	Name   Edit[string]      `json:"name,omitzero" maxLength:"100" doc:"For people."`
	URL    Edit[string]      `json:"url,omitzero" maxLength:"2000" doc:"Where messages go."`
	Kinds  Edit[[]hook.Kind] `json:"kinds,omitzero" maxItems:"50" doc:"Types of messages; null or empty: all."`
	Active Edit[bool]        `json:"active,omitzero" doc:"False: messages are neither made nor sent."`
}

func (a *API) updateWebhook(ctx context.Context, who cloud.Principal, in *struct {
	OfWebhook
	Body WebhookEdit
},
) (*none, error) {
	v, err := a.hooks.Get(ctx, who, in.Webhook)
	if err != nil {
		return nil, err
	}
	d := hook.Draft{Name: v.Name, URL: v.URL, Kinds: v.Kinds, Active: v.Active}
	in.Body.Name.put(&d.Name)
	in.Body.URL.put(&d.URL)
	in.Body.Kinds.put(&d.Kinds)
	in.Body.Active.put(&d.Active)
	return done(a.hooks.Update(ctx, who, in.Webhook, d))
}

func (a *API) removeWebhook(ctx context.Context, who cloud.Principal, in *OfWebhook) (*none, error) {
	return done(a.hooks.Remove(ctx, who, in.Webhook))
}

func (a *API) rotateWebhook(ctx context.Context, who cloud.Principal, in *OfWebhook) (*reply[Secret], error) {
	secret, err := a.hooks.Rotate(ctx, who, in.Webhook)
	return answer(Secret{ID: in.Webhook, Secret: secret.Reveal()}, err)
}

func (a *API) pingWebhook(ctx context.Context, who cloud.Principal, in *OfWebhook) (*none, error) {
	return done(a.hooks.Ping(ctx, who, in.Webhook))
}

// WebhookDelivery is one message to a webhook, and how it went.
type WebhookDelivery struct {
	ID       string          `json:"id" doc:"Id of the delivery."`
	Event    string          `json:"event" doc:"The header webhook-id of every attempt."`
	Kind     hook.Kind       `json:"kind" doc:"Type of the message." example:"parcel.stored"`
	Site     locker.SiteID   `json:"site,omitempty" doc:"Id of the site."`
	State    string          `json:"state" enum:"waiting,taken,dead" doc:"Dead: it was given up."`
	Attempts int             `json:"attempts" doc:"How often it was sent."`
	Status   int             `json:"status,omitempty" doc:"Of the last answer; missing: there was none."`
	TookMS   int64           `json:"took_ms" doc:"Milliseconds of the last attempt."`
	Error    string          `json:"error,omitempty" doc:"Of the last attempt."`
	Created  time.Time       `json:"created_at" doc:"When it was made."`
	Due      time.Time       `json:"due_at,omitzero" doc:"When it is sent next."`
	Ended    time.Time       `json:"ended_at,omitzero" doc:"When it was taken or given up."`
	Body     json.RawMessage `json:"body" doc:"What is sent."`
}

func (a *API) listWebhookDeliveries(ctx context.Context, who cloud.Principal, in *struct {
	OfWebhook
	Paging
	State string `query:"state" enum:"waiting,taken,dead" doc:"Only those."`
},
) (*reply[List[WebhookDelivery]], error) {
	cursor, err := reveal(in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := a.hooks.Deliveries(ctx, who, in.Webhook, hook.Choice{State: in.State, Cursor: cursor, Limit: in.Limit})
	return answer(listOf(page, func(d hook.Delivery) WebhookDelivery {
		return WebhookDelivery{
			ID: d.ID, Event: d.Event, Kind: d.Kind, Site: locker.SiteID(d.Site), State: d.State, Attempts: d.Attempts, Status: d.Status,
			TookMS: d.Took.Milliseconds(), Error: d.Error, Created: d.Created, Due: d.Due, Ended: d.Ended, Body: d.Body,
		}
	}), err)
}

func (a *API) redeliverWebhook(ctx context.Context, who cloud.Principal, in *struct {
	OfWebhook
	Delivery string `path:"delivery" maxLength:"200" doc:"Id of the delivery."`
},
) (*none, error) {
	return done(a.hooks.Redeliver(ctx, who, in.Webhook, in.Delivery))
}

// Replayed says how many messages go out again.
type Replayed struct {
	Messages int `json:"messages" doc:"How many go out again."`
}

func (a *API) replayWebhook(ctx context.Context, who cloud.Principal, in *struct {
	OfWebhook
	Body struct {
		Since      time.Time `json:"since" doc:"Messages made since then, at most 30 days ago."`
		Until      time.Time `json:"until,omitzero" doc:"And until then; missing: now."`
		FailedOnly bool      `json:"failed_only,omitempty" doc:"Only those that were given up."`
	}
},
) (*reply[Replayed], error) {
	n, err := a.hooks.Replay(ctx, who, in.Webhook, hook.Span{Since: in.Body.Since, Until: in.Body.Until, FailedOnly: in.Body.FailedOnly})
	return answer(Replayed{n}, err)
}

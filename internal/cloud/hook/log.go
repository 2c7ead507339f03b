package hook

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/entry"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// Delivery is one message to one hook, and how it went.
type Delivery struct {
	ID       string
	Event    string // the webhook-id of every attempt
	Kind     Kind
	Site     string
	State    string // waiting, taken, dead
	Attempts int
	Status   int           // of the last answer; 0: there was none
	Took     time.Duration // of the last attempt
	Error    string        // of the last attempt; empty: it was taken
	Created  time.Time
	Due      time.Time // of the next attempt; zero: there is none
	Ended    time.Time
	Body     json.RawMessage
}

// Choice chooses a page of a log.
type Choice struct {
	State  string // waiting, taken or dead; empty: all
	Cursor string // Next of the page before; empty: the newest
	Limit  int    // 1 to 200
}

// Deliveries returns the log of a hook, newest first.
func (h *Hooks) Deliveries(ctx context.Context, p cloud.Principal, id string, c Choice) (cloud.Page[Delivery], error) {
	var page cloud.Page[Delivery]
	if err := may(p, auth.ScopeRead); err != nil {
		return page, err
	}
	q := h.opts.Store.Read()
	if _, err := find(ctx, q, p, id); err != nil {
		return page, err
	}
	before, beforeID, err := entry.ParseCursor(c.Cursor)
	if err != nil {
		return page, err //nolint:wrapcheck // says what to do
	}
	if before == 0 {
		before = math.MaxInt64
	}
	limit := min(max(c.Limit, 1), 200)
	found, err := q.ListHookDeliveries(ctx, db.ListHookDeliveriesParams{
		Hook: id, Before: before, BeforeID: beforeID, State: c.State, Page: int32(limit) + 1,
	})
	if err != nil {
		return page, fmt.Errorf("list deliveries: %w", err)
	}
	for i, row := range found {
		if i == limit {
			last := found[limit-1]
			page.Next = entry.FormatCursor(last.CreatedAt, last.ID)
			break
		}
		page.Items = append(page.Items, deliveryOf(row))
	}
	return page, nil
}

func deliveryOf(row db.HookDelivery) Delivery {
	d := Delivery{
		ID: row.ID, Event: row.Event, Kind: Kind(row.Kind), Site: row.Site, State: row.State, Attempts: int(row.Attempts),
		Status: int(row.Status), Took: time.Duration(row.TookMs) * time.Millisecond, Error: row.Error, Created: moment(row.CreatedAt),
		Ended: moment(row.EndedAt), Body: json.RawMessage(row.Body),
	}
	if row.State == stateWaiting {
		d.Due = moment(row.DueAt)
	}
	return d
}

// Redeliver sends one message of the log again, under the same id.
func (h *Hooks) Redeliver(ctx context.Context, p cloud.Principal, id, delivery string) error {
	if err := may(p, auth.ScopeWrite); err != nil {
		return err
	}
	return h.change(ctx, p, id, "redeliver_webhook", func(q *db.Queries) error {
		n, err := q.RedeliverOne(ctx, db.RedeliverOneParams{Now: h.opts.Now().UnixMilli(), Hook: id, ID: delivery})
		if err == nil && n == 0 {
			return locker.Errorf(locker.CodeNotFound, "no such delivery")
		}
		return err
	})
}

// Span chooses messages of a log by when they were made.
type Span struct {
	Since, Until time.Time // Until zero: up to now
	FailedOnly   bool      // only those that were given up
}

// Replay sends all messages of a span again, under the same ids, and returns how many. It is
// INPUT_INVALID for a span that begins before the log does.
func (h *Hooks) Replay(ctx context.Context, p cloud.Principal, id string, s Span) (int, error) {
	if err := may(p, auth.ScopeWrite); err != nil {
		return 0, err
	}
	now := h.opts.Now()
	if s.Until.IsZero() {
		s.Until = now
	}
	if s.Since.Before(now.Add(-Keep)) {
		return 0, locker.Errorf(locker.CodeInputInvalid, "messages are kept for %d days: take older facts from the API", int(Keep.Hours()/24))
	}
	if s.Until.Before(s.Since) {
		return 0, locker.Errorf(locker.CodeInputInvalid, "the span ends before it begins")
	}
	var n int64
	err := h.change(ctx, p, id, "replay_webhook", func(q *db.Queries) (err error) {
		n, err = q.RedeliverHook(ctx, db.RedeliverHookParams{
			Now: now.UnixMilli(), Hook: id, Since: s.Since.UnixMilli(), Until: s.Until.UnixMilli(), FailedOnly: s.FailedOnly,
		})
		return err
	})
	return int(n), err
}

// Ping sends a message of kind ping, to try an address.
func (h *Hooks) Ping(ctx context.Context, p cloud.Principal, id string) error {
	if err := may(p, auth.ScopeWrite); err != nil {
		return err
	}
	event := "ping-" + h.opts.NewID()
	return h.change(ctx, p, id, "ping_webhook", func(q *db.Queries) error {
		return h.put(ctx, q, delivery{hook: id, event: event}, message{Ping, h.opts.Now().UTC(), pingData{Event: event}})
	})
}

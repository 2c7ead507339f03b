package hook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"cubby/internal/cloud/rows"
	"cubby/internal/integration/webhook"
	"cubby/internal/store/db"
)

// States of a delivery.
const (
	stateWaiting = "waiting"
	stateTaken   = "taken"
	stateDead    = "dead"
)

// Why a hook was stopped.
const (
	StoppedGone    = "gone"    // its address answered 410
	StoppedFailing = "failing" // nothing was taken for FailingMost
)

const (
	lookEvery = time.Second
	dueAtOnce = 50
	// claim is how long one process has a delivery for itself: longer than a receiver may take.
	claim      = time.Minute
	sweepEvery = time.Hour
	// FailingMost is how long an address may take nothing before its hook is stopped.
	FailingMost = 5 * 24 * time.Hour
)

// RetryAfter returns the wait after a failed attempt, counted from 1; ok is false after the last: the
// delivery is given up, a little more than three days after the first. The steps follow the
// specification's example.
func RetryAfter(attempt int) (wait time.Duration, ok bool) {
	steps := []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour,
		20 * time.Hour, 24 * time.Hour,
	}
	if attempt < 1 || attempt > len(steps) {
		return 0, false
	}
	return steps[attempt-1], true
}

// pause returns how long an address that takes nothing is left alone, whatever waits for it.
func pause(failing time.Duration) time.Duration {
	switch {
	case failing < time.Minute:
		return 5 * time.Second
	case failing < time.Hour:
		return time.Minute
	}
	return 5 * time.Minute
}

// Start follows and sends until Stop or until ctx ends.
func (h *Hooks) Start(ctx context.Context) {
	ctx, h.cancel = context.WithCancel(ctx)
	h.done.Go(func() {
		ticker := time.NewTicker(lookEvery)
		defer ticker.Stop()
		for {
			if err := h.round(ctx); err != nil && ctx.Err() == nil {
				h.opts.Logger.ErrorContext(ctx, "webhooks not served", slog.Any("error", err))
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})
}

// Stop ends the work and waits for what is being sent.
func (h *Hooks) Stop() {
	if h.cancel != nil {
		h.cancel()
	}
	h.done.Wait()
}

func (h *Hooks) round(ctx context.Context) error {
	hooks, err := h.active(ctx)
	if err != nil {
		return err
	}
	if err := h.followAll(ctx, hooks); err != nil {
		return err
	}
	if err := h.sweep(ctx); err != nil {
		return err
	}
	for _, row := range hooks {
		if !h.take(row.ID) {
			continue
		}
		h.done.Go(func() {
			defer h.release(row.ID)
			if err := h.serve(ctx, row); err != nil && ctx.Err() == nil {
				h.opts.Logger.ErrorContext(ctx, "webhook not served", slog.String("webhook", row.ID), slog.Any("error", err))
			}
		})
	}
	return nil
}

func (h *Hooks) take(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.busy[id] {
		return false
	}
	h.busy[id] = true
	return true
}

func (h *Hooks) release(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.busy, id)
}

// Send sends what is due, hook by hook: for tests and tools. Start does the same beside other work.
func (h *Hooks) Send(ctx context.Context) error {
	hooks, err := h.active(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, row := range hooks {
		errs = append(errs, h.serve(ctx, row))
	}
	return errors.Join(errs...)
}

// serve sends to one address until nothing is due or it does not take a message.
func (h *Hooks) serve(ctx context.Context, hook db.Hook) error {
	now := h.opts.Now().UnixMilli()
	if hook.RetryAt > now {
		return nil
	}
	due, err := h.opts.Store.Read().ListDueHookDeliveries(ctx, db.ListDueHookDeliveriesParams{Hook: hook.ID, Now: now, Page: dueAtOnce})
	if err != nil {
		return fmt.Errorf("list what is due: %w", err)
	}
	for _, d := range due {
		if ok, err := h.claim(ctx, d); err != nil || !ok {
			if err != nil {
				return err
			}
			continue // another process has it
		}
		taken, err := h.deliver(ctx, hook, d)
		if err != nil || !taken {
			return err
		}
	}
	return nil
}

func (h *Hooks) claim(ctx context.Context, d db.HookDelivery) (bool, error) {
	var n int64
	err := h.opts.Store.Tx(ctx, func(q *db.Queries) (err error) {
		n, err = q.ClaimHookDelivery(ctx, db.ClaimHookDeliveryParams{
			Until: h.opts.Now().Add(claim).UnixMilli(), ID: d.ID, DueAt: d.DueAt,
		})
		return err
	})
	if err != nil {
		return false, fmt.Errorf("claim a delivery: %w", err)
	}
	return n > 0, nil
}

// deliver makes one attempt and writes down how it went.
func (h *Hooks) deliver(ctx context.Context, hook db.Hook, d db.HookDelivery) (taken bool, err error) {
	secrets, err := h.secrets(hook)
	if err != nil {
		return false, err
	}
	answer, cause := h.opts.Sender.Send(ctx, hook.Url, secrets, webhook.Message{ID: d.Event, At: h.opts.Now(), Body: []byte(d.Body)})
	if ctx.Err() != nil {
		return false, nil //nolint:nilerr // the server ends; it is due again when the claim ends
	}
	now := h.opts.Now()
	taken = cause == nil && answer.Taken()
	end := db.SettleHookDeliveryParams{
		State: stateTaken, DueAt: now.UnixMilli(), Status: int64(answer.Status), TookMs: answer.Took.Milliseconds(),
		EndedAt: now.UnixMilli(), ID: d.ID,
	}
	if !taken {
		end.Error = rows.Shorten(why(answer, cause))
		wait, again := RetryAfter(int(d.Attempts) + 1)
		if end.State = stateDead; again {
			end.State, end.DueAt, end.EndedAt = stateWaiting, now.Add(wait).UnixMilli(), 0
		}
	}
	return taken, h.opts.Store.Tx(context.WithoutCancel(ctx), func(q *db.Queries) error {
		if err := q.SettleHookDelivery(ctx, end); err != nil {
			return fmt.Errorf("settle a delivery: %w", err)
		}
		if taken {
			return q.MarkHookWell(ctx, hook.ID)
		}
		return h.failed(ctx, q, hook, answer)
	})
}

// failed leaves an address alone for a while, and for good when it is gone or was silent for days.
func (h *Hooks) failed(ctx context.Context, q *db.Queries, hook db.Hook, answer webhook.Answer) error {
	now := h.opts.Now()
	since := moment(hook.FailingSince)
	if since.IsZero() {
		since = now
	}
	reason := ""
	switch {
	case answer.Gone():
		reason = StoppedGone
	case now.Sub(since) >= FailingMost:
		reason = StoppedFailing
	}
	if reason != "" {
		h.opts.Logger.WarnContext(ctx, "webhook stopped", slog.String("webhook", hook.ID), slog.String("reason", reason))
		if err := q.StopHook(ctx, db.StopHookParams{Stopped: reason, ChangedAt: now.UnixMilli(), ID: hook.ID}); err != nil {
			return fmt.Errorf("stop webhook %s: %w", hook.ID, err)
		}
	}
	err := q.MarkHookFailing(ctx, db.MarkHookFailingParams{
		Now: now.UnixMilli(), RetryAt: now.Add(pause(now.Sub(since))).UnixMilli(), ID: hook.ID,
	})
	if err != nil {
		return fmt.Errorf("mark webhook %s as failing: %w", hook.ID, err)
	}
	return nil
}

// secrets returns what to sign with: both, while one takes the other's place.
func (h *Hooks) secrets(hook db.Hook) ([]webhook.Secret, error) {
	kept := [][]byte{hook.Secret}
	if len(hook.OldSecret) > 0 && h.opts.Now().UnixMilli() < hook.OldUntil {
		kept = append(kept, hook.OldSecret)
	}
	secrets := make([]webhook.Secret, 0, len(kept))
	for _, raw := range kept {
		s, err := webhook.SecretOf(raw)
		if err != nil {
			return nil, fmt.Errorf("read the secret of webhook %s: %w", hook.ID, err)
		}
		secrets = append(secrets, s)
	}
	return secrets, nil
}

func why(a webhook.Answer, cause error) string {
	if cause != nil {
		return cause.Error()
	}
	if a.Excerpt == "" {
		return "status " + strconv.Itoa(a.Status)
	}
	return "status " + strconv.Itoa(a.Status) + ": " + a.Excerpt
}

// sweep forgets old deliveries.
func (h *Hooks) sweep(ctx context.Context) error {
	now := h.opts.Now()
	if now.Sub(h.swept) < sweepEvery {
		return nil
	}
	h.swept = now
	err := h.opts.Store.Tx(ctx, func(q *db.Queries) error {
		_, err := q.SweepHookDeliveries(ctx, now.Add(-Keep).UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("forget old deliveries: %w", err)
	}
	return nil
}

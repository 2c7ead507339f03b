package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/cloud/holder"
	"cubby/internal/locker"
	"cubby/internal/notify/email"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// Kinds of messages to recipients. Reminders are kindReminder and their step.
const (
	kindFirst     = "first"     // a parcel waits
	kindCode      = "code"      // its code was replaced after the first
	kindReminder  = "reminder_" // it waits on
	kindCollected = "collected" // it is gone

	channelEmail = string(holder.Email)
)

// States of a row of notices.
const (
	stateQueued    = "queued"
	stateSent      = "sent"
	stateFailed    = "failed"
	stateBounced   = "bounced"
	stateCancelled = "cancelled"
)

// Words for the error of a notice and the detail of an incident. Pages translate them under
// "notice.why.<word>".
const (
	whyNoAddress  = "no_address"
	whyTemporary  = "temporary"
	whyRefused    = "refused"
	whyBounced    = "bounced"
	whyConfig     = "config"
	whyWaiting    = "waiting"
	whySuperseded = "superseded"
	whyOver       = "over"
)

// sendJob is the body of jobs of kind JobSend.
type sendJob struct {
	Notice string `json:"notice"`
}

func decode(job store.Job, into any) error {
	if err := json.Unmarshal([]byte(job.Body), into); err != nil {
		return fmt.Errorf("read job %s: %w", job.Kind, errors.Join(err, store.ErrPermanent))
	}
	return nil
}

func (n *Notifier) enqueue(ctx context.Context, q *db.Queries, job store.Job, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write job %s: %w", job.Kind, err)
	}
	job.Body = string(text)
	_, err = n.opts.Store.Enqueue(ctx, q, job)
	return err
}

// waits reports whether a stay's recipient has something to collect.
func waits(s db.Stay) bool {
	return s.Live && s.State == string(locker.StayStored) && s.Settled && !s.Revoked && s.Recipient != ""
}

// first makes the row of the first notice of a parcel, or of a new code, and the job that sends it.
// It sends nothing itself, so that one notice is only ever sent by one job.
func (n *Notifier) first(ctx context.Context, job store.Job) error {
	var body cloud.StayJob
	if err := decode(job, &body); err != nil {
		return err
	}
	raised := false
	err := n.opts.Store.Tx(ctx, func(q *db.Queries) error {
		stay, err := q.FindStay(ctx, db.FindStayParams{Site: string(body.Site), ID: string(body.Stay)})
		if errors.Is(err, store.ErrNone) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("find stay %s: %w", body.Stay, err)
		}
		if !waits(stay) || stay.Recipient != string(body.Recipient) || stay.Generation != int64(body.Generation) {
			return nil // a later job tells what is true now
		}
		raised, err = n.prepare(ctx, q, stay)
		return err
	})
	if err == nil && raised {
		n.opts.Post.Changed(string(body.Site))
	}
	return err
}

// prepare makes the row for the code that a stay has now. It reports whether it raised an incident
// instead, because nobody can be told.
func (n *Notifier) prepare(ctx context.Context, q *db.Queries, stay db.Stay) (raised bool, err error) {
	recipient, err := q.FindRecipient(ctx, stay.Recipient)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return false, fmt.Errorf("find recipient %s: %w", stay.Recipient, err)
	}
	rows, err := q.ListNoticesOfStay(ctx, db.ListNoticesOfStayParams{Site: stay.Site, Stay: stay.ID})
	if err != nil {
		return false, fmt.Errorf("list notices of stay %s: %w", stay.ID, err)
	}
	ways, err := n.ways(ctx, q, recipient)
	if err != nil {
		return false, err
	}
	if len(ways) == 0 {
		if hasSlip(rows, stay) {
			return false, nil
		}
		return true, n.opts.Post.Unnotified(ctx, q, stay, whyNoAddress)
	}
	for _, way := range ways {
		if err := n.prepareWay(ctx, q, stay, way, rows); err != nil {
			return false, err
		}
	}
	return false, nil
}

// prepareWay makes the row of one channel, unless there is one.
func (n *Notifier) prepareWay(ctx context.Context, q *db.Queries, stay db.Stay, way string, rows []db.Notice) error {
	kind := kindFirst
	for _, row := range rows {
		switch {
		case row.Channel != way || row.Kind != kindFirst && row.Kind != kindCode:
		case row.Recipient == stay.Recipient && row.Generation == stay.Generation && row.State != stateCancelled:
			return nil // told, or about to be
		case row.State == stateQueued:
			err := q.CancelNotice(ctx, db.CancelNoticeParams{Error: whySuperseded, ID: row.ID})
			if err != nil {
				return fmt.Errorf("cancel notice %s: %w", row.ID, err)
			}
		case row.Recipient == stay.Recipient && row.State == stateSent:
			kind = kindCode
		}
	}
	return n.create(ctx, q, stay, note{way, kind, stay.Generation})
}

// note names one message about a stay: by which channel, of which kind and generation.
type note struct {
	way, kind  string
	generation int64
}

// create makes a row and the job that sends it. When there is such a row already it does nothing,
// unless the row was cancelled and holds again.
func (n *Notifier) create(ctx context.Context, q *db.Queries, stay db.Stay, m note) error {
	id := noticeID(stay, m)
	added, err := q.CreateNotice(ctx, db.CreateNoticeParams{
		ID: id, Site: stay.Site, Stay: stay.ID, Recipient: stay.Recipient, Channel: m.way, Kind: m.kind,
		Generation: m.generation, CreatedAt: n.opts.Now().UnixMilli(),
	})
	if err != nil {
		return fmt.Errorf("create a notice of stay %s: %w", stay.ID, err)
	}
	if added == 0 {
		row, err := q.FindNotice(ctx, id)
		if err != nil {
			return fmt.Errorf("find notice %s: %w", id, err)
		}
		if row.State != stateCancelled {
			return nil
		}
		if _, err := q.RequeueNotice(ctx, id); err != nil {
			return fmt.Errorf("queue notice %s again: %w", id, err)
		}
	}
	job := store.Job{Kind: jobOf(m.way), Key: id}
	if m.way == string(holder.Voice) {
		if job.NotBefore, err = n.callableAt(ctx, q, stay); err != nil {
			return err
		}
	}
	return n.enqueue(ctx, q, job, sendJob{Notice: id})
}

// noticeID names a message by what makes it unique, so that its Message-ID is the same whoever makes
// it and however often.
func noticeID(stay db.Stay, m note) string {
	parts := []string{stay.Site, stay.ID, stay.Recipient, m.way, m.kind, strconv.FormatInt(m.generation, 10)}
	return messageKey(strings.Join(parts, "|"))
}

// messageKey returns the part of a Message-ID before the @.
func messageKey(id string) string {
	key, _, _ := strings.Cut(email.MessageID(id, ""), "@")
	return key
}

// send sends one row.
func (n *Notifier) send(ctx context.Context, job store.Job) error {
	var body sendJob
	if err := decode(job, &body); err != nil {
		return err
	}
	row, err := n.opts.Store.Read().FindNotice(ctx, body.Notice)
	if errors.Is(err, store.ErrNone) || err == nil && row.State != stateQueued {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find notice %s: %w", body.Notice, err)
	}
	about, err := n.load(ctx, row)
	if err != nil {
		return err
	}
	if why := about.unwanted(row); why != "" {
		return n.opts.Store.Tx(ctx, func(q *db.Queries) error {
			return q.CancelNotice(ctx, db.CancelNoticeParams{Error: why, ID: row.ID})
		})
	}
	if row.Channel != channelEmail {
		return n.sendShort(ctx, row, about, job)
	}
	if about.recipient.Email == "" {
		return n.giveUp(ctx, row, about.stay, stateFailed, whyNoAddress)
	}
	message, err := n.letters.Write(email.Message{ID: row.ID, To: about.recipient.Email}, n.letter(row, about))
	if err != nil {
		return n.giveUp(ctx, row, about.stay, stateFailed, err.Error())
	}
	if cause := n.opts.Mailer.Send(ctx, message); cause != nil {
		return n.failed(ctx, row, about.stay, job, cause)
	}
	return n.sent(ctx, row, about.stay)
}

// unwanted returns why a message is no longer true; empty: it is.
func (a *about) unwanted(row db.Notice) string {
	switch {
	case row.Kind == kindCollected:
		if a.stay.State != string(locker.StayCollected) {
			return whyOver
		}
	case !waits(a.stay):
		return whyOver
	case a.stay.Recipient != row.Recipient:
		return whySuperseded
	case (row.Kind == kindFirst || row.Kind == kindCode) && a.stay.Generation != row.Generation:
		return whySuperseded
	}
	return ""
}

func (n *Notifier) sent(ctx context.Context, row db.Notice, stay db.Stay) error {
	// The mail is gone: that is written down even when the program is just being stopped.
	ctx = context.WithoutCancel(ctx)
	err := n.opts.Store.Tx(ctx, func(q *db.Queries) error {
		err := q.MarkNoticeSent(ctx, db.MarkNoticeSentParams{
			SentAt: n.opts.Now().UnixMilli(), ProviderID: messageKey(row.ID), ID: row.ID,
		})
		if err != nil {
			return fmt.Errorf("mark notice %s as sent: %w", row.ID, err)
		}
		if !tells(row) {
			return nil
		}
		return n.opts.Post.Notified(ctx, q, stay, "told")
	})
	if err == nil && tells(row) {
		n.opts.Post.Changed(row.Site)
	}
	return err
}

// tells reports whether a row is what lets a recipient collect.
func tells(row db.Notice) bool { return row.Kind == kindFirst || row.Kind == kindCode }

// failed writes a failed attempt down and says whether to try again.
func (n *Notifier) failed(ctx context.Context, row db.Notice, stay db.Stay, job store.Job, cause error) error {
	if ctx.Err() != nil {
		return cause // stopped half-way: tried again later, with the same Message-ID
	}
	n.opts.Logger.WarnContext(ctx, "notice not sent", slog.String("site", row.Site), slog.String("stay", row.Stay),
		slog.String("notice", row.ID), slog.String("class", classOf(cause).String()), slog.Any("error", cause))
	why := whyTemporary
	switch classOf(cause) {
	case email.ClassPermanent:
		if refusesAddress(cause) {
			return n.giveUp(ctx, row, stay, stateBounced, whyBounced+": "+cause.Error())
		}
		return n.giveUp(ctx, row, stay, stateFailed, whyRefused+": "+cause.Error())
	case email.ClassConfig:
		why = whyConfig
	case email.ClassTemporary:
	}
	if job.Attempt >= store.MaxAttempts {
		return n.giveUp(ctx, row, stay, stateFailed, why+": "+cause.Error())
	}
	if err := n.mark(ctx, row, stateQueued, why+": "+cause.Error()); err != nil {
		return err
	}
	return cause
}

const maxErrorText = 500

// shorten keeps what a mail server said within bounds, and readable.
func shorten(text string) string { return strings.ToValidUTF8(text[:min(len(text), maxErrorText)], "") }

func (n *Notifier) mark(ctx context.Context, row db.Notice, state, why string) error {
	return n.opts.Store.Tx(ctx, func(q *db.Queries) error { return n.markIn(ctx, q, row, state, why) })
}

func (n *Notifier) markIn(ctx context.Context, q *db.Queries, row db.Notice, state, why string) error {
	err := q.MarkNoticeFailed(ctx, db.MarkNoticeFailedParams{
		State: state, FailedAt: n.opts.Now().UnixMilli(), Error: shorten(why), ID: row.ID,
	})
	if err != nil {
		return fmt.Errorf("mark notice %s as %s: %w", row.ID, state, err)
	}
	return nil
}

// giveUp ends a row that nobody will get, and tells somebody when it was the first word of a parcel.
// The job is done: RetryNotice makes another.
func (n *Notifier) giveUp(ctx context.Context, row db.Notice, stay db.Stay, state, why string) error {
	err := n.opts.Store.Tx(ctx, func(q *db.Queries) error {
		if err := n.markIn(ctx, q, row, state, why); err != nil {
			return err
		}
		if !tells(row) {
			return nil
		}
		if hope, err := n.otherWay(ctx, q, row); err != nil || hope {
			return err
		}
		word, _, _ := strings.Cut(why, ":")
		return n.opts.Post.Unnotified(ctx, q, stay, word)
	})
	if err == nil && tells(row) {
		n.opts.Post.Changed(row.Site)
	}
	return err
}

// Bounced writes down that a mail server gave a message back later. id is the Message-ID of the mail,
// with or without what follows the @. A message that is unknown or was not sent is NOT_FOUND.
func (n *Notifier) Bounced(ctx context.Context, id, why string) error {
	key, _, _ := strings.Cut(strings.Trim(id, "<> "), "@")
	var row db.Notice
	err := n.opts.Store.Tx(ctx, func(q *db.Queries) (err error) {
		if row, err = q.FindNoticeByProvider(ctx, key); err != nil {
			return notFound(err)
		}
		changed, err := q.BounceNotice(ctx, db.BounceNoticeParams{
			FailedAt: n.opts.Now().UnixMilli(), Error: shorten(whyBounced + ": " + why), ID: row.ID,
		})
		if err != nil || changed == 0 || !tells(row) {
			return err
		}
		stay, err := q.FindStay(ctx, db.FindStayParams{Site: row.Site, ID: row.Stay})
		if err != nil || !waits(stay) {
			return ignoreNone(err)
		}
		if hope, err := n.otherWay(ctx, q, row); err != nil || hope {
			return err
		}
		return n.opts.Post.Unnotified(ctx, q, stay, whyBounced)
	})
	if err == nil {
		n.opts.Post.Changed(row.Site)
	}
	return err
}

func ignoreNone(err error) error {
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	return err
}

func notFound(err error) error {
	if errors.Is(err, store.ErrNone) {
		return locker.Errorf(locker.CodeNotFound, "no such message")
	}
	return fmt.Errorf("find the message: %w", err)
}

// RetryNotice sends a message again that was given up or came back. A message that was sent or waits
// already, or whose parcel is gone, is CONFLICT.
func (n *Notifier) RetryNotice(ctx context.Context, p cloud.Principal, id string) error {
	row, err := n.opts.Store.Read().FindNotice(ctx, id)
	if err != nil {
		return notFound(err)
	}
	if err := n.opts.Post.Permit(ctx, p, cloud.RoleStaff, locker.SiteID(row.Site)); err != nil {
		return err
	}
	return n.opts.Store.Tx(ctx, func(q *db.Queries) error {
		stay, err := q.FindStay(ctx, db.FindStayParams{Site: row.Site, ID: row.Stay})
		if ignoreNone(err) != nil {
			return fmt.Errorf("find stay %s: %w", row.Stay, err)
		}
		if why := (&about{stay: stay}).unwanted(row); err != nil || why != "" {
			return locker.Errorf(locker.CodeConflict, "this message is no longer true: %s", why)
		}
		changed, err := q.RequeueNotice(ctx, id)
		if err != nil {
			return fmt.Errorf("queue notice %s again: %w", id, err)
		}
		if changed == 0 {
			return locker.Errorf(locker.CodeConflict, "this message was sent, or is about to be")
		}
		if err := n.opts.Post.Wrote(ctx, q, p, row.Site, id); err != nil {
			return err
		}
		return n.enqueue(ctx, q, store.Job{Kind: jobOf(row.Channel), Key: id}, sendJob{Notice: id})
	})
}

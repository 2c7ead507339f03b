package notice

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cubby/internal/cloud/holder"
	"cubby/internal/notify/email"
	"cubby/internal/notify/http"
	"cubby/internal/notify/push"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/text"
)

// Texter takes short messages or calls; *http.Gateway is one. An error says by its Fate what to do.
type Texter interface {
	Send(ctx context.Context, m http.Message) error
}

// Pusher takes messages to browsers; *push.Client is one.
type Pusher interface {
	Send(ctx context.Context, to push.Subscription, m push.Message) error
}

// Chatter tells rooms; chat.Client is one.
type Chatter interface {
	Send(ctx context.Context, address, text string) error
}

// ways returns the channels by which a recipient is told: those that they chose and that work, else the
// first that works. A browser that asked is told too, while nothing was chosen.
func (n *Notifier) ways(ctx context.Context, q *db.Queries, r db.Recipient) ([]string, error) {
	open := map[holder.Channel]bool{
		holder.Email: r.Email != "", holder.SMS: n.opts.SMS != nil && r.Phone != "", holder.Voice: n.opts.Voice != nil && r.Phone != "",
	}
	if n.opts.Push != nil && r.ID != "" {
		browsers, err := q.ListPushSubscriptions(ctx, db.ListPushSubscriptionsParams{Recipient: r.ID, Page: 1})
		if err != nil {
			return nil, fmt.Errorf("list the browsers of recipient %s: %w", r.ID, err)
		}
		open[holder.Push] = len(browsers) > 0
	}
	row, err := q.FindChannels(ctx, r.ID)
	if ignoreNone(err) != nil {
		return nil, fmt.Errorf("find the channels of recipient %s: %w", r.ID, err)
	}
	var ways []string
	for _, c := range holder.Chosen(row.Channels) {
		if open[c] {
			ways = append(ways, string(c))
		}
	}
	if len(ways) > 0 {
		return ways, nil
	}
	for _, c := range []holder.Channel{holder.Email, holder.SMS, holder.Voice} {
		if open[c] {
			ways = append(ways, string(c))
			break
		}
	}
	if open[holder.Push] {
		ways = append(ways, string(holder.Push))
	}
	return ways, nil
}

// createAll makes a message of a kind that is about the stay, not about one code, on each channel:
// generation 0 makes it unique.
func (n *Notifier) createAll(ctx context.Context, q *db.Queries, stay db.Stay, kind string) error {
	recipient, err := q.FindRecipient(ctx, stay.Recipient)
	if err != nil {
		return ignoreNone(err)
	}
	ways, err := n.ways(ctx, q, recipient)
	if err != nil {
		return err
	}
	for _, way := range ways {
		if err := n.create(ctx, q, stay, note{way, kind, 0}); err != nil {
			return err
		}
	}
	return nil
}

// jobOf is the kind of the jobs that send on a channel: one that is away holds no other up.
func jobOf(way string) string {
	if way == channelEmail {
		return JobSend
	}
	return JobSend + "." + way
}

// otherWay reports whether a recipient was told of the same code on another channel, or is about to be.
func (n *Notifier) otherWay(ctx context.Context, q *db.Queries, row db.Notice) (bool, error) {
	rows, err := q.ListNoticesOfStay(ctx, db.ListNoticesOfStayParams{Site: row.Site, Stay: row.Stay})
	if err != nil {
		return false, fmt.Errorf("list notices of stay %s: %w", row.Stay, err)
	}
	return slices.ContainsFunc(rows, func(o db.Notice) bool {
		return o.ID != row.ID && o.Recipient == row.Recipient && o.Generation == row.Generation && tells(o) &&
			(o.State == stateSent || o.State == stateQueued)
	}), nil
}

// classOf says what to do about a failure of any channel; what is unknown is temporary.
func classOf(err error) email.Class {
	var e interface{ Fate() email.Class }
	if errors.As(err, &e) {
		return e.Fate()
	}
	return email.ClassOf(err)
}

// refusesAddress reports whether the address or the number is what is wrong.
func refusesAddress(err error) bool {
	var mail *email.Error
	if errors.As(err, &mail) {
		return mail.Step == email.StepRecipient || mail.Step == email.StepMessage
	}
	var number interface{ Refused() bool }
	return errors.As(err, &number) && number.Refused()
}

// Calls wait for the end of quiet hours and holidays, in steps, for a week at most.
const (
	callStep  = 15 * time.Minute
	callSteps = 7 * 24 * 4
)

// callableAt is the first moment at which a recipient may be called.
func (n *Notifier) callableAt(ctx context.Context, q *db.Queries, stay db.Stay) (time.Time, error) {
	at := n.opts.Now()
	h, err := n.home(ctx, q, stay.Site)
	if err != nil {
		return at, err
	}
	recipient, err := q.FindRecipient(ctx, stay.Recipient)
	if err != nil {
		return at, ignoreNone(err)
	}
	calendar := n.calendar(h, recipient)
	for range callSteps {
		if !calendar.Quietly(at) {
			break
		}
		at = at.Add(callStep)
	}
	return at, nil
}

// sendShort sends one row by a channel that is not mail.
func (n *Notifier) sendShort(ctx context.Context, row db.Notice, a *about, job store.Job) error {
	p := n.printer(a.recipient.Language, a.home)
	l := n.letter(row, a)
	var cause error
	switch holder.Channel(row.Channel) {
	case holder.SMS, holder.Voice:
		if a.recipient.Phone == "" {
			return n.giveUp(ctx, row, a.stay, stateFailed, whyNoAddress)
		}
		to, words := n.opts.SMS, shortText(p, l, n.opts.Brand.Name)
		if row.Channel == string(holder.Voice) {
			to, words = n.opts.Voice, spokenText(p, l, a, n.opts.Brand.Name)
		}
		cause = to.Send(ctx, http.Message{ID: row.ID, To: a.recipient.Phone, Text: words, Lang: p.Lang()})
	case holder.Push:
		cause = n.pushAll(ctx, a.recipient.ID, push.Message{
			Title: l.Subject, Body: l.Preview, URL: a.link, Lang: p.Lang(), Dir: p.Dir(), Tag: row.Stay,
		})
	case holder.Email:
	}
	if errors.Is(cause, push.ErrGone) {
		return n.giveUp(ctx, row, a.stay, stateFailed, whyNoAddress)
	}
	if cause != nil {
		return n.failed(ctx, row, a.stay, job, cause)
	}
	return n.sent(ctx, row, a.stay)
}

// pushAll tells all browsers of a recipient and forgets those that are gone. One that was told is
// enough; without any it returns push.ErrGone.
func (n *Notifier) pushAll(ctx context.Context, recipient string, m push.Message) error {
	browsers, err := n.opts.Store.Read().ListPushSubscriptions(ctx, db.ListPushSubscriptionsParams{
		Recipient: recipient, Page: holder.MaxBrowsers,
	})
	if err != nil {
		return fmt.Errorf("list the browsers of recipient %s: %w", recipient, err)
	}
	told, cause := false, push.ErrGone
	for _, b := range browsers {
		err := n.opts.Push.Send(ctx, push.Subscription{Endpoint: b.Endpoint, P256DH: b.PublicKey, Auth: b.Auth}, m)
		switch {
		case err == nil:
			told = true
		case errors.Is(err, push.ErrGone):
			gone := n.opts.Store.Tx(ctx, func(q *db.Queries) error {
				_, err := q.DeletePushSubscription(ctx, b.Endpoint)
				return err
			})
			if gone != nil {
				return fmt.Errorf("forget a browser: %w", gone)
			}
		default:
			cause = err
		}
	}
	if told {
		return nil
	}
	return cause
}

// shortText says a letter in one line: what, the code, the page.
func shortText(p *text.Printer, l email.Letter, brand string) string {
	if l.Code == "" {
		return p.T("short.text", "brand", own(p, brand), "subject", l.Subject)
	}
	return p.T("short.text.code", "brand", own(p, brand), "subject", l.Subject, "code", ltr(p, l.Code), "link", ltr(p, l.Link))
}

// spokenText says a letter so that a voice can read it out and a hand can write the code down.
func spokenText(p *text.Printer, l email.Letter, a *about, brand string) string {
	if l.Code == "" {
		return p.T("short.spoken", "brand", brand, "subject", l.Subject, "site", a.site.Name)
	}
	if a.code.Unit == "" {
		return p.T("short.spoken.code", "brand", brand, "subject", l.Subject, "site", a.site.Name, "code", Spoken(l.Code))
	}
	return p.T("short.spoken.unit", "brand", brand, "subject", l.Subject, "site", a.site.Name, "unit", Spoken(a.code.Unit),
		"code", Spoken(a.code.Digits))
}

// Spoken writes a code as a voice reads it: one sign at a time, with a longer pause between groups of
// three, e.g. "4, 7, 1. 0, 8, 2. 3, 3, 6".
func Spoken(code string) string {
	var b strings.Builder
	count := 0
	for _, r := range code {
		if r == '-' || r == ' ' {
			continue
		}
		switch {
		case count == 0:
		case count%3 == 0:
			b.WriteString(". ")
		default:
			b.WriteString(", ")
		}
		b.WriteRune(r)
		count++
	}
	return b.String()
}

// one is a truth as a number, for a query.
func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

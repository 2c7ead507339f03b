package holder

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// Channel is a way to tell somebody. The zero value is invalid.
type Channel string

// The channels.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
	Voice Channel = "voice"
	Push  Channel = "push"
)

// Channels lists all channels, in the order in which pages name them.
func Channels() []Channel { return []Channel{Email, SMS, Voice, Push} }

// Chosen returns the channels that a stored list names; an empty one names none.
func Chosen(list string) []Channel {
	var all []Channel
	for _, c := range Channels() {
		if slices.Contains(strings.Split(list, ","), string(c)) {
			all = append(all, c)
		}
	}
	return all
}

// Wishes are how somebody wants their parcels, and to be told of them.
type Wishes struct {
	LowDoor       bool
	Language      string    // BCP 47; empty: the site's first
	Channels      []Channel // empty: whatever there is
	QuietFrom     int       // minutes of the day in the property's zone; equal to QuietTo: none
	QuietTo       int
	VacationUntil time.Time // see [Desk.Away]; not set by SetWishes
	Email         string    // masked, e.g. "j…@example.org"; empty: none is known
	Phone         string    // masked, e.g. "…00"; empty: none is known
	Browsers      int       // that asked to be told
	TimeZone      string    // of the property
}

// Wishes returns what the holder of a link wishes. An unknown token is NOT_FOUND.
func (d *Desk) Wishes(ctx context.Context, token string) (Wishes, error) {
	r, err := d.holders.Find(ctx, token)
	if err != nil {
		return Wishes{}, err
	}
	q := d.store.Read()
	w := Wishes{
		LowDoor: r.LowDoor, Language: r.Language, QuietFrom: int(r.QuietFrom), QuietTo: int(r.QuietTo),
		Email: maskEmail(r.Email), Phone: maskPhone(r.Phone),
	}
	if r.VacationUntil > d.millis() {
		w.VacationUntil = locker.Millis(r.VacationUntil).Time()
	}
	chosen, err := q.FindChannels(ctx, r.ID)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return w, fmt.Errorf("find the channels of a recipient: %w", err)
	}
	w.Channels = Chosen(chosen.Channels)
	browsers, err := q.ListPushSubscriptions(ctx, db.ListPushSubscriptionsParams{Recipient: r.ID, Page: MaxBrowsers})
	if err != nil {
		return w, fmt.Errorf("list the browsers of a recipient: %w", err)
	}
	w.Browsers = len(browsers)
	property, err := q.FindProperty(ctx, r.Property)
	if err != nil {
		return w, fmt.Errorf("find property %s: %w", r.Property, err)
	}
	w.TimeZone = property.TimeZone
	return w, nil
}

// SetWishes stores the wishes and tells the sites what they must know. An unknown channel is
// INPUT_INVALID.
func (d *Desk) SetWishes(ctx context.Context, token string, w Wishes) error {
	r, err := d.holders.Find(ctx, token)
	if err != nil {
		return err
	}
	var names []string
	for _, c := range w.Channels {
		if !slices.Contains(Channels(), c) {
			return locker.Errorf(locker.CodeInputInvalid, "no channel %q", clean(string(c), 20))
		}
		names = append(names, string(c))
	}
	draft := draftOf(r)
	draft.LowDoor, draft.Language, draft.QuietFrom, draft.QuietTo = w.LowDoor, w.Language, w.QuietFrom, w.QuietTo
	var told []locker.SiteID
	err = d.store.Tx(ctx, func(q *db.Queries) error {
		if draft != draftOf(r) { // what is so already is not told again
			if told, err = d.holders.Put(ctx, q, r.Property, draft); err != nil {
				return err
			}
		}
		err := q.PutChannels(ctx, db.PutChannelsParams{Recipient: r.ID, Channels: strings.Join(names, ","), ChangedAt: d.millis()})
		if err != nil {
			return fmt.Errorf("store the channels of a recipient: %w", err)
		}
		return nil
	})
	if err == nil {
		d.holders.Wake(told...)
	}
	return err
}

// maskEmail returns an address so that its owner knows it and nobody else learns it.
func maskEmail(address string) string {
	name, host, ok := strings.Cut(address, "@")
	if !ok || name == "" {
		return ""
	}
	first := []rune(name)[0]
	return string(first) + "…@" + host
}

// maskPhone returns the last two digits of a number.
func maskPhone(phone string) string {
	if len(phone) < 2 {
		return ""
	}
	return "…" + phone[len(phone)-2:]
}

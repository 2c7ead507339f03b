package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

const (
	// pageSize is how many rows a tick reads at once, and most parts of it at all: the next tick
	// goes on.
	pageSize = 500
	// unsentAfter is how long a first notice may wait until somebody is told, a tick less than the
	// promised 15 minutes at most.
	unsentAfter = 10 * time.Minute
	// reviveEvery is the pause after which a message that was given up for want of a mail server is
	// tried again, and reviveFor how long its parcel's story is worth that.
	reviveEvery = time.Hour
	reviveFor   = 7 * 24 * time.Hour
	// confirmWithin is how late a collection is still confirmed.
	confirmWithin = time.Hour
)

// tellUntold makes first notices for parcels that have none: because their recipient had no address
// until now, or because a job got lost.
func (n *Notifier) tellUntold(ctx context.Context) error {
	stays, err := n.opts.Store.Read().ListUntoldStays(ctx, db.ListUntoldStaysParams{
		Phones: one(n.opts.SMS != nil || n.opts.Voice != nil), Browsers: one(n.opts.Push != nil), Page: pageSize,
	})
	if err != nil {
		return fmt.Errorf("look for parcels nobody was told of: %w", err)
	}
	if len(stays) > 0 {
		err = n.opts.Store.Tx(ctx, func(q *db.Queries) error {
			for _, stay := range stays {
				if err := n.opts.Post.Announce(ctx, q, stay); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return errors.Join(err, n.revive(ctx))
}

// revive queues messages again that were given up while the mail server was away.
func (n *Notifier) revive(ctx context.Context) error {
	now := n.opts.Now()
	rows, err := n.opts.Store.Read().ListRevivable(ctx, db.ListRevivableParams{
		After: now.Add(-reviveFor).UnixMilli(), Before: now.Add(-reviveEvery).UnixMilli(), Page: pageSize,
	})
	if err != nil {
		return fmt.Errorf("look for messages to try again: %w", err)
	}
	if len(rows) == 0 {
		return nil
	}
	return n.opts.Store.Tx(ctx, func(q *db.Queries) error {
		for _, row := range rows {
			if _, err := q.RequeueNotice(ctx, row.ID); err != nil {
				return fmt.Errorf("queue notice %s again: %w", row.ID, err)
			}
			if err := n.enqueue(ctx, q, store.Job{Kind: jobOf(row.Channel), Key: row.ID}, sendJob{Notice: row.ID}); err != nil {
				return err
			}
		}
		return nil
	})
}

// raiseUnsent tells somebody of parcels whose first notice waits for too long.
func (n *Notifier) raiseUnsent(ctx context.Context) error {
	rows, err := n.opts.Store.Read().ListUnsentNotices(ctx, db.ListUnsentNoticesParams{
		Before: n.opts.Now().Add(-unsentAfter).UnixMilli(), Page: pageSize,
	})
	if err != nil {
		return fmt.Errorf("look for notices that were not sent: %w", err)
	}
	return n.each(ctx, len(rows), func(q *db.Queries, i int) (string, error) {
		stay, err := q.FindStay(ctx, db.FindStayParams{Site: rows[i].Site, ID: rows[i].Stay})
		if err != nil || !waits(stay) || stay.Recipient != rows[i].Recipient {
			return "", ignoreNone(err)
		}
		why, _, _ := strings.Cut(rows[i].Error, ":")
		if why == "" {
			why = whyWaiting
		}
		return stay.Site, n.opts.Post.Unnotified(ctx, q, stay, why)
	})
}

// settleMoot ends the incidents of parcels that were collected all the same.
func (n *Notifier) settleMoot(ctx context.Context) error {
	stays, err := n.opts.Store.Read().ListMootUnnotified(ctx, pageSize)
	if err != nil {
		return fmt.Errorf("look for incidents that are over: %w", err)
	}
	return n.each(ctx, len(stays), func(q *db.Queries, i int) (string, error) {
		return stays[i].Site, n.opts.Post.Notified(ctx, q, stays[i], stays[i].State)
	})
}

// each runs do for every index in one transaction and tells the pages of the sites that it returns.
func (n *Notifier) each(ctx context.Context, count int, do func(*db.Queries, int) (string, error)) error {
	if count == 0 {
		return nil
	}
	var sites []string
	err := n.opts.Store.Tx(ctx, func(q *db.Queries) error {
		for i := range count {
			site, err := do(q, i)
			if err != nil {
				return err
			}
			sites = append(sites, site)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(sites)
	for _, site := range slices.Compact(sites) {
		if site != "" {
			n.opts.Post.Changed(site)
		}
	}
	return nil
}

// remind makes the reminders that are due now. What was made is known from the rows, so a restart
// changes nothing and no step comes twice.
func (n *Notifier) remind(ctx context.Context) error {
	wait, ok := n.opts.Rhythm.first()
	if !ok {
		return nil
	}
	now := n.opts.Now()
	homes := map[string]home{}
	page := db.ListRemindStaysParams{Page: pageSize}
	for {
		rows, err := n.opts.Store.Read().ListRemindStays(ctx, page)
		if err != nil {
			return fmt.Errorf("look for parcels that wait: %w", err)
		}
		var due []reminder
		for _, row := range rows {
			if row.ToldAt == 0 || now.Sub(moment(row.ToldAt)) < wait {
				continue
			}
			step := n.opts.Rhythm.Due(now.Sub(moment(row.ToldAt)))
			if ok, err := n.mayRemind(ctx, row, step, homes); err != nil {
				return err
			} else if ok {
				due = append(due, reminder{row, step})
			}
		}
		if err := n.makeReminders(ctx, due); err != nil {
			return err
		}
		if len(rows) < pageSize {
			return nil
		}
		last := rows[len(rows)-1]
		page.AfterSite, page.AfterPlace, page.AfterStay = last.Site, last.Place, last.ID
	}
}

// reminder is one step that is due.
type reminder struct {
	db.ListRemindStaysRow
	step int
}

// mayRemind reports whether a step is new and its recipient may be reminded now. If not, a later tick
// finds it again.
func (n *Notifier) mayRemind(ctx context.Context, row db.ListRemindStaysRow, step int, homes map[string]home) (bool, error) {
	if int64(step) <= row.Step {
		return false, nil
	}
	at, known := homes[row.Site]
	if !known {
		var err error
		if at, err = n.home(ctx, n.opts.Store.Read(), row.Site); err != nil {
			return false, err
		}
		homes[row.Site] = at
	}
	recipient, err := n.opts.Store.Read().FindRecipient(ctx, row.Recipient)
	if err != nil {
		return false, ignoreNone(err)
	}
	now := n.opts.Now()
	held := recipient.VacationUntil > now.UnixMilli()
	return !held && !n.calendar(at, recipient).Quietly(now), nil
}

func (n *Notifier) makeReminders(ctx context.Context, due []reminder) error {
	return n.each(ctx, len(due), func(q *db.Queries, i int) (string, error) {
		stay, err := q.FindStay(ctx, db.FindStayParams{Site: due[i].Site, ID: due[i].ID})
		if err != nil || !waits(stay) || stay.Recipient != due[i].Recipient {
			return "", ignoreNone(err)
		}
		// Reminders are about the stay, not about one code: generation 0 makes a step unique.
		return "", n.createAll(ctx, q, stay, kindReminder+strconv.Itoa(due[i].step))
	})
}

// calendar says when a recipient may be reminded: the server's quiet hours and the own ones hold.
func (n *Notifier) calendar(at home, recipient db.Recipient) Calendar {
	return Calendar{
		Zone: at.zone, Holidays: at.settings.Holidays,
		Quiet: []Hours{n.opts.Quiet, {From: int(recipient.QuietFrom), To: int(recipient.QuietTo)}},
	}
}

// confirm makes the mails that say a parcel was collected, for sites that want them.
func (n *Notifier) confirm(ctx context.Context) error {
	sites, err := n.opts.Store.Read().ListSiteSettings(ctx)
	if err != nil {
		return fmt.Errorf("read the settings of sites: %w", err)
	}
	for _, site := range sites {
		var settings cloud.SiteSettings
		if err := json.Unmarshal([]byte(site.Settings), &settings); err != nil {
			return fmt.Errorf("read the settings of site %s: %w", site.ID, err)
		}
		if !settings.ConfirmCollected {
			continue
		}
		if err := n.confirmSite(ctx, site.ID); err != nil {
			return err
		}
	}
	return nil
}

func (n *Notifier) confirmSite(ctx context.Context, site string) error {
	stays, err := n.opts.Store.Read().ListCollectedStays(ctx, db.ListCollectedStaysParams{
		Site: site, After: n.opts.Now().Add(-confirmWithin).UnixMilli(), Page: pageSize,
	})
	if err != nil {
		return fmt.Errorf("look for what was collected at site %s: %w", site, err)
	}
	return n.each(ctx, len(stays), func(q *db.Queries, i int) (string, error) {
		return "", n.createAll(ctx, q, stays[i], kindCollected)
	})
}

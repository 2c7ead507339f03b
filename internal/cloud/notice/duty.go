package notice

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/incident"
	"cubby/internal/locker"
	"cubby/internal/notify/email"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/text"
)

const (
	// dutyGather is how long a mail to whoever is on duty waits for what else goes wrong with it.
	dutyGather = 5 * time.Second
	// dutyPause is the least time between two of them about one site.
	dutyPause = 5 * time.Minute
	// maxDutyLines bounds a mail: beyond it, the list in the console is the better place.
	maxDutyLines = 20
	maxDutyMails = 50 // addresses of one site
)

// dutyJob is the body of jobs of kind JobDuty.
type dutyJob struct {
	Site string `json:"site"`
}

// dutyMail is the body of jobs of kind JobDutyMail: one mail to one address.
type dutyMail struct {
	Site   string   `json:"site"`
	To     string   `json:"to"`
	Opened []string `json:"opened,omitempty"` // ids of incidents
	Over   []string `json:"over,omitempty"`
}

// incident has a report made of a fresh incident.
func (n *Notifier) incident(ctx context.Context, job store.Job) error {
	var body cloud.IncidentJob
	if err := decode(job, &body); err != nil {
		return err
	}
	return n.opts.Store.Tx(ctx, func(q *db.Queries) error {
		row, err := q.FindIncident(ctx, body.ID)
		if err != nil {
			return ignoreNone(err)
		}
		return n.summon(ctx, q, row.Site)
	})
}

// summon makes the job of a report about a site. While one waits, all that happens is merged into it;
// after one went out the next waits for a pause.
func (n *Notifier) summon(ctx context.Context, q *db.Queries, site string) error {
	last, err := q.LastDutyReport(ctx, site)
	if err != nil {
		return fmt.Errorf("look for the last report of site %s: %w", site, err)
	}
	due := n.opts.Now().Add(dutyGather)
	if earliest := moment(last).Add(dutyPause); last > 0 && earliest.After(due) {
		due = earliest
	}
	return n.enqueue(ctx, q, store.Job{Kind: JobDuty, Key: site, NotBefore: due}, dutyJob{Site: site})
}

// watchDuty finds incidents whose end was not told, and such that got lost on the way.
func (n *Notifier) watchDuty(ctx context.Context) error {
	q := n.opts.Store.Read()
	over, err := q.ListSitesWithOver(ctx)
	if err != nil {
		return fmt.Errorf("look for incidents that are over: %w", err)
	}
	lost, err := q.ListSitesUnreported(ctx, n.opts.Now().Add(-time.Minute).UnixMilli())
	if err != nil {
		return fmt.Errorf("look for incidents nobody was told of: %w", err)
	}
	sites := slices.Concat(over, lost)
	slices.Sort(sites)
	sites = slices.Compact(sites)
	return n.each(ctx, len(sites), func(q *db.Queries, i int) (string, error) { return "", n.summon(ctx, q, sites[i]) })
}

// report makes a mail for everybody who is on duty of what they have not heard, and writes down that
// they have, in one transaction: each incident is told once, and its end once.
func (n *Notifier) report(ctx context.Context, job store.Job) error {
	var body dutyJob
	if err := decode(job, &body); err != nil {
		return err
	}
	now := n.opts.Now().UnixMilli()
	return n.opts.Store.Tx(ctx, func(q *db.Queries) error {
		mail := dutyMail{Site: body.Site}
		opened, err := q.ListUnreported(ctx, db.ListUnreportedParams{Site: body.Site, Page: pageSize})
		if err != nil {
			return fmt.Errorf("list incidents of site %s: %w", body.Site, err)
		}
		for _, row := range opened {
			mail.Opened = append(mail.Opened, row.ID)
			err := q.CreateDutyReport(ctx, db.CreateDutyReportParams{Incident: row.ID, Site: body.Site, ToldAt: now})
			if err != nil {
				return fmt.Errorf("note incident %s as told: %w", row.ID, err)
			}
		}
		over, err := q.ListReportedOver(ctx, db.ListReportedOverParams{Site: body.Site, Page: pageSize})
		if err != nil {
			return fmt.Errorf("list incidents of site %s that are over: %w", body.Site, err)
		}
		for _, row := range over {
			if row.ResolvedBy == "" { // whoever resolved it knows
				mail.Over = append(mail.Over, row.ID)
			}
			if err := q.EndDutyReport(ctx, db.EndDutyReportParams{OverAt: now, Incident: row.ID}); err != nil {
				return fmt.Errorf("note the end of incident %s: %w", row.ID, err)
			}
		}
		return n.enqueueDuty(ctx, q, mail)
	})
}

func (n *Notifier) enqueueDuty(ctx context.Context, q *db.Queries, mail dutyMail) error {
	if len(mail.Opened)+len(mail.Over) == 0 {
		return nil
	}
	about := slices.Concat(mail.Opened, mail.Over)[0]
	to, err := n.onDuty(ctx, q, mail.Site)
	if err != nil {
		return err
	}
	for _, address := range to {
		mail.To = address
		key := fmt.Sprintf("%s|%d|%d|%s", about, len(mail.Opened), len(mail.Over), messageKey(address))
		if err := n.enqueue(ctx, q, store.Job{Kind: JobDutyMail, Key: key}, mail); err != nil {
			return err
		}
	}
	return n.enqueueChat(ctx, q, mail, about)
}

// enqueueChat makes a job for each room of the site. The address of a room is a secret: the job names it
// by its hash.
func (n *Notifier) enqueueChat(ctx context.Context, q *db.Queries, mail dutyMail, about string) error {
	if n.opts.Chat == nil {
		return nil
	}
	h, err := n.home(ctx, q, mail.Site)
	if err != nil {
		return err
	}
	for _, room := range h.settings.Chat {
		mail.To = messageKey(room)
		key := fmt.Sprintf("%s|%d|%d|%s", about, len(mail.Opened), len(mail.Over), mail.To)
		if err := n.enqueue(ctx, q, store.Job{Kind: JobDutyChat, Key: key}, mail); err != nil {
			return err
		}
	}
	return nil
}

// sendChat tells one room. A room that was taken out of the settings is told nothing any more.
func (n *Notifier) sendChat(ctx context.Context, job store.Job) error {
	var body dutyMail
	if err := decode(job, &body); err != nil {
		return err
	}
	h, l, err := n.dutyWords(ctx, body)
	if err != nil || l.Subject == "" {
		return err
	}
	for _, room := range h.settings.Chat {
		if messageKey(room) != body.To {
			continue
		}
		words := strings.Join(slices.Concat([]string{l.Subject}, l.Lines, []string{l.Link}), "\n")
		err := n.opts.Chat.Send(ctx, room, words)
		if err != nil && classOf(err) == email.ClassPermanent {
			return fmt.Errorf("%w: %w", store.ErrPermanent, err)
		}
		return err
	}
	return nil
}

// onDuty returns the addresses of whoever is on duty: those of the server and those of the site.
func (n *Notifier) onDuty(ctx context.Context, q *db.Queries, site string) ([]string, error) {
	h, err := n.home(ctx, q, site)
	if err != nil {
		return nil, err
	}
	var to []string
	for _, address := range slices.Concat(n.opts.Duty, h.settings.OnDuty) {
		if address = strings.ToLower(strings.TrimSpace(address)); address != "" && !slices.Contains(to, address) {
			to = append(to, address)
		}
	}
	return to[:min(len(to), maxDutyMails)], nil
}

// sendDuty sends one mail to one address.
func (n *Notifier) sendDuty(ctx context.Context, job store.Job) error {
	var body dutyMail
	if err := decode(job, &body); err != nil {
		return err
	}
	_, l, err := n.dutyWords(ctx, body)
	if err != nil || l.Subject == "" {
		return err
	}
	m, err := n.letters.Write(email.Message{ID: JobDutyMail + "|" + job.Key, To: body.To}, l)
	if err != nil {
		return fmt.Errorf("write to whoever is on duty: %w", err)
	}
	err = n.opts.Mailer.Send(ctx, m)
	if email.ClassOf(err) == email.ClassPermanent && err != nil {
		return fmt.Errorf("%w: %w", store.ErrPermanent, err)
	}
	return err
}

// dutyWords puts together what whoever is on duty hears; without a subject there is nothing to say any
// more.
func (n *Notifier) dutyWords(ctx context.Context, body dutyMail) (home, email.Letter, error) {
	q := n.opts.Store.Read()
	h, err := n.home(ctx, q, body.Site)
	if err != nil {
		return h, email.Letter{}, err
	}
	opened, err := findIncidents(ctx, q, body.Opened)
	if err != nil {
		return h, email.Letter{}, err
	}
	over, err := findIncidents(ctx, q, body.Over)
	if err != nil || len(opened)+len(over) == 0 {
		return h, email.Letter{}, err
	}
	layout, err := n.opts.Post.Layout(ctx, body.Site)
	if err != nil {
		return h, email.Letter{}, err
	}
	return h, n.dutyLetter(h, layout, opened, over), nil
}

func findIncidents(ctx context.Context, q *db.Queries, ids []string) ([]db.Incident, error) {
	found := make([]db.Incident, 0, len(ids))
	for _, id := range ids {
		row, err := q.FindIncident(ctx, id)
		if ignoreNone(err) != nil {
			return nil, fmt.Errorf("find incident %s: %w", id, err)
		}
		if err == nil {
			found = append(found, row)
		}
	}
	return found, nil
}

// dutyLetter says what happened and what is over, in the language of the site.
func (n *Notifier) dutyLetter(h home, layout locker.Layout, opened, over []db.Incident) email.Letter {
	p := n.printer("", h)
	site := own(p, h.site.Name)
	l := email.Letter{
		Lang: p.Lang(), RTL: p.Dir() == "rtl", LinkLabel: p.T("mail.duty.link"), Link: n.opts.PublicURL + "/incidents",
		Help: n.contact(h, p), Footer: p.T("mail.duty.footer", "brand", own(p, n.opts.Brand.Name), "site", site),
	}
	switch {
	case len(opened) == 1:
		l.Subject = p.T("mail.duty.subject", "site", site, "what", what(p, opened[0]))
	case len(opened) > 1:
		l.Subject = p.N("mail.duty.subject.many", len(opened), "site", site)
	case len(over) == 1:
		l.Subject = p.T("mail.duty.subject.over", "site", site, "what", what(p, over[0]))
	default:
		l.Subject = p.N("mail.duty.subject.many_over", len(over), "site", site)
	}
	l.Lines = n.dutyLines(p, h, layout, opened, over)
	return l
}

// dutyLines says what happened, then what is over. It writes in the words of p.
func (n *Notifier) dutyLines(p *text.Printer, h home, layout locker.Layout, opened, over []db.Incident) []string {
	now := n.opts.Now()
	var lines []string
	for i, row := range slices.Concat(opened, over) {
		if i == maxDutyLines {
			return append(lines, p.N("mail.duty.more", len(opened)+len(over)-maxDutyLines))
		}
		say, at := "mail.duty.line", row.OpenedAt
		if i >= len(opened) {
			say, at = "mail.duty.line.over", row.ResolvedAt
		}
		words := what(p, row)
		where := incident.Part(row)
		if row.Place != "" {
			where = placeIn(layout, locker.PlaceID(row.Place)).name
		}
		if where != "" {
			words = p.T("mail.duty.at", "what", words, "place", ltr(p, line(where)))
		}
		lines = append(lines, p.T(say, "what", words, "when", p.DayTime(moment(at), now, h.zone)))
	}
	return lines
}

// what names the kind of an incident in words.
func what(p *text.Printer, row db.Incident) string {
	if key := "mail.incident." + row.Kind; p.Has(key) {
		return p.T("mail.incident." + row.Kind)
	}
	return row.Kind
}

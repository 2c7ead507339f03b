package notice

import (
	"context"
	"errors"
	"fmt"

	"cubby/internal/cloud/holder"
	"cubby/internal/notify/email"
	"cubby/internal/notify/http"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// sendLink tells a recipient the link that took the place of one that was lost, by mail and by short
// message: whatever is known and works. One that arrived is enough.
func (n *Notifier) sendLink(ctx context.Context, job store.Job) error {
	var body holder.LinkJob
	if err := decode(job, &body); err != nil {
		return err
	}
	q := n.opts.Store.Read()
	r, err := q.FindRecipient(ctx, body.Recipient)
	if err != nil || r.LinkGeneration != body.Generation {
		return ignoreNone(err) // a later job tells the link that holds now
	}
	h, err := n.propertyHome(ctx, q, r.Property)
	if err != nil {
		return err
	}
	address, err := n.opts.Post.Link(ctx, r)
	if err != nil {
		return err
	}
	p := n.printer(r.Language, h)
	l := email.Letter{
		Lang: p.Lang(), RTL: p.Dir() == "rtl", Subject: p.T("mail.newlink.subject"), Greeting: p.T("mail.greeting", "name", own(p, r.Name)),
		Lines: []string{p.T("mail.newlink.line")}, LinkLabel: p.T("mail.link"), Link: address, Help: n.contact(h, p),
		Footer: p.T("mail.footer", "brand", own(p, n.opts.Brand.Name), "property", own(p, h.property.Name)),
	}
	told := false
	var causes []error
	if r.Email != "" && n.opts.Mailer != nil {
		m, err := n.letters.Write(email.Message{ID: holder.JobLink + "|" + job.Key, To: r.Email}, l)
		if err == nil {
			err = n.opts.Mailer.Send(ctx, m)
		}
		told, causes = told || err == nil, append(causes, err)
	}
	if r.Phone != "" && n.opts.SMS != nil {
		words := p.T("short.link", "brand", own(p, n.opts.Brand.Name), "link", ltr(p, address))
		err := n.opts.SMS.Send(ctx, http.Message{ID: messageKey(holder.JobLink + "|" + job.Key), To: r.Phone, Text: words, Lang: p.Lang()})
		told, causes = told || err == nil, append(causes, err)
	}
	cause := errors.Join(causes...)
	if told || cause == nil { // nobody can be told: the desk hands the link out
		return nil
	}
	if classOf(cause) == email.ClassPermanent {
		return fmt.Errorf("%w: %w", store.ErrPermanent, cause)
	}
	return cause
}

// propertyHome is where the recipients of a property live, for messages that are about no parcel: its
// first site speaks for it.
func (n *Notifier) propertyHome(ctx context.Context, q *db.Queries, property string) (home, error) {
	sites, err := q.ListSitesOfProperty(ctx, property)
	if err != nil {
		return home{}, fmt.Errorf("list sites of property %s: %w", property, err)
	}
	if len(sites) > 0 {
		return n.home(ctx, q, sites[0].ID)
	}
	h := home{}
	if h.property, err = q.FindProperty(ctx, property); err != nil {
		return h, wrap(err, "find property "+property)
	}
	return h, nil
}

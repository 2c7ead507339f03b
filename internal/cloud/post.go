package cloud

import (
	"context"
	"fmt"

	"cubby/internal/auth"
	"cubby/internal/cloud/entry"
	"cubby/internal/cloud/incident"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// NoticeSettings are what a site wants of the messages to its recipients, and of those to its staff.
type NoticeSettings = entry.NoticeSettings

// Post is the Cloud as the sender of messages sees it, package notice. Its methods ask nobody for a
// right: the messages go to whom they are about.
type Post struct {
	cloud *Cloud
}

// Post returns the Cloud as the sender of messages sees it.
func (c *Cloud) Post() *Post { return &Post{cloud: c} }

// Code returns the code of a stay for its recipient; unit is what is typed before the digits.
func (p *Post) Code(ctx context.Context, stay db.Stay, unit string) (Code, error) {
	q := p.cloud.store.Read()
	cr, err := p.cloud.derive(ctx, q, derivation{stay.Site, stay.KeyID, subjectStay + stay.ID, stay.Generation})
	if err != nil {
		return Code{}, err
	}
	return codeOf(cr, unit), nil
}

// Link returns the address of a recipient's page.
func (p *Post) Link(ctx context.Context, recipient db.Recipient) (string, error) {
	return p.cloud.linkAddress(ctx, p.cloud.store.Read(), recipient)
}

// Layout returns the layout of a site, to name its places.
func (p *Post) Layout(ctx context.Context, site string) (locker.Layout, error) {
	return siteLayout(ctx, p.cloud.store.Read(), site)
}

// Announce makes the job of the first notice of a stay, unless there is one.
func (p *Post) Announce(ctx context.Context, q *db.Queries, stay db.Stay) error {
	return p.cloud.announce(ctx, q, stay)
}

func unnotified(stay db.Stay, why string) incident.Incident {
	return incident.Incident{
		Site: stay.Site, Kind: incident.Unnotified, Severity: incident.High, Place: stay.Place, Stay: stay.ID, Detail: why,
		Key: stay.ID,
	}
}

// Unnotified raises the incident of a parcel whose recipient could not be told; why is a word for
// the reason.
func (p *Post) Unnotified(ctx context.Context, q *db.Queries, stay db.Stay, why string) error {
	return p.cloud.raise(ctx, q, unnotified(stay, why))
}

// Notified settles what Unnotified raised.
func (p *Post) Notified(ctx context.Context, q *db.Queries, stay db.Stay, how string) error {
	return p.cloud.settle(ctx, q, unnotified(stay, ""), how)
}

// Changed tells live pages that incidents of a site changed.
func (p *Post) Changed(site string) {
	p.cloud.feed.Publish(Change{Site: locker.SiteID(site), Incidents: true, Tiles: true})
}

// Permit returns NOT_ALLOWED when somebody may not send messages, and NOT_FOUND when a site that is
// named is none of theirs.
func (p *Post) Permit(ctx context.Context, who Principal, role Role, site locker.SiteID) error {
	if err := who.Need(role, auth.ScopeWrite); err != nil {
		return err
	}
	if site == "" {
		return nil
	}
	_, err := p.cloud.findSite(ctx, who, site)
	return err
}

// Wrote writes down that somebody had a message sent, or tried the mail server: what names which.
func (p *Post) Wrote(ctx context.Context, q *db.Queries, who Principal, site, what string) error {
	if err := p.cloud.act(ctx, q, who, act{kind: "send_message", site: site, subject: what}); err != nil {
		return fmt.Errorf("write down a message: %w", err)
	}
	return nil
}

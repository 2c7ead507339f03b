package cloud

import (
	"context"
	"crypto/ed25519"
	"fmt"

	"cubby/internal/auth"
	"cubby/internal/cloud/incident"
	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// Hub is the Cloud as the sites' link sees it.
type Hub struct {
	cloud *Cloud
}

var (
	_ link.Hub      = (*Hub)(nil)
	_ link.Registry = (*Hub)(nil)
)

// Hub returns the Cloud as the sites' link sees it.
func (c *Cloud) Hub() *Hub { return &Hub{cloud: c} }

// Enrol implements link.Registry: it takes a token once and makes the key the controller of its
// site. The controller before it can sign in no more.
func (h *Hub) Enrol(ctx context.Context, request link.EnrolRequest) (locker.SiteID, error) {
	c := h.cloud
	digest := request.Secret.Digest()
	var site string
	err := c.store.Tx(ctx, func(q *db.Queries) error {
		row, err := q.FindEnrolment(ctx, digest[:])
		if isNone(err) {
			return locker.Errorf(locker.CodeTokenUsed, "this token is unknown, too old or was used: make a new one in the console")
		}
		if err != nil {
			return fmt.Errorf("find the token: %w", err)
		}
		fingerprint := auth.FingerprintOf(request.Key).String()
		if row.UsedAt != 0 {
			site = row.Site
			return c.enrolledBefore(ctx, q, row, fingerprint)
		}
		if c.millis() >= row.ExpiresAt {
			return locker.Errorf(locker.CodeTokenExpired, "this token is older than a day, make a new one")
		}
		site = row.Site
		return c.enrol(ctx, q, row, request, fingerprint)
	})
	if err != nil {
		return "", err
	}
	c.feed.Publish(Change{Site: locker.SiteID(site), Health: true})
	return locker.SiteID(site), nil
}

// enrolledBefore answers a controller whose enrolment was done but whose answer got lost.
func (c *Cloud) enrolledBefore(ctx context.Context, q *db.Queries, row db.EnrolmentToken, fingerprint string) error {
	site, err := q.FindSite(ctx, row.Site)
	if err != nil {
		return fmt.Errorf("find site %s: %w", row.Site, err)
	}
	if row.UsedBy == fingerprint && site.Fingerprint == fingerprint {
		return nil
	}
	return locker.Errorf(locker.CodeTokenUsed, "this token is unknown, too old or was used: make a new one in the console")
}

func (c *Cloud) enrol(ctx context.Context, q *db.Queries, row db.EnrolmentToken, request link.EnrolRequest, fingerprint string) error {
	n, err := q.UseEnrolment(ctx, db.UseEnrolmentParams{
		UsedAt: c.millis(), UsedBy: fingerprint, TokenHash: row.TokenHash,
	})
	if err != nil {
		return fmt.Errorf("use the token: %w", err)
	}
	if n == 0 {
		return locker.Errorf(locker.CodeTokenUsed, "this token is unknown, too old or was used: make a new one in the console")
	}
	if other, err := q.FindSiteByFingerprint(ctx, fingerprint); err == nil && other.ID != row.Site {
		return locker.Errorf(locker.CodeConflict, "this controller is enrolled for another site")
	} else if err != nil && !isNone(err) {
		return fmt.Errorf("look for the key: %w", err)
	}
	err = q.SetSiteLink(ctx, db.SetSiteLinkParams{LinkKey: request.Key, Fingerprint: fingerprint, ID: row.Site})
	if err != nil {
		return fmt.Errorf("enrol the controller of site %s: %w", row.Site, err)
	}
	return c.act(ctx, q, Principal{User: row.CreatedBy, Via: "enrolment"}, act{
		kind: "enrol", site: row.Site, subject: fingerprint, reason: request.Name,
	})
}

// Identify implements link.Registry.
func (h *Hub) Identify(ctx context.Context, key auth.Fingerprint) (link.Controller, error) {
	row, err := h.cloud.store.Read().FindSiteByFingerprint(ctx, key.String())
	if isNone(err) {
		return link.Controller{}, locker.Errorf(locker.CodeNotFound, "no site has this controller")
	}
	if err != nil {
		return link.Controller{}, fmt.Errorf("look for a controller: %w", err)
	}
	return link.Controller{Site: locker.SiteID(row.ID), Key: ed25519.PublicKey(row.LinkKey)}, nil
}

// Standing implements link.Registry.
func (h *Hub) Standing(ctx context.Context, site locker.SiteID) (link.Standing, error) {
	q := h.cloud.store.Read()
	row, err := q.FindSite(ctx, string(site))
	if err != nil {
		return link.Standing{}, notFound(err, "site")
	}
	standing := link.Standing{DirectoryEpoch: uint64(row.DirectoryEpoch)}
	cursor, err := q.FindCursor(ctx, string(site))
	if err != nil && !isNone(err) {
		return link.Standing{}, fmt.Errorf("read the cursor of site %s: %w", site, err)
	}
	standing.Acked = wire.Position{Epoch: uint64(cursor.Epoch), Number: uint64(cursor.Number)}
	head, err := q.LatestHead(ctx, string(site))
	if err != nil && !isNone(err) {
		return link.Standing{}, fmt.Errorf("read the head of site %s: %w", site, err)
	}
	standing.Head = string(head.Note)
	return standing, nil
}

// Present implements link.Registry.
func (h *Hub) Present(ctx context.Context, site locker.SiteID, presence link.Presence) {
	c := h.cloud
	err := c.store.Guarded(ctx, func(q *db.Queries) error {
		err := q.PutHealthLink(ctx, db.PutHealthLinkParams{
			Site: string(site), SeenAt: c.millis(), Linked: presence.Connected, LinkVia: string(presence.Via),
		})
		if err != nil || !presence.Connected {
			return err
		}
		return c.heard(ctx, q, string(site))
	})
	if err != nil {
		c.log.ErrorContext(ctx, "connection not noted", siteAttr(string(site)), errAttr(err))
	}
	c.feed.Publish(Change{Site: site, Health: true})
}

// heard ends the incident of a site that was silent.
func (c *Cloud) heard(ctx context.Context, q *db.Queries, site string) error {
	return c.settle(ctx, q, incident.Incident{Site: site, Kind: incident.SiteSilent}, "heard again")
}

// Collided implements link.Registry: somebody may have copied the controller's key.
func (h *Hub) Collided(ctx context.Context, site locker.SiteID, collision link.Collision) {
	c := h.cloud
	err := c.store.Tx(ctx, func(q *db.Queries) error {
		return c.raise(ctx, q, incident.Incident{
			Site: string(site), Kind: incident.IdentityInUse, Severity: incident.Urgent, Detail: collision.Remote,
			Key: collision.Newcomer,
		})
	})
	if err != nil {
		c.log.ErrorContext(ctx, "collision not noted", siteAttr(string(site)), errAttr(err))
	}
	c.feed.Publish(Change{Site: site, Incidents: true, Tiles: true})
}

// Ingest implements link.Hub.
func (h *Hub) Ingest(ctx context.Context, site locker.SiteID, uploads []wire.Upload) (wire.Position, error) {
	return h.cloud.intake.Submit(ctx, site, uploads)
}

// Directory implements link.Hub.
func (h *Hub) Directory(ctx context.Context, site locker.SiteID, have wire.DirectoryAck, limit int) (wire.DirectoryBatch, error) {
	return h.cloud.directoryBatch(ctx, site, have, limit)
}

// Intents implements link.Hub.
func (h *Hub) Intents(ctx context.Context, site locker.SiteID) ([]wire.Intent, error) {
	rows, err := h.cloud.store.Read().ListPendingIntents(ctx, db.ListPendingIntentsParams{
		Site: string(site), Now: h.cloud.millis(), Page: wire.MaxIntents,
	})
	if err != nil {
		return nil, fmt.Errorf("list intents of site %s: %w", site, err)
	}
	intents := make([]wire.Intent, 0, len(rows))
	for _, row := range rows {
		var i wire.Intent
		if err := decodeJSON(row.Body, &i); err != nil {
			return nil, err
		}
		intents = append(intents, i)
	}
	return intents, nil
}

// Status implements link.Hub.
func (h *Hub) Status(ctx context.Context, site locker.SiteID, status wire.Status) error {
	c := h.cloud
	text, err := encodeJSON(status)
	if err != nil {
		return err
	}
	err = c.store.Guarded(ctx, func(q *db.Queries) error {
		if err := q.PutHealthStatus(ctx, db.PutHealthStatusParams{Site: string(site), Status: text, StatusAt: c.millis()}); err != nil {
			return err
		}
		return c.heard(ctx, q, string(site))
	})
	if err != nil {
		return fmt.Errorf("keep the status of site %s: %w", site, err)
	}
	c.feed.Publish(Change{Site: site, Health: true})
	return nil
}

// Head implements link.Hub.
func (h *Hub) Head(ctx context.Context, site locker.SiteID, note string) (string, error) {
	row, err := h.cloud.store.Read().FindSite(ctx, string(site))
	if err != nil {
		return "", notFound(err, "site")
	}
	return h.cloud.intake.Head(ctx, site, row.LinkKey, note)
}

// Recall implements link.Hub.
func (h *Hub) Recall(ctx context.Context, site locker.SiteID, after wire.Position, limit int) ([]wire.Upload, error) {
	return h.cloud.intake.Recall(ctx, site, after, limit)
}

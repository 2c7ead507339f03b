package cloud

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"

	"cubby/internal/auth"
	"cubby/internal/journal"
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
			return locker.Errorf(locker.CodeTokenUsed, "this token is unknown or was used")
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
	c.feed.publish(Change{Site: locker.SiteID(site), Health: true})
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
	return locker.Errorf(locker.CodeTokenUsed, "this token is unknown or was used")
}

func (c *Cloud) enrol(ctx context.Context, q *db.Queries, row db.EnrolmentToken, request link.EnrolRequest, fingerprint string) error {
	n, err := q.UseEnrolment(ctx, db.UseEnrolmentParams{
		UsedAt: c.millis(), UsedBy: fingerprint, TokenHash: row.TokenHash,
	})
	if err != nil {
		return fmt.Errorf("use the token: %w", err)
	}
	if n == 0 {
		return locker.Errorf(locker.CodeTokenUsed, "this token is unknown or was used")
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
	err := c.store.Tx(ctx, func(q *db.Queries) error {
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
	c.feed.publish(Change{Site: site, Health: true})
}

// heard ends the incident of a site that was silent.
func (c *Cloud) heard(ctx context.Context, q *db.Queries, site string) error {
	return c.settle(ctx, q, incident{site: site, kind: IncidentSiteSilent}, "heard again")
}

// Collided implements link.Registry: somebody may have copied the controller's key.
func (h *Hub) Collided(ctx context.Context, site locker.SiteID, collision link.Collision) {
	c := h.cloud
	err := c.store.Tx(ctx, func(q *db.Queries) error {
		return c.raise(ctx, q, incident{
			site: string(site), kind: IncidentIdentityInUse, severity: SeverityUrgent, detail: collision.Remote,
			key: collision.Newcomer,
		})
	})
	if err != nil {
		c.log.ErrorContext(ctx, "collision not noted", siteAttr(string(site)), errAttr(err))
	}
	c.feed.publish(Change{Site: site, Incidents: true, Tiles: true})
}

// Ingest implements link.Hub.
func (h *Hub) Ingest(ctx context.Context, site locker.SiteID, uploads []wire.Upload) (wire.Position, error) {
	return h.cloud.intake.submit(ctx, &arrival{site: site, uploads: uploads})
}

// Directory implements link.Hub.
func (h *Hub) Directory(
	ctx context.Context, site locker.SiteID, have wire.DirectoryAck, limit int,
) (wire.DirectoryBatch, error) {
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
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		if err := q.PutHealthStatus(ctx, db.PutHealthStatusParams{
			Site: string(site), Status: text, StatusAt: c.millis(),
		}); err != nil {
			return err
		}
		return c.heard(ctx, q, string(site))
	})
	if err != nil {
		return fmt.Errorf("keep the status of site %s: %w", site, err)
	}
	c.feed.publish(Change{Site: site, Health: true})
	return nil
}

// Head implements link.Hub: it compares a tree head that the site signed with the tree of what the
// server holds, and countersigns it when they agree.
func (h *Hub) Head(ctx context.Context, site locker.SiteID, note string) (string, error) {
	c := h.cloud
	row, err := c.store.Read().FindSite(ctx, string(site))
	if err != nil {
		return "", notFound(err, "site")
	}
	verifier, err := journal.NewVerifier(journal.SiteKeyName(string(site)), ed25519.PublicKey(row.LinkKey))
	if err != nil {
		return "", fmt.Errorf("read the key of site %s: %w", site, err)
	}
	checkpoint, err := journal.OpenCheckpoint([]byte(note), verifier)
	if err != nil || checkpoint.Site != string(site) {
		return "", locker.Errorf(locker.CodeInputInvalid, "the tree head is not signed by this site")
	}
	if have, err := c.store.Read().FindHead(ctx, db.FindHeadParams{
		Site: string(site), Epoch: int64(checkpoint.Epoch), Size: int64(checkpoint.Size),
	}); err == nil && journal.HashHead(have.Note) == journal.HashHead([]byte(note)) {
		return string(have.Note), nil
	}
	frontier, err := c.treeAt(ctx, site, checkpoint)
	if err != nil {
		return "", err
	}
	if frontier.Root() != checkpoint.Root {
		return "", c.headMismatch(ctx, site, checkpoint, "root")
	}
	if err := c.checkPrevious(ctx, site, checkpoint); err != nil {
		return "", err
	}
	signed, err := journal.Countersign([]byte(note), verifier, c.signer)
	if err != nil {
		return "", fmt.Errorf("countersign the head of site %s: %w", site, err)
	}
	return string(signed), c.keepHead(ctx, site, checkpoint, signed, frontier)
}

// treeAt returns the tree of the server's copy at the size of a head.
func (c *Cloud) treeAt(ctx context.Context, site locker.SiteID, at journal.Checkpoint) (*journal.Frontier, error) {
	q := c.store.Read()
	epoch, err := q.FindEpoch(ctx, db.FindEpochParams{Site: string(site), Number: int64(at.Epoch)})
	if err != nil && !isNone(err) {
		return nil, fmt.Errorf("read epoch %d of site %s: %w", at.Epoch, site, err)
	}
	if uint64(epoch.Size) < at.Size || isNone(err) && at.Size > 0 {
		return nil, locker.Errorf(locker.CodeConflict, "the server has not got everything that this head covers")
	}
	frontier := new(journal.Frontier)
	if uint64(epoch.Size) == at.Size {
		return frontier, frontier.UnmarshalBinary(epoch.Frontier)
	}
	return frontier, c.replayTree(ctx, site, at, frontier)
}

// replayTree hashes the server's copy from the last head before a size up to it: operations came
// while the head was on its way.
func (c *Cloud) replayTree(ctx context.Context, site locker.SiteID, at journal.Checkpoint, frontier *journal.Frontier) error {
	q := c.store.Read()
	heads, err := q.ListHeads(ctx, db.ListHeadsParams{Site: string(site), Epoch: int64(at.Epoch)})
	if err != nil {
		return fmt.Errorf("read heads of site %s: %w", site, err)
	}
	for _, head := range heads {
		if uint64(head.Size) <= at.Size && len(head.Frontier) > 0 {
			if err := frontier.UnmarshalBinary(head.Frontier); err != nil {
				return fmt.Errorf("read the tree of site %s: %w", site, err)
			}
		}
	}
	for frontier.Size() < at.Size {
		rows, err := q.ListEpochOperations(ctx, db.ListEpochOperationsParams{
			Site: string(site), Epoch: int64(at.Epoch), First: int64(frontier.Size() + 1),
			Page: int32(min(at.Size-frontier.Size(), commitCap)),
		})
		if err != nil {
			return fmt.Errorf("read operations of site %s: %w", site, err)
		}
		if len(rows) == 0 {
			return locker.Errorf(locker.CodeConflict, "the server has not got everything that this head covers")
		}
		for _, row := range rows {
			frontier.AppendBody(row.Body)
		}
	}
	return nil
}

// checkPrevious checks that a head of a continued epoch names a head that the server knows.
func (c *Cloud) checkPrevious(ctx context.Context, site locker.SiteID, at journal.Checkpoint) error {
	if at.Prev == [32]byte{} {
		return nil
	}
	q := c.store.Read()
	epochs, err := q.ListEpochs(ctx, string(site))
	if err != nil {
		return fmt.Errorf("read epochs of site %s: %w", site, err)
	}
	for _, epoch := range epochs {
		if uint64(epoch.Number) >= at.Epoch {
			continue
		}
		heads, err := q.ListHeads(ctx, db.ListHeadsParams{Site: string(site), Epoch: epoch.Number})
		if err != nil {
			return fmt.Errorf("read heads of site %s: %w", site, err)
		}
		for _, head := range heads {
			if journal.HashHead(head.Note) == at.Prev {
				return nil
			}
		}
	}
	return c.headMismatch(ctx, site, at, "previous")
}

func (c *Cloud) headMismatch(ctx context.Context, site locker.SiteID, at journal.Checkpoint, what string) error {
	c.log.ErrorContext(ctx, "tree head differs from the server's copy", siteAttr(string(site)),
		slog.Uint64("epoch", at.Epoch), slog.Uint64("size", at.Size), slog.String("what", what))
	if err := c.Raise(ctx, site, IncidentHeadMismatch, SeverityUrgent, fmt.Sprintf("%s %d/%d", what, at.Epoch, at.Size)); err != nil {
		return err
	}
	return locker.Errorf(locker.CodeJournalFork, "the tree head %d/%d does not fit the server's copy", at.Epoch, at.Size)
}

func (c *Cloud) keepHead(ctx context.Context, site locker.SiteID, at journal.Checkpoint, signed []byte, frontier *journal.Frontier) error {
	tree, err := frontier.MarshalBinary()
	if err != nil {
		return fmt.Errorf("write the tree of site %s: %w", site, err)
	}
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		return q.PutHead(ctx, db.PutHeadParams{
			Site: string(site), Epoch: int64(at.Epoch), Size: int64(at.Size), Note: signed, Countersigned: true,
			Frontier: tree, At: c.millis(),
		})
	})
	if err != nil {
		return fmt.Errorf("keep the head of site %s: %w", site, err)
	}
	return nil
}

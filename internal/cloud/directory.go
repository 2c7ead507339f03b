package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"cubby/internal/cloud/intake"
	"cubby/internal/cloud/rows"
	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// Short names for what nearly every use case needs.

func isNone(err error) bool                 { return rows.None(err) }
func notFound(err error, what string) error { return rows.NotFound(err, what) }
func encodeJSON(v any) (string, error)      { return rows.Encode(v) }
func decodeJSON(text string, v any) error   { return rows.Decode(text, v) }
func orEmpty(b []byte) []byte               { return rows.Bytes(b) }
func shorten(text string) string            { return rows.Shorten(text) }

// scope returns the organizations that a principal sees.
func (c *Cloud) scope(ctx context.Context, q *db.Queries, p Principal) ([]string, error) {
	tree, err := q.ListOrganizationTree(ctx, p.Organization)
	if err != nil {
		return nil, fmt.Errorf("list organizations: %w", err)
	}
	return tree, nil
}

// findSite returns a site that the principal sees, else NOT_FOUND.
func (c *Cloud) findSite(ctx context.Context, p Principal, site locker.SiteID) (db.Site, error) {
	return c.findSiteIn(ctx, c.store.Read(), p, site)
}

func (c *Cloud) findSiteIn(ctx context.Context, q *db.Queries, p Principal, site locker.SiteID) (db.Site, error) {
	row, err := q.FindSite(ctx, string(site))
	if err != nil {
		return db.Site{}, notFound(err, "site")
	}
	if _, err := c.findPropertyIn(ctx, q, p, row.Property); err != nil {
		return db.Site{}, locker.Errorf(locker.CodeNotFound, "no such site")
	}
	return row, nil
}

// findPropertyIn returns a property that the principal sees, else NOT_FOUND.
func (c *Cloud) findPropertyIn(ctx context.Context, q *db.Queries, p Principal, id string) (db.Property, error) {
	property, err := q.FindProperty(ctx, id)
	if err != nil {
		return db.Property{}, notFound(err, "property")
	}
	tree, err := c.scope(ctx, q, p)
	if err != nil {
		return db.Property{}, err
	}
	if !slices.Contains(tree, property.Organization) {
		return db.Property{}, locker.Errorf(locker.CodeNotFound, "no such property")
	}
	return property, nil
}

// siteIDs returns the sites that a principal sees; with one named, only that.
func (c *Cloud) siteIDs(ctx context.Context, p Principal, site locker.SiteID) ([]string, error) {
	if site != "" {
		_, err := c.findSite(ctx, p, site)
		return []string{string(site)}, err
	}
	rows, err := c.listSites(ctx, p)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(rows))
	for _, row := range rows {
		ids = append(ids, row.ID)
	}
	return ids, nil
}

func (c *Cloud) listSites(ctx context.Context, p Principal) ([]db.Site, error) {
	q := c.store.Read()
	tree, err := c.scope(ctx, q, p)
	if err != nil {
		return nil, err
	}
	var sites []db.Site
	for _, organization := range tree {
		rows, err := q.ListSites(ctx, organization)
		if err != nil {
			return nil, fmt.Errorf("list sites: %w", err)
		}
		sites = append(sites, rows...)
	}
	return sites, nil
}

func siteLayout(ctx context.Context, q *db.Queries, site string) (locker.Layout, error) {
	return intake.Layout(ctx, q, site)
}

// publish writes changes of a site's directory, each with a revision of its own. Call wakeSites
// after the commit.
func (c *Cloud) publish(ctx context.Context, q *db.Queries, site string, changes ...wire.Change) error {
	if len(changes) == 0 {
		return nil
	}
	last, err := q.NextRev(ctx, db.NextRevParams{Rev: int64(len(changes)), ID: site})
	if err != nil {
		return fmt.Errorf("next revision of site %s: %w", site, err)
	}
	rev := last - int64(len(changes))
	for _, change := range changes {
		rev++
		err := q.PutChange(ctx, db.PutChangeParams{
			Site: site, Kind: change.Kind, Object: change.ID, Rev: rev, Deleted: change.Deleted, Body: string(change.Body),
		})
		if err != nil {
			return fmt.Errorf("write %s of the directory of site %s: %w", change.Kind, site, err)
		}
	}
	return nil
}

// publishToProperty writes the same changes for every site of a property and returns the sites.
func (c *Cloud) publishToProperty(
	ctx context.Context, q *db.Queries, property string, changes ...wire.Change,
) ([]locker.SiteID, error) {
	sites, err := q.ListSitesOfProperty(ctx, property)
	if err != nil {
		return nil, fmt.Errorf("list sites of a property: %w", err)
	}
	var ids []locker.SiteID
	for _, site := range sites {
		if err := c.publish(ctx, q, site.ID, changes...); err != nil {
			return nil, err
		}
		ids = append(ids, locker.SiteID(site.ID))
	}
	return ids, nil
}

// wakeSites tells whoever holds the links of sites that there is something new, and live pages that
// they must draw again.
func (c *Cloud) wakeSites(sites ...locker.SiteID) {
	for _, site := range sites {
		c.wake(site)
		c.feed.Publish(Change{Site: site, All: true, Tiles: true})
	}
}

// directoryBatch returns what follows on what a site has.
func (c *Cloud) directoryBatch(
	ctx context.Context, site locker.SiteID, have wire.DirectoryAck, limit int,
) (wire.DirectoryBatch, error) {
	limit = min(max(limit, 1), wire.MaxChanges)
	var batch wire.DirectoryBatch
	err := c.store.ReadTx(ctx, func(q *db.Queries) error {
		row, err := q.FindSite(ctx, string(site))
		if err != nil {
			return notFound(err, "site")
		}
		from := have.Rev
		if have.Epoch != uint64(row.DirectoryEpoch) || have.Rev > uint64(row.Rev) {
			from = 0
		}
		batch = wire.DirectoryBatch{Epoch: uint64(row.DirectoryEpoch), From: from, To: uint64(row.Rev)}
		changes, err := q.ListChanges(ctx, db.ListChangesParams{Site: string(site), Rev: int64(from), Page: int32(limit) + 1})
		if err != nil {
			return fmt.Errorf("list changes of site %s: %w", site, err)
		}
		if len(changes) > limit {
			changes = changes[:limit]
			batch.To, batch.More = uint64(changes[limit-1].Rev), true
		}
		for _, change := range changes {
			batch.Changes = append(batch.Changes, wire.Change{
				Rev: uint64(change.Rev), Kind: change.Kind, ID: change.Object, Deleted: change.Deleted,
				Body: json.RawMessage(change.Body),
			})
		}
		return nil
	})
	return batch, err
}

// Prefixes of what codes are derived for.
const (
	subjectStay    = "stay:"
	subjectCourier = "courier:"
	subjectStaff   = "staff:"
)

// derivation names a code: of which site, under which of its keys, for what, in which generation.
type derivation struct {
	site, key, subject string
	generation         int64
}

// derive computes a code.
func (c *Cloud) derive(ctx context.Context, q *db.Queries, d derivation) (credential.Credential, error) {
	row, err := q.FindSiteKey(ctx, db.FindSiteKeyParams{Site: d.site, Kind: keyCode, ID: d.key})
	if err != nil {
		return credential.Credential{}, notFound(err, "key")
	}
	secret, err := credential.NewKey(row.Secret)
	if err != nil {
		return credential.Credential{}, fmt.Errorf("read the key of site %s: %w", d.site, err)
	}
	return credential.Derive(secret, d.subject, uint32(d.generation)), nil
}

func codeOf(cr credential.Credential, unit string) Code {
	return Code{Symbols: cr.Symbols(), Token: cr.Token(), Unit: unit, Digits: cr.Digits()}
}

// Kinds of rows in site_keys.
const (
	keyCode  = "code"
	keyProof = "proof"
)

// act is a privileged act: what was done to what, and why.
type act struct {
	kind, site, subject, reason string
}

// act writes down who did what and why.
func (c *Cloud) act(ctx context.Context, q *db.Queries, p Principal, a act) error {
	err := q.CreateAct(ctx, db.CreateActParams{
		ID: c.newID(), At: c.millis(), UserID: p.User, Via: p.Via, Kind: a.kind, Site: a.site, Subject: a.subject,
		Reason: a.reason,
	})
	if err != nil {
		return fmt.Errorf("write down the act: %w", err)
	}
	return nil
}

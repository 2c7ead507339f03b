package evidence

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/timeline"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// mostOperations bounds a pack: a parcel has some dozens of operations.
const mostOperations = 2_000

// Parcels is the part of cloud.Cloud that says who may see which parcel and record.
type Parcels interface {
	Parcel(ctx context.Context, p cloud.Principal, site locker.SiteID, id locker.ParcelID) (cloud.ParcelView, error)
	Site(ctx context.Context, p cloud.Principal, site locker.SiteID) (cloud.SiteView, error)
	Sites(ctx context.Context, p cloud.Principal) ([]cloud.SiteSummary, error)
	HostedStorage(site locker.SiteID) journal.Storage
}

var _ Parcels = (*cloud.Cloud)(nil)

// Options configure New. All fields are needed.
type Options struct {
	Parcels  Parcels
	Store    *store.Store
	Identity auth.Identity // the server's
	KeyName  string        // under which it signs
	Now      func() time.Time
}

// Maker makes evidence. It is safe for concurrent use.
type Maker struct {
	parcels  Parcels
	store    *store.Store
	identity auth.Identity
	signer   note.Signer
	keyName  string
	now      func() time.Time
}

// New returns a maker.
func New(o Options) (*Maker, error) {
	if o.Parcels == nil || o.Store == nil || o.Identity.IsZero() || o.Now == nil {
		return nil, errors.New("evidence: parcels, a store, an identity and a clock are needed")
	}
	signer, err := journal.NewSigner(o.KeyName, o.Identity.Private())
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	return &Maker{
		parcels: o.Parcels, store: o.Store, identity: o.Identity, signer: signer, keyName: o.KeyName, now: o.Now,
	}, nil
}

// Key returns the operator's public key.
func (m *Maker) Key() Key { return Key{Name: m.keyName, Key: m.identity.Public()} }

// Document is a file that goes with a pack.
type Document struct {
	Name string
	Data []byte
}

// Pack returns the evidence pack of a parcel that the principal sees. paper, when it is not nil, is the
// document that goes with it. A parcel of which no record stands under a signed head yet is CONFLICT.
func (m *Maker) Pack(
	ctx context.Context, who cloud.Principal, site locker.SiteID, parcel locker.ParcelID, paper *Document,
) ([]byte, error) {
	if err := who.NeedScope(auth.ScopeRead); err != nil {
		return nil, err
	}
	view, err := m.parcels.Parcel(ctx, who, site, parcel)
	if err != nil {
		return nil, err
	}
	p := &Pack{
		Format: format, Site: site, Parcel: view.Delivery.Parcel, MadeMS: m.now().UnixMilli(), Operator: m.keyName,
		Fingerprint: m.Key().Fingerprint(), Parts: []Part{}, Pending: []Position{},
	}
	for _, stay := range view.Stays {
		p.Stays = append(p.Stays, stay.Stay)
	}
	if paper != nil {
		sum := sha256.Sum256(paper.Data)
		p.Paper = &Paper{Name: paper.Name, SHA256: base64.StdEncoding.EncodeToString(sum[:])}
	}
	if err := m.store.ReadTx(ctx, func(q *db.Queries) error { return fill(ctx, q, p) }); err != nil {
		return nil, err
	}
	if len(p.Parts) == 0 {
		return nil, locker.Errorf(locker.CodeConflict,
			"no signed head covers this parcel's record yet: one comes each 5 minutes, ask again then")
	}
	if err := p.seal(m.signer); err != nil {
		return nil, err
	}
	return p.Encode()
}

// fill puts records, heads and proofs into a pack.
func fill(ctx context.Context, q *db.Queries, p *Pack) error {
	items, err := recordsOf(ctx, q, p.Site, p.Stays)
	if err != nil {
		return err
	}
	for len(items) > 0 {
		epoch := items[0].Epoch
		n := slices.IndexFunc(items, func(i found) bool { return i.Epoch != epoch })
		if n < 0 {
			n = len(items)
		}
		if err := fillEpoch(ctx, q, p, items[:n]); err != nil {
			return err
		}
		items = items[n:]
	}
	return nil
}

// Compare returns -1, 0 or 1 when p is before, at or after q.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Epoch, q.Epoch), cmp.Compare(p.Number, q.Number))
}

// found is one record about a parcel.
type found struct {
	Position

	body string
}

// recordsOf reads the operations in which stays stand, in the order of the record.
func recordsOf(ctx context.Context, q *db.Queries, site locker.SiteID, stays []locker.StayID) ([]found, error) {
	var items []found
	for _, stay := range stays {
		rows, err := q.ListStayCustody(ctx, db.ListStayCustodyParams{Site: string(site), Stay: string(stay), Page: mostOperations})
		if err != nil {
			return nil, fmt.Errorf("read the custody of stay %s: %w", stay, err)
		}
		for _, row := range rows {
			at := Position{Epoch: uint64(row.Epoch), Number: uint64(row.Number)}
			items = append(items, found{at, string(row.Body)})
		}
	}
	slices.SortFunc(items, func(a, b found) int { return a.Compare(b.Position) })
	items = slices.CompactFunc(items, func(a, b found) bool { return a.Position == b.Position })
	reader := timeline.New(ids{})
	return slices.DeleteFunc(items, func(i found) bool { return !addEntries(reader, []byte(i.body), nil, stays) }), nil
}

// fillEpoch adds the records of one epoch under the smallest head that covers them all, or as many as
// the largest covers.
func fillEpoch(ctx context.Context, q *db.Queries, p *Pack, items []found) error {
	heads, err := q.ListHeads(ctx, db.ListHeadsParams{Site: string(p.Site), Epoch: int64(items[0].Epoch)})
	if err != nil {
		return fmt.Errorf("read heads of site %s: %w", p.Site, err)
	}
	last := items[len(items)-1].Number
	if n := slices.IndexFunc(heads, func(h db.Head) bool { return uint64(h.Size) >= last }); n >= 0 {
		heads = heads[:n+1]
	}
	var at db.Head
	if len(heads) > 0 {
		at = heads[len(heads)-1]
	}
	part := Part{Epoch: items[0].Epoch, Head: string(at.Note)}
	for _, item := range items {
		if item.Number > uint64(at.Size) {
			p.Pending = append(p.Pending, item.Position)
			continue
		}
		part.Records = append(part.Records, Item{Number: item.Number, Body: item.body})
	}
	if len(part.Records) == 0 {
		return nil
	}
	if err := prove(ctx, q, p.Site, &part, heads); err != nil {
		return err
	}
	p.Parts = append(p.Parts, part)
	return nil
}

// Export writes the whole record of a site that the principal sees, without personal data, as lines
// that `cubby verify` checks. What it returns writes it, so that a refusal comes before the first byte.
func (m *Maker) Export(ctx context.Context, who cloud.Principal, site locker.SiteID) (func(io.Writer) error, error) {
	log, err := m.open(ctx, who, site)
	if err != nil {
		return nil, err
	}
	return func(w io.Writer) error { return log.Export(ctx, w, journal.ExportOptions{}) }, nil
}

func (m *Maker) open(ctx context.Context, who cloud.Principal, site locker.SiteID) (*journal.Log, error) {
	if err := who.NeedScope(auth.ScopeRead); err != nil {
		return nil, err
	}
	if _, err := m.parcels.Site(ctx, who, site); err != nil {
		return nil, err
	}
	record := NewRecord(m.parcels.HostedStorage(site), m.store, site)
	log, err := journal.New(ctx, record, journal.LogOptions{Site: string(site), Signer: m.identity.Private(), Now: m.now})
	if err != nil {
		return nil, fmt.Errorf("open the record of site %s: %w", site, err)
	}
	return log, nil
}

// Head is the newest tree head of a site.
type Head struct {
	Site  locker.SiteID
	Epoch uint64
	Size  uint64
	Note  string // signed
	At    time.Time
}

// Heads returns the newest signed tree head of each site that the principal sees. Whoever keeps one
// can show later that nothing before it was changed.
func (m *Maker) Heads(ctx context.Context, who cloud.Principal) ([]Head, error) {
	if err := who.NeedScope(auth.ScopeRead); err != nil {
		return nil, err
	}
	sites, err := m.parcels.Sites(ctx, who)
	if err != nil {
		return nil, err
	}
	var heads []Head
	for _, site := range sites {
		row, err := m.store.Read().LatestHead(ctx, string(site.ID))
		if errors.Is(err, store.ErrNone) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the head of site %s: %w", site.ID, err)
		}
		heads = append(heads, Head{
			Site: site.ID, Epoch: uint64(row.Epoch), Size: uint64(row.Size), Note: string(row.Note),
			At: time.UnixMilli(row.At).UTC(),
		})
	}
	return heads, nil
}

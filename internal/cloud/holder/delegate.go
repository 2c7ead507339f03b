package holder

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/rows"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// Limits of those who are sent.
const (
	MaxDelegates = 5                   // of one recipient at a time
	MaxSent      = 30 * 24 * time.Hour // for how long
	maxName      = 60                  // letters
)

// Draft is somebody to send.
type Draft struct {
	Name  string        // as the holder calls them, for the holder's own list
	Stay  locker.StayID // which parcel; empty: all, those that come included
	Until time.Time     // until when
}

// Sent is somebody who was sent.
type Sent struct {
	ID    string
	Name  string
	Stay  locker.StayID // empty: all parcels
	Place string        // where the parcel is, when there is one only
	Until time.Time
	Token string // of the page that shows them the codes
}

// Send gives somebody else codes of their own: for one parcel or for all until a date. A parcel that
// shares its door with another is CONFLICT when it is the only one: a pass is for a parcel, not for a
// door.
func (d *Desk) Send(ctx context.Context, token string, draft Draft) (Sent, error) {
	r, err := d.holders.Find(ctx, token)
	if err != nil {
		return Sent{}, err
	}
	now := d.now()
	sent := Sent{ID: d.newID(), Name: clean(draft.Name, maxName), Stay: draft.Stay, Until: draft.Until}
	switch {
	case sent.Name == "":
		return sent, locker.Errorf(locker.CodeInputInvalid, "name whom you send")
	case !draft.Until.After(now) || draft.Until.After(now.Add(MaxSent)):
		return sent, locker.Errorf(locker.CodeInputInvalid, "choose a day within %d days", int(MaxSent.Hours()/24))
	}
	told := map[string]bool{}
	err = d.store.Tx(ctx, func(q *db.Queries) error {
		if sent.Token, err = d.token(ctx, q, sent.ID); err != nil {
			return err
		}
		return d.send(ctx, q, r, &sent, told)
	})
	if err == nil {
		for s := range told {
			d.holders.Wake(locker.SiteID(s))
		}
	}
	return sent, err
}

func (d *Desk) send(ctx context.Context, q *db.Queries, r db.Recipient, sent *Sent, told map[string]bool) error {
	others, err := q.ListDelegates(ctx, db.ListDelegatesParams{Recipient: r.ID, Now: d.millis(), Page: MaxDelegates})
	if err != nil {
		return fmt.Errorf("list delegates: %w", err)
	}
	if len(others) >= MaxDelegates {
		return locker.Errorf(locker.CodeConflict, "at most %d people at a time: end one of them first", MaxDelegates)
	}
	stays, err := waiting(ctx, q, r.ID)
	if err != nil {
		return err
	}
	site := ""
	if sent.Stay != "" {
		stay, err := mine(ctx, q, r.ID, sent.Stay)
		if err != nil {
			return err
		}
		if err := alone(ctx, q, stay); err != nil {
			return err
		}
		site, stays = stay.Site, []db.Stay{stay}
	}
	hash := sha256.Sum256([]byte(sent.Token))
	err = q.CreateDelegate(ctx, db.CreateDelegateParams{
		ID: sent.ID, Recipient: r.ID, Name: sent.Name, Site: site, Stay: string(sent.Stay), Until: sent.Until.UnixMilli(),
		LinkHash: hash[:], CreatedAt: d.millis(),
	})
	if err != nil {
		return fmt.Errorf("create a delegate: %w", err)
	}
	for _, stay := range stays {
		if err := d.pass(ctx, q, sent.ID, sent.Until.UnixMilli(), stay); err != nil {
			return err
		}
		told[stay.Site] = true
	}
	return d.wrote(ctx, q, act{"send_delegate", site, r.ID, sent.ID})
}

// alone returns CONFLICT when a parcel shares its compartment with another.
func alone(ctx context.Context, q *db.Queries, stay db.Stay) error {
	live, err := q.ListLiveStays(ctx, stay.Site)
	if err != nil {
		return fmt.Errorf("list what is at site %s: %w", stay.Site, err)
	}
	for _, other := range live {
		if other.Place == stay.Place && other.ID != stay.ID {
			return locker.Errorf(locker.CodeConflict, "this parcel shares its door with another one: send somebody for all your parcels, or ask staff")
		}
	}
	return nil
}

// pass makes the grant of a delegate for one parcel, and tells the site.
func (d *Desk) pass(ctx context.Context, q *db.Queries, delegate string, until int64, stay db.Stay) error {
	if stay.Revoked || stay.State != string(locker.StayStored) {
		return nil // only staff may hand it out
	}
	p := db.Pass{
		ID: d.newID(), Delegate: delegate, Site: stay.Site, Stay: stay.ID, Generation: 1, KeyID: stay.KeyID, Until: until,
		CreatedAt: d.millis(),
	}
	added, err := q.CreatePass(ctx, db.CreatePassParams{
		ID: p.ID, Delegate: p.Delegate, Site: p.Site, Stay: p.Stay, Generation: p.Generation, KeyID: p.KeyID, Until: p.Until,
		CreatedAt: p.CreatedAt,
	})
	if err != nil {
		return fmt.Errorf("create a pass for stay %s: %w", stay.ID, err)
	}
	if added == 0 {
		return nil
	}
	return d.publish(ctx, q, p)
}

func (d *Desk) publish(ctx context.Context, q *db.Queries, p db.Pass) error {
	change, err := wire.EncodeGrant(locker.Grant{
		ID: locker.GrantID(p.ID), Stay: locker.StayID(p.Stay), Generation: uint32(p.Generation), Key: locker.KeyID(p.KeyID),
		Until: locker.Millis(p.Until), Revoked: p.Revoked,
	})
	if err != nil {
		return err
	}
	return d.holders.Publish(ctx, q, p.Site, change)
}

// passNew gives those who are sent for all parcels a pass for each new one.
func (d *Desk) passNew(ctx context.Context) error {
	found, err := d.store.Read().ListUnpassed(ctx, db.ListUnpassedParams{Now: d.millis(), Page: maxTick})
	if err != nil {
		return fmt.Errorf("look for parcels without a pass: %w", err)
	}
	key := func(row db.ListUnpassedRow) (site, stay string) { return row.Site, row.ID }
	return eachStay(ctx, d, found, key, func(q *db.Queries, row db.ListUnpassedRow, stay db.Stay) error {
		return d.pass(ctx, q, row.Delegate, row.Until, stay)
	})
}

// SentBy lists whom the holder of a link sends.
func (d *Desk) SentBy(ctx context.Context, token string) ([]Sent, error) {
	r, err := d.holders.Find(ctx, token)
	if err != nil {
		return nil, err
	}
	q := d.store.Read()
	found, err := q.ListDelegates(ctx, db.ListDelegatesParams{Recipient: r.ID, Now: d.millis(), Page: MaxDelegates})
	if err != nil {
		return nil, fmt.Errorf("list delegates: %w", err)
	}
	var all []Sent
	for _, row := range found {
		s := Sent{ID: row.ID, Name: row.Name, Stay: locker.StayID(row.Stay), Until: locker.Millis(row.Until).Time()}
		if row.Stay != "" {
			stay, err := q.FindStay(ctx, db.FindStayParams{Site: row.Site, ID: row.Stay})
			if err != nil || !stay.Live {
				continue // it is gone: there is nobody to send for it any more
			}
			s.Place = path.Base(stay.Place)
		}
		if s.Token, err = d.token(ctx, q, row.ID); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// End takes the codes of somebody back who was sent. At a site that is not connected they end when it
// hears of it.
func (d *Desk) End(ctx context.Context, token, id string) error {
	r, err := d.holders.Find(ctx, token)
	if err != nil {
		return err
	}
	told := map[string]bool{}
	err = d.store.Tx(ctx, func(q *db.Queries) error {
		row, err := q.FindDelegate(ctx, id)
		if err != nil || row.Recipient != r.ID {
			return locker.Errorf(locker.CodeNotFound, "nobody of that name is sent")
		}
		if err := d.end(ctx, q, row, told); err != nil {
			return err
		}
		return d.wrote(ctx, q, act{"end_delegate", "", r.ID, id})
	})
	if err == nil {
		for s := range told {
			d.holders.Wake(locker.SiteID(s))
		}
	}
	return err
}

func (d *Desk) end(ctx context.Context, q *db.Queries, row db.Delegate, told map[string]bool) error {
	passes, err := q.ListPassesOfDelegate(ctx, db.ListPassesOfDelegateParams{Delegate: row.ID, Page: maxTick})
	if err != nil {
		return fmt.Errorf("list passes: %w", err)
	}
	for _, p := range passes {
		p.Revoked = true
		if err := q.RevokePass(ctx, p.ID); err != nil {
			return fmt.Errorf("revoke a pass: %w", err)
		}
		if err := d.publish(ctx, q, p); err != nil {
			return err
		}
		told[p.Site] = true
	}
	if err := q.RevokeDelegate(ctx, db.RevokeDelegateParams{RevokedAt: d.millis(), ID: row.ID}); err != nil {
		return fmt.Errorf("revoke a delegate: %w", err)
	}
	return nil
}

// token returns the token of a delegate's page: derived, never stored.
func (d *Desk) token(ctx context.Context, q *db.Queries, id string) (string, error) {
	return d.holders.Token(ctx, q, "delegate-link/v1|"+id)
}

// DelegatePage returns what somebody who was sent may collect, each with a code of its own, or with the reason
// why their pass does not open it. A token
// that is unknown or has ended is NOT_FOUND. Nothing of whose parcels they are is told.
func (d *Desk) DelegatePage(ctx context.Context, token string) (cloud.ResidentPage, error) {
	q := d.store.Read()
	hash := sha256.Sum256([]byte(token))
	row, err := q.FindDelegateByLink(ctx, hash[:])
	if err != nil {
		return cloud.ResidentPage{}, rows.NotFound(err, "page")
	}
	if row.RevokedAt != 0 || row.Until <= d.millis() {
		return cloud.ResidentPage{}, locker.Errorf(locker.CodeNotFound, "no such page")
	}
	r, err := q.FindRecipient(ctx, row.Recipient)
	if err != nil {
		return cloud.ResidentPage{}, rows.NotFound(err, "page")
	}
	link, err := d.holders.Link(ctx, r)
	if err != nil {
		return cloud.ResidentPage{}, err
	}
	page, err := d.cloud.ResidentPage(ctx, path.Base(link))
	if err != nil {
		return page, err
	}
	passes, err := q.ListPassesOfDelegate(ctx, db.ListPassesOfDelegateParams{Delegate: row.ID, Page: maxTick})
	if err != nil {
		return page, fmt.Errorf("list passes: %w", err)
	}
	unit, err := q.FindUnit(ctx, r.Unit)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return page, fmt.Errorf("find a unit: %w", err)
	}
	shown := cloud.ResidentPage{Contact: page.Contact}
	full := map[locker.SiteID]map[locker.PlaceID]int{}
	for _, w := range page.Parcels {
		at := slices.IndexFunc(passes, func(p db.Pass) bool { return p.Site == string(w.Site) && p.Stay == string(w.Stay) })
		if at < 0 && !(w.Held && (row.Stay == "" || row.Stay == string(w.Stay))) {
			continue
		}
		w.MayOpen, w.Code, w.Last4, w.Carrier = false, cloud.Code{}, "", ""
		if !w.Held {
			if w.Bar, err = bar(ctx, q, w, full); err != nil {
				return page, err
			}
			if w.Bar == "" {
				if w.Code, err = d.holders.Pass(ctx, q, passes[at], unit.Number); err != nil {
					return page, err
				}
			}
		}
		shown.Parcels = append(shown.Parcels, w)
	}
	return shown, nil
}

// bar says why the site would refuse a pass for a parcel. full keeps what each place holds from one parcel
// to the next.
func bar(ctx context.Context, q *db.Queries, w cloud.WaitingParcel, full map[locker.SiteID]map[locker.PlaceID]int) (cloud.PassBar, error) {
	if w.PlaceKind != locker.PlaceCompartment {
		return cloud.PassStaff, nil
	}
	stay, err := q.FindStay(ctx, db.FindStayParams{Site: string(w.Site), ID: string(w.Stay)})
	if err != nil {
		return "", fmt.Errorf("find stay %s: %w", w.Stay, err)
	}
	if stay.Recipient != stay.FirstRecipient {
		return cloud.PassMoved, nil
	}
	if full[w.Site] == nil {
		live, err := q.ListLiveStays(ctx, string(w.Site))
		if err != nil {
			return "", fmt.Errorf("list what is at site %s: %w", w.Site, err)
		}
		full[w.Site] = map[locker.PlaceID]int{}
		for _, stay := range live {
			full[w.Site][locker.PlaceID(stay.Place)]++
		}
	}
	if full[w.Site][w.Place] > 1 {
		return cloud.PassShared, nil
	}
	return "", nil
}

package cloud

import (
	"context"
	"fmt"
	"time"

	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// IntentState says how far an intent is. The zero value is invalid.
type IntentState string

// The states of an intent.
const (
	IntentPending IntentState = "pending" // not answered yet
	IntentDone    IntentState = "done"    // the site did it
	IntentRefused IntentState = "refused" // the site said no, see Code
	IntentExpired IntentState = "expired" // nobody answered in time: nothing will happen
)

// IntentView is an intent and its answer.
type IntentView struct {
	ID       locker.IntentID
	Site     locker.SiteID
	Kind     wire.IntentKind
	Place    locker.PlaceID
	Stay     locker.StayID
	User     string // id of who asked; empty: a resident
	UserName string
	Reason   string // why
	State    IntentState
	Code     locker.Code // why not, when refused
	Created  time.Time
	Expires  time.Time
	Answered time.Time
}

// IntentDraft is something to ask of a site.
type IntentDraft struct {
	Site   locker.SiteID
	Reason string        // why; some kinds need one
	Life   time.Duration // until it expires; 0: the default of its kind
	Intent wire.Intent   // without ID, Created, Expires, Staff and Note: those are filled in
}

// Act asks a site for something: the intent becomes a row with an expiry and whoever holds the
// site's link is woken. The act is recorded with its reason.
func (c *Cloud) Act(ctx context.Context, p Principal, d IntentDraft) (locker.IntentID, error) {
	need, life, reasoned := intentRule(d.Intent.Kind)
	if life == 0 {
		return "", locker.Errorf(locker.CodeInputInvalid, "no kind of intent %q", string(d.Intent.Kind))
	}
	if err := p.Need(RoleStaff, need); err != nil {
		return "", err
	}
	shortest := 0
	if reasoned {
		shortest = minReason
	}
	reason, err := checkText("reason", d.Reason, shortest, maxReason)
	if err != nil {
		return "", err
	}
	d.Reason = reason
	if d.Life <= 0 || d.Life > maxIntentLife {
		d.Life = life
	}
	var id locker.IntentID
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		site, err := c.findSiteIn(ctx, q, p, d.Site)
		if err != nil {
			return err
		}
		if err := checkPlaces(site, d.Intent); err != nil {
			return err
		}
		d.Intent.Staff, d.Intent.Note = p.Staff(), reason
		if id, err = c.createIntent(ctx, q, p.User, d); err != nil {
			return err
		}
		return c.act(ctx, q, p, act{
			kind: "intent_" + string(d.Intent.Kind), site: site.ID, subject: subjectOf(d.Intent), reason: reason,
		})
	})
	if err != nil {
		return "", err
	}
	c.wake(d.Site)
	return id, nil
}

// Lives of intents. An opening that comes late opens for nobody, so it expires within seconds.
const (
	minReason     = 3
	maxReason     = 500
	maxIntentLife = 10 * time.Minute

	lifeOpen   = 30 * time.Second
	lifeChange = 2 * time.Minute
)

// intentRule says which scope a kind of intent needs, how long it lives and whether it needs a
// reason. The life of an unknown kind is 0.
func intentRule(kind wire.IntentKind) (auth.Scope, time.Duration, bool) {
	switch kind {
	case wire.IntentOpen:
		return auth.ScopeOpen, lifeOpen, true
	case wire.IntentReboot:
		return auth.ScopeWrite, lifeChange, true
	case wire.IntentReissue, wire.IntentSetService, wire.IntentClear:
		return auth.ScopeWrite, lifeChange, true
	case wire.IntentReserve, wire.IntentCancelReservation, wire.IntentVerify, wire.IntentDeposit, wire.IntentHandOver, wire.IntentUndo, wire.IntentAudit:
		return auth.ScopeWrite, lifeChange, false
	case wire.IntentOpenStay, wire.IntentReport: // only a resident asks for them
		return "", 0, false
	}
	return "", 0, false
}

// checkPlaces refuses an intent for a place that the layout does not have.
func checkPlaces(site db.Site, i wire.Intent) error {
	if i.Place == "" {
		return nil
	}
	var layout locker.Layout
	if err := decodeJSON(site.Layout, &layout); err != nil {
		return err
	}
	for _, place := range layout.Places() {
		if place.ID == i.Place {
			return nil
		}
	}
	return locker.Errorf(locker.CodePlaceUnknown, "no place %s in the layout", i.Place)
}

func subjectOf(i wire.Intent) string {
	switch {
	case i.Stay != "":
		return string(i.Stay)
	case len(i.Stays) > 0:
		return string(i.Stays[0])
	case i.Reservation != "":
		return string(i.Reservation)
	}
	return string(i.Place)
}

// createIntent writes the row of an intent.
func (c *Cloud) createIntent(ctx context.Context, q *db.Queries, user string, d IntentDraft) (locker.IntentID, error) {
	now := c.now()
	d.Intent.ID = locker.IntentID(c.newID())
	d.Intent.Created, d.Intent.Expires = locker.At(now), locker.At(now.Add(d.Life))
	body, err := encodeJSON(d.Intent)
	if err != nil {
		return "", err
	}
	err = q.CreateIntent(ctx, db.CreateIntentParams{
		ID: string(d.Intent.ID), Site: string(d.Site), Kind: string(d.Intent.Kind), Place: string(d.Intent.Place),
		Stay: string(d.Intent.Stay), UserID: user, Reason: d.Reason, Body: body, CreatedAt: int64(d.Intent.Created),
		ExpiresAt: int64(d.Intent.Expires),
	})
	if err != nil {
		return "", fmt.Errorf("write an intent: %w", err)
	}
	return d.Intent.ID, nil
}

// Await waits until an intent is answered or has expired, at most MaxAwait, and returns it as it is
// then: a pending one means that the wait was too short.
func (c *Cloud) Await(ctx context.Context, p Principal, id locker.IntentID) (IntentView, error) {
	row, err := c.store.Read().FindIntent(ctx, string(id))
	if err != nil {
		return IntentView{}, notFound(err, "intent")
	}
	if _, err := c.findSite(ctx, p, locker.SiteID(row.Site)); err != nil {
		return IntentView{}, locker.Errorf(locker.CodeNotFound, "no such intent")
	}
	if row, err = c.await(ctx, id); err != nil {
		return IntentView{}, err
	}
	return c.intentView(ctx, row), nil
}

// Intent returns an intent as it is now.
func (c *Cloud) Intent(ctx context.Context, p Principal, id locker.IntentID) (IntentView, error) {
	row, err := c.store.Read().FindIntent(ctx, string(id))
	if err != nil {
		return IntentView{}, notFound(err, "intent")
	}
	if _, err := c.findSite(ctx, p, locker.SiteID(row.Site)); err != nil {
		return IntentView{}, locker.Errorf(locker.CodeNotFound, "no such intent")
	}
	return c.intentView(ctx, row), nil
}

// await waits until the row of an intent is no longer pending, at most MaxAwait. An answer that
// another server process committed is found by looking now and then.
func (c *Cloud) await(ctx context.Context, id locker.IntentID) (db.Intent, error) {
	answered := c.waiting.Add(id)
	defer c.waiting.Remove(id, answered)
	ctx, cancel := context.WithTimeout(ctx, MaxAwait)
	defer cancel()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		row, err := c.store.Read().FindIntent(context.WithoutCancel(ctx), string(id))
		if err != nil {
			return row, notFound(err, "intent")
		}
		if row.State != string(IntentPending) {
			return row, nil
		}
		select {
		case <-ctx.Done():
			return row, nil
		case <-answered:
		case <-look.C:
		}
	}
}

const lookEvery = 500 * time.Millisecond

func (c *Cloud) intentView(ctx context.Context, row db.Intent) IntentView {
	return IntentView{
		ID: locker.IntentID(row.ID), Site: locker.SiteID(row.Site), Kind: wire.IntentKind(row.Kind),
		Place: locker.PlaceID(row.Place), Stay: locker.StayID(row.Stay), User: row.UserID,
		UserName: c.userName(ctx, row.UserID), Reason: row.Reason, State: IntentState(row.State),
		Code: locker.Code(row.Code), Created: moment(row.CreatedAt), Expires: moment(row.ExpiresAt),
		Answered: moment(row.AnsweredAt),
	}
}

// userName returns the name of a user, and nothing for one who is not there any more.
func (c *Cloud) userName(ctx context.Context, id string) string {
	if id == "" {
		return ""
	}
	user, err := c.store.Read().FindUser(ctx, id)
	if err != nil {
		return "" // a name in a list is not worth failing for
	}
	return user.Name
}

// MaxAwait bounds how long a page waits for a site's answer.
const MaxAwait = 10 * time.Second

// RemoteOpen asks to open a door. The reason is needed, 3 to 500 characters.
func (c *Cloud) RemoteOpen(ctx context.Context, p Principal, site locker.SiteID, place locker.PlaceID, reason string) (locker.IntentID, error) {
	return c.Act(ctx, p, IntentDraft{
		Site: site, Reason: reason, Intent: wire.Intent{Kind: wire.IntentOpen, Place: place},
	})
}

// SetService asks to take a place out of service, or to put it back.
func (c *Cloud) SetService(ctx context.Context, p Principal, site locker.SiteID, place locker.PlaceID, out bool, reason string) (locker.IntentID, error) { //nolint:revive // context and principal lead every use case; the rest are five at most
	return c.Act(ctx, p, IntentDraft{
		Site: site, Reason: reason, Intent: wire.Intent{Kind: wire.IntentSetService, Place: place, Out: out},
	})
}

// Verify tells the site what somebody saw in a place.
func (c *Cloud) Verify(ctx context.Context, p Principal, site locker.SiteID, place locker.PlaceID, occupied bool) (locker.IntentID, error) {
	return c.Act(ctx, p, IntentDraft{
		Site: site, Intent: wire.Intent{Kind: wire.IntentVerify, Place: place, Occupied: occupied},
	})
}

// ReserveDraft is a compartment to keep free.
type ReserveDraft struct {
	Place   locker.PlaceID // empty: one of Size
	Size    locker.Size
	Unit    locker.UnitID // for whom: a unit
	Courier locker.CourierID
	Until   time.Time
}

// Reserve asks to keep a compartment free for a unit or a courier.
func (c *Cloud) Reserve(ctx context.Context, p Principal, site locker.SiteID, d ReserveDraft) (locker.IntentID, error) {
	if d.Place == "" && !d.Size.Valid() {
		return "", locker.Errorf(locker.CodeInputInvalid, "a reservation names a door or a size")
	}
	return c.Act(ctx, p, IntentDraft{Site: site, Intent: wire.Intent{
		Kind: wire.IntentReserve, Place: d.Place, Size: d.Size, Unit: d.Unit, Courier: d.Courier,
		Until: locker.At(d.Until), Reservation: locker.ReservationID(c.newID()),
	}})
}

// CancelReservation asks to free a reserved compartment.
func (c *Cloud) CancelReservation(ctx context.Context, p Principal, site locker.SiteID, id locker.ReservationID) (locker.IntentID, error) {
	return c.Act(ctx, p, IntentDraft{
		Site: site, Intent: wire.Intent{Kind: wire.IntentCancelReservation, Reservation: id},
	})
}

// Reboot asks a controller to restart. The reason is needed.
func (c *Cloud) Reboot(ctx context.Context, p Principal, site locker.SiteID, reason string) (locker.IntentID, error) {
	return c.Act(ctx, p, IntentDraft{Site: site, Reason: reason, Intent: wire.Intent{Kind: wire.IntentReboot}})
}

// ReissueCode asks for a new code for a stay; the old one is worthless from then on.
func (c *Cloud) ReissueCode(ctx context.Context, p Principal, site locker.SiteID, stay locker.StayID, reason string) (locker.IntentID, error) {
	return c.Act(ctx, p, IntentDraft{
		Site: site, Reason: reason, Intent: wire.Intent{Kind: wire.IntentReissue, Stay: stay},
	})
}

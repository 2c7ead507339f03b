package cloud

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cubby/internal/auth"
	"cubby/internal/cloud/entry"
	"cubby/internal/cloud/intake"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// Delivery is a parcel with its latest stay, as lists show it.
type Delivery struct {
	Site          locker.SiteID
	SiteName      string
	Parcel        locker.ParcelID
	Stay          locker.StayID
	State         locker.StayState
	Overdue       bool
	Revoked       bool // only staff may open it
	Place         locker.PlaceID
	PlaceName     string
	PlaceKind     locker.PlaceKind
	Recipient     locker.RecipientID // empty: unknown
	RecipientName string
	Unit          locker.UnitID
	UnitName      string
	Carrier       locker.CarrierID
	CarrierName   string
	Tracking      string // empty when unknown or erased
	Size          locker.Size
	BegunAt       time.Time
	StoredAt      time.Time // zero: not yet
	CollectBy     time.Time
	EndedAt       time.Time       // zero: still there
	Evidence      locker.Evidence // of the last step
	EndReason     string
	Problem       locker.Problem // last one reported
	Days          int            // whole days since it was stored
}

// DeliveryFilter chooses deliveries. Zero fields do not filter.
type DeliveryFilter struct {
	Site   locker.SiteID // empty: all that the principal sees
	Query  string        // a tracking number or its last four, a unit, or the beginning of a name
	State  string        // a locker.StayState, or "waiting", "overdue", "held", "ended"
	Cursor string        // of the page before
	Limit  int           // 1 to MaxPage; 0: DefaultPage
}

// Limits of one page of any list.
const (
	DefaultPage = 50
	MaxPage     = 200
)

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	Next  string // cursor of the next page; empty: this was the last
}

// Deliveries returns parcels, newest first.
func (c *Cloud) Deliveries(ctx context.Context, p Principal, f DeliveryFilter) (Page[Delivery], error) {
	var found Page[Delivery]
	sites, err := c.siteIDs(ctx, p, f.Site)
	if err != nil || len(sites) == 0 {
		return found, err
	}
	query := store.DeliveryQuery{Sites: sites, Limit: page(f.Limit) + 1}
	if err := byState(&query, f.State, c.millis()); err != nil {
		return found, err
	}
	if query.BeforeBegun, query.BeforeID, err = entry.ParseCursor(f.Cursor); err != nil {
		return found, err
	}
	if text := strings.TrimSpace(f.Query); text != "" {
		if err := c.search(ctx, p, text, &query); err != nil {
			return found, err
		}
	}
	rows, err := c.store.ListDeliveries(ctx, query)
	if err != nil {
		return found, err
	}
	views := map[string]*siteView{}
	for i, row := range rows {
		if i == query.Limit-1 {
			last := rows[i-1]
			found.Next = entry.FormatCursor(last.BegunAt, last.ID)
			break
		}
		if views[row.Site] == nil {
			if views[row.Site], err = c.layoutView(ctx, row.Site); err != nil {
				return found, err
			}
		}
		found.Items = append(found.Items, views[row.Site].delivery(row))
	}
	return found, nil
}

// DeliveriesOf returns stays of a site, in the order asked for, without those that are not there.
func (c *Cloud) DeliveriesOf(ctx context.Context, p Principal, site locker.SiteID, stays []locker.StayID) ([]Delivery, error) {
	row, err := c.findSite(ctx, p, site)
	if err != nil {
		return nil, err
	}
	view, err := c.layoutView(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	var found []Delivery
	for _, id := range stays[:min(len(stays), MaxPage)] {
		stay, ok, err := c.store.FindDelivery(ctx, row.ID, string(id))
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, view.delivery(stay))
		}
	}
	return found, nil
}

// byState narrows a query to one state, or to one of the groups that people think in.
func byState(query *store.DeliveryQuery, state string, now int64) error {
	switch state {
	case "":
	case "waiting":
		query.LiveOnly = true
	case "overdue":
		query.LiveOnly, query.States, query.DueBefore = true, []string{string(locker.StayStored)}, now
	case "ended":
		query.EndedOnly = true
	case string(locker.StayDepositing), string(locker.StayStored), string(locker.StayUndoing), string(locker.StayHeld),
		string(locker.StayCollected), string(locker.StayRemoved), string(locker.StayUndone):
		query.States = []string{state}
	default:
		return locker.Errorf(locker.CodeInputInvalid, "no state %q", shorten(state))
	}
	return nil
}

// layoutView reads the places of a site, without what is in them.
func (c *Cloud) layoutView(ctx context.Context, site string) (*siteView, error) {
	row, err := c.store.Read().FindSite(ctx, site)
	if err != nil {
		return nil, notFound(err, "site")
	}
	v := &siteView{row: row, now: c.now(), index: map[locker.PlaceID]locker.Place{}}
	if err := decodeJSON(row.Layout, &v.layout); err != nil {
		return nil, err
	}
	for _, place := range v.layout.Places() {
		v.index[place.ID] = place
	}
	return v, nil
}

// search narrows a query to what a person typed: a tracking number or its last four, a unit, or the
// beginning of a word of a name.
func (c *Cloud) search(ctx context.Context, p Principal, text string, query *store.DeliveryQuery) error {
	query.Narrow = true
	q := c.store.Read()
	key := intake.TrackingKey(text)
	if utf8.RuneCountInString(key) > trackingTail {
		rows, err := q.FindTracking(ctx, db.FindTrackingParams{Low: key, High: key + "\U0010FFFF", Page: MaxPage})
		if err != nil {
			return fmt.Errorf("look for a tracking number: %w", err)
		}
		for _, row := range rows {
			query.Parcels = append(query.Parcels, store.Key{Site: row.Site, ID: row.ID})
		}
	}
	properties := map[string]bool{}
	for _, site := range query.Sites {
		if utf8.RuneCountInString(key) == trackingTail {
			rows, err := q.FindTrackingTail(ctx, db.FindTrackingTailParams{Site: site, TrackingTail: key, Page: MaxPage})
			if err != nil {
				return fmt.Errorf("look for the end of a tracking number: %w", err)
			}
			for _, row := range rows {
				query.Parcels = append(query.Parcels, store.Key{Site: row.Site, ID: row.ID})
			}
		}
		row, err := q.FindSite(ctx, site)
		if err != nil {
			return notFound(err, "site")
		}
		properties[row.Property] = true
	}
	query.Parcels = query.Parcels[:min(len(query.Parcels), MaxPage)]
	if !p.Allows(auth.ScopePII) {
		return nil // a token that may not read names cannot search by them
	}
	for _, property := range slices.Sorted(maps.Keys(properties)) {
		if err := c.searchPeople(ctx, property, entry.NameKey(text), query); err != nil {
			return err
		}
	}
	return nil
}

// trackingTail is how many last symbols of a tracking number people read out.
const trackingTail = 4

func (c *Cloud) searchPeople(ctx context.Context, property, text string, query *store.DeliveryQuery) error {
	q := c.store.Read()
	unit, err := q.FindUnitByName(ctx, db.FindUnitByNameParams{Property: property, NameKey: text})
	if err == nil {
		query.Units = append(query.Units, unit.ID)
	} else if !isNone(err) {
		return fmt.Errorf("look for a unit: %w", err)
	}
	numbered, err := q.ListUnitsOfNumber(ctx, db.ListUnitsOfNumberParams{Property: property, Number: text})
	if err != nil {
		return fmt.Errorf("look for a unit: %w", err)
	}
	for _, u := range numbered {
		query.Units = append(query.Units, u.ID)
	}
	rows, err := q.ListRecipientsOfProperty(ctx, property)
	if err != nil {
		return fmt.Errorf("list recipients: %w", err)
	}
	for _, row := range rows {
		if len(query.Recipients) < MaxPage && entry.Matches(row, text, 2) {
			query.Recipients = append(query.Recipients, row.ID)
		}
	}
	return nil
}

// delivery turns a row into what lists show.
func (v *siteView) delivery(row store.DeliveryRow) Delivery {
	place := v.index[locker.PlaceID(row.Place)]
	d := Delivery{
		Site: locker.SiteID(row.Site), SiteName: row.SiteName, Parcel: locker.ParcelID(row.Parcel),
		Stay: locker.StayID(row.ID), State: locker.StayState(row.State), Revoked: row.Revoked,
		Place: locker.PlaceID(row.Place), PlaceName: place.Name, PlaceKind: place.Kind,
		Recipient: locker.RecipientID(row.Recipient), RecipientName: row.RecipientName, Unit: locker.UnitID(row.Unit),
		UnitName: row.UnitName, Carrier: locker.CarrierID(row.Carrier), CarrierName: row.CarrierName,
		Tracking: row.Tracking, Size: locker.Size(row.Size), BegunAt: moment(row.BegunAt), StoredAt: moment(row.StoredAt),
		CollectBy: moment(row.CollectBy), EndedAt: moment(row.EndedAt), Evidence: locker.Evidence(row.Evidence),
		EndReason: row.EndReason, Problem: locker.Problem(row.Problem),
	}
	now := v.now.UnixMilli()
	d.Overdue = d.State == locker.StayStored && row.CollectBy != 0 && row.CollectBy < now
	if row.StoredAt != 0 {
		until := now
		if row.EndedAt != 0 {
			until = row.EndedAt
		}
		d.Days = int(max(0, until-row.StoredAt) / day.Milliseconds())
	}
	return d
}

// ParcelView is one parcel with its whole custody record.
type ParcelView struct {
	Delivery
	Stays    []Delivery      // all of them, oldest first
	Timeline []TimelineEntry // oldest first
	Notices  []NoticeView
	Actions  []Action
}

// NoticeView is one message to a recipient.
type NoticeView struct {
	ID       string
	Channel  string
	Kind     string // first, reminder_1, ...
	State    string // queued, sent, failed, bounced, cancelled
	Attempts int
	Created  time.Time
	Sent     time.Time
	Failed   time.Time
	Error    string
}

// Parcel returns one parcel with its custody record.
func (c *Cloud) Parcel(ctx context.Context, p Principal, site locker.SiteID, id locker.ParcelID) (ParcelView, error) {
	row, err := c.findSite(ctx, p, site)
	if err != nil {
		return ParcelView{}, err
	}
	rows, err := c.store.ListStaysOfParcel(ctx, row.ID, string(id))
	if err != nil {
		return ParcelView{}, err
	}
	if len(rows) == 0 {
		return ParcelView{}, locker.Errorf(locker.CodeNotFound, "no such parcel")
	}
	view, err := c.layoutView(ctx, row.ID)
	if err != nil {
		return ParcelView{}, err
	}
	var v ParcelView
	var stays []locker.StayID
	for _, stay := range rows {
		v.Stays = append(v.Stays, view.delivery(stay))
		stays = append(stays, locker.StayID(stay.ID))
	}
	v.Delivery = v.Stays[len(v.Stays)-1]
	if v.Timeline, err = c.stayTimeline(ctx, view, stays); err != nil {
		return ParcelView{}, err
	}
	if v.Notices, err = c.notices(ctx, row.ID, stays); err != nil {
		return ParcelView{}, err
	}
	v.Actions = parcelActions(v.Delivery)
	return v, nil
}

func (c *Cloud) notices(ctx context.Context, site string, stays []locker.StayID) ([]NoticeView, error) {
	var notices []NoticeView
	for _, stay := range stays {
		rows, err := c.store.Read().ListNoticesOfStay(ctx, db.ListNoticesOfStayParams{Site: site, Stay: string(stay)})
		if err != nil {
			return nil, fmt.Errorf("list notices: %w", err)
		}
		for _, row := range rows {
			notices = append(notices, NoticeView{
				ID: row.ID, Channel: row.Channel, Kind: row.Kind, State: row.State, Attempts: int(row.Attempts),
				Created: moment(row.CreatedAt), Sent: moment(row.SentAt), Failed: moment(row.FailedAt), Error: row.Error,
			})
		}
	}
	return notices, nil
}

func parcelActions(d Delivery) []Action {
	if d.State.Ended() {
		return nil
	}
	actions := []Action{ActionReassign, ActionExtend}
	if d.Revoked {
		actions = append(actions, ActionRestore)
	} else {
		actions = append(actions, ActionRevoke, ActionReissue)
	}
	if d.PlaceKind == locker.PlaceCompartment {
		return append(actions, ActionOpen)
	}
	return append(actions, ActionHandOver, ActionClear)
}

// Code is the pick-up code of a stay in its three forms. Show it to its holder only.
type Code struct {
	Symbols string // 3-3-3
	Token   string // text of the QR code
	Unit    string // number to type before Digits on a keypad
	Digits  string // 3-3-3
}

// StayCode returns the code of a stay that waits, for a notice or for staff who read it to its
// holder. The act is recorded with the reason.
func (c *Cloud) StayCode(ctx context.Context, p Principal, site locker.SiteID, stay locker.StayID, reason string) (Code, error) {
	if err := p.Need(RoleStaff, auth.ScopeOpen); err != nil {
		return Code{}, err
	}
	reason, err := checkText("reason", reason, minReason, maxReason)
	if err != nil {
		return Code{}, err
	}
	var code Code
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		if _, err := c.findSiteIn(ctx, q, p, site); err != nil {
			return err
		}
		row, err := q.FindStay(ctx, db.FindStayParams{Site: string(site), ID: string(stay)})
		if err != nil {
			return notFound(err, "stay")
		}
		if code, err = c.codeOfStay(ctx, q, row); err != nil {
			return err
		}
		return c.act(ctx, q, p, act{kind: "show_code", site: row.Site, subject: row.ID, reason: reason})
	})
	return code, err
}

// codeOfStay returns the code of a stay that may be collected with it, else why not.
func (c *Cloud) codeOfStay(ctx context.Context, q *db.Queries, row db.Stay) (Code, error) {
	switch {
	case !row.Live:
		return Code{}, locker.Errorf(locker.CodeStayEnded, "stay %s is over", row.ID)
	case row.Revoked || row.State == string(locker.StayHeld):
		return Code{}, locker.Errorf(locker.CodeStayRevoked, "only staff may open the door of stay %s", row.ID)
	case row.State != string(locker.StayStored):
		return Code{}, locker.Errorf(locker.CodeStayNotReady, "stay %s is not stored yet", row.ID)
	}
	cr, err := c.derive(ctx, q, derivation{row.Site, row.KeyID, subjectStay + row.ID, row.Generation})
	if err != nil {
		return Code{}, err
	}
	unit, err := q.FindUnit(ctx, row.Unit)
	if err != nil && !isNone(err) {
		return Code{}, fmt.Errorf("find a unit: %w", err)
	}
	return codeOf(cr, unit.Number), nil
}

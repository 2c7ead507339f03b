package cloud

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"cubby/internal/cloud/incident"
	"cubby/internal/cloud/intake"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// ResidentPage is what the holder of a link sees: what waits now, never what was.
type ResidentPage struct {
	Name     string // first name or initial, as a greeting; empty for an office
	Contact  ResidentContact
	Wishes   ResidentWishes // as they are now
	Language string         // BCP 47; empty: the site's first
	Parcels  []WaitingParcel
}

// ResidentContact is whom the holder of a link asks, whether or not something waits.
type ResidentContact struct {
	Name  string // of the site of the first parcel, else of the only site, else of the property
	Phone string // may be empty
	Mail  string // may be empty
}

// WaitingParcel is one parcel that the holder of a link may collect.
type WaitingParcel struct {
	Site      locker.SiteID
	SiteName  string
	TimeZone  string
	Phone     string // whom to call
	Mail      string
	Stay      locker.StayID
	Place     locker.PlaceID
	PlaceName string
	PlaceKind locker.PlaceKind // shelves and the desk: staff hand it over
	Bank      string           // name of the bank or room
	Column    int              // of a door, counted from 1
	Row       int              // of a door from the top, counted from 1
	Low       bool
	Carrier   string // name
	Last4     string // of the tracking number
	Size      locker.Size
	StoredAt  time.Time
	CollectBy time.Time
	Overdue   bool
	Held      bool    // only staff may hand it out now: no code
	Bar       PassBar // of somebody who was sent: why their pass opens nothing; empty: it opens
	Code      Code    // one code opens all of a recipient's doors at that site
	MayOpen   bool    // "I am at the locker" works now: the site is connected and has doors
}

// PassBar says why the pass of somebody who was sent does not open a parcel's door; the site refuses it.
type PassBar string

// Why a pass opens nothing.
const (
	PassShared PassBar = "shared" // the door holds another parcel too
	PassMoved  PassBar = "moved"  // the parcel was made its recipient's after it was stored
	PassStaff  PassBar = "staff"  // it lies on a shelf or at the desk
)

// ResidentPage returns what waits for the holder of a link. An unknown token is NOT_FOUND.
func (c *Cloud) ResidentPage(ctx context.Context, token string) (ResidentPage, error) {
	recipient, err := c.linkHolder(ctx, token)
	if err != nil {
		return ResidentPage{}, err
	}
	v := ResidentPage{
		Language: recipient.Language, Wishes: ResidentWishes{LowDoor: recipient.LowDoor, Language: recipient.Language},
	}
	if recipient.Kind != string(locker.RecipientOffice) {
		if first := strings.Fields(recipient.Name); len(first) > 0 {
			v.Name = first[0]
		}
	}
	if v.Contact, err = c.residentContact(ctx, recipient.Property); err != nil {
		return v, err
	}
	rows, err := c.store.Read().ListWaitingOfRecipient(ctx, db.ListWaitingOfRecipientParams{Recipient: recipient.ID, Page: maxWaiting})
	if err != nil {
		return v, fmt.Errorf("list what waits: %w", err)
	}
	views := map[string]*residentSite{}
	for _, row := range rows {
		if row.State != string(locker.StayStored) && row.State != string(locker.StayHeld) || !row.Settled {
			continue // not stored yet, or the courier may still take it back
		}
		if views[row.Site] == nil {
			if views[row.Site], err = c.residentSite(ctx, row.Site); err != nil {
				return v, err
			}
		}
		parcel, err := c.waitingParcel(ctx, views[row.Site], row)
		if err != nil {
			return v, err
		}
		v.Parcels = append(v.Parcels, parcel)
	}
	if len(v.Parcels) > 0 {
		p := v.Parcels[0]
		v.Contact = ResidentContact{Name: p.SiteName, Phone: p.Phone, Mail: p.Mail}
	}
	return v, nil
}

// residentContact returns the contact of a property. Its only site speaks for it; of several, none does
// unless the property itself has no contact.
func (c *Cloud) residentContact(ctx context.Context, id string) (ResidentContact, error) {
	property, err := c.store.Read().FindProperty(ctx, id)
	if err != nil {
		return ResidentContact{}, notFound(err, "property")
	}
	contact := ResidentContact{Name: property.Name, Phone: property.Phone, Mail: property.Email}
	sites, err := c.store.Read().ListSitesOfProperty(ctx, id)
	if err != nil {
		return contact, fmt.Errorf("list sites of a property: %w", err)
	}
	for _, site := range sites {
		var settings SiteSettings
		if err := decodeJSON(site.Settings, &settings); err != nil {
			return contact, err
		}
		if len(sites) == 1 {
			return ResidentContact{
				Name: site.Name, Phone: cmp.Or(settings.Phone, property.Phone), Mail: cmp.Or(settings.Mail, property.Email),
			}, nil
		}
		contact.Phone, contact.Mail = cmp.Or(contact.Phone, settings.Phone), cmp.Or(contact.Mail, settings.Mail)
	}
	return contact, nil
}

// maxWaiting bounds what one page shows.
const maxWaiting = 50

// linkHolder returns the recipient whose link a token is, else NOT_FOUND.
func (c *Cloud) linkHolder(ctx context.Context, token string) (db.Recipient, error) {
	sum := sha256.Sum256([]byte(token))
	row, err := c.store.Read().FindRecipientByLink(ctx, sum[:])
	if err != nil {
		return row, notFound(err, "page")
	}
	return row, nil
}

// residentSite is what a resident's page says of a site.
type residentSite struct {
	view    *siteView
	summary SiteSummary
	phone   string
	mail    string
}

func (c *Cloud) residentSite(ctx context.Context, site string) (*residentSite, error) {
	view, err := c.layoutView(ctx, site)
	if err != nil {
		return nil, err
	}
	s := &residentSite{view: view}
	if s.summary, err = c.summary(ctx, view.row); err != nil {
		return nil, err
	}
	var settings SiteSettings
	if err := decodeJSON(view.row.Settings, &settings); err != nil {
		return nil, err
	}
	property, err := c.store.Read().FindProperty(ctx, view.row.Property)
	if err != nil {
		return nil, notFound(err, "property")
	}
	s.phone, s.mail = cmp.Or(settings.Phone, property.Phone), cmp.Or(settings.Mail, property.Email)
	return s, nil
}

func (c *Cloud) waitingParcel(ctx context.Context, s *residentSite, row db.ListWaitingOfRecipientRow) (WaitingParcel, error) {
	place := s.view.index[locker.PlaceID(row.Place)]
	w := WaitingParcel{
		Site: s.summary.ID, SiteName: s.summary.Name, TimeZone: s.summary.TimeZone, Phone: s.phone, Mail: s.mail,
		Stay: locker.StayID(row.ID), Place: place.ID, PlaceName: place.Name, PlaceKind: place.Kind,
		Bank: s.view.around(place), Carrier: row.CarrierName, Last4: intake.Tail(intake.TrackingKey(row.Tracking)),
		Size: locker.Size(row.Size), StoredAt: moment(row.StoredAt), CollectBy: moment(row.CollectBy),
		Overdue: row.CollectBy != 0 && row.CollectBy < s.view.now.UnixMilli(),
		Held:    row.Revoked || row.State == string(locker.StayHeld),
	}
	if place.Kind == locker.PlaceCompartment {
		w.Column, w.Row, w.Low = place.Column+1, place.Row+1, place.Compartment.Low()
		w.MayOpen = !w.Held && s.summary.Link == LinkUp
	}
	if w.Held {
		return w, nil
	}
	var err error
	w.Code, err = c.codeOfStay(ctx, c.store.Read(), db.Stay{
		Site: row.Site, ID: row.ID, Unit: row.Unit, State: row.State, Live: row.Live, KeyID: row.KeyID,
		Generation: row.Generation,
	})
	return w, err
}

// ResidentOpen asks the site to open the door of a stay, with the proof that the kiosk shows now.
// Await tells the outcome.
func (c *Cloud) ResidentOpen(ctx context.Context, token string, stay locker.StayID, proof string) (locker.IntentID, error) {
	recipient, err := c.linkHolder(ctx, token)
	if err != nil {
		return "", err
	}
	proof, err = checkText("code on the screen", proof, 1, maxProof)
	if err != nil {
		return "", locker.Errorf(locker.CodeProofWrong, "type the code that the screen shows")
	}
	rows, err := c.store.Read().ListWaitingOfRecipient(ctx, db.ListWaitingOfRecipientParams{Recipient: recipient.ID, Page: maxWaiting})
	if err != nil {
		return "", fmt.Errorf("list what waits: %w", err)
	}
	i := slices.IndexFunc(rows, func(row db.ListWaitingOfRecipientRow) bool { return row.ID == string(stay) })
	if i < 0 {
		return "", locker.Errorf(locker.CodeStayUnknown, "no such parcel")
	}
	row := rows[i]
	switch {
	case row.Revoked || row.State == string(locker.StayHeld):
		return "", locker.Errorf(locker.CodeStayRevoked, "only staff may open this door")
	case row.State != string(locker.StayStored):
		return "", locker.Errorf(locker.CodeStayNotReady, "the parcel is not stored yet")
	}
	site, err := c.store.Read().FindHealth(ctx, row.Site)
	if err != nil || !site.Linked {
		return "", locker.Errorf(locker.CodeSiteOffline, "the lockers are not connected now: type the code at the screen")
	}
	var id locker.IntentID
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		id, err = c.createIntent(ctx, q, "", IntentDraft{Site: locker.SiteID(row.Site), Life: lifeOpen, Intent: wire.Intent{
			Kind: wire.IntentOpenStay, Place: locker.PlaceID(row.Place), Stay: stay, Proof: proof,
			Recipient: locker.RecipientID(recipient.ID),
		}})
		return err
	})
	if err == nil {
		c.wake(locker.SiteID(row.Site))
	}
	return id, err
}

// maxProof is longer than any proof as it is scanned.
const maxProof = 64

// ResidentAwait waits for the answer to an intent of ResidentOpen.
func (c *Cloud) ResidentAwait(ctx context.Context, token string, id locker.IntentID) (IntentView, error) {
	recipient, err := c.linkHolder(ctx, token)
	if err != nil {
		return IntentView{}, err
	}
	q := c.store.Read()
	row, err := q.FindIntent(ctx, string(id))
	if err != nil || row.Kind != string(wire.IntentOpenStay) {
		return IntentView{}, notFound(noneIf(err), "intent")
	}
	stay, err := q.FindStay(ctx, db.FindStayParams{Site: row.Site, ID: row.Stay})
	if err != nil || stay.Recipient != recipient.ID {
		return IntentView{}, notFound(noneIf(err), "intent")
	}
	if row, err = c.await(ctx, id); err != nil {
		return IntentView{}, err
	}
	return c.intentView(ctx, row), nil
}

// ResidentWishes are what the holder of a link may set, see package holder.
type ResidentWishes struct {
	LowDoor  bool
	Language string
}

// Holders is the Cloud as package holder sees it. Its methods ask for no right beyond the link.
type Holders struct{ *Post }

// Holders returns the Cloud as package holder sees it.
func (c *Cloud) Holders() Holders { return Holders{c.Post()} }

// Find returns whose link a token is, else NOT_FOUND.
func (h Holders) Find(ctx context.Context, token string) (db.Recipient, error) {
	return h.cloud.linkHolder(ctx, token)
}

// Order writes what is decided about a stay, and tells its site.
func (h Holders) Order(ctx context.Context, q *db.Queries, stay db.Stay, o db.StayOrder) error {
	return h.cloud.writeOrder(ctx, q, stay, o)
}

// Publish writes changes of a site's directory. Wake follows on the commit.
func (h Holders) Publish(ctx context.Context, q *db.Queries, site string, changes ...wire.Change) error {
	return h.cloud.publish(ctx, q, site, changes...)
}

// Wake tells sites and pages that there is something new.
func (h Holders) Wake(sites ...locker.SiteID) { h.cloud.wakeSites(sites...) }

// Ask makes an intent of a site.
func (h Holders) Ask(ctx context.Context, q *db.Queries, d IntentDraft) error {
	_, err := h.cloud.createIntent(ctx, q, "", d)
	return err
}

// Raise opens an incident, or adds to the one of the same cause.
func (h Holders) Raise(ctx context.Context, q *db.Queries, i incident.Incident) error {
	return h.cloud.raise(ctx, q, i)
}

// Pass derives the code of a grant.
func (h Holders) Pass(ctx context.Context, q *db.Queries, pass db.Pass, unit string) (Code, error) {
	cr, err := h.cloud.derive(ctx, q, derivation{pass.Site, pass.KeyID, "grant:" + pass.ID, pass.Generation})
	return codeOf(cr, unit), err
}

// Put changes a recipient and returns the sites to wake.
func (h Holders) Put(ctx context.Context, q *db.Queries, property string, d RecipientDraft) ([]locker.SiteID, error) {
	_, told, err := h.cloud.putRecipient(ctx, q, property, d)
	return told, err
}

// Token derives the token of a page under a prefix of its own, e.g. "delegate-link/v1|<id>".
func (h Holders) Token(ctx context.Context, q *db.Queries, what string) (string, error) {
	return h.cloud.tokenOf(ctx, q, what)
}

// Renew makes the old link of a recipient worthless.
func (h Holders) Renew(ctx context.Context, q *db.Queries, row db.Recipient) (db.Recipient, error) {
	return h.cloud.renewLink(ctx, q, row)
}

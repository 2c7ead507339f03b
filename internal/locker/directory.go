package locker

import (
	"cmp"
	"slices"
	"strings"
)

// Site is what the cloud says of a site as a whole.
type Site struct {
	ID        SiteID   `json:"id"`
	Name      string   `json:"name"`     // as people say it, e.g. "Harbour House"
	Property  string   `json:"property"` // name of the property
	TimeZone  string   `json:"time_zone"`
	Phone     string   `json:"phone,omitempty"` // whom to call, shown on every help page
	Mail      string   `json:"mail,omitempty"`
	Languages []string `json:"languages,omitempty"` // offered at the kiosk, first is the default
	PublicURL string   `json:"public_url,omitempty"`
	Key       KeyID    `json:"key"` // key for new codes
}

// Policy is how a site wants its parcels handled. Zero values mean the defaults of DefaultPolicy.
type Policy struct {
	Consolidate    bool   `json:"consolidate"`     // a household's parcels may share a compartment
	HoldHours      int    `json:"hold_hours"`      // from storing to "collect by"
	UndoSeconds    int    `json:"undo_seconds"`    // a courier may undo or reopen for so long
	GraceSeconds   int    `json:"grace_seconds"`   // a collected compartment may be reopened for so long
	OpenSeconds    int    `json:"open_seconds"`    // a door must open within so long after its pulse
	AjarSeconds    int    `json:"ajar_seconds"`    // an open door is an incident after so long
	ReserveMinutes int    `json:"reserve_minutes"` // longest reservation
	MaxUpgrade     int    `json:"max_upgrade"`     // size classes a parcel may be upgraded; 0: any
	Fallback       []Fall `json:"fallback,omitempty"`
	// Guesses is how many wrong codes a day the site takes before it asks for the unit too. 0: 20. A
	// site takes fewer while that makes codes too easy to guess.
	Guesses int `json:"guesses,omitempty"`
}

// Fall is where a parcel goes when no compartment takes it.
type Fall string

// The fallbacks, in the order in which they are usually offered.
const (
	FallShelf  Fall = "shelf"
	FallDesk   Fall = "desk"
	FallRefuse Fall = "refuse"
)

// DefaultPolicy is the policy of a site that chose nothing.
func DefaultPolicy() Policy {
	return Policy{
		Consolidate: true, HoldHours: 72, UndoSeconds: 60, GraceSeconds: 60, OpenSeconds: 10,
		AjarSeconds: 120, ReserveMinutes: 120, Fallback: []Fall{FallShelf, FallDesk, FallRefuse},
	}
}

// WithDefaults returns p with zero fields replaced by those of DefaultPolicy. Consolidate stays as
// it is: sharing needs an explicit yes.
func (p Policy) WithDefaults() Policy {
	d := DefaultPolicy()
	p.HoldHours = cmp.Or(p.HoldHours, d.HoldHours)
	p.UndoSeconds = cmp.Or(p.UndoSeconds, d.UndoSeconds)
	p.GraceSeconds = cmp.Or(p.GraceSeconds, d.GraceSeconds)
	p.OpenSeconds = cmp.Or(p.OpenSeconds, d.OpenSeconds)
	p.AjarSeconds = cmp.Or(p.AjarSeconds, d.AjarSeconds)
	p.ReserveMinutes = cmp.Or(p.ReserveMinutes, d.ReserveMinutes)
	if len(p.Fallback) == 0 {
		p.Fallback = d.Fallback
	}
	return p
}

// Directory is permission: what the cloud says of a site. A site holds a replica at Rev.
type Directory struct {
	Rev        uint64
	Site       Site
	Layout     Layout
	Policy     Policy
	Units      map[UnitID]Unit
	Recipients map[RecipientID]Recipient
	Couriers   map[CourierID]Courier
	Staff      map[StaffID]Staff
	Grants     map[GrantID]Grant
	Orders     map[StayID]Order

	places []Place // in the layout's order
	index  map[PlaceID]int
	order  []PlaceID
}

// NewDirectory returns an empty directory with the default policy.
func NewDirectory() *Directory {
	return &Directory{
		Policy:     DefaultPolicy(),
		Units:      map[UnitID]Unit{},
		Recipients: map[RecipientID]Recipient{},
		Couriers:   map[CourierID]Courier{},
		Staff:      map[StaffID]Staff{},
		Grants:     map[GrantID]Grant{},
		Orders:     map[StayID]Order{},
		index:      map[PlaceID]int{},
	}
}

// SetLayout replaces the layout and its index.
func (d *Directory) SetLayout(l Layout) {
	d.Layout = l
	d.places = l.Places()
	d.index = make(map[PlaceID]int, len(d.places))
	d.order = make([]PlaceID, 0, len(d.places))
	for i := range d.places {
		d.index[d.places[i].ID] = i
		d.order = append(d.order, d.places[i].ID)
	}
}

// Place returns the place with that id.
func (d *Directory) Place(id PlaceID) (Place, bool) {
	i, ok := d.index[id]
	if !ok {
		return Place{}, false
	}
	return d.places[i], true
}

// PlaceIDs returns the ids of all places in the layout's order. The slice is shared: do not change it.
func (d *Directory) PlaceIDs() []PlaceID { return d.order }

// Matches is the most recipients that FindRecipients returns: a screen holds no more.
const Matches = 7

// FindRecipients returns active recipients that the text points at, at most Matches: those of the
// unit with that name or number, else those with a word of their name that begins with the text.
// Fewer than three letters match nobody by name.
func (d *Directory) FindRecipients(text string) []Recipient {
	text = strings.ToUpper(strings.TrimSpace(text))
	if text == "" {
		return nil
	}
	var byUnit, byName []Recipient
	for _, r := range d.Recipients {
		if r.Inactive {
			continue
		}
		u := d.Units[r.Unit]
		switch {
		case strings.EqualFold(u.Name, text) || u.Number != "" && u.Number == text:
			byUnit = append(byUnit, r)
		case len([]rune(text)) >= 3 && nameMatches(r.Name, text):
			byName = append(byName, r)
		}
	}
	found := byUnit
	if len(found) == 0 {
		found = byName
	}
	slices.SortFunc(found, func(a, b Recipient) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return found[:min(len(found), Matches)]
}

func nameMatches(name, text string) bool {
	if strings.HasPrefix(strings.ToUpper(name), text) {
		return true
	}
	for word := range strings.FieldsSeq(strings.ToUpper(name)) {
		if strings.HasPrefix(word, text) {
			return true
		}
	}
	return false
}

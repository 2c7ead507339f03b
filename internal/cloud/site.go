package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud/guess"
	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// LinkState says how a site stands with the server. The zero value is invalid.
type LinkState string

// The states of a link.
const (
	LinkNever  LinkState = "never"  // no controller enrolled yet
	LinkUp     LinkState = "up"     // connected now
	LinkDown   LinkState = "down"   // not connected
	LinkSilent LinkState = "silent" // nothing heard for five minutes
	LinkHosted LinkState = "hosted" // runs inside the server
)

// SiteSummary is a site in a list.
type SiteSummary struct {
	ID           locker.SiteID
	Name         string
	Property     string // id
	PropertyName string
	TimeZone     string
	Hosted       bool
	Link         LinkState
	SeenAt       time.Time // last word of the site; zero: never
	Stale        string    // why the tables do not follow its record; empty: they do
	Incidents    int       // open
}

// SiteView is a site with everything that its settings page shows.
type SiteView struct {
	SiteSummary
	Settings SiteSettings
	Layout   locker.Layout
	Policy   locker.Policy
	Rev      uint64 // of the directory
	Enrolled bool
	Key      string // fingerprint of the controller's key
}

// SiteSettings are the settings of a site beside its layout and policy.
type SiteSettings struct {
	Phone     string   `json:"phone,omitempty"`
	Mail      string   `json:"mail,omitempty"`
	Languages []string `json:"languages,omitempty"` // BCP 47, the first is the default
	OnDuty    []string `json:"on_duty,omitempty"`   // mail addresses for incidents
	NoticeSettings
	Desk DeskSettings `json:"desk,omitzero"`
}

// DeskSettings are what a site wants at its front desk; package desk checks them.
type DeskSettings struct {
	Signature string    `json:"signature,omitempty"` // of whoever takes a parcel: "" never, "others", "always"
	Printer   string    `json:"printer,omitempty"`   // host:port of a label printer that reads ZPL
	Label     LabelSize `json:"label,omitzero"`
	// ReturnDays is how many days after its "collect by" a parcel goes back to its sender; 0: never by itself.
	ReturnDays int `json:"return_days,omitempty"`
}

// LabelSize is the size of labels; zero: 4 by 3 inches at 203 dpi.
type LabelSize struct {
	WidthMM   int `json:"width_mm,omitempty"`
	HeightMM  int `json:"height_mm,omitempty"`
	DotsPerMM int `json:"dots_per_mm,omitempty"`
}

// Sites returns the sites that the principal sees, by name.
func (c *Cloud) Sites(ctx context.Context, p Principal) ([]SiteSummary, error) {
	rows, err := c.listSites(ctx, p)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(rows))
	for _, row := range rows {
		ids = append(ids, row.ID)
	}
	counts, err := c.store.CountOpenIncidents(ctx, ids)
	if err != nil {
		return nil, err
	}
	sites := make([]SiteSummary, 0, len(rows))
	for _, row := range rows {
		summary, err := c.summary(ctx, row)
		if err != nil {
			return nil, err
		}
		summary.Incidents = counts[row.ID]
		sites = append(sites, summary)
	}
	return sites, nil
}

// summary reads what stands around a site's row, but for its incidents.
func (c *Cloud) summary(ctx context.Context, row db.Site) (SiteSummary, error) {
	q := c.store.Read()
	property, err := q.FindProperty(ctx, row.Property)
	if err != nil {
		return SiteSummary{}, notFound(err, "property")
	}
	s := SiteSummary{
		ID: locker.SiteID(row.ID), Name: row.Name, Property: property.ID, PropertyName: property.Name,
		TimeZone: property.TimeZone, Hosted: row.Hosted,
	}
	health, err := q.FindHealth(ctx, row.ID)
	if err != nil && !isNone(err) {
		return SiteSummary{}, fmt.Errorf("read the health of site %s: %w", row.ID, err)
	}
	s.SeenAt = moment(health.SeenAt)
	switch {
	case row.Hosted:
		s.Link = LinkHosted
	case row.Fingerprint == "":
		s.Link = LinkNever
	case health.Silent:
		s.Link = LinkSilent
	case health.Linked:
		s.Link = LinkUp
	default:
		s.Link = LinkDown
	}
	cursor, err := q.FindCursor(ctx, row.ID)
	if err != nil && !isNone(err) {
		return SiteSummary{}, fmt.Errorf("read the cursor of site %s: %w", row.ID, err)
	}
	s.Stale = cursor.Stale
	return s, nil
}

func (c *Cloud) fullSummary(ctx context.Context, row db.Site) (SiteSummary, error) {
	s, err := c.summary(ctx, row)
	if err != nil {
		return s, err
	}
	n, err := c.store.Read().CountOpenIncidents(ctx, row.ID)
	if err != nil {
		return s, fmt.Errorf("count incidents of site %s: %w", row.ID, err)
	}
	s.Incidents = int(n)
	return s, nil
}

// Site returns one site.
func (c *Cloud) Site(ctx context.Context, p Principal, site locker.SiteID) (SiteView, error) {
	row, err := c.findSite(ctx, p, site)
	if err != nil {
		return SiteView{}, err
	}
	v := SiteView{Rev: uint64(row.Rev), Enrolled: row.Fingerprint != "", Key: row.Fingerprint}
	if v.SiteSummary, err = c.fullSummary(ctx, row); err != nil {
		return SiteView{}, err
	}
	for _, part := range []struct {
		text string
		into any
	}{{row.Settings, &v.Settings}, {row.Layout, &v.Layout}, {row.Policy, &v.Policy}} {
		if err := decodeJSON(part.text, part.into); err != nil {
			return SiteView{}, err
		}
	}
	return v, nil
}

// SiteHealth is what a site says of itself, and what its record says of it.
type SiteHealth struct {
	Site       SiteSummary
	Status     *wire.Status // nil: never heard
	StatusAt   time.Time
	ClockBad   bool
	Audit      bool
	Parts      map[string][]locker.Fault // of buses and boards
	Epoch      uint64
	Number     uint64 // highest committed operation
	Operations uint64
	Facts      uint64
	ReceivedAt time.Time
	Head       string // latest countersigned tree head
	HeadAt     time.Time
}

// SiteHealth returns the health of one site.
func (c *Cloud) SiteHealth(ctx context.Context, p Principal, site locker.SiteID) (SiteHealth, error) {
	row, err := c.findSite(ctx, p, site)
	if err != nil {
		return SiteHealth{}, err
	}
	var h SiteHealth
	if h.Site, err = c.fullSummary(ctx, row); err != nil {
		return h, err
	}
	q := c.store.Read()
	health, err := q.FindHealth(ctx, row.ID)
	if err != nil && !isNone(err) {
		return h, fmt.Errorf("read the health of site %s: %w", site, err)
	}
	h.ClockBad, h.Audit, h.StatusAt = health.ClockBad, health.Audit, moment(health.StatusAt)
	if health.StatusAt != 0 {
		h.Status = new(wire.Status)
		if err := decodeJSON(health.Status, h.Status); err != nil {
			return h, err
		}
	}
	if health.Parts != "" {
		if err := decodeJSON(health.Parts, &h.Parts); err != nil {
			return h, err
		}
	}
	cursor, err := q.FindCursor(ctx, row.ID)
	if err != nil && !isNone(err) {
		return h, fmt.Errorf("read the cursor of site %s: %w", site, err)
	}
	h.Epoch, h.Number = uint64(cursor.Epoch), uint64(cursor.Number)
	h.Operations, h.Facts = uint64(cursor.Operations), uint64(cursor.Facts)
	h.ReceivedAt = moment(cursor.ReceivedAt)
	head, err := q.LatestHead(ctx, row.ID)
	if err != nil && !isNone(err) {
		return h, fmt.Errorf("read the head of site %s: %w", site, err)
	}
	h.Head, h.HeadAt = string(head.Note), moment(head.At)
	return h, nil
}

// PropertyDraft is a property to create.
type PropertyDraft struct {
	Name     string
	Address  string
	TimeZone string // IANA name
	Phone    string
	Mail     string
}

// CreateProperty creates a property of the principal's organization.
func (c *Cloud) CreateProperty(ctx context.Context, p Principal, d PropertyDraft) (string, error) {
	if err := p.Need(RoleManager, auth.ScopeWrite); err != nil {
		return "", err
	}
	name, err := checkText("name", d.Name, 1, 200)
	if err != nil {
		return "", err
	}
	if _, err := time.LoadLocation(d.TimeZone); err != nil || d.TimeZone == "" {
		return "", locker.Errorf(locker.CodeInputInvalid, "time zone %q is not an IANA name, e.g. Europe/Madrid", d.TimeZone)
	}
	id := c.newID()
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		err := q.CreateProperty(ctx, db.CreatePropertyParams{
			ID: id, Organization: p.Organization, Name: name, Address: d.Address, TimeZone: d.TimeZone, Phone: d.Phone,
			Email: d.Mail, CreatedAt: c.millis(),
		})
		if err != nil {
			return fmt.Errorf("create a property: %w", err)
		}
		return c.act(ctx, q, p, act{kind: "create_property", subject: id})
	})
	return id, err
}

// Properties returns the properties that the principal sees: id and name, by organization and name.
func (c *Cloud) Properties(ctx context.Context, p Principal) ([]PropertyView, error) {
	q := c.store.Read()
	tree, err := c.scope(ctx, q, p)
	if err != nil {
		return nil, err
	}
	var found []PropertyView
	for _, organization := range tree {
		rows, err := q.ListProperties(ctx, organization)
		if err != nil {
			return nil, fmt.Errorf("list properties: %w", err)
		}
		for _, row := range rows {
			found = append(found, PropertyView{
				ID: row.ID, Name: row.Name, Address: row.Address, TimeZone: row.TimeZone, Phone: row.Phone, Mail: row.Email,
			})
		}
	}
	return found, nil
}

// PropertyView is a property.
type PropertyView struct {
	ID, Name, Address, TimeZone, Phone, Mail string
}

// SiteDraft is a site to create.
type SiteDraft struct {
	ID       locker.SiteID // empty: a new id
	Property string
	Name     string
	Hosted   bool // without hardware: runs inside the server
	Settings SiteSettings
	Layout   locker.Layout
	Policy   locker.Policy // zero fields: defaults
}

// CreateSite creates a site with keys of its own and the people of its property. It returns
// LAYOUT_INVALID, INPUT_INVALID or CONFLICT.
func (c *Cloud) CreateSite(ctx context.Context, p Principal, d SiteDraft) (locker.SiteID, error) {
	if err := p.Need(RoleManager, auth.ScopeWrite); err != nil {
		return "", err
	}
	name, err := checkText("name", d.Name, 1, 200)
	if err != nil {
		return "", err
	}
	d.Name = name
	if err := d.Layout.Validate(); err != nil {
		return "", err
	}
	if d.ID == "" {
		d.ID = locker.SiteID(c.newID())
	}
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		property, err := c.findPropertyIn(ctx, q, p, d.Property)
		if err != nil {
			return err
		}
		if _, err := q.FindSite(ctx, string(d.ID)); !isNone(err) {
			return locker.Errorf(locker.CodeConflict, "there is a site %s already", d.ID)
		}
		return c.createSite(ctx, q, p, d, property)
	})
	if err == nil {
		c.wakeSites(d.ID)
	}
	return d.ID, err
}

func (c *Cloud) createSite(ctx context.Context, q *db.Queries, p Principal, d SiteDraft, property db.Property) error {
	code, proof, err := c.newKeys()
	if err != nil {
		return err
	}
	texts := [3]string{}
	for i, part := range []any{d.Settings, d.Layout, d.Policy.WithDefaults()} {
		if texts[i], err = encodeJSON(part); err != nil {
			return err
		}
	}
	if err := guess.Check(ctx, q, db.Site{ID: string(d.ID), Layout: texts[1]}, d.Policy); err != nil {
		return err
	}
	err = q.CreateSite(ctx, db.CreateSiteParams{
		ID: string(d.ID), Property: d.Property, Name: d.Name, Hosted: d.Hosted, Settings: texts[0], Layout: texts[1],
		Policy: texts[2], DirectoryEpoch: c.millis(), CodeKey: string(code.ID), ProofKey: string(proof.ID),
		LinkKey: []byte{}, CreatedAt: c.millis(),
	})
	if err != nil {
		return fmt.Errorf("create site %s: %w", d.ID, err)
	}
	for kind, key := range map[string]wire.Key{keyCode: code, keyProof: proof} {
		err := q.CreateSiteKey(ctx, db.CreateSiteKeyParams{
			Site: string(d.ID), Kind: kind, ID: string(key.ID), Secret: key.Secret, CreatedAt: c.millis(),
		})
		if err != nil {
			return fmt.Errorf("keep a key of site %s: %w", d.ID, err)
		}
	}
	row, err := q.FindSite(ctx, string(d.ID))
	if err != nil {
		return notFound(err, "site")
	}
	changes, err := c.wholeDirectory(ctx, q, row, property)
	if err != nil {
		return err
	}
	if err := c.publish(ctx, q, row.ID, changes...); err != nil {
		return err
	}
	return c.act(ctx, q, p, act{kind: "create_site", site: row.ID})
}

// newKeys makes the keys that a site's codes and proofs are derived under.
func (c *Cloud) newKeys() (code, proof wire.Key, err error) {
	for _, key := range []*wire.Key{&code, &proof} {
		secret := make([]byte, credential.KeySize)
		if _, err := io.ReadFull(c.rand, secret); err != nil {
			return code, proof, fmt.Errorf("make a key: %w", err)
		}
		named, err := credential.NewKey(secret)
		if err != nil {
			return code, proof, err
		}
		*key = wire.Key{ID: locker.KeyID(named.ID()), Secret: secret}
	}
	return code, proof, nil
}

// wholeDirectory returns everything that a new site must know.
func (c *Cloud) wholeDirectory(ctx context.Context, q *db.Queries, row db.Site, property db.Property) ([]wire.Change, error) {
	site, err := c.siteChange(row, property)
	if err != nil {
		return nil, err
	}
	changes := []wire.Change{
		site,
		{Kind: wire.KindLayout, Body: json.RawMessage(row.Layout)},
		{Kind: wire.KindPolicy, Body: json.RawMessage(row.Policy)},
	}
	keys, err := q.ListSiteKeys(ctx, row.ID)
	if err != nil {
		return nil, fmt.Errorf("list keys of site %s: %w", row.ID, err)
	}
	for _, key := range keys {
		encode := wire.EncodeCodeKey
		if key.Kind == keyProof {
			encode = wire.EncodeProofKey
		}
		change, err := encode(wire.Key{ID: locker.KeyID(key.ID), Secret: key.Secret})
		if err != nil {
			return nil, err
		}
		changes = append(changes, change)
	}
	people, err := c.peopleChanges(ctx, q, row, property)
	return append(changes, people...), err
}

func (c *Cloud) siteChange(row db.Site, property db.Property) (wire.Change, error) {
	var settings SiteSettings
	if err := decodeJSON(row.Settings, &settings); err != nil {
		return wire.Change{}, err
	}
	site := locker.Site{
		ID: locker.SiteID(row.ID), Name: row.Name, Property: property.Name, TimeZone: property.TimeZone,
		Phone: settings.Phone, Mail: settings.Mail, Languages: settings.Languages, PublicURL: c.publicURL,
		Key: locker.KeyID(row.CodeKey),
	}
	if site.Phone == "" {
		site.Phone = property.Phone
	}
	if site.Mail == "" {
		site.Mail = property.Email
	}
	return wire.EncodeSite(site)
}

// changeSite runs change on a site that a manager may change, publishes what it returns and writes
// the act down.
func (c *Cloud) changeSite(
	ctx context.Context, p Principal, site locker.SiteID, kind string, change func(*db.Queries, db.Site) (wire.Change, error),
) error {
	if err := p.Need(RoleManager, auth.ScopeWrite); err != nil {
		return err
	}
	err := c.store.Tx(ctx, func(q *db.Queries) error {
		row, err := c.findSiteIn(ctx, q, p, site)
		if err != nil {
			return err
		}
		published, err := change(q, row)
		if err != nil {
			return err
		}
		if err := c.publish(ctx, q, row.ID, published); err != nil {
			return err
		}
		return c.act(ctx, q, p, act{kind: kind, site: row.ID})
	})
	if err == nil {
		c.wakeSites(site)
	}
	return err
}

// SetSettings replaces the settings of a site and its name.
func (c *Cloud) SetSettings(ctx context.Context, p Principal, site locker.SiteID, name string, s SiteSettings) error {
	name, err := checkText("name", name, 1, 200)
	if err != nil {
		return err
	}
	if err := s.NoticeSettings.Check(); err != nil {
		return err
	}
	return c.changeSite(ctx, p, site, "set_settings", func(q *db.Queries, row db.Site) (wire.Change, error) {
		text, err := encodeJSON(s)
		if err != nil {
			return wire.Change{}, err
		}
		row.Name, row.Settings = name, text
		if err := q.SetSiteSettings(ctx, db.SetSiteSettingsParams{Name: name, Settings: text, ID: row.ID}); err != nil {
			return wire.Change{}, fmt.Errorf("set the settings of site %s: %w", site, err)
		}
		property, err := q.FindProperty(ctx, row.Property)
		if err != nil {
			return wire.Change{}, notFound(err, "property")
		}
		return c.siteChange(row, property)
	})
}

// SetLayout replaces the layout of a site. A place with live stays cannot be taken out: CONFLICT.
func (c *Cloud) SetLayout(ctx context.Context, p Principal, site locker.SiteID, l locker.Layout) error {
	if err := l.Validate(); err != nil {
		return err
	}
	return c.changeSite(ctx, p, site, "set_layout", func(q *db.Queries, row db.Site) (wire.Change, error) {
		stays, err := q.ListLiveStays(ctx, row.ID)
		if err != nil {
			return wire.Change{}, fmt.Errorf("list stays of site %s: %w", site, err)
		}
		places := map[string]bool{}
		for _, place := range l.Places() {
			places[string(place.ID)] = true
		}
		for _, stay := range stays {
			if !places[stay.Place] {
				return wire.Change{}, locker.Errorf(locker.CodeConflict, "place %s holds a parcel and cannot be taken out", stay.Place)
			}
		}
		change, err := wire.EncodeLayout(l)
		if err != nil {
			return wire.Change{}, err
		}
		return change, q.SetSiteLayout(ctx, db.SetSiteLayoutParams{Layout: string(change.Body), ID: row.ID})
	})
}

// SetPolicy replaces the policy of a site. A policy under which codes are too easy to guess is
// INPUT_INVALID.
func (c *Cloud) SetPolicy(ctx context.Context, p Principal, site locker.SiteID, pol locker.Policy) error {
	pol = pol.WithDefaults()
	return c.changeSite(ctx, p, site, "set_policy", func(q *db.Queries, row db.Site) (wire.Change, error) {
		if err := guess.Check(ctx, q, row, pol); err != nil {
			return wire.Change{}, err
		}
		change, err := wire.EncodePolicy(pol)
		if err != nil {
			return wire.Change{}, err
		}
		return change, q.SetSitePolicy(ctx, db.SetSitePolicyParams{Policy: string(change.Body), ID: row.ID})
	})
}

// Codes returns how a site makes and guards its codes, and the chance that a stranger opens anything
// there in a year.
func (c *Cloud) Codes(ctx context.Context, p Principal, site locker.SiteID) (credential.Assessment, error) {
	row, err := c.findSite(ctx, p, site)
	if err != nil {
		return credential.Assessment{}, err
	}
	return guess.Assess(ctx, c.store.Read(), row)
}

// CreateEnrolToken returns a token that enrols one controller for a site, once, within
// auth.EnrolmentLife. It is shown once.
func (c *Cloud) CreateEnrolToken(ctx context.Context, p Principal, site locker.SiteID) (auth.Secret, error) {
	if err := p.Need(RoleManager, auth.ScopeWrite); err != nil {
		return "", err
	}
	record, token, err := auth.NewEnrolment(c.rand, c.publicURL, c.identity.Fingerprint(), auth.Enrolment{
		Site: string(site), CreatedBy: p.User, CreatedAt: c.now(),
	})
	if err != nil {
		return "", locker.Errorf(locker.CodeInputInvalid, "server.public_url of the settings is %s: controllers on other machines need https there", c.publicURL)
	}
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		row, err := c.findSiteIn(ctx, q, p, site)
		if err != nil {
			return err
		}
		if row.Hosted {
			return locker.Errorf(locker.CodeInputInvalid, "this site runs inside the server and has no controller")
		}
		err = q.CreateEnrolment(ctx, db.CreateEnrolmentParams{
			TokenHash: record.Digest[:], Site: row.ID, CreatedBy: p.User, CreatedAt: record.CreatedAt.UnixMilli(),
			ExpiresAt: record.ExpiresAt.UnixMilli(),
		})
		if err != nil {
			return fmt.Errorf("keep the token: %w", err)
		}
		return c.act(ctx, q, p, act{kind: "create_enrolment", site: row.ID})
	})
	if err != nil {
		return "", err
	}
	return token.Encode(), nil
}

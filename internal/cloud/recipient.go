package cloud

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"cubby/internal/auth"
	"cubby/internal/cloud/entry"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// RecipientView is a recipient with contacts and wishes.
type RecipientView struct {
	ID            locker.RecipientID
	Property      string
	Kind          locker.RecipientKind
	Unit          locker.UnitID
	UnitName      string
	UnitNumber    string
	Name          string
	Email         string
	Phone         string // E.164 or empty
	Language      string // BCP 47; empty: the site's first
	LowDoor       bool
	Inactive      bool
	VacationUntil time.Time // parcels are held and reminders pause; zero: none
	QuietFrom     int       // minutes of the day in the property's zone; equal to QuietTo: none
	QuietTo       int
	Source        string // of an import or a property system
	ExternalID    string
	Waiting       int // parcels
}

// RecipientFilter chooses recipients. Zero fields do not filter.
type RecipientFilter struct {
	Site     locker.SiteID // recipients of the site's property; needed
	Query    string        // a unit, or the beginning of a word of the name
	Inactive bool          // those who left too
	Cursor   string
	Limit    int
}

// Recipients returns recipients by name.
func (c *Cloud) Recipients(ctx context.Context, p Principal, f RecipientFilter) (Page[RecipientView], error) {
	var found Page[RecipientView]
	if err := p.NeedScope(auth.ScopePII); err != nil {
		return found, err
	}
	site, err := c.findSite(ctx, p, f.Site)
	if err != nil {
		return found, err
	}
	rows, err := c.store.Read().ListRecipientsOfProperty(ctx, site.Property)
	if err != nil {
		return found, fmt.Errorf("list recipients: %w", err)
	}
	query, limit := entry.NameKey(f.Query), page(f.Limit)
	for _, row := range rows {
		key := row.NameKey + "|" + row.ID
		if key <= f.Cursor || row.Inactive && !f.Inactive || !entry.Matches(row, query, 1) {
			continue
		}
		if len(found.Items) == limit {
			last := found.Items[limit-1]
			found.Next = entry.NameKey(last.Name) + "|" + string(last.ID)
			return found, nil
		}
		view, err := c.recipientView(ctx, row)
		if err != nil {
			return found, err
		}
		found.Items = append(found.Items, view)
	}
	return found, nil
}

func (c *Cloud) recipientView(ctx context.Context, row db.ListRecipientsOfPropertyRow) (RecipientView, error) {
	waiting, err := c.store.Read().CountWaitingOfRecipient(ctx, row.ID)
	if err != nil {
		return RecipientView{}, fmt.Errorf("count parcels: %w", err)
	}
	return RecipientView{
		ID: locker.RecipientID(row.ID), Property: row.Property, Kind: locker.RecipientKind(row.Kind),
		Unit: locker.UnitID(row.Unit), UnitName: row.UnitName, UnitNumber: row.UnitNumber, Name: row.Name,
		Email: row.Email, Phone: row.Phone, Language: row.Language, LowDoor: row.LowDoor, Inactive: row.Inactive,
		VacationUntil: moment(row.VacationUntil), QuietFrom: int(row.QuietFrom), QuietTo: int(row.QuietTo),
		Source: row.ExternalSource, ExternalID: row.ExternalID, Waiting: int(waiting),
	}, nil
}

// Recipient returns one recipient.
func (c *Cloud) Recipient(ctx context.Context, p Principal, id locker.RecipientID) (RecipientView, error) {
	if err := p.NeedScope(auth.ScopePII); err != nil {
		return RecipientView{}, err
	}
	q := c.store.Read()
	row, err := c.findRecipient(ctx, q, p, id)
	if err != nil {
		return RecipientView{}, err
	}
	unit, err := q.FindUnit(ctx, row.Unit)
	if err != nil {
		return RecipientView{}, notFound(err, "unit")
	}
	return c.recipientView(ctx, withUnit(row, unit))
}

func withUnit(row db.Recipient, unit db.Unit) db.ListRecipientsOfPropertyRow {
	return db.ListRecipientsOfPropertyRow{
		ID: row.ID, Property: row.Property, Unit: row.Unit, Kind: row.Kind, Name: row.Name, NameKey: row.NameKey,
		Email: row.Email, Phone: row.Phone, Language: row.Language, LowDoor: row.LowDoor, Inactive: row.Inactive,
		VacationUntil: row.VacationUntil, QuietFrom: row.QuietFrom, QuietTo: row.QuietTo,
		ExternalSource: row.ExternalSource, ExternalID: row.ExternalID, UnitName: unit.Name, UnitNumber: unit.Number,
	}
}

// findRecipient returns a recipient of a property that the principal sees, else NOT_FOUND.
func (c *Cloud) findRecipient(ctx context.Context, q *db.Queries, p Principal, id locker.RecipientID) (db.Recipient, error) {
	row, err := q.FindRecipient(ctx, string(id))
	if err != nil {
		return row, notFound(err, "recipient")
	}
	if _, err := c.findPropertyIn(ctx, q, p, row.Property); err != nil {
		return db.Recipient{}, locker.Errorf(locker.CodeNotFound, "no such recipient")
	}
	return row, nil
}

// FindRecipients returns at most locker.Matches active recipients of a site that the text points
// at: a unit, or three letters of a name. For "Log a delivery".
func (c *Cloud) FindRecipients(ctx context.Context, p Principal, site locker.SiteID, text string) ([]RecipientView, error) {
	if err := p.NeedScope(auth.ScopePII); err != nil {
		return nil, err
	}
	row, err := c.findSite(ctx, p, site)
	if err != nil {
		return nil, err
	}
	query := entry.NameKey(text)
	if query == "" {
		return nil, nil
	}
	rows, err := c.store.Read().ListRecipientsOfProperty(ctx, row.Property)
	if err != nil {
		return nil, fmt.Errorf("list recipients: %w", err)
	}
	var byUnit, byName []db.ListRecipientsOfPropertyRow
	for _, r := range rows {
		switch {
		case r.Inactive:
		case query == entry.NameKey(r.UnitName) || query == r.UnitNumber:
			byUnit = append(byUnit, r)
		case entry.Matches(r, query, minLetters):
			byName = append(byName, r)
		}
	}
	if len(byUnit) == 0 {
		byUnit = byName
	}
	var found []RecipientView
	for _, r := range byUnit[:min(len(byUnit), locker.Matches)] {
		view, err := c.recipientView(ctx, r)
		if err != nil {
			return nil, err
		}
		found = append(found, view)
	}
	return found, nil
}

// minLetters is how many letters of a name find somebody at a counter.
const minLetters = 3

// UnitView is a unit.
type UnitView struct {
	ID         locker.UnitID
	Kind       locker.UnitKind
	Name       string
	Number     string // digits for keypads
	Recipients int    // active
}

// Units returns the units of a site's property by name.
func (c *Cloud) Units(ctx context.Context, p Principal, site locker.SiteID, cursor string, limit int) (Page[UnitView], error) {
	var found Page[UnitView]
	row, err := c.findSite(ctx, p, site)
	if err != nil {
		return found, err
	}
	limit = page(limit)
	rows, err := c.store.Read().ListUnits(ctx, db.ListUnitsParams{Property: row.Property, After: cursor, Page: int32(limit) + 1})
	if err != nil {
		return found, fmt.Errorf("list units: %w", err)
	}
	for i, u := range rows {
		if i == limit {
			found.Next = rows[i-1].NameKey
			break
		}
		found.Items = append(found.Items, UnitView{
			ID: locker.UnitID(u.ID), Kind: locker.UnitKind(u.Kind), Name: u.Name, Number: u.Number, Recipients: int(u.People),
		})
	}
	return found, nil
}

// UnitDraft is a unit to add or to change.
type UnitDraft struct {
	ID     locker.UnitID // empty: a new one
	Kind   locker.UnitKind
	Name   string
	Number string // empty: the digits of Name
}

// PutUnit adds or changes a unit of a property and tells its sites.
func (c *Cloud) PutUnit(ctx context.Context, p Principal, property string, d UnitDraft) (locker.UnitID, error) {
	if err := p.Need(RoleManager, auth.ScopePII); err != nil {
		return "", err
	}
	var id locker.UnitID
	var told []locker.SiteID
	err := c.store.Tx(ctx, func(q *db.Queries) (err error) {
		if _, err := c.findPropertyIn(ctx, q, p, property); err != nil {
			return err
		}
		id, told, err = c.putUnit(ctx, q, property, d)
		return err
	})
	if err == nil {
		c.wakeSites(told...)
	}
	return id, err
}

// putUnit adds or changes a unit; imports call it within a transaction of theirs.
func (c *Cloud) putUnit(ctx context.Context, q *db.Queries, property string, d UnitDraft) (locker.UnitID, []locker.SiteID, error) {
	unit, err := checkUnit(d)
	if err != nil {
		return "", nil, err
	}
	key := entry.NameKey(unit.Name)
	same, err := q.FindUnitByName(ctx, db.FindUnitByNameParams{Property: property, NameKey: key})
	if err != nil && !isNone(err) {
		return "", nil, fmt.Errorf("look for a unit: %w", err)
	}
	if err == nil && same.ID != string(unit.ID) {
		return "", nil, locker.Errorf(locker.CodeConflict, "there is a unit %q already", unit.Name)
	}
	if d.Number == "" {
		if unit.Number, err = freeNumber(ctx, q, property, unit); err != nil {
			return "", nil, err
		}
	}
	if unit.ID == "" {
		unit.ID = locker.UnitID(c.newID())
		err = q.CreateUnit(ctx, db.CreateUnitParams{
			ID: string(unit.ID), Property: property, Kind: string(unit.Kind), Name: unit.Name, NameKey: key,
			Number: unit.Number, CreatedAt: c.millis(),
		})
	} else {
		row, findErr := q.FindUnit(ctx, string(unit.ID))
		if findErr != nil || row.Property != property {
			return "", nil, notFound(noneIf(findErr), "unit")
		}
		err = q.UpdateUnit(ctx, db.UpdateUnitParams{
			Kind: string(unit.Kind), Name: unit.Name, NameKey: key, Number: unit.Number, ID: string(unit.ID),
		})
	}
	if err != nil {
		return "", nil, fmt.Errorf("write a unit: %w", err)
	}
	change, err := wire.EncodeUnit(unit)
	if err != nil {
		return "", nil, err
	}
	told, err := c.publishToProperty(ctx, q, property, change)
	return unit.ID, told, err
}

// freeNumber returns the number of a unit that was given none: the digits of its name when no other
// unit has them ("4A" is 4), else those with the place of its letter in the alphabet ("4B" is 402), else
// the next number that is free. Wrong codes are counted against one unit, so a number is of one unit, and
// every unit has one: it is the second proof in a flood.
func freeNumber(ctx context.Context, q *db.Queries, property string, unit locker.Unit) (string, error) {
	digits := unit.Number
	var wishes []string
	if digits != "" {
		wishes = append(wishes, digits)
	}
	for _, r := range entry.NameKey(unit.Name) {
		if r >= 'A' && r <= 'Z' && digits != "" {
			wishes = append(wishes, fmt.Sprintf("%s%02d", digits, r-'A'+1))
		}
	}
	for n := 9001; n < 10_000; n++ {
		wishes = append(wishes, strconv.Itoa(n))
	}
	for _, number := range wishes {
		if len(number) > maxUnitNumber {
			continue
		}
		taken, err := q.ListUnitsOfNumber(ctx, db.ListUnitsOfNumberParams{Property: property, Number: number})
		if err != nil {
			return "", fmt.Errorf("look for the number %s: %w", number, err)
		}
		if !slices.ContainsFunc(taken, func(u db.Unit) bool { return u.ID != string(unit.ID) }) {
			return number, nil
		}
	}
	return "", locker.Errorf(locker.CodeConflict, "no number is free for unit %q: give it one", unit.Name)
}

func checkUnit(d UnitDraft) (locker.Unit, error) {
	name, err := checkText("unit", d.Name, 1, 40)
	if err != nil {
		return locker.Unit{}, err
	}
	if d.Kind == "" {
		d.Kind = locker.UnitApartment
	}
	switch d.Kind {
	case locker.UnitApartment, locker.UnitOffice, locker.UnitDepartment, locker.UnitProperty:
	default:
		return locker.Unit{}, locker.Errorf(locker.CodeInputInvalid, "no kind of unit %q", string(d.Kind))
	}
	digits := func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}
	number := strings.Map(digits, d.Number)
	if number != d.Number || len(number) > maxUnitNumber {
		return locker.Unit{}, locker.Errorf(locker.CodeInputInvalid, "the number of a unit has 1 to %d digits", maxUnitNumber)
	}
	if number == "" {
		number = strings.Map(digits, name)
		number = number[:min(len(number), maxUnitNumber)]
	}
	return locker.Unit{ID: d.ID, Kind: d.Kind, Name: name, Number: number}, nil
}

// maxUnitNumber is how many digits a person types on a keypad to name a unit.
const maxUnitNumber = 6

// RecipientDraft is a recipient to add or to change.
type RecipientDraft struct {
	ID            locker.RecipientID // empty: a new one
	Kind          locker.RecipientKind
	Unit          locker.UnitID
	Name          string
	Email         string
	Phone         string
	Language      string
	LowDoor       bool
	Inactive      bool
	VacationUntil time.Time
	QuietFrom     int
	QuietTo       int
	Source        string
	ExternalID    string
}

// PutRecipient adds or changes a recipient of a property and tells its sites.
func (c *Cloud) PutRecipient(ctx context.Context, p Principal, property string, d RecipientDraft) (locker.RecipientID, error) {
	if err := p.Need(RoleManager, auth.ScopePII); err != nil {
		return "", err
	}
	var id locker.RecipientID
	var told []locker.SiteID
	err := c.store.Tx(ctx, func(q *db.Queries) (err error) {
		if _, err := c.findPropertyIn(ctx, q, p, property); err != nil {
			return err
		}
		if id, told, err = c.putRecipient(ctx, q, property, d); err != nil {
			return err
		}
		return c.act(ctx, q, p, act{kind: "put_recipient", subject: string(id)})
	})
	if err == nil {
		c.wakeSites(told...)
	}
	return id, err
}

// putRecipient adds or changes a recipient; imports call it within a transaction of theirs.
func (c *Cloud) putRecipient(
	ctx context.Context, q *db.Queries, property string, d RecipientDraft,
) (locker.RecipientID, []locker.SiteID, error) {
	d, err := checkRecipient(d)
	if err != nil {
		return "", nil, err
	}
	unit, err := q.FindUnit(ctx, string(d.Unit))
	if err != nil || unit.Property != property {
		return "", nil, locker.Errorf(locker.CodeUnitUnknown, "no such unit")
	}
	if d.ID == "" {
		d.ID = locker.RecipientID(c.newID())
		err = c.addRecipient(ctx, q, property, d)
	} else {
		err = c.updateRecipient(ctx, q, property, d)
	}
	if err != nil {
		return "", nil, err
	}
	change, err := wire.EncodeRecipient(locker.Recipient{
		ID: d.ID, Kind: d.Kind, Unit: d.Unit, Name: d.Name, LowDoor: d.LowDoor, Language: d.Language, Inactive: d.Inactive,
	})
	if err != nil {
		return "", nil, err
	}
	told, err := c.publishToProperty(ctx, q, property, change)
	return d.ID, told, err
}

func (c *Cloud) addRecipient(ctx context.Context, q *db.Queries, property string, d RecipientDraft) error {
	hash, err := c.linkHash(ctx, q, d.ID, 1)
	if err != nil {
		return err
	}
	err = q.CreateRecipient(ctx, db.CreateRecipientParams{
		ID: string(d.ID), Property: property, Unit: string(d.Unit), Kind: string(d.Kind), Name: d.Name,
		NameKey: entry.NameKey(d.Name), Email: d.Email, Phone: d.Phone, Language: d.Language, LowDoor: d.LowDoor,
		Inactive: d.Inactive, VacationUntil: int64(locker.At(d.VacationUntil)), QuietFrom: int64(d.QuietFrom),
		QuietTo: int64(d.QuietTo), LinkGeneration: 1, LinkHash: hash, ExternalSource: d.Source, ExternalID: d.ExternalID,
		CreatedAt: c.millis(),
	})
	if err != nil {
		return fmt.Errorf("create a recipient: %w", err)
	}
	return nil
}

func (c *Cloud) updateRecipient(ctx context.Context, q *db.Queries, property string, d RecipientDraft) error {
	row, err := q.FindRecipient(ctx, string(d.ID))
	if err != nil || row.Property != property {
		return notFound(noneIf(err), "recipient")
	}
	err = q.UpdateRecipient(ctx, db.UpdateRecipientParams{
		Unit: string(d.Unit), Kind: string(d.Kind), Name: d.Name, NameKey: entry.NameKey(d.Name), Email: d.Email, Phone: d.Phone,
		Language: d.Language, LowDoor: d.LowDoor, Inactive: d.Inactive, VacationUntil: int64(locker.At(d.VacationUntil)),
		QuietFrom: int64(d.QuietFrom), QuietTo: int64(d.QuietTo), ExternalSource: d.Source, ExternalID: d.ExternalID,
		UpdatedAt: c.millis(), ID: string(d.ID),
	})
	if err != nil {
		return fmt.Errorf("update a recipient: %w", err)
	}
	return nil
}

func checkRecipient(d RecipientDraft) (RecipientDraft, error) {
	var err error
	if d.Name, err = checkText("name", d.Name, 1, 200); err != nil {
		return d, err
	}
	if d.Kind == "" {
		d.Kind = locker.RecipientResident
	}
	switch d.Kind {
	case locker.RecipientResident, locker.RecipientEmployee, locker.RecipientOffice:
	default:
		return d, locker.Errorf(locker.CodeInputInvalid, "no kind of recipient %q", string(d.Kind))
	}
	if d.Email = strings.TrimSpace(d.Email); d.Email != "" {
		if d.Email, err = checkEmail(d.Email); err != nil {
			return d, err
		}
	}
	if d.Phone, err = entry.Phone(d.Phone); err != nil {
		return d, err
	}
	if d.Language != "" {
		tag, err := language.Parse(d.Language)
		if err != nil {
			return d, locker.Errorf(locker.CodeInputInvalid, "language %q is not a BCP 47 tag, e.g. es", shorten(d.Language))
		}
		d.Language = tag.String()
	}
	if d.QuietFrom < 0 || d.QuietFrom >= minutesOfDay || d.QuietTo < 0 || d.QuietTo >= minutesOfDay {
		return d, locker.Errorf(locker.CodeInputInvalid, "quiet hours are minutes of the day, 0 to %d", minutesOfDay-1)
	}
	if len(d.Source) > 100 || len(d.ExternalID) > 200 {
		return d, locker.Errorf(locker.CodeInputInvalid, "the external id is too long")
	}
	return d, nil
}

const minutesOfDay = 24 * 60

// peopleChanges returns the units, recipients, couriers and staff that a site must know.
func (c *Cloud) peopleChanges(ctx context.Context, q *db.Queries, site db.Site, property db.Property) ([]wire.Change, error) {
	var changes []wire.Change
	add := func(change wire.Change, err error) error {
		changes = append(changes, change)
		return err
	}
	after := ""
	for {
		units, err := q.ListUnits(ctx, db.ListUnitsParams{Property: property.ID, After: after, Page: MaxPage})
		if err != nil {
			return nil, fmt.Errorf("list units: %w", err)
		}
		for _, u := range units {
			after = u.NameKey
			if err := add(wire.EncodeUnit(locker.Unit{
				ID: locker.UnitID(u.ID), Kind: locker.UnitKind(u.Kind), Name: u.Name, Number: u.Number,
			})); err != nil {
				return nil, err
			}
		}
		if len(units) < MaxPage {
			break
		}
	}
	recipients, err := q.ListRecipientsOfProperty(ctx, property.ID)
	if err != nil {
		return nil, fmt.Errorf("list recipients: %w", err)
	}
	for _, r := range recipients {
		if err := add(wire.EncodeRecipient(locker.Recipient{
			ID: locker.RecipientID(r.ID), Kind: locker.RecipientKind(r.Kind), Unit: locker.UnitID(r.Unit), Name: r.Name,
			LowDoor: r.LowDoor, Language: r.Language, Inactive: r.Inactive,
		})); err != nil {
			return nil, err
		}
	}
	for organization := property.Organization; organization != ""; {
		users, err := q.ListUsers(ctx, organization)
		if err != nil {
			return nil, fmt.Errorf("list users: %w", err)
		}
		for _, u := range users {
			if err := add(staffChange(u, site)); err != nil {
				return nil, err
			}
		}
		row, err := q.FindOrganization(ctx, organization)
		if err != nil {
			return nil, notFound(err, "organization")
		}
		organization = ""
		if row.Parent.Valid {
			organization = row.Parent.String
		}
	}
	return changes, nil
}

// secretResidentLink names the server's secret that the tokens of residents' pages are made under.
const secretResidentLink = "resident_link"

// linkToken returns the token of a recipient's page: made from a secret of the server, never stored.
func (c *Cloud) linkToken(ctx context.Context, q *db.Queries, id locker.RecipientID, generation int64) (string, error) {
	return c.tokenOf(ctx, q, fmt.Sprintf("resident-link/v1|%s|%d", id, generation))
}

// tokenOf derives the token of a page from the server's secret.
func (c *Cloud) tokenOf(ctx context.Context, q *db.Queries, what string) (string, error) {
	secret, err := q.FindSecret(ctx, secretResidentLink)
	if isNone(err) {
		secret, err = c.makeSecret(ctx, q, secretResidentLink)
	}
	if err != nil {
		return "", fmt.Errorf("find the secret of links: %w", err)
	}
	mac := hmac.New(sha256.New, secret)
	_, _ = io.WriteString(mac, what) // a hash never fails
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:linkTokenSize]), nil
}

// linkTokenSize is how many bytes a token of a resident's page has: 144 bits cannot be guessed.
const linkTokenSize = 18

// makeSecret needs a transaction that may write.
func (c *Cloud) makeSecret(ctx context.Context, q *db.Queries, name string) ([]byte, error) {
	secret := make([]byte, sha256.Size)
	if _, err := io.ReadFull(c.rand, secret); err != nil {
		return nil, fmt.Errorf("make a secret: %w", err)
	}
	if err := q.CreateSecret(ctx, db.CreateSecretParams{Name: name, Secret: secret, CreatedAt: c.millis()}); err != nil {
		return nil, fmt.Errorf("keep a secret: %w", err)
	}
	return q.FindSecret(ctx, name)
}

func (c *Cloud) linkHash(ctx context.Context, q *db.Queries, id locker.RecipientID, generation int64) ([]byte, error) {
	token, err := c.linkToken(ctx, q, id, generation)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(token))
	return sum[:], nil
}

// RecipientLink returns the address of a recipient's page.
func (c *Cloud) RecipientLink(ctx context.Context, p Principal, id locker.RecipientID) (string, error) {
	if err := p.Need(RoleStaff, auth.ScopePII); err != nil {
		return "", err
	}
	var address string
	err := c.store.Tx(ctx, func(q *db.Queries) error {
		row, err := c.findRecipient(ctx, q, p, id)
		if err != nil {
			return err
		}
		if address, err = c.linkAddress(ctx, q, row); err != nil {
			return err
		}
		return c.act(ctx, q, p, act{kind: "show_recipient_link", subject: string(id)})
	})
	return address, err
}

// linkAddress returns the address of a recipient's page: for messages to that recipient.
func (c *Cloud) linkAddress(ctx context.Context, q *db.Queries, row db.Recipient) (string, error) {
	token, err := c.linkToken(ctx, q, locker.RecipientID(row.ID), row.LinkGeneration)
	return c.publicURL + residentPath + token, err
}

// residentPath is where residents' pages stand below the server's address.
const residentPath = "/p/"

// RenewRecipientLink makes the old address of a recipient's page worthless.
func (c *Cloud) RenewRecipientLink(ctx context.Context, p Principal, id locker.RecipientID) (string, error) {
	if err := p.Need(RoleStaff, auth.ScopePII); err != nil {
		return "", err
	}
	var address string
	err := c.store.Tx(ctx, func(q *db.Queries) error {
		row, err := c.findRecipient(ctx, q, p, id)
		if err != nil {
			return err
		}
		if row, err = c.renewLink(ctx, q, row); err != nil {
			return err
		}
		if address, err = c.linkAddress(ctx, q, row); err != nil {
			return err
		}
		return c.act(ctx, q, p, act{kind: "renew_recipient_link", subject: string(id)})
	})
	return address, err
}

func (c *Cloud) renewLink(ctx context.Context, q *db.Queries, row db.Recipient) (_ db.Recipient, err error) {
	row.LinkGeneration++
	if row.LinkHash, err = c.linkHash(ctx, q, locker.RecipientID(row.ID), row.LinkGeneration); err != nil {
		return row, err
	}
	err = q.SetRecipientLink(ctx, db.SetRecipientLinkParams{LinkGeneration: row.LinkGeneration, LinkHash: row.LinkHash, ID: row.ID})
	if err != nil {
		return row, fmt.Errorf("renew a link: %w", err)
	}
	return row, nil
}

package importer

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"cubby/internal/locker"
)

// Unit is a unit as it is known, or as it is to become. ID is empty for a new one.
type Unit struct {
	ID     locker.UnitID
	Kind   locker.UnitKind
	Name   string
	Key    string // of the name
	Number string
}

// Person is a recipient as it is known, or as it is to become. ID is empty for a new one.
type Person struct {
	ID         locker.RecipientID
	Unit       string // key of the unit
	UnitName   string
	Name       string
	NameKey    string
	Email      string
	Phone      string
	Language   string
	Kind       locker.RecipientKind
	LowDoor    bool
	Inactive   bool
	Source     string
	ExternalID string
}

// Known is everybody whom an import is compared with.
type Known struct {
	Units  []Unit
	People []Person
}

// Hash names a state of everybody: a plan that was made from one state is not applied to another.
func (k Known) Hash() ([]byte, error) {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(k); err != nil {
		return nil, fmt.Errorf("hash who is known: %w", err)
	}
	return h.Sum(nil), nil
}

// PersonChange is what becomes of whom.
type PersonChange struct {
	Change
	Person Person // as it is to become
}

// Plan is what an import would do.
type Plan struct {
	Units     []Unit // new ones and those whose number changes
	People    []PersonChange
	Unchanged int
	Gone      []PersonChange // whom the source brought before and the file lacks
}

// Compare sets rows of a source against who is known. A row is somebody who has its external id from
// that source, else the same unit and name, else the same unit and address. Who is found and had
// left comes back. What a row does not say stays as it is.
func Compare(known Known, rows []Row, source string) Plan {
	c := newComparison(known, source)
	for _, row := range rows {
		c.unit(row)
	}
	found := c.match(rows)
	for i, row := range rows {
		c.person(row, found[i])
	}
	for i, person := range known.People {
		if c.taken[i] || person.Inactive || person.Source != source {
			continue
		}
		person.Inactive = true
		c.plan.Gone = append(c.plan.Gone, PersonChange{
			Change: Change{Action: ActionDeactivate, Unit: person.UnitName, Name: person.Name}, Person: person,
		})
	}
	return c.plan
}

type comparison struct {
	known  Known
	source string
	plan   Plan

	units   map[string]Unit // by key, with what the file makes of them
	planned map[string]int  // index in plan.Units by key
	taken   []bool          // by index of known.People

	// Who could be meant, as indices of known.People.
	byID    map[string][]int
	byName  map[string][]int
	byEmail map[string][]int
}

func newComparison(known Known, source string) *comparison {
	c := &comparison{
		known: known, source: source, units: map[string]Unit{}, planned: map[string]int{}, byID: map[string][]int{},
		byName: map[string][]int{}, byEmail: map[string][]int{}, taken: make([]bool, len(known.People)),
	}
	for _, unit := range known.Units {
		c.units[unit.Key] = unit
	}
	for i, p := range known.People {
		// Somebody who has an id of the source is somebody else than a row with another id.
		named := p.ExternalID != "" && p.Source == source
		if named {
			c.byID[p.ExternalID] = append(c.byID[p.ExternalID], i)
		}
		for _, rowNamed := range []bool{false, true} {
			if named && rowNamed {
				continue
			}
			key := sign(rowNamed, p.Unit, p.NameKey)
			c.byName[key] = append(c.byName[key], i)
			if p.Email != "" {
				key = sign(rowNamed, p.Unit, p.Email)
				c.byEmail[key] = append(c.byEmail[key], i)
			}
		}
	}
	return c
}

// unit plans the unit of a row when it is new or gets another number.
func (c *comparison) unit(row Row) {
	unit, known := c.units[row.unitKey]
	if !known {
		unit = Unit{Kind: unitKind(row.Kind), Name: row.Unit, Key: row.unitKey, Number: row.Number}
	}
	if known && (row.Number == "" || row.Number == unit.Number) {
		return
	}
	if row.Number != "" {
		unit.Number = row.Number
	}
	c.units[row.unitKey] = unit
	if i, again := c.planned[row.unitKey]; again {
		c.plan.Units[i] = unit
		return
	}
	c.planned[row.unitKey] = len(c.plan.Units)
	c.plan.Units = append(c.plan.Units, unit)
}

func unitKind(k locker.RecipientKind) locker.UnitKind {
	switch k {
	case locker.RecipientEmployee, locker.RecipientOffice:
		return locker.UnitOffice
	case locker.RecipientResident:
	}
	return locker.UnitApartment
}

// match finds for each row whom it is, as an index of known.People; -1: nobody. Surer signs go first
// for all rows, so that nobody is taken by a weaker one.
func (c *comparison) match(rows []Row) []int {
	found := slices.Repeat([]int{-1}, len(rows))
	take := func(row int, from map[string][]int, key string) {
		candidates := from[key]
		for len(candidates) > 0 && c.taken[candidates[0]] {
			candidates = candidates[1:]
		}
		if from[key] = candidates; found[row] < 0 && len(candidates) > 0 {
			found[row], c.taken[candidates[0]] = candidates[0], true
		}
	}
	for i, row := range rows {
		if row.ExternalID != "" {
			take(i, c.byID, row.ExternalID)
		}
	}
	for i, row := range rows {
		take(i, c.byName, sign(row.ExternalID != "", row.unitKey, row.nameKey))
	}
	for i, row := range rows {
		if row.Email != "" {
			take(i, c.byEmail, sign(row.ExternalID != "", row.unitKey, row.Email))
		}
	}
	return found
}

// sign joins what tells a person of a unit, for rows with an external id or without.
func sign(named bool, unit, what string) string {
	return strconv.FormatBool(named) + "|" + unit + "|" + what
}

// person plans what becomes of a row's recipient.
func (c *comparison) person(row Row, found int) {
	if found < 0 {
		p := Person{
			Unit: row.unitKey, UnitName: c.units[row.unitKey].Name, Name: row.Name, NameKey: row.nameKey, Email: row.Email,
			Phone: row.Phone, Language: row.Language, Kind: row.Kind, LowDoor: row.LowDoor != nil && *row.LowDoor,
			Source: c.source, ExternalID: row.ExternalID,
		}
		if p.Kind == "" {
			p.Kind = locker.RecipientResident
		}
		c.plan.People = append(c.plan.People, PersonChange{
			Change: Change{Line: row.Line, Action: ActionAdd, Unit: p.UnitName, Name: p.Name}, Person: p,
		})
		return
	}
	p, edits := c.edit(c.known.People[found], row)
	if len(edits) == 0 && !c.known.People[found].Inactive {
		c.plan.Unchanged++
		return
	}
	p.Inactive = false
	c.plan.People = append(c.plan.People, PersonChange{
		Change: Change{Line: row.Line, Action: ActionChange, Unit: p.UnitName, Name: p.Name, Fields: edits}, Person: p,
	})
}

// edit returns a person as a row wants it, and what differs.
func (c *comparison) edit(p Person, row Row) (Person, []Edit) {
	var edits []Edit
	set := func(f Field, into *string, now string) {
		if now != "" && now != *into {
			edits = append(edits, Edit{Field: f, Old: *into, New: now})
			*into = now
		}
	}
	if p.Unit != row.unitKey {
		name := c.units[row.unitKey].Name
		edits = append(edits, Edit{Field: FieldUnit, Old: p.UnitName, New: name})
		p.Unit, p.UnitName = row.unitKey, name
	}
	set(FieldName, &p.Name, row.Name)
	set(FieldEmail, &p.Email, row.Email)
	set(FieldPhone, &p.Phone, row.Phone)
	set(FieldLanguage, &p.Language, row.Language)
	kind := string(p.Kind)
	set(FieldKind, &kind, string(row.Kind))
	p.NameKey, p.Kind = row.nameKey, locker.RecipientKind(kind)
	if row.LowDoor != nil && *row.LowDoor != p.LowDoor {
		edits = append(edits, Edit{
			Field: FieldLowDoor, Old: strconv.FormatBool(p.LowDoor), New: strconv.FormatBool(*row.LowDoor),
		})
		p.LowDoor = *row.LowDoor
	}
	if row.ExternalID != "" && (p.ExternalID != row.ExternalID || p.Source != c.source) {
		edits = append(edits, Edit{Field: FieldExternalID, Old: p.ExternalID, New: row.ExternalID})
		p.ExternalID, p.Source = row.ExternalID, c.source
	}
	return p, edits
}

package controller

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Kinds of subjects in the index of codes.
const (
	kindStay    credential.Kind = "stay"
	kindGrant   credential.Kind = "grant"
	kindCourier credential.Kind = "courier"
	kindStaff   credential.Kind = "staff"
)

// codes knows the live codes of the site, and those that were right once: they are told apart from
// wrong ones and cost no attempt.
type codes struct {
	live  *credential.Index
	over  *credential.Index
	known map[string]codeRow
	keys  map[locker.KeyID]credential.Key
}

// codeRow is what a code was put with, to see what changed.
type codeRow struct {
	live credential.Live // without its key
	key  locker.KeyID
	over bool
}

func newCodes() *codes {
	return &codes{
		live: credential.NewIndex(), over: credential.NewIndex(),
		known: map[string]codeRow{}, keys: map[locker.KeyID]credential.Key{},
	}
}

// setKeys takes the site's keys. A malformed one derives nothing.
func (c *codes) setKeys(keys *wire.Keys) {
	c.keys = map[locker.KeyID]credential.Key{}
	for id, secret := range keys.Code {
		if k, err := credential.NewKey(secret); err == nil {
			c.keys[id] = k
		}
	}
}

// sync brings the index to what the state says: all of it, after a start or a change of the
// directory. A code whose key is not here yet is left out until the directory brings it.
func (c *codes) sync(s *locker.State) {
	want := map[string]codeRow{}
	for _, st := range s.Matter.Stays {
		want["stay:"+string(st.ID)] = stayRow(s, st)
	}
	for id, g := range s.Directory.Grants {
		if st := s.Matter.Stays[g.Stay]; st != nil {
			row := stayRow(s, st)
			row.live.Subject, row.live.Kind = "grant:"+string(id), kindGrant
			row.live.Generation, row.key = g.Generation, g.Key
			row.over = row.over || g.Revoked
			want[row.live.Subject] = row
		}
	}
	for id, cr := range s.Directory.Couriers {
		subject := "courier:" + string(id)
		want[subject] = codeRow{key: cr.Key, over: cr.Revoked, live: credential.Live{
			Subject: subject, Generation: cr.Generation, Holder: subject, Kind: kindCourier,
		}}
	}
	for id, sf := range s.Directory.Staff {
		subject := "staff:" + string(id)
		want[subject] = codeRow{key: sf.Key, over: sf.Revoked, live: credential.Live{
			Subject: subject, Generation: sf.Generation, Holder: subject, Kind: kindStaff,
		}}
	}
	for subject := range c.known {
		if _, ok := want[subject]; !ok {
			c.remove(subject)
		}
	}
	for _, subject := range slices.Sorted(maps.Keys(want)) {
		c.put(subject, want[subject])
	}
}

// forget drops the codes of stays that the state has forgotten, and of passes to them.
func (c *codes) forget(s *locker.State) {
	var gone []string
	for subject, row := range c.known {
		_, id, _ := strings.Cut(subject, ":")
		stay := locker.StayID(id)
		switch row.live.Kind {
		case kindGrant:
			stay = s.Directory.Grants[locker.GrantID(id)].Stay
		case kindStay:
		default:
			continue
		}
		if s.Matter.Stays[stay] == nil {
			gone = append(gone, subject)
		}
	}
	slices.Sort(gone)
	for _, subject := range gone {
		c.remove(subject)
	}
}

// putStay follows one stay after a fact changed it.
func (c *codes) putStay(s *locker.State, st *locker.Stay) {
	c.put("stay:"+string(st.ID), stayRow(s, st))
}

func stayRow(s *locker.State, st *locker.Stay) codeRow {
	_, unitID := s.Holder(st)
	unit := s.Directory.Units[unitID]
	row := codeRow{key: st.Key, over: st.State.Ended() || s.CodeElsewhere(st), live: credential.Live{
		Subject: "stay:" + string(st.ID), Generation: st.Generation, Holder: "unit:" + string(unitID), Kind: kindStay,
	}}
	if unitID == "" {
		row.live.Holder = "stay:" + string(st.ID)
	}
	name, err := credential.NormalizeNumber(unit.Name)
	if err != nil { // a name that no keypad types, e.g. of an office
		name = ""
	}
	row.live.Number, row.live.Alias = name, unit.Number
	if name == "" || name == unit.Number {
		row.live.Number, row.live.Alias = unit.Number, ""
	}
	return row
}

func (c *codes) put(subject string, row codeRow) {
	if old, ok := c.known[subject]; ok && old == row {
		return
	}
	c.remove(subject)
	live := row.live
	live.Key = c.keys[row.key]
	to := c.live
	if row.over {
		to = c.over
	}
	if err := to.Put(live); err == nil { // else nobody has this code: it is just wrong
		c.known[subject] = row
	}
}

func (c *codes) remove(subject string) {
	c.live.Remove(subject)
	c.over.Remove(subject)
	delete(c.known, subject)
}

// next returns the first generation, from the given one on, at which a subject's code equals no
// live one, and the code.
func (c *codes) next(key locker.KeyID, subject string, from uint32) (uint32, credential.Credential, error) {
	generation, code, err := c.live.NextFree(c.keys[key], subject, from)
	if err != nil {
		return 0, credential.Credential{}, locker.Errorf(locker.CodeInternal, "no code under key %q: %v", string(key), err)
	}
	return generation, code, nil
}

// parseInput reads an entry. Its errors are slips of the finger: none of them counts.
func parseInput(in Input) (credential.Entry, error) {
	entry, err := credential.Parse(in.Code)
	switch {
	case in.Unit == "":
	case errors.Is(err, credential.ErrNumber):
		entry, err = credential.Parse(in.Unit + " " + in.Code)
	case err == nil && entry.Number() == "":
		entry, err = entry.WithNumber(in.Unit)
	}
	switch {
	case err == nil:
		return entry, nil
	case errors.Is(err, credential.ErrNumber):
		return credential.Entry{}, locker.Errorf(locker.CodeUnitUnknown, "nine digits need the unit or pass number")
	}
	return credential.Entry{}, locker.Errorf(locker.CodeCodeTyped, "the code is not complete or has a slip")
}

// holderOf and holderUnit turn the budget's holder into what a fact may hold and back: the unit, or
// "number:<n>" for a number under which nothing is live.
func holderUnit(holder string) locker.UnitID {
	if unit, ok := strings.CutPrefix(holder, "unit:"); ok {
		return locker.UnitID(unit)
	}
	return locker.UnitID(holder)
}

func holderOf(unit locker.UnitID) string {
	if unit == "" || strings.ContainsRune(string(unit), ':') {
		return string(unit)
	}
	return "unit:" + string(unit)
}

func formOf(name string) credential.Form {
	for _, f := range []credential.Form{credential.FormToken, credential.FormSymbols, credential.FormDigits} {
		if f.String() == name {
			return f
		}
	}
	return 0
}

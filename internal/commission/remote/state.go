package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"cubby/board"
	"cubby/internal/cloud"
	"cubby/internal/cloud/timeline"
	"cubby/internal/commission"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// state is what is kept of a test.
type state struct {
	Walk    json.RawMessage `json:"walk"`
	Opening *opening        `json:"opening,omitempty"`
	Trouble locker.Code     `json:"trouble,omitempty"` // why the last opening did not begin
	People  []string        `json:"people,omitempty"`  // ids of the users who answered
	Applied time.Time       `json:"applied,omitzero"`
}

// opening is a door that the site was asked to open.
type opening struct {
	Output locker.Output   `json:"output"`
	Place  locker.PlaceID  `json:"place"`
	Intent locker.IntentID `json:"intent,omitempty"` // empty: not asked yet
	At     time.Time       `json:"at"`
	Cursor string          `json:"cursor"`        // of the facts before it
	Seen   time.Time       `json:"seen,omitzero"` // when its end was read first
}

func (s *state) answered(user string) {
	if !slices.Contains(s.People, user) {
		s.People = append(s.People, user)
	}
}

// doorNow is what the site knows of a door.
type doorNow struct {
	door    locker.Door
	full    bool // something lies in it
	pending bool // it is being opened
}

// loaded is a test and what stands around it.
type loaded struct {
	site   cloud.SiteView
	health cloud.SiteHealth
	row    db.Walk
	state  state
	walk   *commission.Walk // nil: there is none
	doors  map[locker.PlaceID]doorNow
	cursor string            // of the newest fact
	remote []time.Time       // remote pulses of the last minute, oldest first
	asked  bool              // the site took the opening: the person may answer
	sight  *commission.Sight // of the opening so far
}

// step is what a person did, for the record. Without act it is only what was seen.
type step struct {
	fresh                bool // replaces the test before
	by                   cloud.Principal
	act, subject, detail string
}

const (
	// newestOps is how many operations are read for the remote pulses of the last minute: six, with
	// what follows from each.
	newestOps = 60
	// lastFact is behind every fact of one operation.
	lastFact = 1 << 20
)

// load reads everything. The cloud says first whether the principal may see the site.
func (d *Desk) load(ctx context.Context, p cloud.Principal, site locker.SiteID) (*loaded, error) {
	x := &loaded{doors: map[locker.PlaceID]doorNow{}}
	var err error
	if x.site, err = d.opts.Cloud.Site(ctx, p, site); err != nil {
		return nil, err
	}
	if x.health, err = d.opts.Cloud.SiteHealth(ctx, p, site); err != nil {
		return nil, err
	}
	err = d.opts.Store.ReadTx(ctx, func(q *db.Queries) error { return d.read(ctx, q, x) })
	if err != nil {
		return nil, err
	}
	if x.row.ID == "" {
		return x, nil
	}
	if err := json.Unmarshal([]byte(x.row.Body), &x.state); err != nil {
		return nil, fmt.Errorf("read the test of the doors of %s: %w", site, err)
	}
	if x.walk, err = commission.Restore(x.state.Walk); err != nil {
		return nil, err //nolint:wrapcheck // says what it could not do
	}
	if o := x.state.Opening; o != nil { // Restore asks for a pulse again that was under way
		if err := x.walk.Begin(o.At); err != nil {
			return nil, fmt.Errorf("take up the opening of %s: %w", o.Place, err)
		}
	}
	return x, nil
}

func (d *Desk) read(ctx context.Context, q *db.Queries, x *loaded) error {
	site := string(x.site.ID)
	var err error
	if x.row, err = q.FindWalk(ctx, site); err != nil && !errors.Is(err, store.ErrNone) {
		return fmt.Errorf("read the test of the doors of %s: %w", site, err)
	}
	places, err := q.ListPlaces(ctx, site)
	if err != nil {
		return fmt.Errorf("list places: %w", err)
	}
	for _, row := range places {
		x.doors[locker.PlaceID(row.ID)] = doorNow{
			door: locker.Door(row.Door), full: row.Occupancy == string(locker.OccupancyOccupied), pending: row.Request != "",
		}
	}
	stays, err := q.ListLiveStays(ctx, site)
	if err != nil {
		return fmt.Errorf("list stays: %w", err)
	}
	for _, stay := range stays {
		now := x.doors[locker.PlaceID(stay.Place)]
		now.full = true
		x.doors[locker.PlaceID(stay.Place)] = now
	}
	rows, err := q.ListLatestOperations(ctx, db.ListLatestOperationsParams{Site: site, Page: newestOps})
	if err != nil {
		return fmt.Errorf("read the newest operations of %s: %w", site, err)
	}
	if len(rows) > 0 {
		x.cursor = timeline.Cursor{Epoch: rows[0].Epoch, Number: rows[0].Number, Index: lastFact}.String()
	}
	for _, row := range slices.Backward(rows) {
		op, err := wire.DecodeOperation(row.Body)
		if err != nil {
			continue // one that this version cannot read is no opening of this version
		}
		for _, f := range op.Facts {
			if o, ok := f.(locker.OpenRequested); ok && o.Cause == locker.CauseRemote {
				x.remote = append(x.remote, time.UnixMilli(row.ReceivedAt)) // by the server's clock
			}
		}
	}
	return nil
}

// keep writes the test as it is now, and what the person did. CONFLICT says that somebody else took a
// step since it was loaded.
func (d *Desk) keep(ctx context.Context, x *loaded, s step) error {
	var err error
	if x.state.Walk, err = x.walk.Save(); err != nil {
		return err //nolint:wrapcheck // says what it could not do
	}
	body, err := json.Marshal(x.state)
	if err != nil {
		return fmt.Errorf("save the test of the doors: %w", err)
	}
	now := d.opts.Now().UnixMilli()
	site := string(x.site.ID)
	return d.opts.Store.Tx(ctx, func(q *db.Queries) error {
		var n int64
		if s.fresh {
			x.row.ID = d.opts.NewID()
			n, err = q.CreateWalk(ctx, db.CreateWalkParams{
				Site: site, ID: x.row.ID, Version: x.row.Version + 1, Body: string(body), StartedBy: s.by.User, StartedAt: now,
			})
		} else {
			n, err = q.KeepWalk(ctx, db.KeepWalkParams{
				Body: string(body), ChangedAt: now, Site: site, ID: x.row.ID, Version: x.row.Version,
			})
		}
		switch {
		case err != nil:
			return fmt.Errorf("keep the test of the doors of %s: %w", site, err)
		case n == 0:
			return stale()
		case s.act == "":
		default:
			err = q.CreateAct(ctx, db.CreateActParams{
				ID: d.opts.NewID(), At: now, UserID: s.by.User, Via: s.by.Via, Kind: "walk_" + s.act, Site: site,
				Subject: s.subject, Reason: s.detail,
			})
			if err != nil {
				return fmt.Errorf("write down the step: %w", err)
			}
		}
		x.row.Version++
		return nil
	})
}

// boards are those that the layout names, as the site reports them.
func (x *loaded) boards() []commission.Board {
	families := map[string]string{}
	reported := map[string]wire.BoardState{}
	if s := x.health.Status; s != nil {
		for _, b := range s.Buses {
			families[b.Name] = b.Family
		}
		for _, b := range s.Boards {
			reported[locker.PartBoard(b.Bus, b.Address)] = b.State
		}
	}
	var boards []commission.Board
	for _, p := range x.site.Layout.Places() {
		if p.Kind != locker.PlaceCompartment {
			continue
		}
		o := p.Compartment.Output
		i := slices.IndexFunc(boards, func(b commission.Board) bool { return b.Bus == o.Bus && b.Address == o.Board })
		if i < 0 {
			presence := board.PresenceNone
			if reported[locker.PartBoard(o.Bus, o.Board)] == wire.BoardOK {
				presence = board.PresenceOne
			}
			boards = append(boards, commission.Board{Bus: o.Bus, Address: o.Board, Family: families[o.Bus], Presence: presence})
			i = len(boards) - 1
		}
		boards[i].Channels = max(boards[i].Channels, int(o.Channel))
		boards[i].Sees = boards[i].Sees || p.Witness.SeesDoor()
	}
	return boards
}

// readings are what the sensors of all doors say now.
func (x *loaded) readings() []commission.Reading {
	var all []commission.Reading
	for _, p := range x.site.Layout.Places() {
		if p.Kind != locker.PlaceCompartment || !p.Witness.SeesDoor() {
			continue
		}
		s := board.StateUnknown
		switch x.doors[p.ID].door {
		case locker.DoorShut:
			s = board.StateClosed
		case locker.DoorAjar:
			s = board.StateOpen
		case locker.DoorUnknown:
		}
		all = append(all, commission.Reading{Output: p.Compartment.Output, State: s})
	}
	return all
}

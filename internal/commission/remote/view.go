package remote

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"cubby/board"
	"cubby/internal/cloud"
	"cubby/internal/commission"
	"cubby/internal/controller/governor"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// View is a test of a site's doors, as everybody who looks at it sees it.
type View struct {
	Site     cloud.SiteSummary
	Boards   []commission.Board // as the site reports them
	Warnings []Warning
	Doors    int               // that the layout has
	Walk     *commission.Walk  // to be read only; nil: none was begun
	Began    time.Time         // of the test
	By       string            // name of who began it
	People   []string          // names of those who answered
	Step     commission.Step   // zero without a walk
	Name     string            // of the step, for Open and Answer
	Pending  bool              // the site has not taken the opening yet
	Asked    bool              // it has: the door may be moving
	Moves    []commission.Move // what sensors showed so far
	Failed   bool              // the site gave up
	Trouble  locker.Code       // why the last opening did not begin; empty: it did
	Wait     time.Duration     // until the site takes another opening
	Service  time.Time         // until then two people on site lifted the limit; zero: they did not
	Changes  []Change          // of the layout, to be applied
	Applied  time.Time         // when they were
	Layout   locker.Layout     // as the site has it now
}

// Warning is what a board's report hints at before any door is opened.
type Warning struct {
	Board string // bus/address
	Kind  WarningKind
}

// WarningKind is what a report hints at. The zero value is invalid.
type WarningKind string

// The kinds of warning.
const (
	WarningSilent   WarningKind = "silent"   // the board does not answer
	WarningMissing  WarningKind = "missing"  // the layout names it, and it never answered
	WarningGarbled  WarningKind = "garbled"  // many answers are damaged: two boards at one address, or a bad line
	WarningAllOpen  WarningKind = "all_open" // all doors are said to stand open: the sensors say the opposite
	WarningStranger WarningKind = "stranger" // answers, and the layout has no door on it
)

// Change is a door with another output than the layout says. To is zero for a door that has none.
type Change struct {
	Label    string
	Place    locker.PlaceID
	From, To locker.Output
}

// View returns the test of a site as it stands. It is for everybody who may see the site.
func (d *Desk) View(ctx context.Context, p cloud.Principal, site locker.SiteID) (View, error) {
	x, err := d.follow(ctx, p, site)
	if err != nil {
		return View{}, err
	}
	v := View{Site: x.health.Site, Boards: x.boards(), Warnings: x.warnings(), Wait: d.wait(x), Layout: x.site.Layout}
	if x.serviceUntil().After(d.opts.Now()) {
		v.Service = x.serviceUntil()
	}
	for _, place := range x.site.Layout.Places() {
		if place.Kind == locker.PlaceCompartment {
			v.Doors++
		}
	}
	if x.walk == nil {
		return v, nil
	}
	v.Walk, v.Step, v.Trouble, v.Applied = x.walk, x.step(), x.state.Trouble, x.state.Applied
	v.Name, v.Began = StepName(v.Step), x.walk.Started()
	v.By = d.nameOf(ctx, x.row.StartedBy)
	for _, id := range x.state.People {
		v.People = append(v.People, d.nameOf(ctx, id))
	}
	v.Changes = changes(*x.walk.Plan().Layout, x.walk.Layout())
	v.Moves = x.walk.Moves()
	if x.state.Opening != nil {
		v.Pending, v.Asked, v.Moves = !x.asked, x.asked, nil
		if x.sight != nil {
			v.Moves = x.sight.Moves
			v.Failed = x.sight.Result != commission.ResultSent
		}
	}
	return v, nil
}

// nameOf returns the name of a user; one who is not there any more has none.
func (d *Desk) nameOf(ctx context.Context, id string) string {
	user, err := d.opts.Store.Read().FindUser(ctx, id)
	if err != nil {
		return id // the id says it too
	}
	return user.Name
}

func (x *loaded) serviceUntil() time.Time {
	if x.health.Status == nil || x.health.Status.Service == 0 {
		return time.Time{}
	}
	return x.health.Status.Service.Time()
}

// wait is how long the site takes no further remote opening: the sixth last must be a minute old.
func (d *Desk) wait(x *loaded) time.Duration {
	return Wait(x.remote, x.serviceUntil(), d.opts.Now())
}

// Wait returns how long it is until a site takes another remote opening, from the moments of those
// before, oldest first, and the end of a service session.
func Wait(remote []time.Time, service, now time.Time) time.Duration {
	if service.After(now) || len(remote) < governor.RemoteLimit {
		return 0
	}
	return max(remote[len(remote)-governor.RemoteLimit].Add(governor.RemoteSpan+remoteMargin).Sub(now), 0)
}

// remoteMargin is how much later than its request a pulse may come.
const remoteMargin = time.Second

const (
	// garbledFrom and garbledPart are when damaged answers are a hint: so many, and one of so many.
	garbledFrom = 20
	garbledPart = 20
	// allOpenFrom is how many doors of a board must stand open before all of them do by mistake.
	allOpenFrom = 3
)

func (x *loaded) warnings() []Warning {
	var all []Warning
	if x.health.Status == nil {
		return nil
	}
	planned := x.boards()
	for _, b := range x.health.Status.Boards {
		part := locker.PartBoard(b.Bus, b.Address)
		switch b.State {
		case wire.BoardSilent:
			all = append(all, Warning{part, WarningSilent})
			continue
		case wire.BoardMissing:
			all = append(all, Warning{part, WarningMissing})
			continue
		case wire.BoardOK:
		}
		damaged := b.Counters["checksums"] + b.Counters["late"]
		switch {
		case damaged >= garbledFrom && damaged*garbledPart >= b.Counters["requests"]:
			all = append(all, Warning{part, WarningGarbled})
		case !slices.ContainsFunc(planned, func(p commission.Board) bool { return p.Bus == b.Bus && p.Address == b.Address }):
			all = append(all, Warning{part, WarningStranger})
		case x.allOpen(b.Bus, b.Address):
			all = append(all, Warning{part, WarningAllOpen})
		}
	}
	return all
}

func (x *loaded) allOpen(bus string, address uint8) bool {
	n := 0
	for _, r := range x.readings() {
		if r.Output.Bus != bus || r.Output.Board != address {
			continue
		}
		if r.State != board.StateOpen {
			return false
		}
		n++
	}
	return n >= allOpenFrom
}

func changes(from, to locker.Layout) []Change {
	outputs := map[locker.PlaceID]locker.Output{}
	for _, p := range to.Places() {
		if p.Kind == locker.PlaceCompartment {
			outputs[p.ID] = p.Compartment.Output
		}
	}
	var all []Change
	for _, p := range from.Places() {
		if p.Kind == locker.PlaceCompartment && outputs[p.ID] != p.Compartment.Output {
			all = append(all, Change{Label: p.Name, Place: p.ID, From: p.Compartment.Output, To: outputs[p.ID]})
		}
		delete(outputs, p.ID)
	}
	for _, p := range to.Places() {
		if at, added := outputs[p.ID]; added {
			all = append(all, Change{Label: p.Name, Place: p.ID, To: at})
		}
	}
	return all
}

func sameLayout(a, b locker.Layout) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// Sheet returns what is handed over, with the names of those who tested and the latest countersigned
// head of the site's journal.
func (d *Desk) Sheet(ctx context.Context, p cloud.Principal, site locker.SiteID) (commission.Sheet, error) {
	x, err := d.follow(ctx, p, site)
	if err != nil {
		return commission.Sheet{}, err
	}
	if x.walk == nil {
		return commission.Sheet{}, locker.Errorf(locker.CodeNotFound, "no test of the doors was begun")
	}
	s := x.walk.Sheet()
	s.Session = locker.SessionID(x.row.ID)
	names := make([]string, 0, len(x.state.People))
	for _, id := range x.state.People {
		names = append(names, d.nameOf(ctx, id))
	}
	s.Installer = strings.Join(names, ", ")
	q := d.opts.Store.Read()
	property, err := q.FindProperty(ctx, x.site.Property)
	if err != nil {
		return s, fmt.Errorf("find the property of %s: %w", site, err)
	}
	place := []string{x.site.Name, property.Name, property.Address}
	s.Site = strings.Join(slices.DeleteFunc(place, func(t string) bool { return t == "" }), ", ")
	row, err := q.FindSite(ctx, string(site))
	if err != nil {
		return s, fmt.Errorf("find site %s: %w", site, err)
	}
	if head, err := journal.OpenCheckpoint([]byte(x.health.Head)); err == nil { // else none was countersigned yet
		s.Record = commission.RecordHead{
			Site: head.Site, Epoch: head.Epoch, Size: head.Size, Root: head.Root.String(), Key: base64.StdEncoding.EncodeToString(row.LinkKey),
		}
	}
	return s, nil
}

// Least is the least time in which a site takes n further remote openings: six at once, then six in each
// minute.
func Least(n int, wait time.Duration) time.Duration {
	if n <= 0 {
		return 0
	}
	return wait + time.Duration((n-1)/governor.RemoteLimit)*(governor.RemoteSpan+remoteMargin)
}

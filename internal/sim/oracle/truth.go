package oracle

import "slices"

// truth is what is so at one site.
type truth struct {
	open     map[string]bool               // doors
	inside   map[string]map[string]content // parcels by place
	lying    map[string]bool               // places with a sensor that lies
	stays    map[string]*stay
	booked   map[string]map[string]*stay // those that are not over, by place
	requests map[string]*request         // every request on record
	doubted  map[string]bool
	rights   map[string]*right
	intents  map[string]bool // answered
	applied  uint64
	online   bool
	since    int64 // of online
	boot     int
	service  bool
	clock    bool // the site says that it doubts its clock
	ended    tally
	honest   *books // where the record really stands while the disk lies
	lied     int64  // since when
}

// content is a parcel in a place.
type content struct {
	household string
	unseen    bool // left behind where no sensor sees it
	asTold    bool
	at        int64
}

// stay is a parcel's time in a place, by the record.
type stay struct {
	id, parcel, place, recipient, household string
	state                                   string // depositing, stored, undoing, held, collected, removed, undone
	settled                                 bool
	storedAt, endedAt                       int64
}

func (s *stay) over() bool {
	return s.state == "collected" || s.state == "removed" || s.state == "undone"
}

// request is an opening, by the record.
type request struct {
	Fact
	pulses   int
	pulsedAt int64 // of the first
	ended    bool
	covered  string // why no live grant covers it; empty: one does
}

// right is what the server decided last, and what the site knew first.
type right struct {
	Right
	revokedAt int64 // true time; zero: not
}

// tally counts stays by their end.
type tally struct{ entered, collected, removed, undone int }

func newTruth() *truth {
	return &truth{
		open: map[string]bool{}, inside: map[string]map[string]content{}, lying: map[string]bool{},
		stays: map[string]*stay{}, booked: map[string]map[string]*stay{}, requests: map[string]*request{}, doubted: map[string]bool{},
		rights: map[string]*right{}, intents: map[string]bool{},
	}
}

// take moves the truth on.
func (t *truth) take(ev Event) {
	switch e := ev.(type) {
	case DoorMoved:
		t.open[e.Place] = e.Open
	case Put:
		t.contents(e.Place)[e.Parcel] = content{household: e.Household, asTold: e.AsTold, at: e.At}
	case Took:
		delete(t.inside[e.Place], e.Parcel)
	case LeftBehind:
		if c, ok := t.inside[e.Place][e.Parcel]; ok && !e.Seen {
			c.unseen = true
			t.inside[e.Place][e.Parcel] = c
		}
	case SensorLied:
		t.lying[e.Place] = e.Lies
	case Booted:
		t.boot = e.Boot
	case Applied:
		t.applied = max(t.applied, e.Rev)
	case Online:
		if t.online != e.Up {
			t.online, t.since = e.Up, e.At
		}
	case Right:
		t.takeRight(e)
	case Fact:
		t.takeFact(e)
	case DiskLies:
		t.honest, t.lied = t.keep(), e.At
	case Lost:
		t.lose()
	case Replaced:
		t.honest, t.lied = (&truth{}).keep(), 0
		t.lose()
	}
}

func (t *truth) contents(place string) map[string]content {
	if t.inside[place] == nil {
		t.inside[place] = map[string]content{}
	}
	return t.inside[place]
}

func (t *truth) takeRight(e Right) {
	old := t.rights[e.Ref]
	r := &right{Right: e}
	if old != nil {
		r.revokedAt = old.revokedAt
	}
	if e.Revoked && r.revokedAt == 0 {
		r.revokedAt = e.At
	}
	t.rights[e.Ref] = r
}

// takeFact folds a fact of the record in, by the words of the specification.
func (t *truth) takeFact(f Fact) {
	switch f.Kind {
	case "open_requested":
		t.requests[f.Request] = &request{Fact: f, covered: t.covers(f)}
	case "open_failed", "open_unconfirmed":
		t.endRequest(f.Request)
	case "door_closed":
		t.endRequest(f.Request)
	case "place_doubted":
		t.doubted[f.Place] = true
	case "place_verified":
		t.doubted[f.Place] = false
	case "intent_answered":
		t.intents[f.Intent] = true
	case "service_session_began":
		t.service = true
	case "service_session_ended":
		t.service = false
	case "clock_doubted":
		t.clock = true
	case "clock_trusted":
		t.clock = false
	default:
		t.takeStay(f)
	}
}

func (t *truth) endRequest(id string) {
	if r := t.requests[id]; r != nil {
		r.ended = true
	}
}

func (t *truth) takeStay(f Fact) {
	if f.Kind == "deposit_begun" {
		t.ended.entered++
		t.book(&stay{
			id: f.Stay, parcel: f.Parcel, place: f.Place, recipient: f.Recipient, household: f.Household, state: "depositing",
		})
		return
	}
	st := t.stays[f.Stay]
	if st == nil {
		return
	}
	switch f.Kind {
	case "parcel_stored":
		st.state, st.storedAt = "stored", f.At
	case "deposit_settled":
		st.settled = true
	case "undo_requested":
		st.state = "undoing"
	case "deposit_undone":
		t.end(st, "undone", f.At)
	case "parcel_collected":
		t.end(st, "collected", f.At)
	case "parcel_removed":
		t.end(st, "removed", f.At)
	case "problem_reported":
		t.reported(st, f.Problem)
	}
}

func (t *truth) book(st *stay) {
	t.stays[st.id] = st
	if t.booked[st.place] == nil {
		t.booked[st.place] = map[string]*stay{}
	}
	t.booked[st.place][st.id] = st
}

// end ends a stay.
func (t *truth) end(st *stay, state string, at int64) {
	t.ended.change(st.state, -1)
	st.state, st.endedAt = state, at
	t.ended.change(state, 1)
	delete(t.booked[st.place], st.id)
}

// revive brings a stay back into the books.
func (t *truth) revive(st *stay, state string) {
	t.ended.change(st.state, -1)
	st.state, st.endedAt = state, 0
	t.book(st)
}

// reported brings a stay back into the books that a person spoke up about.
func (t *truth) reported(st *stay, problem string) {
	switch {
	case (problem == "empty" || problem == "not_mine") && st.state != "removed" && st.state != "undone":
		t.revive(st, "held")
	case problem == "too_high" && st.state == "collected":
		t.revive(st, "stored")
	}
}

func (n *tally) change(state string, by int) {
	switch state {
	case "collected":
		n.collected += by
	case "removed":
		n.removed += by
	case "undone":
		n.undone += by
	}
}

// households returns whose parcels are booked in a place.
func (t *truth) households(place string) []string {
	var found []string
	for _, st := range t.booked[place] {
		if !slices.Contains(found, st.household) {
			found = append(found, st.household)
		}
	}
	slices.Sort(found)
	return found
}

// remembered is how long what is over is kept: reports may bring a stay back for a day.
const remembered = 3 * 24 * 3600 * 1000

// forget drops what has long been over, so that a long run does not slow down.
func (t *truth) forget(now int64) {
	for id, r := range t.requests {
		if r.ended && r.At < now-remembered {
			delete(t.requests, id)
		}
	}
	for id, st := range t.stays {
		if st.over() && st.endedAt < now-remembered {
			delete(t.stays, id)
		}
	}
}

package locker

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// StayState says where a stay is in its life. The zero value is invalid.
type StayState string

// The states of a stay.
const (
	StayDepositing StayState = "depositing" // promised a place, the parcel is not known to be in it
	StayStored     StayState = "stored"     // in its place: its recipient may collect it
	StayUndoing    StayState = "undoing"    // the courier takes it back
	StayHeld       StayState = "held"       // in incident: only staff may open it
	StayCollected  StayState = "collected"
	StayRemoved    StayState = "removed"
	StayUndone     StayState = "undone"
)

// Ended reports whether the stay is over.
func (s StayState) Ended() bool {
	return s == StayCollected || s == StayRemoved || s == StayUndone
}

// Stay is one parcel's time in one place.
type Stay struct {
	ID         StayID      `json:"id"`
	Parcel     ParcelID    `json:"parcel"`
	Place      PlaceID     `json:"place"`
	Recipient  RecipientID `json:"recipient,omitempty"`
	Unit       UnitID      `json:"unit,omitempty"`
	Size       Size        `json:"size"`
	State      StayState   `json:"state"`
	By         Actor       `json:"by"`
	Carrier    CarrierID   `json:"carrier,omitempty"`
	Session    SessionID   `json:"session,omitempty"`
	Tracking   AnnexRef    `json:"tracking,omitempty"`
	Key        KeyID       `json:"key"`
	Generation uint32      `json:"generation"`
	StoredAt   Millis      `json:"stored_at,omitempty"`
	CollectBy  Millis      `json:"collect_by,omitempty"`
	EndedAt    Millis      `json:"ended_at,omitempty"`
	Settled    bool        `json:"settled,omitempty"`  // the courier's undo has closed
	CodeFor    RecipientID `json:"code_for,omitempty"` // who got the code, when that is not Recipient
	NotFor     RecipientID `json:"not_for,omitempty"`  // who said that what lies there is not theirs
	Undo       string      `json:"undo,omitempty"`     // why it is taken back
}

// Request is an opening that is under way: from OpenRequested until the door is shut again, the
// request failed, or a restart left it unconfirmed.
type Request struct {
	ID      RequestID `json:"id"`
	First   RequestID `json:"first"` // of the series of retries
	Attempt int       `json:"attempt"`
	Place   PlaceID   `json:"place"`
	Purpose Purpose   `json:"purpose"`
	Cause   Cause     `json:"cause"`
	Grant   GrantRef  `json:"grant"`
	Actor   Actor     `json:"actor"`
	Session SessionID `json:"session,omitempty"`
	Stays   []StayID  `json:"stays,omitempty"`
	At      Millis    `json:"at"`
	Opened  bool      `json:"opened,omitempty"` // the door was seen to open, or nobody can see it
	Problem Problem   `json:"problem,omitempty"`
}

// collects reports whether the opening lets a recipient, or whoever has their pass, take the parcels.
func (r *Request) collects() bool {
	again := r.Purpose == PurposeReopen && (r.Actor.Kind == ActorRecipient || r.Actor.Kind == ActorDelegate)
	return r.Purpose == PurposeCollect || again
}

// PlaceState is what is known of one place.
type PlaceState struct {
	Door       Door        `json:"door,omitempty"`
	DoorSince  Millis      `json:"door_since,omitempty"`
	Occupancy  Occupancy   `json:"occupancy,omitempty"`
	Request    RequestID   `json:"request,omitempty"` // under way
	Last       *Request    `json:"last,omitempty"`    // the last one that ended with a failure or a shut door
	Out        bool        `json:"out,omitempty"`     // out of service
	Doubt      string      `json:"doubt,omitempty"`   // why nobody can vouch for what is in it
	Faults     []Fault     `json:"faults,omitempty"`
	Failures   int         `json:"failures,omitempty"` // openings that failed in a row
	FreedAt    Millis      `json:"freed_at,omitempty"` // when the last parcel left
	Reserved   Reservation `json:"reserved,omitzero"`
	LastActive SessionID   `json:"last_active,omitempty"` // session of the last opening
	Strange    *Strange    `json:"strange,omitempty"`     // seen in it at the last look, and not booked in it
}

// Strange is what lies in a place and is not booked there.
type Strange struct {
	Found   []StayID `json:"found,omitempty"`   // booked somewhere else
	Unknown int      `json:"unknown,omitempty"` // booked nowhere
}

// Raised reports whether a fault of the place is raised.
func (p *PlaceState) Raised(f Fault) bool { return slices.Contains(p.Faults, f) }

// Reservation keeps a compartment free for somebody.
type Reservation struct {
	ID      ReservationID `json:"id,omitempty"`
	Unit    UnitID        `json:"unit,omitempty"`
	Courier CourierID     `json:"courier,omitempty"`
	Until   Millis        `json:"until,omitempty"`
}

// Session is somebody's turn.
type Session struct {
	ID    SessionID `json:"id"`
	Actor Actor     `json:"actor"`
	Grant GrantRef  `json:"grant,omitempty"`
	Since Millis    `json:"since"`
}

// Matter is what happened on a site, folded from its facts. Only Evolve changes it.
type Matter struct {
	Places   map[PlaceID]*PlaceState `json:"places"`
	Stays    map[StayID]*Stay        `json:"stays"` // live, and those that ended within KeepEnded
	Requests map[RequestID]*Request  `json:"requests"`
	Sessions map[SessionID]*Session  `json:"sessions"`
	Audit    bool                    `json:"audit,omitempty"`
	Clock    bool                    `json:"clock_doubted,omitempty"`
	Service  Millis                  `json:"service_until,omitempty"` // of a service session
	Parts    map[string][]Fault      `json:"parts,omitempty"`         // faults of buses and boards
	Latest   Millis                  `json:"latest"`                  // of the last operation: the lower bound of now
	Swept    Millis                  `json:"swept,omitempty"`
	Answered map[IntentID]Millis     `json:"answered,omitempty"` // an intent is answered once

	byPlace map[PlaceID][]StayID // live stays, built on demand
}

// KeepEnded is how long an ended stay stays known on site, so that its old code is told apart from
// a wrong one and a report after the fact finds it.
const KeepEnded = 7 * 24 * time.Hour

// NewMatter returns the matter of a site where nothing has happened yet.
func NewMatter() *Matter { return (*Matter)(nil).Whole() }

// Whole returns the matter with every map that it lacks: what was written down leaves out those that were empty.
// Whoever reads a Matter back calls it before anything is folded in. It makes an empty one of none.
func (m *Matter) Whole() *Matter {
	if m == nil {
		m = &Matter{}
	}
	if m.Places == nil {
		m.Places = map[PlaceID]*PlaceState{}
	}
	if m.Stays == nil {
		m.Stays = map[StayID]*Stay{}
	}
	if m.Requests == nil {
		m.Requests = map[RequestID]*Request{}
	}
	if m.Sessions == nil {
		m.Sessions = map[SessionID]*Session{}
	}
	if m.Parts == nil {
		m.Parts = map[string][]Fault{}
	}
	if m.Answered == nil {
		m.Answered = map[IntentID]Millis{}
	}
	return m
}

// State is everything that a decision about one site rests on.
type State struct {
	Directory *Directory
	Matter    *Matter
}

// NewState returns an empty state.
func NewState() *State { return &State{Directory: NewDirectory(), Matter: NewMatter()} }

// PlaceState returns what is known of a place; a place of which nothing is known has the zero state.
func (m *Matter) PlaceState(id PlaceID) PlaceState {
	if p, ok := m.Places[id]; ok {
		return *p
	}
	return PlaceState{}
}

// Knows reports whether a sighting of a place's door says nothing new, so that no fact follows from it.
func (m *Matter) Knows(id PlaceID, door Door) bool {
	p, ok := m.Places[id]
	return ok && p.Door == door && (door == DoorShut || p.Request == "")
}

// LiveIn returns the stays that are not over in a place, oldest id first.
func (m *Matter) LiveIn(id PlaceID) []*Stay {
	m.index()
	ids := m.byPlace[id]
	stays := make([]*Stay, 0, len(ids))
	for _, sid := range ids {
		stays = append(stays, m.Stays[sid])
	}
	return stays
}

// anyIn reports whether f holds for a stay in a place that is not over.
func (m *Matter) anyIn(id PlaceID, f func(*Stay) bool) bool {
	m.index()
	return slices.ContainsFunc(m.byPlace[id], func(sid StayID) bool { return f(m.Stays[sid]) })
}

// Live returns all stays that are not over, in the order of their ids.
func (m *Matter) Live() []*Stay {
	m.index()
	var live []*Stay
	for _, ids := range m.byPlace {
		for _, id := range ids {
			live = append(live, m.Stays[id])
		}
	}
	slices.SortFunc(live, func(a, b *Stay) int { return cmp.Compare(a.ID, b.ID) })
	return live
}

// EachLive calls f with every stay that is not over, in no order.
func (m *Matter) EachLive(f func(*Stay)) {
	m.index()
	for _, ids := range m.byPlace {
		for _, id := range ids {
			f(m.Stays[id])
		}
	}
}

// index finds the live stays of each place. There are far more stays that ended lately, so nobody
// walks over all of them twice.
func (m *Matter) index() {
	if m.byPlace != nil {
		return
	}
	m.byPlace = map[PlaceID][]StayID{}
	for _, id := range slices.Sorted(maps.Keys(m.Stays)) {
		if s := m.Stays[id]; !s.State.Ended() {
			m.byPlace[s.Place] = append(m.byPlace[s.Place], id)
		}
	}
}

// track keeps the index of live stays true after st changed.
func (m *Matter) track(st *Stay) {
	m.index()
	ids := m.byPlace[st.Place]
	i, found := slices.BinarySearch(ids, st.ID)
	switch {
	case st.State.Ended() && found:
		m.byPlace[st.Place] = slices.Delete(ids, i, i+1)
	case !st.State.Ended() && !found:
		m.byPlace[st.Place] = slices.Insert(ids, i, st.ID)
	}
}

func (m *Matter) place(id PlaceID) *PlaceState {
	p, ok := m.Places[id]
	if !ok {
		p = &PlaceState{}
		m.Places[id] = p
	}
	return p
}

// Open returns the requests that are under way, in the order of their ids.
func (m *Matter) Open() []*Request {
	return slices.SortedFunc(maps.Values(m.Requests), func(a, b *Request) int { return cmp.Compare(a.ID, b.ID) })
}

// Holder returns who may collect a stay now: its recipient and unit, as the cloud's last order says.
func (s *State) Holder(st *Stay) (RecipientID, UnitID) {
	if o, ok := s.Directory.Orders[st.ID]; ok && o.Recipient != "" {
		return o.Recipient, o.Unit
	}
	return st.Recipient, st.Unit
}

// Revoked reports whether the cloud took the right to collect a stay away.
func (s *State) Revoked(st *Stay) bool { return s.Directory.Orders[st.ID].Revoked }

// CodeElsewhere reports whether somebody has a stay's code who may not collect it any more: the cloud
// made the stay another's, or its holder lost the code, and it has not got a new code since.
func (s *State) CodeElsewhere(st *Stay) bool {
	holder, _ := s.Holder(st)
	lost := s.Directory.Orders[st.ID].Lost
	return !st.State.Ended() && (holder != cmp.Or(st.CodeFor, st.Recipient) || lost != 0 && st.Generation <= lost)
}

// reassigned reports whether the cloud made a stay somebody else's than it was brought for.
func (s *State) reassigned(id StayID) bool {
	st := s.Matter.Stays[id]
	if st == nil {
		return false
	}
	holder, _ := s.Holder(st)
	return holder != st.Recipient
}

// household reports whether two stays are for the same recipient or the same unit, whatever the
// policy says of sharing.
func (s *State) household(a, b *Stay) bool {
	ra, ua := s.Holder(a)
	rb, ub := s.Holder(b)
	return ra != "" && ra == rb || ua != "" && ua == ub
}

// closedTo reports whether the compartment of a stay holds a parcel too that its holder must not
// reach: one that was made somebody else's, or that only staff may hand out. Staff part them.
func (s *State) closedTo(place PlaceID, st *Stay) bool {
	if p, _ := s.Directory.Place(place); p.Kind != PlaceCompartment {
		return false
	}
	return s.Matter.anyIn(place, func(other *Stay) bool {
		return other.ID != st.ID && (s.Revoked(other) || !s.household(st, other))
	})
}

// SameHands reports whether whoever may collect a may collect b too: the same recipient, or the
// same household when the policy lets households share.
func (s *State) SameHands(a, b *Stay) bool {
	ra, ua := s.Holder(a)
	rb, ub := s.Holder(b)
	if ra != "" && ra == rb {
		return true
	}
	return s.Directory.Policy.Consolidate && a.Place == b.Place && ua != "" && ua == ub
}

// withHands reports whether whoever may collect st has b in their hands when they open its door: it is
// theirs, or lies in one compartment with a parcel that is.
func (s *State) withHands(st, b *Stay) bool {
	if s.SameHands(st, b) {
		return true
	}
	s.Matter.index()
	if len(s.Matter.byPlace[b.Place]) < 2 { // b is alone there
		return false
	}
	if p, _ := s.Directory.Place(b.Place); p.Kind != PlaceCompartment {
		return false
	}
	return s.Matter.anyIn(b.Place, func(own *Stay) bool {
		return own.State == StayStored && s.SameHands(st, own) && s.SameHands(own, b)
	})
}

// Collectable returns the stored stays that the holder of st may collect, by place and id: st's
// own place first. A compartment that holds somebody else's parcel too is left out; what the household
// shares in one of the holder's doors is in their hands with the rest.
func (s *State) Collectable(st *Stay) []*Stay {
	var found []*Stay
	s.Matter.EachLive(func(other *Stay) {
		if other.State == StayStored && !s.Revoked(other) && s.withHands(st, other) && !s.closedTo(other.Place, st) {
			found = append(found, other)
		}
	})
	slices.SortFunc(found, func(a, b *Stay) int {
		first := func(x *Stay) int {
			if x.Place == st.Place {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(first(a), first(b)), cmp.Compare(a.Place, b.Place), cmp.Compare(a.ID, b.ID))
	})
	return found
}

package audit

import (
	"slices"

	"cubby/internal/cloud/intake"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Replay is the record of a site folded up to a position, with what the audit wants to know beside custody.
type Replay struct {
	At         wire.Position              `json:"at"`
	Matter     *locker.Matter             `json:"matter"`
	Counts     map[locker.StayState]int64 `json:"counts"` // of all stays that the record ever began
	Entered    int64                      `json:"entered"`
	Unreadable int64                      `json:"unreadable,omitempty"` // operations that this version cannot read
	Opened     map[locker.StayID]bool     `json:"opened,omitempty"`     // live stays for which their door was open
	Shared     map[locker.StayID]bool     `json:"shared,omitempty"`     // live stays that were put to their household's
	Places     map[locker.PlaceID]*Trace  `json:"places,omitempty"`
	Epoch      EpochTrace                 `json:"epoch"`
}

// Trace is what happened at a place.
type Trace struct {
	Doubted  locker.Millis `json:"doubted,omitempty"`  // when its doubt arose
	Verified locker.Millis `json:"verified,omitempty"` // when somebody last looked
	Looked   wire.Position `json:"looked"`             // the same, in the record
	Unasked  locker.Millis `json:"unasked,omitempty"`  // when it opened unasked; zero: not since somebody looked
}

// EpochTrace is how the newest epoch began.
type EpochTrace struct {
	Number uint64        `json:"number"`
	Reason string        `json:"reason"`
	Audit  bool          `json:"audit,omitempty"`
	At     locker.Millis `json:"at"`
}

// NewReplay returns one before the first operation.
func NewReplay() *Replay { return (&Replay{}).whole() }

// whole fills in what an older or empty one lacks.
func (r *Replay) whole() *Replay {
	r.Matter = r.Matter.Whole()
	if r.Counts == nil {
		r.Counts = map[locker.StayState]int64{}
	}
	if r.Opened == nil {
		r.Opened = map[locker.StayID]bool{}
	}
	if r.Shared == nil {
		r.Shared = map[locker.StayID]bool{}
	}
	if r.Places == nil {
		r.Places = map[locker.PlaceID]*Trace{}
	}
	return r
}

func (r *Replay) trace(id locker.PlaceID) *Trace {
	t := r.Places[id]
	if t == nil {
		t = &Trace{}
		r.Places[id] = t
	}
	return t
}

// Fold takes one operation in. The directory serves for its layout only.
func (r *Replay) Fold(d *locker.Directory, at wire.Position, body []byte) {
	r.At = at
	op, err := wire.DecodeOperation(body)
	if err != nil {
		r.Unreadable++
		return
	}
	s := &locker.State{Directory: d, Matter: r.Matter}
	for _, f := range op.Facts {
		r.before(f, op)
		stay := intake.StayOf(f)
		from := r.stateOf(stay)
		locker.Evolve(s, f, op.At())
		to := r.stateOf(stay)
		if from != to {
			r.count(from, -1)
			r.count(to, 1)
		}
		if begun, ok := f.(locker.DepositBegun); ok && from == "" && begun.Stay != "" {
			r.Entered++
			r.Shared[stay] = begun.Shared
		}
		if to.Ended() {
			delete(r.Opened, stay)
			delete(r.Shared, stay)
		}
		r.after(f, op, s)
	}
}

func (r *Replay) stateOf(id locker.StayID) locker.StayState {
	if st := r.Matter.Stays[id]; id != "" && st != nil {
		return st.State
	}
	return ""
}

func (r *Replay) count(state locker.StayState, by int64) {
	if state == "" {
		return
	}
	if r.Counts[state] += by; r.Counts[state] == 0 {
		delete(r.Counts, state)
	}
}

// before notes what folding the fact would take away: the request that a door answers.
func (r *Replay) before(f locker.Fact, op wire.Operation) {
	switch f := f.(type) {
	case locker.DoorOpened:
		if req := r.Matter.Requests[f.Request]; f.Request != "" && req != nil {
			for _, stay := range req.Stays {
				r.Opened[stay] = true
			}
		}
		if f.Request == "" && r.Matter.PlaceState(f.Place).Door == locker.DoorShut && !cut(op, f.Place) {
			r.trace(f.Place).Unasked = op.At()
		}
	case locker.EpochBegan:
		r.Epoch = EpochTrace{Number: op.Epoch, Reason: f.Reason, Audit: f.Audit, At: op.At()}
	}
}

// cut reports whether the operation ends a request of a door that a power cut left unanswered: the door may have been asked for.
func cut(op wire.Operation, place locker.PlaceID) bool {
	return slices.ContainsFunc(op.Facts, func(f locker.Fact) bool {
		u, ok := f.(locker.OpenUnconfirmed)
		return ok && u.Place == place
	})
}

// after notes what folding the fact brought.
func (r *Replay) after(f locker.Fact, op wire.Operation, s *locker.State) {
	switch f := f.(type) {
	case locker.PlaceDoubted:
		if t := r.trace(f.Place); t.Doubted == 0 {
			t.Doubted = op.At()
		}
	case locker.PlaceVerified:
		t := r.trace(f.Place)
		t.Doubted, t.Unasked, t.Verified, t.Looked = 0, 0, op.At(), op.Position()
	case locker.PlaceAudited:
		if !f.Unseen {
			t := r.trace(f.Place)
			t.Unasked, t.Verified, t.Looked = 0, op.At(), op.Position()
		}
	case locker.EpochBegan:
		if !f.Audit {
			return
		}
		for _, id := range s.Directory.PlaceIDs() {
			if p, _ := s.Directory.Place(id); p.Kind == locker.PlaceCompartment && r.trace(id).Doubted == 0 {
				r.trace(id).Doubted = op.At()
			}
		}
	}
}

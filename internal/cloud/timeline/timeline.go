package timeline

import (
	"context"
	"slices"
	"time"

	"cubby/internal/cloud/intake"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Entry is one fact of the custody of a parcel or of the life of a place.
type Entry struct {
	At        time.Time // by the site's clock
	Kind      string    // of the fact, e.g. "parcel_stored"
	Place     locker.PlaceID
	PlaceName string
	Stay      locker.StayID
	Actor     locker.Actor
	ActorName string // of the courier, the person or the recipient; empty when unknown or erased
	Evidence  locker.Evidence
	Purpose   locker.Purpose
	Reason    string // why: a code or word of the fact
	Note      string // what a person typed, from the annex; empty when erased
	Signature string // of whoever took it, from the annex; see desk.ParseSignature
	Request   locker.RequestID
	Epoch     uint64 // where it stands in the site's record
	Number    uint64
	Index     int // within its operation
	Fact      locker.Fact
}

// Names tells what people call an actor or a place; empty when unknown or erased.
type Names interface {
	Actor(ctx context.Context, a locker.Actor) string
	Place(id locker.PlaceID) string
}

// Reader turns operations into entries for people. It is not safe for concurrent use.
type Reader struct {
	names   Names
	entries []Entry
	places  map[locker.StayID]locker.PlaceID // of stays that were seen
	asked   map[locker.RequestID][]locker.StayID
}

// New returns a reader without entries.
func New(names Names) *Reader {
	return &Reader{
		names: names, places: map[locker.StayID]locker.PlaceID{}, asked: map[locker.RequestID][]locker.StayID{},
	}
}

// Entries returns what was added, in that order.
func (t *Reader) Entries() []Entry { return t.entries }

// AddPlace adds the facts of an operation that happened at a place. Add operations in the order of
// the record.
func (t *Reader) AddPlace(ctx context.Context, body, annex []byte, place locker.PlaceID) {
	t.add(ctx, body, annex, func(f locker.Fact) bool { return t.placeOf(f) == place })
}

// AddStay adds the facts of an operation that are part of the story of a stay.
func (t *Reader) AddStay(ctx context.Context, body, annex []byte, stay locker.StayID) {
	t.add(ctx, body, annex, func(f locker.Fact) bool { return t.concerns(f, stay) })
}

func (t *Reader) add(ctx context.Context, body, annex []byte, keep func(locker.Fact) bool) {
	op, err := wire.DecodeOperation(body)
	if err != nil {
		return // it is kept, but this version cannot show it
	}
	notes, err := wire.DecodeAnnex(annex)
	if err != nil {
		notes = wire.Annex{} // erased or damaged: the record stands without it
	}
	for i, f := range op.Facts {
		switch f := f.(type) {
		case locker.DepositBegun:
			t.places[f.Stay] = f.Place
		case locker.OpenRequested:
			t.asked[f.Request] = f.Stays
		}
		if !keep(f) {
			continue
		}
		e := describe(f)
		e.At, e.Kind, e.Index, e.Fact = op.At().Time(), f.Kind(), i, f
		e.Epoch, e.Number = op.Epoch, op.Number
		e.Place = t.placeOf(f)
		e.PlaceName = t.names.Place(e.Place)
		e.Stay = intake.StayOf(f)
		e.ActorName = t.names.Actor(ctx, e.Actor)
		e.Note = notes[e.note]
		if taken, ok := f.(locker.ParcelCollected); ok {
			e.Signature = notes[taken.Signature]
		}
		t.entries = append(t.entries, e.Entry)
	}
}

// concerns reports whether a fact is part of the story of a stay.
func (t *Reader) concerns(f locker.Fact, stay locker.StayID) bool {
	if id := intake.StayOf(f); id != "" {
		return id == stay
	}
	switch f := f.(type) {
	case locker.OpenRequested:
		return slices.Contains(f.Stays, stay)
	case locker.DoorOpened:
		return slices.Contains(t.asked[f.Request], stay)
	case locker.DoorClosed:
		return slices.Contains(t.asked[f.Request], stay)
	case locker.OpenFailed:
		return slices.Contains(t.asked[f.Request], stay)
	case locker.OpenUnconfirmed:
		return slices.Contains(t.asked[f.Request], stay)
	case locker.PlaceAudited:
		return slices.Contains(f.Seen, stay) || slices.Contains(f.Missing, stay) || slices.Contains(f.Found, stay)
	}
	return false
}

// placeOf returns where a fact happened; empty when it names no place.
func (t *Reader) placeOf(f locker.Fact) locker.PlaceID {
	if place, names := intake.PlaceOf(f); names {
		return place
	}
	return t.places[intake.StayOf(f)]
}

// described is an entry with the reference to what a person typed.
type described struct {
	Entry
	note locker.AnnexRef
}

// describe takes from a fact what a timeline shows.
func describe(f locker.Fact) described {
	var d described
	switch f := f.(type) {
	case locker.OpenRequested:
		d.Actor, d.Purpose, d.Reason, d.Request, d.note = f.Actor, f.Purpose, string(f.Cause), f.Request, f.Note
	case locker.DoorOpened:
		d.Request, d.Evidence = f.Request, f.Evidence
	case locker.DoorClosed:
		d.Request, d.Reason = f.Request, string(f.Occupancy)
	case locker.OpenFailed:
		d.Request, d.Reason = f.Request, f.Reason
	case locker.OpenUnconfirmed:
		d.Request = f.Request
	case locker.ServiceChanged:
		d.Actor, d.note, d.Reason = f.By, f.Note, "back"
		if f.Out {
			d.Reason = "out"
		}
	case locker.FaultRaised:
		d.Reason = string(f.Fault)
	case locker.FaultCleared:
		d.Reason = string(f.Fault)
	case locker.PlaceDoubted:
		d.Reason = f.Reason
	case locker.PlaceVerified:
		d.Actor, d.Reason = f.By, "empty"
		if f.Occupied {
			d.Reason = "occupied"
		}
	case locker.PlaceAudited:
		d.Actor, d.note, d.Reason = f.By, f.Note, auditReason(f)
	default:
		return describeStay(f)
	}
	return d
}

// auditReason is the weightiest of what was seen.
func auditReason(f locker.PlaceAudited) string {
	switch {
	case f.Unseen:
		return "unseen"
	case len(f.Found) > 0 || f.Strangers > 0:
		return "strangers"
	case len(f.Missing) > 0:
		return "missing"
	}
	return "occupied"
}

func describeStay(f locker.Fact) described {
	var d described
	switch f := f.(type) {
	case locker.DepositBegun:
		d.Actor, d.note = f.Actor, f.Tracking
	case locker.ParcelStored:
		d.Actor, d.Evidence = f.By, f.Evidence
	case locker.UndoRequested:
		d.Reason = f.Reason
	case locker.DepositUndone:
		d.Reason = f.Reason
	case locker.ParcelCollected:
		d.Actor, d.Evidence, d.note = f.By, f.Evidence, f.To
	case locker.ParcelRemoved:
		d.Actor, d.Reason, d.note = f.By, f.Reason, f.Note
	case locker.ProblemReported:
		d.Actor, d.Reason = f.By, string(f.Problem)
	case locker.CodeReissued:
		d.Actor = f.By
	}
	return d
}

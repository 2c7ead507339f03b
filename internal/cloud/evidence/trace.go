package evidence

import (
	"cubby/internal/cloud/timeline"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Tracer finds the facts about a parcel, or about one stay, while a record is read from its beginning.
type Tracer struct {
	parcel locker.ParcelID
	stays  []locker.StayID
	reader *timeline.Reader
}

// NewTracer returns a tracer of a parcel, a stay or both.
func NewTracer(parcel locker.ParcelID, stay locker.StayID) *Tracer {
	t := &Tracer{parcel: parcel, reader: timeline.New(ids{})}
	if stay != "" {
		t.stays = append(t.stays, stay)
	}
	return t
}

// Add looks at the next record.
func (t *Tracer) Add(body []byte) {
	op, err := wire.DecodeOperation(body)
	if err != nil {
		return // kept, but this version cannot say what it is about
	}
	for _, f := range op.Facts {
		if f, ok := f.(locker.DepositBegun); ok && t.parcel != "" && f.Parcel == t.parcel {
			t.stays = append(t.stays, f.Stay)
		}
	}
	addEntries(t.reader, body, nil, t.stays)
}

// Entries returns what was found, in the order of the record.
func (t *Tracer) Entries() []timeline.Entry { return t.reader.Entries() }

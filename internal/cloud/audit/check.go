package audit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

const (
	// DoubtLimit is how long a place may be in doubt before that is a difference: whoever is on duty was told
	// when the doubt arose.
	DoubtLimit = 24 * time.Hour
	// unaskedLimit is how long nobody has to have looked after a door opened unasked.
	unaskedLimit = time.Hour
	// endedBack is how far back stays that are over are compared one by one. The replay knows them for
	// locker.KeepEnded by the record's own time; a clock that is off must not make a difference.
	endedBack = locker.KeepEnded - 24*time.Hour
	// maxDifferences bounds the differences of one audit: a site whose tables are gone needs one call, not ten thousand incidents.
	maxDifferences = 200
)

// Books are everything that is said about the parcels of one site at one moment.
type Books struct {
	Now       time.Time
	Directory *locker.Directory // for its layout
	Replay    *Replay           // the record, folded up to where the tables are
	Tables    *TableBooks       // nil: the tables are being built
	Compared  *Comparison       // with the controller; nil: it did not say
}

// TableBooks are what the server's tables say.
type TableBooks struct {
	Counts map[locker.StayState]int64
	Live   []TableStay
	Ended  []TableStay // in the last endedBack
	Doubts map[locker.PlaceID]string
	Out    map[locker.PlaceID]bool
}

// TableStay is a stay as the tables have it.
type TableStay struct {
	Stay       locker.StayID
	Parcel     locker.ParcelID
	Place      locker.PlaceID
	State      locker.StayState
	Generation int64
	MovedOut   bool // its recipient did
}

// Comparison is custody in short, as the controller has it and as its record gives it at the same operation.
type Comparison struct {
	At               wire.Position
	Theirs, Recorded wire.Sum
}

// Check returns every difference, at most 200, in a stable order. It is pure.
func Check(b Books) []Difference {
	var all []Difference
	tables := checkTables(b)
	all = append(all, checkSum(b, len(tables) > 0)...)
	all = append(all, tables...)
	if c := b.Compared; c != nil && c.Theirs != c.Recorded {
		all = append(all, Difference{Kind: Controller, Detail: fmt.Sprintf("%s: %d/%d", c.At, c.Theirs.Live, c.Recorded.Live)})
	}
	all = append(all, checkPlaces(b)...)
	all = append(all, checkStays(b)...)
	all = append(all, checkReplaced(b)...)
	if len(all) > maxDifferences {
		all = all[:maxDifferences]
	}
	return all
}

// checkSum holds what came in against what is there and what left: by the record, and by the tables where no parcel was named
// for it yet.
func checkSum(b Books, named bool) []Difference {
	var all []Difference
	if n := sum(b.Replay.Counts); n != b.Replay.Entered {
		all = append(all, Difference{Kind: Sum, Detail: figures(b.Replay.Entered, n)})
	}
	live := int64(len(b.Replay.Matter.Live()))
	if n := sumLive(b.Replay.Counts); n != live && len(all) == 0 {
		all = append(all, Difference{Kind: Sum, Detail: figures(n, live)})
	}
	if b.Tables == nil || named || len(all) > 0 {
		return all
	}
	if n := sum(b.Tables.Counts); n != b.Replay.Entered {
		all = append(all, Difference{Kind: Sum, Detail: figures(b.Replay.Entered, n)})
	}
	return all
}

func figures(want, have int64) string { return fmt.Sprintf("%d/%d", want, have) }

func sum(counts map[locker.StayState]int64) int64 {
	var n int64
	for _, c := range counts {
		n += c
	}
	return n
}

func sumLive(counts map[locker.StayState]int64) int64 {
	var n int64
	for state, c := range counts {
		if !state.Ended() {
			n += c
		}
	}
	return n
}

// checkTables compares the tables with the record: each live stay, those that ended lately, and the rest in sum.
func checkTables(b Books) []Difference {
	if b.Tables == nil {
		return nil
	}
	var all []Difference
	named := map[locker.StayID]bool{}
	differs := func(st TableStay, detail string) {
		if !named[st.Stay] {
			named[st.Stay] = true
			all = append(all, Difference{Kind: Tables, Place: st.Place, Stay: st.Stay, Parcel: st.Parcel, Detail: detail})
		}
	}
	seen := map[locker.StayID]bool{}
	for _, st := range slices.Concat(b.Tables.Live, b.Tables.Ended) {
		seen[st.Stay] = true
		want := b.Replay.Matter.Stays[st.Stay]
		switch {
		case want == nil && !st.State.Ended():
			differs(st, "not_in_record")
		case want == nil: // forgotten since, or its clock was off: the sums hold it
		case want.State != st.State:
			differs(st, string(want.State)+"/"+string(st.State))
		case want.Place != st.Place || want.Parcel != st.Parcel:
			differs(st, "other_place")
		case int64(want.Generation) != st.Generation:
			differs(st, "other_code")
		}
	}
	for _, st := range b.Replay.Matter.Live() {
		if !seen[st.ID] {
			differs(TableStay{Stay: st.ID, Parcel: st.Parcel, Place: st.Place}, "not_in_tables")
		}
	}
	if len(all) == 0 && !maps.Equal(b.Tables.Counts, b.Replay.Counts) && sum(b.Tables.Counts) == b.Replay.Entered {
		all = append(all, Difference{Kind: Tables, Detail: "states"}) // of stays that were over long ago
	}
	return append(all, checkDoubts(b)...)
}

func checkDoubts(b Books) []Difference {
	var all []Difference
	places := map[locker.PlaceID]bool{}
	for id := range b.Tables.Doubts {
		places[id] = true
	}
	for id := range b.Tables.Out {
		places[id] = true
	}
	for id := range b.Replay.Matter.Places {
		places[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(places)) {
		ps := b.Replay.Matter.PlaceState(id)
		switch {
		case b.Tables.Out[id] != ps.Out:
			all = append(all, Difference{Kind: Tables, Place: id, Detail: "out_of_service"})
		case b.Tables.Doubts[id] != ps.Doubt && b.Tables.Doubts[id] != doubtAudit && ps.Doubt != doubtAudit:
			all = append(all, Difference{Kind: Tables, Place: id, Detail: "doubt"})
		}
	}
	return all
}

// doubtAudit is the doubt of places that an epoch in audit mode begins with. Which places there were then is in no record.
const doubtAudit = "audit"

func checkPlaces(b Books) []Difference {
	var all []Difference
	now := locker.At(b.Now)
	matter := b.Replay.Matter
	for _, id := range slices.Sorted(maps.Keys(matter.Places)) {
		ps := matter.PlaceState(id)
		trace := b.Replay.trace(id)
		live := matter.LiveIn(id)
		place, known := b.Directory.Place(id)
		busy := ps.Request != ""
		switch {
		case trace.Unasked != 0 && !busy && trace.Unasked.Add(unaskedLimit) < now:
			all = append(all, of(Unasked, id, live, ""))
		case ps.Doubt != "" && ps.Doubt != doubtAudit && trace.Doubted != 0 && trace.Doubted.Add(DoubtLimit) < now:
			all = append(all, of(Doubt, id, live, ps.Doubt))
		}
		if s := ps.Strange; s != nil {
			all = append(all, strange(b, id, s)...)
		} else if known && place.Witness.SeesSpace() && ps.Occupancy == locker.OccupancyOccupied && ps.Door == locker.DoorShut &&
			!busy && ps.Doubt == "" && len(live) == 0 {
			all = append(all, Difference{Kind: Stray, Place: id, Detail: "sensor"})
		}
	}
	return all
}

// of returns a difference of a place that names its first parcel.
func of(kind Kind, place locker.PlaceID, live []*locker.Stay, detail string) Difference {
	d := Difference{Kind: kind, Place: place, Detail: detail}
	if len(live) > 0 {
		d.Stay, d.Parcel = live[0].ID, live[0].Parcel
	}
	return d
}

// strange are parcels that somebody saw in a place and that are not booked there. It ends when somebody looks and they are
// gone, or when the parcel's stay is over.
func strange(b Books, place locker.PlaceID, s *locker.Strange) []Difference {
	var all []Difference
	for _, id := range s.Found {
		if st := b.Replay.Matter.Stays[id]; st != nil && !st.State.Ended() && st.Place != place {
			all = append(all, Difference{Kind: Misplaced, Place: place, Stay: id, Parcel: st.Parcel, Detail: string(st.Place)})
		}
	}
	if s.Unknown > 0 {
		all = append(all, Difference{Kind: Stray, Place: place, Detail: "seen"})
	}
	return all
}

func checkStays(b Books) []Difference {
	var all []Difference
	matter := b.Replay.Matter
	ghosts := map[locker.StayID]bool{}
	for _, st := range matter.Live() {
		place, known := b.Directory.Place(st.Place)
		ps, trace := matter.PlaceState(st.Place), b.Replay.trace(st.Place)
		ghost := ghostDetail(b, st)
		switch {
		case !known:
			all = append(all, Difference{Kind: Ghost, Place: st.Place, Stay: st.ID, Parcel: st.Parcel, Detail: "place_gone"})
			ghosts[st.ID] = true
		case ghost != "":
			all = append(all, Difference{Kind: Ghost, Place: st.Place, Stay: st.ID, Parcel: st.Parcel, Detail: ghost})
			ghosts[st.ID] = true
		case st.State == locker.StayStored && place.Kind == locker.PlaceCompartment && place.Witness.SeesDoor() &&
			!b.Replay.Opened[st.ID] && trace.Verified < st.StoredAt && ps.Request == "":
			all = append(all, Difference{Kind: NoDoor, Place: st.Place, Stay: st.ID, Parcel: st.Parcel})
		}
	}
	if b.Tables == nil {
		return all
	}
	for _, st := range b.Tables.Live {
		if st.MovedOut && !ghosts[st.Stay] {
			all = append(all, Difference{Kind: MovedOut, Place: st.Place, Stay: st.Stay, Parcel: st.Parcel})
		}
	}
	return all
}

// ghostDetail says why a parcel can hardly be where it is booked; empty: it may be.
func ghostDetail(b Books, st *locker.Stay) string {
	matter := b.Replay.Matter
	place, _ := b.Directory.Place(st.Place)
	ps := matter.PlaceState(st.Place)
	if place.Kind != locker.PlaceCompartment || ps.Request != "" || ps.Doubt != "" || st.State != locker.StayStored {
		return ""
	}
	if place.Witness.SeesSpace() && ps.Occupancy == locker.OccupancyEmpty && ps.Door == locker.DoorShut &&
		b.Replay.trace(st.Place).Verified < ps.DoorSince {
		return "sensor_empty"
	}
	for _, other := range matter.LiveIn(st.Place) {
		if other.ID != st.ID && other.StoredAt > st.StoredAt && !b.Replay.Shared[other.ID] && b.Replay.trace(st.Place).Verified < other.StoredAt {
			return "used_since"
		}
	}
	return ""
}

// checkReplaced is one difference for an epoch that a new controller, or one with another disk, began: as long as nobody looked into
// a compartment that holds something or is in doubt since.
func checkReplaced(b Books) []Difference {
	e := b.Replay.Epoch
	if e.Number < 2 || e.Reason == "" {
		return nil
	}
	unseen := 0
	var first locker.PlaceID
	for _, id := range b.Directory.PlaceIDs() {
		place, _ := b.Directory.Place(id)
		trace := b.Replay.trace(id)
		if place.Kind != locker.PlaceCompartment || trace.Looked.Epoch >= e.Number {
			continue
		}
		older := slices.ContainsFunc(b.Replay.Matter.LiveIn(id), func(st *locker.Stay) bool {
			return cmp.Or(st.StoredAt, e.At) <= e.At
		})
		if b.Replay.Matter.PlaceState(id).Doubt == doubtAudit || older {
			unseen++
			first = cmp.Or(first, id)
		}
	}
	if unseen == 0 {
		return nil
	}
	d := of(Replaced, first, b.Replay.Matter.LiveIn(first), e.Reason)
	return []Difference{d}
}

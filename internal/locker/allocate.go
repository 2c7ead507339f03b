package locker

import (
	"cmp"
	"slices"
	"time"
)

// Need is what a parcel asks of a compartment.
type Need struct {
	Recipient RecipientID
	Unit      UnitID
	Size      Size
	LowDoor   bool
	Cold      bool
	Bank      BankID    // where the person stands; empty: any
	Courier   CourierID // whose reservations may be used
}

// Allocation is the compartment that Allocate chose.
type Allocation struct {
	Place       PlaceID
	Upgraded    bool          // larger than the parcel needs
	Shared      bool          // holds parcels of the same household already
	Reservation ReservationID // that this allocation uses up
}

// volume is how much of a compartment a parcel takes: each size class is twice the one below.
func volume(s Size) int { return 1 << s.Rank() }

// Allocate chooses a compartment for a parcel at now. In this order it prefers: a reservation for
// the unit or the courier; the household's own door when the policy lets households share and the
// parcel fits beside the others; the smallest free compartment that holds it, without features
// that it does not need, high doors before low ones unless the recipient needs a low one. Whoever
// needs a low door never gets a high one.
//
// Errors: CodeBankFull without any free compartment, CodeNoLowDoor when only high ones would do,
// CodeNothingFits otherwise.
func Allocate(s *State, n Need, now Millis) (Allocation, error) {
	if !n.Size.Valid() {
		return Allocation{}, Errorf(CodeInputInvalid, "size %q is not one of S, M, L, XL", string(n.Size))
	}
	if a, ok := allocateReserved(s, n, now); ok {
		return a, nil
	}
	if a, ok := allocateShared(s, n); ok {
		return a, nil
	}
	var fitting []Place
	free, high := false, false
	for _, id := range s.Directory.PlaceIDs() {
		p, _ := s.Directory.Place(id)
		if n.Bank != "" && p.Bank != n.Bank || !s.free(p, now) {
			continue
		}
		free = true
		if !suits(p.Compartment, n, s.Directory.Policy.MaxUpgrade) {
			continue
		}
		if n.LowDoor && !p.Compartment.Low() {
			high = true
			continue
		}
		fitting = append(fitting, p)
	}
	if len(fitting) == 0 {
		return Allocation{}, noPlace(free, high, n)
	}
	best := slices.MinFunc(fitting, func(a, b Place) int { return compareFit(a.Compartment, b.Compartment, n) })
	return Allocation{Place: best.ID, Upgraded: best.Compartment.Size != n.Size}, nil
}

func noPlace(free, high bool, n Need) error {
	switch {
	case high:
		return Errorf(CodeNoLowDoor, "no low door is free for a parcel of size %s", n.Size)
	case free:
		return Errorf(CodeNothingFits, "no free door takes a parcel of size %s", n.Size)
	}
	return Errorf(CodeBankFull, "no door is free")
}

func suits(c Compartment, n Need, maxUpgrade int) bool {
	if !c.Size.Holds(n.Size) || n.Cold && !c.Features.Refrigerated {
		return false
	}
	return maxUpgrade == 0 || c.Size.Rank()-n.Size.Rank() <= maxUpgrade
}

// compareFit orders compartments that suit a need, best first. MinFunc keeps the layout's order
// among equals.
func compareFit(a, b Compartment, n Need) int {
	return cmp.Or(
		cmp.Compare(a.Size.Rank(), b.Size.Rank()),
		cmp.Compare(surplus(a, n), surplus(b, n)),
	)
}

// surplus counts what a compartment offers that the parcel does not need.
func surplus(c Compartment, n Need) int {
	count := 0
	for _, extra := range []bool{
		c.Features.Refrigerated && !n.Cold, c.Features.Oversize, c.Features.Outdoor, c.Low() && !n.LowDoor,
	} {
		if extra {
			count++
		}
	}
	return count
}

// free reports whether nothing stands in the way of a new parcel in a compartment.
func (s *State) free(p Place, now Millis) bool {
	if !s.usable(p) || len(s.Matter.LiveIn(p.ID)) > 0 {
		return false
	}
	ps := s.Matter.PlaceState(p.ID)
	if ps.Reserved.Until > now {
		return false
	}
	grace := time.Duration(s.Directory.Policy.GraceSeconds) * time.Second
	return ps.FreedAt == 0 || now >= ps.FreedAt.Add(grace) || s.Matter.Sessions[ps.LastActive] == nil
}

// usable reports whether a compartment works and is in nobody's hands right now.
func (s *State) usable(p Place) bool {
	if p.Kind != PlaceCompartment || p.Closed {
		return false
	}
	ps := s.Matter.PlaceState(p.ID)
	if ps.Out || ps.Doubt != "" || len(ps.Faults) > 0 || ps.Request != "" || s.partFaulty(p.Compartment.Output) {
		return false
	}
	return !p.Witness.SeesDoor() || ps.Door == DoorShut
}

func (s *State) partFaulty(o Output) bool {
	return len(s.Matter.Parts[PartBus(o.Bus)]) > 0 || len(s.Matter.Parts[PartBoard(o.Bus, o.Board)]) > 0
}

func allocateReserved(s *State, n Need, now Millis) (Allocation, bool) {
	for _, id := range s.Directory.PlaceIDs() {
		r := s.Matter.PlaceState(id).Reserved
		if r.Until <= now || !r.serves(n) {
			continue
		}
		p, _ := s.Directory.Place(id)
		if !s.usable(p) || len(s.Matter.LiveIn(id)) > 0 || !suits(p.Compartment, n, 0) ||
			n.LowDoor && !p.Compartment.Low() || n.Bank != "" && p.Bank != n.Bank {
			continue
		}
		return Allocation{Place: id, Upgraded: p.Compartment.Size != n.Size, Reservation: r.ID}, true
	}
	return Allocation{}, false
}

func (r Reservation) serves(n Need) bool {
	unit := r.Unit == "" || r.Unit == n.Unit
	courier := r.Courier == "" || r.Courier == n.Courier
	return unit && courier && (r.Unit != "" || r.Courier != "")
}

func allocateShared(s *State, n Need) (Allocation, bool) {
	if !s.Directory.Policy.Consolidate || n.Unit == "" {
		return Allocation{}, false
	}
	for _, id := range s.Directory.PlaceIDs() {
		p, _ := s.Directory.Place(id)
		if n.Bank != "" && p.Bank != n.Bank || !s.usable(p) || !suits(p.Compartment, n, 0) ||
			n.LowDoor && !p.Compartment.Low() {
			continue
		}
		if s.mayShare(p, n, true) {
			return Allocation{Place: id, Shared: true}, true
		}
	}
	return Allocation{}, false
}

// mayShare reports whether a compartment holds parcels of the same household alone, all stored,
// and, when asked, has room left by volume.
func (s *State) mayShare(p Place, n Need, room bool) bool {
	live := s.Matter.LiveIn(p.ID)
	taken := volume(n.Size)
	for _, st := range live {
		holder, unit := s.Holder(st)
		who := s.Directory.Recipients[holder] // who moved out is of this household no more
		if st.State != StayStored || unit != n.Unit || n.Unit == "" || s.Revoked(st) || who.Inactive || who.Unit != n.Unit {
			return false
		}
		taken += volume(st.Size)
	}
	return len(live) > 0 && (!room || taken <= volume(p.Compartment.Size))
}

// FreeBySize counts the free compartments of each size at a bank, or everywhere when bank is empty.
func (s *State) FreeBySize(bank BankID, now Millis) map[Size]int {
	counts := map[Size]int{}
	for _, id := range s.Directory.PlaceIDs() {
		p, _ := s.Directory.Place(id)
		if (bank == "" || p.Bank == bank) && s.free(p, now) {
			counts[p.Compartment.Size]++
		}
	}
	return counts
}

// Option is a way out when no compartment of the bank takes a parcel.
type Option struct {
	Kind  string // "bank", "shelf", "desk" or "refuse"
	Place PlaceID
	Bank  BankID
}

// Options lists the ways out when Allocate found nothing at a bank: another bank of the site first,
// then the policy's fallbacks. Whoever needs a low door is offered the desk, not a shelf. A recorded
// refusal is always last.
func Options(s *State, n Need, now Millis) []Option {
	var options []Option
	if n.Bank != "" {
		elsewhere := n
		elsewhere.Bank = ""
		if a, err := Allocate(s, elsewhere, now); err == nil {
			p, _ := s.Directory.Place(a.Place)
			options = append(options, Option{Kind: "bank", Place: a.Place, Bank: p.Bank})
		}
	}
	for _, f := range s.Directory.Policy.WithDefaults().Fallback {
		for _, id := range s.Directory.PlaceIDs() {
			p, _ := s.Directory.Place(id)
			shelf := f == FallShelf && p.Kind == PlaceShelf && !n.LowDoor
			desk := f == FallDesk && p.Kind == PlaceDesk
			if (shelf || desk) && !s.Matter.PlaceState(id).Out {
				options = append(options, Option{Kind: string(f), Place: id})
				break
			}
		}
	}
	return append(options, Option{Kind: string(FallRefuse)})
}

// PartBus names a bus as the part of a fault.
func PartBus(bus string) string { return bus }

// PartBoard names a board as the part of a fault.
func PartBoard(bus string, addr uint8) string { return bus + "/" + itoa(int(addr)) }

package locker

import (
	"cmp"
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
	return s.survey(n.Bank, now).allocate(n)
}

// survey is which compartments come into question at a moment, each kind in the order of the layout.
type survey struct {
	state    *State
	now      Millis
	free     []*Place
	reserved []*Place // kept for somebody, and nothing in them
	shared   []*Place // with parcels in them
}

// survey looks at every compartment of a bank once, or at all of them when bank is empty.
func (s *State) survey(bank BankID, now Millis) *survey {
	v := &survey{state: s, now: now, free: make([]*Place, 0, len(s.Directory.places))}
	s.Matter.index()
	for i := range s.Directory.places {
		p := &s.Directory.places[i]
		if bank != "" && p.Bank != bank {
			continue
		}
		ps := s.Matter.Places[p.ID]
		if !s.usable(p, ps) {
			continue
		}
		switch {
		case len(s.Matter.byPlace[p.ID]) > 0:
			v.shared = append(v.shared, p)
		case ps != nil && ps.Reserved.Until > now:
			v.reserved = append(v.reserved, p)
		case s.rested(ps, now):
			v.free = append(v.free, p)
		}
	}
	return v
}

func (v *survey) allocate(n Need) (Allocation, error) {
	if a, ok := v.allocateReserved(n); ok {
		return a, nil
	}
	if a, ok := v.allocateShared(n); ok {
		return a, nil
	}
	best, high := v.best(n)
	if best == nil {
		return Allocation{}, noPlace(len(v.free) > 0, high, n)
	}
	return Allocation{Place: best.ID, Upgraded: best.Compartment.Size != n.Size}, nil
}

// best returns the free compartment that suits a need best, nil without any. high says that one was left
// out because it is too high.
func (v *survey) best(n Need) (best *Place, high bool) {
	for _, p := range v.free {
		c := &p.Compartment
		if !suits(c, n, v.state.Directory.Policy.MaxUpgrade) {
			continue
		}
		if n.LowDoor && !c.Low() {
			high = true
			continue
		}
		if best == nil || compareFit(c, &best.Compartment, n) < 0 { // among equals the first of the layout
			best = p
		}
	}
	return best, high
}

// fits reports whether a need finds a compartment.
func (v *survey) fits(n Need) bool {
	if best, _ := v.best(n); best != nil {
		return true
	}
	if _, ok := v.allocateReserved(n); ok {
		return true
	}
	_, ok := v.allocateShared(n)
	return ok
}

// Choice is one size of parcel, and what there is for it.
type Choice struct {
	Size Size
	Free int  // free compartments of exactly this size
	Fits bool // Allocate finds a compartment for it
}

// Choices returns what there is for a parcel of each size, smallest first, and whether any of them finds
// a refrigerated compartment. The need's own size and Cold do not count.
func Choices(s *State, n Need, now Millis) (choices []Choice, cold bool) {
	v := s.survey(n.Bank, now)
	choices = make([]Choice, 0, len(Sizes()))
	for _, size := range Sizes() {
		n.Size, n.Cold = size, false
		c := Choice{Size: size, Fits: v.fits(n)}
		for _, p := range v.free {
			if p.Compartment.Size == size {
				c.Free++
			}
		}
		n.Cold = true
		cold = cold || v.fits(n)
		choices = append(choices, c)
	}
	return choices, cold
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

func suits(c *Compartment, n Need, maxUpgrade int) bool {
	if !c.Size.Holds(n.Size) || n.Cold && !c.Features.Refrigerated {
		return false
	}
	return maxUpgrade == 0 || c.Size.Rank()-n.Size.Rank() <= maxUpgrade
}

// compareFit orders compartments that suit a need, best first.
func compareFit(a, b *Compartment, n Need) int {
	if a.Size != b.Size {
		return cmp.Compare(a.Size.Rank(), b.Size.Rank())
	}
	return cmp.Compare(surplus(a, n), surplus(b, n))
}

// surplus counts what a compartment offers that the parcel does not need.
func surplus(c *Compartment, n Need) int {
	count := 0
	for _, extra := range [...]bool{
		c.Features.Refrigerated && !n.Cold, c.Features.Oversize, c.Features.Outdoor, c.Low() && !n.LowDoor,
	} {
		if extra {
			count++
		}
	}
	return count
}

// free reports whether nothing stands in the way of a new parcel in a compartment.
func (s *State) free(p *Place, now Millis) bool {
	ps := s.Matter.Places[p.ID]
	if !s.usable(p, ps) || len(s.Matter.LiveIn(p.ID)) > 0 || ps != nil && ps.Reserved.Until > now {
		return false
	}
	return s.rested(ps, now)
}

// rested reports whether whoever emptied a place may not open it once more. ps is nil for a place of
// which nothing is known.
func (s *State) rested(ps *PlaceState, now Millis) bool {
	if ps == nil || ps.FreedAt == 0 {
		return true
	}
	grace := time.Duration(s.Directory.Policy.GraceSeconds) * time.Second
	return now >= ps.FreedAt.Add(grace) || s.Matter.Sessions[ps.LastActive] == nil
}

// usable reports whether a compartment works and is in nobody's hands right now. ps is what is known of
// it, nil for nothing.
func (s *State) usable(p *Place, ps *PlaceState) bool {
	if p.Kind != PlaceCompartment || p.Closed || s.partFaulty(p.Compartment.Output) {
		return false
	}
	if ps == nil {
		return !p.Witness.SeesDoor()
	}
	if ps.Out || ps.Doubt != "" || len(ps.Faults) > 0 || ps.Request != "" {
		return false
	}
	return !p.Witness.SeesDoor() || ps.Door == DoorShut
}

func (s *State) partFaulty(o Output) bool {
	if len(s.Matter.Parts) == 0 {
		return false
	}
	return len(s.Matter.Parts[PartBus(o.Bus)]) > 0 || len(s.Matter.Parts[PartBoard(o.Bus, o.Board)]) > 0
}

func (v *survey) allocateReserved(n Need) (Allocation, bool) {
	for _, p := range v.reserved {
		r := v.state.Matter.Places[p.ID].Reserved
		if r.serves(n) && suits(&p.Compartment, n, 0) && (!n.LowDoor || p.Compartment.Low()) {
			return Allocation{Place: p.ID, Upgraded: p.Compartment.Size != n.Size, Reservation: r.ID}, true
		}
	}
	return Allocation{}, false
}

func (r Reservation) serves(n Need) bool {
	unit := r.Unit == "" || r.Unit == n.Unit
	courier := r.Courier == "" || r.Courier == n.Courier
	return unit && courier && (r.Unit != "" || r.Courier != "")
}

func (v *survey) allocateShared(n Need) (Allocation, bool) {
	if !v.state.Directory.Policy.Consolidate || n.Unit == "" {
		return Allocation{}, false
	}
	for _, p := range v.shared {
		if suits(&p.Compartment, n, 0) && (!n.LowDoor || p.Compartment.Low()) && v.state.mayShare(p, n, true) {
			return Allocation{Place: p.ID, Shared: true}, true
		}
	}
	return Allocation{}, false
}

// mayShare reports whether a compartment holds parcels of the same household alone, all stored,
// and, when asked, has room left by volume.
func (s *State) mayShare(p *Place, n Need, room bool) bool {
	s.Matter.index()
	live := s.Matter.byPlace[p.ID]
	taken := volume(n.Size)
	for _, id := range live {
		st := s.Matter.Stays[id]
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
	for _, p := range s.survey(bank, now).free {
		counts[p.Compartment.Size]++
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

package sim

import (
	"fmt"
	"time"

	"cubby/internal/controller"
	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/sim/oracle"
)

// delivering is a courier with parcels.
type delivering struct {
	people *people
	id     locker.CourierID
	todo   []*parcel
	hand   *parcel // the one at hand, or just laid in
	laid   bool
	told   bool // the panel said that it is stored
	undone bool
	tries  int
	away   bool // they walk away now
}

// nextCourier has a courier come.
func (p *people) nextCourier() {
	w := p.site.w
	mean := time.Duration(float64(day) * perVisit / deliveriesPerDay)
	w.after(w.expo(mean), func() {
		if w.healing {
			return
		}
		p.nextCourier()
		panel, free := p.freePanel()
		if !free {
			w.counters["couriers turned away"]++
			return
		}
		d := &delivering{people: p, id: p.couriers[w.rand.IntN(len(p.couriers))]}
		for range 1 + w.rand.IntN(2*perVisit-1) {
			d.todo = append(d.todo, p.newParcel())
		}
		newVisit(p.site, panel, d).begin()
	})
}

func (p *people) newParcel() *parcel {
	w := p.site.w
	p.made++
	sizes := []locker.Size{locker.SizeS, locker.SizeS, locker.SizeS, locker.SizeM, locker.SizeM, locker.SizeL}
	return &parcel{
		id: fmt.Sprintf("%s-parcel%06d", p.site.id, p.made), to: p.residents[w.rand.IntN(len(p.residents))],
		size: sizes[w.rand.IntN(len(sizes))],
	}
}

func (c *delivering) who() string {
	return fmt.Sprintf("courier %s with %d parcels", c.id, len(c.todo))
}

func (c *delivering) code() string {
	return credential.Derive(c.people.branch().key, c.subject(), 1).Symbols()
}

func (c *delivering) subject() string { return "courier:" + string(c.id) }

func (c *delivering) instead(v *visit, in controller.Input, said locker.Code) (controller.Input, bool) {
	return v.scanned(c.subject(), in, said)
}

func (c *delivering) next(v *visit, t controller.Turn) (time.Duration, bool) {
	w := v.site.w
	think := w.between(500*time.Millisecond, 4*time.Second)
	if c.away || w.hits(FaultPeople, 0.02) {
		w.counters["abandoned at "+string(t.Step)]++
		return 0, true // without a word
	}
	choosing := t.Step == controller.StepCourierRecipient || t.Step == controller.StepCourierSize ||
		t.Step == controller.StepCourierOptions
	if c.hand == nil && choosing { // the panel goes on with a parcel that is in nobody's hands
		_, ok := v.act(controller.Back{})
		return think, !ok || v.err != nil
	}
	switch t.Step {
	case controller.StepCourierReady:
		return think, c.ready(v, t)
	case controller.StepCourierRecipient:
		return think, c.recipient(v, t)
	case controller.StepCourierSize:
		turn, ok := v.act(controller.ChooseSize{Size: c.hand.size})
		c.offered(v, turn)
		return 500 * time.Millisecond, !ok
	case controller.StepCourierOptions:
		return think, c.options(v, t)
	case controller.StepOpening:
		return 300 * time.Millisecond, false
	case controller.StepOpen:
		return c.atDoor(v, t)
	case controller.StepAskStored:
		_, ok := v.act(controller.AnswerStored{Stored: c.hand != nil && c.hand.place != nil})
		return time.Second, !ok
	case controller.StepFailed:
		if c.tries++; c.tries < 3 {
			_, ok := v.act(controller.OpenNext{})
			return time.Second, !ok
		}
		c.hand, c.tries = nil, 0
		_, ok := v.act(controller.Back{})
		return think, !ok || v.err != nil
	case controller.StepHome, controller.StepAskTaken, controller.StepMore, controller.StepDone, controller.StepStaffMenu,
		controller.StepStaffCode:
	}
	return 0, true
}

// ready begins the next parcel, or ends the turn.
func (c *delivering) ready(v *visit, t controller.Turn) (done bool) {
	w := v.site.w
	if c.hand != nil && t.Last != nil && t.Last.Stored && c.laid {
		c.acknowledged(v, t)
		if c.hand != nil && !c.undone && w.chance(0.02) {
			c.undone = true
			_, ok := v.act(controller.UndoDeposit{})
			return !ok
		}
	}
	c.hand, c.laid, c.undone, c.told, c.tries = nil, false, false, false, 0
	if len(c.todo) == 0 {
		_, _ = v.act(controller.Finish{}) // they go either way
		return true
	}
	c.hand, c.todo = c.todo[0], c.todo[1:]
	_, ok := v.act(controller.ScanParcel{Tracking: c.hand.id})
	return !ok || v.err != nil
}

// acknowledged is the moment at which the panel says that a parcel is stored.
func (c *delivering) acknowledged(v *visit, t controller.Turn) {
	s := v.site
	for _, st := range s.m.State().Matter.LiveIn(t.Last.Door.Place) {
		mine := c.hand.stay == "" || c.hand.stay == st.ID
		if st.Session == t.Session && st.State == locker.StayStored && mine && !c.told {
			c.hand.stay, c.told = st.ID, true
			s.w.counters["deliveries"]++
			s.w.tell(oracle.Told{Head: s.w.head(s), What: "stored", Stay: string(st.ID)})
			return
		}
	}
}

// book writes the record's name of a parcel on it: passes are for one parcel, not for a door.
func (c *delivering) book(v *visit, t controller.Turn) {
	for _, st := range v.site.m.State().Matter.LiveIn(c.hand.place.place) {
		if st.Session == t.Session && st.State == locker.StayDepositing {
			c.hand.stay = st.ID
		}
	}
}

func (c *delivering) recipient(v *visit, t controller.Turn) (done bool) {
	want := locker.Recipient{Name: c.hand.to.name}.MaskedName()
	for _, m := range t.Matches {
		if m.Masked == want && m.Unit == c.hand.to.unitName {
			_, ok := v.act(controller.ChooseRecipient{Ref: m.Ref})
			return !ok
		}
	}
	_, ok := v.act(controller.FindRecipient{Text: c.hand.to.unitName})
	if ok && v.err != nil {
		_, ok = v.act(controller.RefuseParcel{})
	}
	return !ok
}

// offered tells the oracle whether a courier got a door although one is free that fits.
func (c *delivering) offered(v *visit, turn controller.Turn) {
	s := v.site
	got := turn.Step == controller.StepOpening || turn.Step == controller.StepOpen
	excused := ""
	switch {
	case len(s.w.faults) > 0:
		excused = "doors may be out of order or in doubt"
	case !s.roomFor(c.hand):
		excused = "no door is free that fits"
	}
	s.w.tell(oracle.Dropping{Head: s.w.head(s), Offered: got, Excused: excused})
}

// roomFor reports whether a door is really shut and empty, fits, and was not emptied just now.
func (s *site) roomFor(p *parcel) bool {
	for _, d := range s.wall.doors {
		ps := s.m.State().Matter.PlaceState(d.place)
		recent := ps.FreedAt != 0 && s.m.At() < ps.FreedAt.Add(2*time.Minute)
		if !d.open && len(d.inside) == 0 && d.size.Holds(p.size) && (d.low || !p.to.low) && !recent && ps.Request == "" &&
			ps.Doubt == "" && len(ps.Faults) == 0 {
			return true
		}
	}
	return false
}

// options takes the desk or the shelf, or takes the parcel away again.
func (c *delivering) options(v *visit, t controller.Turn) (done bool) {
	for i, o := range t.Options {
		if o.Option.Kind == "shelf" || o.Option.Kind == "desk" {
			v.site.w.counters["at the desk"]++
			c.hand.counter = true
			_, ok := v.act(controller.TakeOption{Index: i})
			c.laid = true
			return !ok
		}
	}
	c.hand = nil
	_, ok := v.act(controller.RefuseParcel{})
	return !ok
}

// atDoor is what a courier does before an open door.
func (c *delivering) atDoor(v *visit, t controller.Turn) (time.Duration, bool) {
	w, d := v.site.w, v.door(t)
	switch {
	case d == nil || c.hand == nil:
		return 0, true
	case !d.open:
		return 400 * time.Millisecond, false
	case v.there != d:
		v.there = d
		return w.between(time.Second, 6*time.Second), false
	}
	switch {
	case t.Purpose == locker.PurposeUndo:
		if c.hand.place == d {
			v.site.wall.take(d, c.hand, "courier")
			c.hand.stay = ""
		}
		c.hand, c.laid = nil, false
	case c.hand.place == nil && w.hits(FaultPeople, 0.05): // they shut it with nothing in it
		w.counters["shut empty"]++
		c.away = w.chance(0.5)
	case c.hand.place == nil:
		v.site.wall.put(d, c.hand, true)
		c.laid = true
		c.book(v, t)
		c.away = w.hits(FaultPeople, 0.03)
	}
	v.shut(d)
	return time.Second, false
}

func (c *delivering) gone(v *visit) {
	if c.hand != nil && c.hand.place != nil && !c.told {
		v.site.w.counters["laid in, not acknowledged"]++
	}
}

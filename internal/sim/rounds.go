package sim

import (
	"slices"
	"time"

	"cubby/internal/controller"
	"cubby/internal/credential"
	"cubby/internal/locker"
)

// rounding is a person of the staff who looks into every place that somebody must look into, mends
// locks, and takes out what nobody came for.
type rounding struct {
	people *people
	last   bool                    // the final round: everything is taken out
	seen   map[locker.PlaceID]bool // doors that were opened and not yet spoken of
	looked map[locker.PlaceID]int
}

// round has staff come again and again.
func (p *people) round(in time.Duration) {
	w := p.site.w
	w.after(in, func() {
		next := w.between(5*time.Hour, 10*time.Hour)
		if w.healing {
			next = w.between(10*time.Minute, time.Hour)
		}
		panel, free := p.freePanel()
		if free && !p.staffIn {
			p.staffIn = true
			final := w.healing && w.now > w.healed+(12*time.Hour).Milliseconds()
			newVisit(p.site, panel, &rounding{people: p, last: final, looked: map[locker.PlaceID]int{}, seen: map[locker.PlaceID]bool{}}).begin()
		} else {
			next = w.between(5*time.Minute, 20*time.Minute)
		}
		p.round(next)
	})
}

func (r *rounding) who() string { return "staff s1 on a round" }

func (r *rounding) code() string {
	for _, d := range r.people.site.wall.doors { // whoever comes shuts what stands open
		if d.open && !r.people.site.attended(d) {
			r.people.site.wall.move(d, false, "person")
		}
	}
	return credential.Derive(r.people.branch().key, r.subject(), 1).Symbols()
}

func (r *rounding) subject() string { return "staff:" + string(r.people.branch().staff) }

func (r *rounding) instead(v *visit, in controller.Input, said locker.Code) (controller.Input, bool) {
	return v.scanned(r.subject(), in, said)
}

func (r *rounding) next(v *visit, t controller.Turn) (time.Duration, bool) {
	switch t.Step {
	case controller.StepStaffMenu:
		return r.menu(v, t)
	case controller.StepOpening:
		return 300 * time.Millisecond, false
	case controller.StepOpen:
		return r.atDoor(v, t)
	case controller.StepFailed:
		_, ok := v.act(controller.Back{})
		return time.Second, !ok || v.err != nil
	case controller.StepHome, controller.StepAskTaken, controller.StepAskStored, controller.StepMore, controller.StepDone,
		controller.StepCourierReady, controller.StepCourierRecipient, controller.StepCourierSize,
		controller.StepCourierOptions, controller.StepStaffCode:
	}
	return 0, true
}

// menu picks the next place, or ends the round.
func (r *rounding) menu(v *visit, t controller.Turn) (time.Duration, bool) {
	w := v.site.w
	think := w.between(time.Second, 5*time.Second)
	for _, d := range t.Doors {
		if r.looked[d.Door.Place] >= 6 {
			continue
		}
		act := r.wish(v, d, t.Now)
		if act == nil {
			continue
		}
		r.looked[d.Door.Place]++
		_, ok := v.act(act)
		return think, !ok
	}
	_, _ = v.act(controller.Finish{}) // they go either way
	return 0, true
}

// wish is what a place needs; nil: nothing.
func (r *rounding) wish(v *visit, d controller.DoorState, now locker.Millis) controller.Act {
	place := d.Door.Place
	door := v.site.wall.byID[place]
	switch {
	case door == nil: // a shelf or the desk: handed over when it was asked for, cleared at the end
		if len(d.Stays) > 0 && (r.last || v.site.w.chance(0.3)) {
			return controller.ClearPlace{Place: place, Reason: "handed over"}
		}
		return nil
	case slices.Contains(d.Faults, locker.FaultLock) && !d.Out:
		door.jammed = 0
		return controller.SetService{Place: place, Out: true, Reason: "the lock is mended"}
	case d.Out:
		return controller.SetService{Place: place, Reason: "the lock is mended"}
	case d.Doubt != "" && door.open:
		return nil
	case d.Doubt != "" && !r.seen[place]: // look first
		r.seen[place] = true
		return controller.OpenDoor{Place: place, Reason: "nobody knows what is in it"}
	case d.Doubt != "":
		r.seen[place] = false
		return controller.VerifyPlace{Place: place, Occupied: len(door.inside) > 0}
	}
	for _, st := range d.Stays {
		overdue := st.CollectBy != 0 && now > st.CollectBy
		if r.last || overdue || st.State == locker.StayHeld || v.site.m.State().Directory.Orders[st.Stay].Revoked {
			return controller.ClearPlace{Place: place, Reason: "nobody came for it"}
		}
	}
	return nil
}

// atDoor takes out what must go, and shuts the door.
func (r *rounding) atDoor(v *visit, t controller.Turn) (time.Duration, bool) {
	w, d := v.site.w, v.door(t)
	switch {
	case d == nil:
		return 0, true
	case !d.open:
		return 400 * time.Millisecond, false
	case v.there != d:
		v.there = d
		return w.between(2*time.Second, 10*time.Second), false
	}
	live := v.site.m.State().Matter.LiveIn(d.place)
	for _, x := range slices.Clone(d.inside) {
		booked := slices.ContainsFunc(live, func(st *locker.Stay) bool { return st.Recipient == x.to.id })
		switch {
		case t.Purpose != locker.PurposeClear && booked:
		case len(live) == 0 && v.site.broken && !r.last && len(d.inside) == 1 && w.chance(0.3):
			v.site.wall.found(d, x) // they say that something is there, and let it lie
		default:
			v.site.wall.take(d, x, "staff")
		}
	}
	v.at, v.there = nil, nil
	v.site.wall.move(d, false, "person")
	return time.Second, false
}

func (r *rounding) gone(*visit) { r.people.staffIn = false }

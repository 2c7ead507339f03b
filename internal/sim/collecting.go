package sim

import (
	"fmt"
	"slices"
	"time"

	"cubby/internal/controller"
	"cubby/internal/locker"
	"cubby/internal/sim/oracle"
)

// collecting is a resident, or their neighbour, who fetches parcels.
type collecting struct {
	people   *people
	resident *resident
	errand   errand
	took     []locker.StayID
	refuse   bool // they leave what lies in the door
	opened   bool
	again    bool // they had their door opened a second time
}

func (c *collecting) who() string {
	if c.errand.pass != "" {
		return fmt.Sprintf("neighbour of resident %s with pass %s for stay %s", c.resident.id, c.errand.pass, c.errand.stay)
	}
	return fmt.Sprintf("resident %s of %s for stay %s", c.resident.id, c.resident.unit, c.errand.stay)
}

func (c *collecting) code() string {
	c.liveness()
	return c.errand.code
}

// instead is what they enter when others have typed too many wrong codes: their unit's number beside the
// code, as the panel asks, or the QR code of their message, which is always taken.
func (c *collecting) instead(_ *visit, in controller.Input, said locker.Code) (controller.Input, bool) {
	switch said { //nolint:exhaustive // all else is an answer to the code
	case locker.CodeCodeFlooded:
		c.people.site.w.counters["typed the unit too"]++
		in.Unit = c.resident.unitName
		return in, true
	case locker.CodeHolderLocked:
		c.people.site.w.counters["scanned instead"]++
		return controller.Input{Code: c.errand.token}, true
	}
	return in, false
}

// liveness tells the oracle that a right code is entered, and what stands in its way.
func (c *collecting) liveness() {
	s := c.people.site
	st := s.m.State().Matter.Stays[c.errand.stay]
	if st == nil || c.errand.pass != "" {
		return
	}
	d := s.wall.byID[st.Place]
	if d == nil {
		return
	}
	s.w.tell(oracle.Entered{Head: s.w.head(s), Place: string(st.Place), Stay: string(st.ID), Excused: s.excuse(d)})
}

// excuse says what true state of the world keeps a door from opening at once.
func (s *site) excuse(d *door) string {
	w := s.w
	switch {
	case w.faults.on(FaultStuck) || w.faults.on(FaultNoise) || w.faults.on(FaultSensor):
		return "a lock, a line or a sensor may fail"
	case w.faults.on(FaultPower) || w.faults.on(FaultFsync) || s.disk.full,
		w.faults.on(FaultLie) || w.faults.on(FaultTorn) || w.faults.on(FaultBlank) || w.faults.on(FaultHostile):
		return "the controller may end"
	case w.faults.on(FaultRevoke):
		return "the right may have been taken back"
	case w.faults.on(FaultGuess):
		return "the site may be flooded"
	case w.faults.on(FaultRemote):
		return "many doors are asked for at once"
	case w.faults.on(FaultPeople) || w.faults.on(FaultForce):
		return "the door may stand open, or hold more than it should"
	case d.open:
		return "the door is open"
	}
	return ""
}

func (c *collecting) next(v *visit, t controller.Turn) (time.Duration, bool) {
	w := v.site.w
	switch t.Step {
	case controller.StepOpening:
		return 300 * time.Millisecond, false
	case controller.StepOpen:
		return c.atDoor(v, t)
	case controller.StepAskTaken:
		_, ok := v.act(controller.AnswerTaken{Taken: !c.refuse})
		return time.Second, !ok
	case controller.StepMore:
		c.opened = false
		_, ok := v.act(controller.OpenNext{})
		return time.Second, !ok
	case controller.StepFailed:
		if c.refuse || w.chance(0.5) {
			_, _ = v.act(controller.ReportProblem{Problem: locker.ProblemDidNotOpen}) // then they go
			_, _ = v.act(controller.Finish{})
			return 0, true
		}
		c.refuse = true // one more try
		_, ok := v.act(controller.OpenNext{})
		return time.Second, !ok
	case controller.StepDone:
		if len(c.took) == 0 && !c.refuse && !c.again && t.CanReopen { // somebody shut it before them
			c.again, c.opened = true, false
			w.counters["opened again"]++
			_, ok := v.act(controller.OpenAgain{})
			return time.Second, !ok
		}
		if w.chance(0.7) {
			_, _ = v.act(controller.Finish{}) // they go either way
		}
		return 0, true
	case controller.StepHome, controller.StepAskStored, controller.StepCourierReady, controller.StepCourierRecipient,
		controller.StepCourierSize, controller.StepCourierOptions, controller.StepStaffMenu, controller.StepStaffCode:
	}
	return 0, true
}

// atDoor is what they do before an open door.
func (c *collecting) atDoor(v *visit, t controller.Turn) (time.Duration, bool) {
	w, d := v.site.w, v.door(t)
	switch {
	case d == nil:
		return 0, true
	case !d.open && c.opened: // it is shut and the panel will see
		return 400 * time.Millisecond, false
	case !d.open:
		return 500 * time.Millisecond, false
	case v.there != d:
		v.there, c.opened = d, true
		return w.between(time.Second, 8*time.Second), false
	}
	if w.hits(FaultPeople, mistakes) { // they take nothing and shut the door
		c.refuse = true
		honest := w.chance(0.5)
		if honest {
			problem := locker.ProblemTooHigh
			if w.chance(0.3) {
				problem = locker.ProblemNotMine
			}
			_, _ = v.act(controller.ReportProblem{Problem: problem}) // a word is enough
		}
		for _, p := range c.mine(d) {
			if !honest {
				v.site.wall.leave(d, p)
			}
		}
		v.shut(d)
		return time.Second, false
	}
	for _, p := range c.mine(d) {
		c.took = append(c.took, p.stay)
		v.site.wall.take(d, p, "household")
		w.counters["collections"]++
	}
	v.shut(d)
	return time.Second, false
}

// mine returns the parcels in a door that are of the household, or the one that a pass is for.
func (c *collecting) mine(d *door) []*parcel {
	return slices.DeleteFunc(slices.Clone(d.inside), func(p *parcel) bool {
		return p.to.unit != c.resident.unit || c.errand.pass != "" && p.stay != c.errand.stay
	})
}

func (c *collecting) gone(v *visit) {
	w, p := v.site.w, c.people
	for _, r := range p.residents { // a household's parcels are gone for all of it
		r.waiting = slices.DeleteFunc(r.waiting, func(e errand) bool { return slices.Contains(c.took, e.stay) })
	}
	if slices.Contains(c.took, c.errand.stay) && w.chance(0.2) {
		w.after(w.between(time.Minute, 36*time.Hour), func() { p.tryOld(c.errand.code) })
	}
	code := codeOf(v.err)
	over := code == locker.CodeStayRevoked || code == locker.CodeStayEnded || code == locker.CodeCodeExpired || code == locker.CodeCodeWrong
	if over || c.refuse {
		c.resident.waiting = slices.DeleteFunc(c.resident.waiting, func(e errand) bool { return e.stay == c.errand.stay })
	}
	if len(c.resident.waiting) > 0 {
		p.comes(c.resident, w.expo(2*time.Hour)+time.Minute)
	}
}

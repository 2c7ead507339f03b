package sim

import (
	"errors"
	"time"

	"cubby/internal/controller"
	"cubby/internal/credential"
	"cubby/internal/locker"
)

func errorsAs[T error](err error, target *T) bool { return errors.As(err, target) }

// idleAfter is how long a page shows a turn that nobody touches.
const idleAfter = 2 * time.Minute

// maxSteps ends a visit that leads nowhere: people lose patience.
const maxSteps = 400

// plan is what somebody at a panel wants.
type plan interface {
	// who says in a few words who comes, and for what.
	who() string
	// code is what they enter.
	code() string
	// instead is what they enter when that was refused; false when they give up.
	instead(v *visit, in controller.Input, said locker.Code) (controller.Input, bool)
	// next looks at the turn, does something, and says how long until they look again; done when they go.
	next(v *visit, t controller.Turn) (again time.Duration, done bool)
	// gone is called once when the visit is over.
	gone(v *visit)
}

// visit is one person at one panel.
type visit struct {
	site  *site
	panel controller.PanelID
	plan  plan
	at    *door // that they asked for: nobody else touches it
	there *door // that they stand before, open
	steps int
	role  controller.Role
	err   error // of the last act
}

func newVisit(s *site, panel controller.PanelID, p plan) *visit {
	return &visit{site: s, panel: panel, plan: p}
}

// begin enters the code.
func (v *visit) begin() {
	v.site.panels[v.panel] = v
	v.site.w.trace("%s  %s comes to panel %s", v.site.id, v.plan.who(), v.panel)
	v.crowd()
	in := controller.Input{Code: v.plan.code()}
	reply, ok := v.site.ask(controller.CodeEntered{Panel: v.panel, Input: in})
	other := true
	for tries := 0; other && ok && tries < 2; tries++ {
		if in, other = v.plan.instead(v, in, codeOf(reply.Err)); other {
			reply, ok = v.site.ask(controller.CodeEntered{Panel: v.panel, Input: in})
		}
	}
	turn, _ := reply.Value.(controller.Turn)
	v.err = reply.Err
	if !ok || reply.Err != nil {
		v.leave()
		return
	}
	v.role, v.at = turn.Role, v.door(turn)
	v.again(v.site.w.between(300*time.Millisecond, 2*time.Second))
}

// scanned is what staff and couriers do while strangers type wrong codes: their unit is no proof, the QR code of their access
// is always taken.
func (v *visit) scanned(subject string, in controller.Input, said locker.Code) (controller.Input, bool) {
	if said != locker.CodeCodeFlooded && said != locker.CodeHolderLocked {
		return in, false
	}
	v.site.w.counters["scanned instead"]++
	return controller.Input{Code: credential.Derive(v.site.people.branch().key, subject, 1).Token()}, true
}

func (v *visit) again(in time.Duration) { v.site.w.after(in, v.look) }

// look is one glance at the panel, and what follows.
func (v *visit) look() {
	v.steps++
	reply, ok := v.site.ask(controller.TurnAsked{Panel: v.panel})
	turn, _ := reply.Value.(controller.Turn)
	if !ok || turn.Role != v.role || v.steps > maxSteps {
		v.leave()
		return
	}
	if d := v.door(turn); d != nil {
		v.at = d
	}
	in, done := v.plan.next(v, turn)
	if done || v.site.m == nil {
		v.leave()
		return
	}
	v.again(in)
}

// act does something at the panel; false when the controller ended over it.
func (v *visit) act(a controller.Act) (controller.Turn, bool) {
	reply, ok := v.site.ask(controller.PanelActed{Panel: v.panel, Act: a})
	turn, _ := reply.Value.(controller.Turn)
	v.err = reply.Err
	if d := v.door(turn); d != nil {
		v.at = d
	}
	return turn, ok
}

// crowd counts that somebody stands at the other panel as well.
func (v *visit) crowd() {
	for _, id := range []controller.PanelID{panelA, panelB} {
		if id != v.panel && v.site.panels[id] != nil {
			v.site.w.counters["two at once"]++
		}
	}
}

func (v *visit) leave() {
	if v.err != nil {
		v.site.w.trace("%s  panel %s says: %v", v.site.id, v.panel, v.err)
	}
	v.site.w.trace("%s  panel %s is left", v.site.id, v.panel)
	if v.site.panels[v.panel] == v {
		v.site.panels[v.panel] = nil
	}
	v.plan.gone(v)
	v.site.w.after(idleAfter, v.idle)
}

// idle is the page at the panel that ends a turn which nobody touches any more.
func (v *visit) idle() {
	if v.site.panels[v.panel] != nil {
		return
	}
	if reply, ok := v.site.ask(controller.TurnAsked{Panel: v.panel}); ok {
		if turn, _ := reply.Value.(controller.Turn); turn.Role != controller.RoleNone {
			v.site.w.counters["idle turns"]++
			_, _ = v.site.ask(controller.PanelActed{Panel: v.panel, Act: controller.Idle{}}) // nobody is there
		}
	}
}

// door returns the door of a turn; nil without one.
func (v *visit) door(t controller.Turn) *door {
	if t.Door == nil {
		return nil
	}
	return v.site.wall.byID[t.Door.Place]
}

// shut is somebody who pushes a door home, or forgets to.
func (v *visit) shut(d *door) {
	v.at, v.there = nil, nil
	if v.site.w.hits(FaultPeople, mistakes) {
		v.site.w.counters["left open"]++
		v.site.wall.passer(d)
		return
	}
	v.site.wall.move(d, false, "person")
}

package sim

import (
	"fmt"
	"slices"
	"time"

	"cubby/internal/controller"
	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/sim/oracle"
	"cubby/internal/wire"
)

// The panels of every site stand at its one bank.
const (
	panelA = controller.PanelID("main")
	panelB = controller.PanelID("side")
)

const (
	deliveriesPerDay = 50
	perVisit         = 7 // parcels that one courier brings, on the mean
	mistakes         = 0.15
)

// resident is somebody who gets parcels.
type resident struct {
	id       locker.RecipientID
	unit     locker.UnitID
	unitName string
	name     string
	low      bool
	waiting  []errand
	coming   bool
}

// errand is a code in somebody's pocket.
type errand struct {
	stay  locker.StayID
	code  string
	token string         // the same as a QR code
	pass  locker.GrantID // empty: the recipient's own
	place locker.PlaceID
}

// people is everybody around one site.
type people struct {
	site      *site
	residents []*resident
	couriers  []locker.CourierID
	gone      []locker.CourierID // whose access was taken back
	passes    []errand           // of the last days
	made      int
	staffIn   bool
}

func newPeople(s *site) *people {
	return &people{site: s}
}

// live begins everybody's days.
func (p *people) live() {
	w := p.site.w
	p.nextCourier()
	p.round(w.between(2*time.Hour, 10*time.Hour))
	w.every(FaultGuess, 8*time.Hour, func() { p.guess(40) })
	w.every(FaultRemote, day, func() {
		for range 25 {
			p.remote()
		}
	})
	w.every(FaultRevoke, 8*time.Hour, p.revoke)
	p.daily(8*time.Hour, p.remote)
	p.daily(12*time.Hour, func() { p.guess(2) })
}

// daily does something again and again, for ever.
func (p *people) daily(mean time.Duration, do func()) {
	p.site.w.after(p.site.w.expo(mean), func() {
		if !p.site.w.healing {
			do()
		}
		p.daily(mean, do)
	})
}

func (p *people) branch() *branch { return p.site.w.server.sites[p.site.id] }

// remote has staff at a desk far away open a door.
func (p *people) remote() {
	d := p.site.wall.doors[p.site.w.rand.IntN(len(p.site.wall.doors))]
	p.site.w.server.intend(p.branch(), wire.Intent{Kind: wire.IntentOpen, Place: d.place, Staff: p.branch().staff, Note: "asked by telephone"})
}

// revoke takes a courier's access, the right to a stay or a pass back. Whoever lost it comes all the same.
func (p *people) revoke() {
	w, v := p.site.w, p.site.w.server
	if len(p.passes) > 0 && w.chance(0.3) {
		e := p.passes[len(p.passes)-1]
		p.passes = p.passes[:len(p.passes)-1]
		v.recallPass(p.branch(), e.pass, e.stay)
		p.comeAllTheSame("grant:"+string(e.pass), e.code)
		return
	}
	if w.chance(0.3) {
		i := w.rand.IntN(len(p.couriers))
		id := p.couriers[i]
		p.couriers = slices.Delete(p.couriers, i, i+1)
		p.gone = append(p.gone, id)
		v.fire(p.branch(), id)
		v.hire(p.branch())
		p.comeAllTheSame("courier:"+string(id), "")
		return
	}
	r := p.residents[w.rand.IntN(len(p.residents))]
	if len(r.waiting) == 0 {
		return
	}
	e := r.waiting[0]
	if v.withhold(p.branch(), e.stay) && e.pass == "" {
		p.comeAllTheSame("stay:"+string(e.stay), e.code)
	}
}

// comeAllTheSame has somebody whose right was taken back try it.
func (p *people) comeAllTheSame(ref, code string) {
	for range 3 {
		p.site.w.after(p.site.w.between(5*time.Second, 2*time.Hour), func() { p.tryRevoked(ref, code) })
	}
}

// try is somebody who enters a code at a panel that is free. ok is false when there was none, or no answer.
func (p *people) try(code, counter string) (panel controller.PanelID, reply controller.Reply, ok bool) {
	panel, free := p.freePanel()
	if !free {
		return panel, reply, false
	}
	if reply, ok = p.site.ask(controller.CodeEntered{Panel: panel, Input: controller.Input{Code: code}}); ok {
		p.site.w.counters[counter]++
	}
	return panel, reply, ok
}

// tryOld is somebody who tries a code with which they have collected already.
func (p *people) tryOld(code string) {
	panel, reply, ok := p.try(code, "old codes")
	if !ok {
		return
	}
	if turn, _ := reply.Value.(controller.Turn); turn.Role != controller.RoleNone {
		p.leaveAll(turn)
		p.site.w.after(10*time.Second, func() {
			if p.site.panels[panel] == nil { // else somebody has pushed them aside
				_, _ = p.site.ask(controller.PanelActed{Panel: panel, Act: controller.Finish{}}) // they look round and go
			}
		})
	}
}

// tryRevoked is somebody whose right was taken back, at a panel.
func (p *people) tryRevoked(ref, code string) {
	if code == "" {
		code = credential.Derive(p.branch().key, ref, 1).Symbols()
	}
	panel, reply, ok := p.try(code, "revoked tried")
	if !ok {
		return
	}
	turn, _ := reply.Value.(controller.Turn)
	admitted := reply.Err == nil && turn.Role != controller.RoleNone
	p.site.w.tell(oracle.Tried{Head: p.site.w.head(p.site), Ref: ref, Admitted: admitted})
	if admitted { // the site cannot know yet: they look round, leave what lies there, and go
		p.leaveAll(turn)
		_, _ = p.site.ask(controller.PanelActed{Panel: panel, Act: controller.Finish{}}) // as said above
	}
}

// leaveAll has whoever had a door opened leave what lies there.
func (p *people) leaveAll(turn controller.Turn) {
	if turn.Door == nil || turn.Role != controller.RoleResident {
		return
	}
	if d := p.site.wall.byID[turn.Door.Place]; d != nil {
		for _, x := range slices.Clone(d.inside) {
			p.site.wall.leave(d, x)
		}
	}
}

// guess is somebody who tries codes.
func (p *people) guess(n int) {
	w := p.site.w
	panel, free := p.freePanel()
	if n == 0 || !free || w.healing {
		return
	}
	code := credential.Derive(p.branch().key, fmt.Sprintf("guess:%d", w.rand.Uint64()), 1).Symbols()
	reply, ok := p.site.ask(controller.CodeEntered{Panel: panel, Input: controller.Input{Code: code}})
	if ok {
		w.counters["guesses"]++
		w.tell(oracle.Guessed{Head: w.head(p.site), Answer: answerTo(reply.Err)})
	}
	w.after(w.between(2*time.Second, 20*time.Second), func() { p.guess(n - 1) })
}

// answerTo names what a guess was told.
func answerTo(err error) string {
	switch codeOf(err) { //nolint:exhaustive // every other answer is a refusal that tells a guesser nothing
	case "":
		return "open"
	case locker.CodeCodeWrong:
		return "wrong"
	case locker.CodeCodeFlooded:
		return "flooded"
	case locker.CodeHolderLocked:
		return "locked"
	}
	return "refused"
}

// plunder takes what lies behind a door that was forced.
func (p *people) plunder(d *door) {
	w := p.site.w
	w.after(w.between(time.Second, 10*time.Second), func() {
		for _, x := range slices.Clone(d.inside) {
			if w.chance(0.7) {
				p.site.wall.take(d, x, "thief")
			}
		}
	})
}

// informed is a recipient who reads of a parcel, and comes for it.
func (p *people) informed(st *locker.Stay, kind string) {
	w := p.site.w
	for _, r := range p.residents {
		if r.id != st.Recipient {
			continue
		}
		code := credential.Derive(p.branch().key, "stay:"+string(st.ID), st.Generation)
		r.waiting = slices.DeleteFunc(r.waiting, func(e errand) bool { return e.stay == st.ID })
		e := errand{stay: st.ID, code: code.Symbols(), token: code.Token(), place: st.Place}
		if kind == "first" && w.server.real == nil && w.chance(0.05) { // a neighbour fetches it
			e.pass = w.server.pass(p.branch(), st.ID)
			pass := credential.Derive(p.branch().key, "grant:"+string(e.pass), 1)
			e.code, e.token = pass.Symbols(), pass.Token()
			p.passes = append(p.passes, e)
			p.passes = p.passes[max(0, len(p.passes)-5):]
		}
		r.waiting = append(r.waiting, e)
		p.comes(r, w.expo(9*time.Hour)+time.Minute)
	}
}

// comes has a resident come to the lockers.
func (p *people) comes(r *resident, in time.Duration) {
	if r.coming {
		return
	}
	r.coming = true
	p.site.w.after(in, func() { p.arrive(r) })
}

func (p *people) arrive(r *resident) {
	r.coming = false
	if len(r.waiting) == 0 {
		return
	}
	panel, free := p.freePanel()
	if !free {
		p.comes(r, p.site.w.between(time.Minute, 30*time.Minute))
		return
	}
	newVisit(p.site, panel, &collecting{people: p, resident: r, errand: r.waiting[0]}).begin()
}

// freePanel returns a panel at which nobody stands.
func (p *people) freePanel() (controller.PanelID, bool) {
	if p.site.m == nil {
		return "", false
	}
	for _, id := range []controller.PanelID{panelA, panelB} {
		if p.site.panels[id] == nil {
			return id, true
		}
	}
	return "", false
}

// attended reports whether somebody at a panel has a door open now.
func (s *site) attended(d *door) bool {
	for _, v := range s.panels {
		if v != nil && v.at == d {
			return true
		}
	}
	return false
}

// codeOf returns the code of an error, empty for none.
func codeOf(err error) locker.Code {
	if err == nil {
		return ""
	}
	var e *locker.Error
	if errorsAs(err, &e) {
		return e.Code
	}
	return locker.CodeInternal
}

package controller

import (
	"slices"
	"strings"

	"cubby/internal/credential"
	"cubby/internal/locker"
)

// enter takes a code at a panel. A wrong one is a fact before the answer is shown.
func (m *Machine) enter(p *panel, in Input) error {
	match, err := m.identify(in, string(p.id))
	if err != nil {
		return err
	}
	_, id, _ := strings.Cut(match.Subject, ":")
	switch match.Kind {
	case kindStay:
		return m.enterStay(p, locker.StayID(id), "")
	case kindGrant:
		return m.enterGrant(p, locker.GrantID(id))
	case kindCourier:
		return m.enterCourier(p, locker.CourierID(id), match.Form)
	case kindStaff:
		return m.enterStaff(p, locker.StaffID(id))
	}
	return locker.Errorf(locker.CodeInternal, "a code of kind %q", string(match.Kind))
}

// identify finds out whose code an entry is.
func (m *Machine) identify(in Input, source string) (credential.Match, error) {
	entry, err := parseInput(in)
	if err != nil {
		return credential.Match{}, err
	}
	if m.guessesStale {
		m.fitGuesses()
	}
	holder, at := m.codes.live.Holder(entry.Number()), m.pace.At.Time()
	switch m.budget.Allow(entry, holder, at).Verdict {
	case credential.VerdictFlooded:
		return credential.Match{}, locker.Errorf(locker.CodeCodeFlooded, "too many wrong codes: the unit is needed too")
	case credential.VerdictLocked:
		return credential.Match{}, locker.Errorf(locker.CodeHolderLocked, "too many wrong codes for this unit")
	case credential.VerdictAllowed:
	}
	if match, ok := m.codes.live.Match(entry); ok {
		return match, nil
	}
	refused := locker.CodeRefused{
		Form: entry.Form().String(), Unit: holderUnit(holder), Purpose: "collect", Source: source,
		Reason: locker.CodeCodeWrong,
	}
	if old, ok := m.codes.over.Match(entry); ok {
		refused.Reason, refused.Purpose = locker.CodeCodeExpired, string(old.Kind)
		if old.Kind == kindCourier {
			refused.Reason = locker.CodeCourierUnknown
		}
		m.noteFree(refused)
		return credential.Match{}, locker.Errorf(refused.Reason, "the code was right once and is over")
	}
	if entry.Form() == credential.FormToken {
		m.noteFree(refused)
		return credential.Match{}, locker.Errorf(locker.CodeCodeWrong, "no such code")
	}
	flooded := m.budget.Flooded(at)
	m.budget.Spend(entry, holder, at)
	m.must(locker.RefuseCode{Fact: refused})
	somebody := entry.Number() != "" && !strings.HasPrefix(holder, "number:") // else nobody is locked out
	if somebody && m.budget.Allow(entry, holder, at).Verdict == credential.VerdictLocked {
		refused.Reason = locker.CodeHolderLocked
		m.must(locker.RefuseCode{Fact: refused})
	}
	if !flooded && m.budget.Flooded(at) {
		refused.Reason, refused.Unit = locker.CodeCodeFlooded, ""
		m.must(locker.RefuseCode{Fact: refused})
	}
	return credential.Match{}, locker.Errorf(locker.CodeCodeWrong, "no such code")
}

// sit puts a new turn at the panel, so that the facts of its session find it.
func (m *Machine) sit(p *panel, role Role, begin locker.BeginSession) {
	p.turn = turn{
		session: begin.Session, role: role, actor: begin.Actor, grant: begin.Grant, touched: m.now.MonoMS,
	}
}

func (m *Machine) enterStay(p *panel, id locker.StayID, pass locker.GrantID) error {
	st := m.state.Matter.Stays[id]
	if st == nil {
		return locker.Errorf(locker.CodeStayUnknown, "no stay %s", id)
	}
	recipient, _ := m.state.Holder(st)
	actor := locker.Actor{Kind: locker.ActorRecipient, ID: string(recipient)}
	grant := locker.StayRight(id)
	if pass != "" {
		actor, grant = locker.Actor{Kind: locker.ActorDelegate, ID: string(pass)}, locker.PassRight(pass)
	}
	session := locker.SessionID(m.id())
	collect := locker.Collect{
		Session: session, Stay: id, Grant: pass, Request: locker.RequestID(m.id()), By: actor, Cause: locker.CauseLocal,
	}
	_, refused := locker.Decide(m.state, collect, m.at)
	at := m.state.Matter.PlaceState(st.Place)
	atCounter := m.counterOnly(st)
	if refused != nil && !atCounter && (codeOf(refused) != locker.CodeDoorOpen || !m.ownDoorOpen(st, at)) {
		return refused
	}
	m.replace(p)
	begin := locker.BeginSession{Session: session, Actor: actor, Grant: grant}
	m.sit(p, RoleResident, begin)
	p.shownTo, p.pass = id, pass
	commands := []locker.Command{begin}
	if refused == nil {
		commands = append(commands, collect)
	}
	err := m.decide(nil, commands...)
	switch {
	case refused == nil:
	case atCounter: // a shelf or the desk: the panel says where
		p.step, p.place, p.failure = StepFailed, st.Place, failureOf(locker.CodePlaceEmpty)
	default: // their door stands open already: there is nothing to pulse
		if r := m.state.Matter.Requests[at.Request]; r != nil {
			p.request, p.place, p.purpose, p.stays, p.step = r.ID, r.Place, r.Purpose, r.Stays, StepOpen
		}
	}
	return err
}

// replace ends the turn of whoever is at the panel.
func (m *Machine) replace(p *panel) {
	if p.session != "" {
		_ = m.endTurn(p, "replaced") // only says that the session is over already
	}
}

// counterOnly reports whether a stay is stored where there is no door to open.
func (m *Machine) counterOnly(st *locker.Stay) bool {
	pl, ok := m.state.Directory.Place(st.Place)
	return ok && pl.Kind != locker.PlaceCompartment && st.State == locker.StayStored && !m.state.Revoked(st)
}

// ownDoorOpen reports whether the stay's door stands open for its holder.
func (m *Machine) ownDoorOpen(st *locker.Stay, at locker.PlaceState) bool {
	r := m.state.Matter.Requests[at.Request]
	return r != nil && at.Door == locker.DoorAjar && r.Purpose == locker.PurposeCollect &&
		slices.Contains(r.Stays, st.ID)
}

func (m *Machine) enterGrant(p *panel, id locker.GrantID) error {
	g := m.state.Directory.Grants[id]
	if (g.From != 0 || g.Until != 0) && m.state.Matter.Clock {
		return locker.Errorf(locker.CodeClockUntrusted, "the site's clock cannot be trusted: passes with times wait")
	}
	return m.enterStay(p, g.Stay, id)
}

func (m *Machine) enterCourier(p *panel, id locker.CourierID, form credential.Form) error {
	c := m.state.Directory.Couriers[id]
	if c.Revoked || c.From > m.at || c.Until != 0 && c.Until <= m.at {
		m.noteFree(locker.CodeRefused{
			Form: form.String(), Reason: locker.CodeCourierUnknown, Purpose: "courier", Source: string(p.id),
		})
		return locker.Errorf(locker.CodeCourierUnknown, "this courier access is over or not yet valid")
	}
	actor := locker.Actor{Kind: locker.ActorCourier, ID: string(id)}
	if p.role == RoleCourier && p.actor == actor && p.session != "" {
		return nil // one sign-in lasts until "Done"
	}
	m.replace(p)
	return m.signIn(p, RoleCourier, actor, locker.CourierRight(id), StepCourierReady)
}

func (m *Machine) enterStaff(p *panel, id locker.StaffID) error {
	actor := locker.Actor{Kind: locker.ActorStaff, ID: string(id)}
	m.replace(p)
	return m.signIn(p, RoleStaff, actor, locker.StaffRight(id), StepStaffMenu)
}

func (m *Machine) signIn(p *panel, role Role, actor locker.Actor, grant locker.GrantRef, step Step) error {
	begin := locker.BeginSession{Session: locker.SessionID(m.id()), Actor: actor, Grant: grant}
	m.sit(p, role, begin)
	p.step = step
	err := m.decide(nil, begin)
	return err
}

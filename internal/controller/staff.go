package controller

import (
	"strings"
	"time"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

// serviceFor is how long a service session lifts the limit on remote openings.
const serviceFor = 30 * time.Minute

func (m *Machine) actStaff(p *panel, act Act) error {
	if p.role != RoleStaff {
		return errStep(p)
	}
	if m.state.Directory.Staff[m.staffOf(p)].Revoked {
		_ = m.endTurn(p, "replaced") // only says that the session is over already
		return locker.Errorf(locker.CodeSessionEnded, "this access was taken back")
	}
	if p.step != StepStaffMenu && p.step != StepStaffCode && p.step != StepFailed {
		return errStep(p)
	}
	p.issued = nil
	switch a := act.(type) {
	case OpenDoor:
		return m.staffOpen(p, a)
	case ClearPlace:
		return m.clearPlace(p, a)
	case ReissueCode:
		return m.reissue(p, a.Stay)
	case SetService:
		annex := wire.Annex{}
		err := m.decide(annex, locker.SetService{
			Place: a.Place, Out: a.Out, By: p.actor, Note: m.note(annex, a.Reason),
		})
		return m.menu(p, err)
	case SetBankService:
		return m.menu(p, m.bankService(m.bankOf(p).ID, a.Out, p.actor, a.Reason))
	case VerifyPlace:
		if err := m.verifyAllowed(m.staffOf(p)); err != nil {
			return err
		}
		err := m.decide(nil, locker.Verify{Place: a.Place, Occupied: a.Occupied, By: p.actor})
		return m.menu(p, err)
	case BeginService:
		return m.beginService(p, a.Second)
	case EndService:
		err := m.decide(nil, locker.EndService{Reason: "done"})
		return m.menu(p, err)
	}
	return errStep(p)
}

func (m *Machine) menu(p *panel, err error) error {
	if err == nil {
		p.step = StepStaffMenu
	}
	return err
}

func (m *Machine) staffOf(p *panel) locker.StaffID { return locker.StaffID(p.actor.ID) }

func (m *Machine) staffOpen(p *panel, a OpenDoor) error {
	if strings.TrimSpace(a.Reason) == "" {
		return locker.Errorf(locker.CodeInputInvalid, "a reason is needed to open a door")
	}
	annex := wire.Annex{}
	err := m.decide(annex, locker.StaffOpen{
		Session: p.session, Staff: m.staffOf(p), Place: a.Place, Request: locker.RequestID(m.id()),
		Note: m.note(annex, a.Reason),
	})
	return err
}

func (m *Machine) clearPlace(p *panel, a ClearPlace) error {
	if strings.TrimSpace(a.Reason) == "" {
		return locker.Errorf(locker.CodeInputInvalid, "a reason is needed to take parcels out")
	}
	annex := wire.Annex{}
	err := m.decide(annex, locker.StaffClear{
		Session: p.session, Staff: m.staffOf(p), Place: a.Place, Request: locker.RequestID(m.id()),
		Reason: "cleared", Note: m.note(annex, a.Reason),
	})
	return err
}

// verifyAllowed asks for a duty that lets a person look into places.
func (m *Machine) verifyAllowed(id locker.StaffID) error {
	for _, d := range m.state.Directory.Staff[id].Duties {
		if d == locker.DutyClear || d == locker.DutyOpen || d == locker.DutyService {
			return nil
		}
	}
	return locker.Errorf(locker.CodeNotAllowed, "this needs a duty that opens doors")
}

// reissue gives a stay a new code and shows it this once.
func (m *Machine) reissue(p *panel, id locker.StayID) error {
	code, err := m.newCode(id, p.actor)
	if err != nil {
		return err
	}
	p.issued, p.step = code, StepStaffCode
	return nil
}

// newCode moves a stay to its next code that equals no live one.
func (m *Machine) newCode(id locker.StayID, by locker.Actor) (*IssuedCode, error) {
	st := m.state.Matter.Stays[id]
	if st == nil {
		return nil, locker.Errorf(locker.CodeStayUnknown, "no stay %s", id)
	}
	key, from := m.state.Directory.Site.Key, st.Generation+1
	generation, code, err := m.codes.next(key, "stay:"+string(id), from)
	if err != nil {
		return nil, err
	}
	if err := m.decide(nil, locker.Reissue{Stay: id, Key: key, Generation: generation, By: by}); err != nil {
		return nil, err
	}
	m.endOldCode(id)
	_, unit := m.state.Holder(st)
	number := m.state.Directory.Units[unit].Number
	issued := &IssuedCode{Symbols: code.Symbols(), Token: code.Token(), Number: number}
	if number != "" {
		issued.Digits = code.Digits()
	}
	return issued, nil
}

// endOldCode ends the turns that began with the code before: whoever came in with it has nothing to do
// here any more.
func (m *Machine) endOldCode(id locker.StayID) {
	for _, panel := range m.panelIDs {
		if p := m.panels[panel]; p.role == RoleResident && p.shownTo == id && p.pass == "" {
			_ = m.endTurn(p, "replaced") // only says that the session is over already
		}
	}
}

// beginService needs the code of a second person of the staff, at the same panel.
func (m *Machine) beginService(p *panel, second Input) error {
	match, err := m.identify(second, string(p.id))
	if err != nil {
		return err
	}
	_, id, _ := strings.Cut(match.Subject, ":")
	if match.Kind != kindStaff {
		return locker.Errorf(locker.CodeNotAllowed, "this is not the code of a person of the staff")
	}
	err = m.decide(nil, locker.BeginService{
		First: m.staffOf(p), Second: locker.StaffID(id), Until: m.at.Add(serviceFor),
	})
	return m.menu(p, err)
}

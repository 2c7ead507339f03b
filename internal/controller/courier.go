package controller

import (
	"fmt"
	"slices"
	"strings"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

// maxTyped is the most bytes of a tracking number or a search: the longest barcode has far fewer.
const maxTyped = 200

func (m *Machine) actCourier(p *panel, act Act) error {
	if p.role != RoleCourier {
		return errStep(p)
	}
	switch a := act.(type) {
	case ScanParcel:
		return m.scanParcel(p, a)
	case FindRecipient:
		return m.findRecipient(p, a.Text)
	case ChooseRecipient:
		return m.chooseRecipient(p, a.Ref)
	case NoRecipient:
		return m.noRecipient(p)
	case ChooseSize:
		return m.chooseSize(p, a)
	case NeedBigger:
		return m.takeBack(p, "need_bigger")
	case UndoDeposit:
		if a.WrongRecipient {
			return m.takeBack(p, "wrong_recipient")
		}
		return m.takeBack(p, "undo")
	case AnswerStored:
		return m.answerStored(p, a.Stored)
	case TakeOption:
		return m.takeOption(p, a.Index)
	case RefuseParcel:
		return m.refuseParcel(p)
	}
	return errStep(p)
}

func (m *Machine) scanParcel(p *panel, a ScanParcel) error {
	tracking := strings.TrimSpace(a.Tracking)
	if p.step != StepCourierReady && p.step != StepCourierRecipient {
		return errStep(p)
	}
	if len(tracking) > maxTyped {
		return locker.Errorf(locker.CodeInputInvalid, "a tracking number has at most %d characters", maxTyped)
	}
	if m.diskFull {
		return locker.Errorf(locker.CodeDiskFull, "the site cannot take parcels: its disk is full")
	}
	carrier := a.Carrier
	if carrier == "" {
		carrier = m.state.Directory.Couriers[locker.CourierID(p.actor.ID)].Carrier
	}
	p.parcel = parcelAtHand{scanned: true, tracking: tracking, carrier: carrier}
	p.matches, p.options, p.step = nil, nil, StepCourierRecipient
	return nil
}

func (m *Machine) findRecipient(p *panel, text string) error {
	if p.step != StepCourierRecipient {
		return errStep(p)
	}
	p.matches = nil
	p.search++
	if len(text) > maxTyped {
		return locker.Errorf(locker.CodeInputInvalid, "a search has at most %d characters", maxTyped)
	}
	for _, r := range m.state.Directory.FindRecipients(text) {
		p.matches = append(p.matches, r.ID)
	}
	if len(p.matches) == 0 {
		return locker.Errorf(locker.CodeUnitUnknown, "nobody found")
	}
	return nil
}

func matchRef(search, index int) string { return fmt.Sprintf("%d.%d", search, index) }

func (m *Machine) chooseRecipient(p *panel, ref string) error {
	if p.step != StepCourierRecipient {
		return errStep(p)
	}
	for i, id := range p.matches {
		if ref == matchRef(p.search, i) {
			p.parcel.recipient, p.parcel.nobody, p.step = id, false, StepCourierSize
			return nil
		}
	}
	return locker.Errorf(locker.CodeRecipientUnknown, "this choice is of an older search")
}

// noRecipient offers what there is for a parcel that nobody on the label takes.
func (m *Machine) noRecipient(p *panel) error {
	if p.step != StepCourierRecipient {
		return errStep(p)
	}
	p.parcel.nobody, p.parcel.recipient = true, ""
	p.failure = failureOf(locker.CodeRecipientUnknown)
	m.offer(p)
	return nil
}

func (m *Machine) offer(p *panel) {
	p.step = StepCourierOptions
	need := m.need(p)
	if p.parcel.nobody {
		need.Bank = "" // no door of any bank takes it
	}
	p.options = locker.Options(m.state, need, m.at)
}

func (m *Machine) need(p *panel) locker.Need {
	r := m.state.Directory.Recipients[p.parcel.recipient]
	return locker.Need{
		Recipient: r.ID, Unit: r.Unit, Size: p.parcel.size, LowDoor: r.LowDoor, Cold: p.parcel.cold,
		Bank: m.bankOf(p).ID, Courier: locker.CourierID(p.actor.ID),
	}
}

// sizes lists the size buttons, and whether a refrigerated door is free.
func (m *Machine) sizes(p *panel) (choices []SizeChoice, cold bool) {
	found, cold := locker.Choices(m.state, m.need(p), m.at)
	for _, c := range found {
		choices = append(choices, SizeChoice(c))
	}
	return choices, cold
}

func (m *Machine) chooseSize(p *panel, a ChooseSize) error {
	if p.step != StepCourierSize {
		return errStep(p)
	}
	if !a.Size.Valid() {
		return locker.Errorf(locker.CodeInputInvalid, "size %q is not one of S, M, L, XL", string(a.Size))
	}
	p.parcel.size, p.parcel.cold = a.Size, a.Cold
	return m.openDeposit(p, "", m.bankOf(p).ID)
}

// openDeposit asks for a place for the parcel at hand; a door opens at once. Where none takes it the
// ways out are offered.
func (m *Machine) openDeposit(p *panel, place locker.PlaceID, bank locker.BankID) error {
	if m.diskFull {
		return locker.Errorf(locker.CodeDiskFull, "the site cannot take parcels: its disk is full")
	}
	if place == "" && bank == "" {
		bank = m.bankOf(p).ID
	}
	deposit, err := m.newDeposit(p.parcel)
	if err != nil {
		return err
	}
	annex := wire.Annex{}
	deposit.Session, deposit.Actor, deposit.Grant = p.session, p.actor, p.grant
	deposit.Place, deposit.Bank = place, bank
	deposit.Tracking = m.note(annex, p.parcel.tracking)
	if _, err := locker.Decide(m.state, deposit, m.at); err != nil {
		p.failure = failWith(err)
		if noDoor(p.failure.Code) {
			m.offer(p)
			return nil
		}
		return err
	}
	p.deposit, p.retake = deposit.Stay, false
	p.masked, p.unit = m.echo(p.parcel.recipient)
	if err = m.decide(annex, deposit); err != nil {
		return err
	}
	if pl, _ := m.state.Directory.Place(place); place != "" && pl.Kind != locker.PlaceCompartment {
		p.place, p.parcel, p.step = place, parcelAtHand{}, StepCourierReady
	}
	return nil
}

// noDoor reports whether a code says that no door takes the parcel now.
func noDoor(code locker.Code) bool {
	return slices.Contains([]locker.Code{
		locker.CodeBankFull, locker.CodeNothingFits, locker.CodeNoLowDoor, locker.CodePlaceTaken, locker.CodePlaceOut,
	}, code)
}

// newDeposit gives a parcel its ids and a code that equals no live one.
func (m *Machine) newDeposit(parcel parcelAtHand) (locker.BeginDeposit, error) {
	stay := locker.StayID(m.id())
	key := m.state.Directory.Site.Key
	generation, _, err := m.codes.next(key, "stay:"+string(stay), 1)
	if err != nil {
		return locker.BeginDeposit{}, err
	}
	size := parcel.size
	if parcel.nobody && size == "" {
		size = locker.SizeM // on a shelf or at the desk the size says nothing
	}
	return locker.BeginDeposit{
		Parcel: locker.ParcelID(m.id()), Stay: stay, Request: locker.RequestID(m.id()), Recipient: parcel.recipient,
		Size: size, Cold: parcel.cold, Carrier: parcel.carrier, Key: key, Generation: generation,
	}, nil
}

func (m *Machine) undo(p *panel, request locker.RequestID, reason string) locker.Undo {
	return locker.Undo{
		Session: p.session, Stay: p.deposit, Request: request, Reason: reason, By: p.actor, Grant: p.grant,
	}
}

// takeBack takes the last parcel back out. Its door opens, or is open and ends it when it shuts.
func (m *Machine) takeBack(p *panel, reason string) error {
	st := m.state.Matter.Stays[p.deposit]
	if st == nil {
		return locker.Errorf(locker.CodeUndoClosed, "there is no parcel to take back")
	}
	m.recallParcel(p, st)
	p.retake = reason != "undo"
	if err := m.decide(nil, m.undo(p, locker.RequestID(m.id()), reason)); err != nil {
		return err
	}
	if p.step == StepAskStored && m.state.Matter.Requests[p.request] != nil { // nobody sees it: the person says when it is shut
		p.step = StepOpen
	}
	p.purpose = locker.PurposeUndo
	if st.State.Ended() { // it was on a shelf or at the desk
		m.afterUndo(p, st)
	}
	return nil
}

// recallParcel brings a stored parcel back into the courier's hands, so that it need not be scanned
// again for a bigger door.
func (m *Machine) recallParcel(p *panel, st *locker.Stay) {
	if p.parcel.scanned {
		return
	}
	p.parcel = parcelAtHand{
		scanned: true, carrier: st.Carrier, recipient: st.Recipient, nobody: st.Recipient == "", size: st.Size,
		tracking: p.lastTracking,
	}
}

// courierShut moves on when the door at hand was shut.
func (m *Machine) courierShut(p *panel) {
	st := m.state.Matter.Stays[p.deposit]
	switch {
	case st == nil:
		p.step = StepCourierReady
	case st.State == locker.StayUndone:
		m.afterUndo(p, st)
	case st.State == locker.StayDepositing:
		p.step = StepAskStored
	default:
		p.lastTracking, p.parcel = p.parcel.tracking, parcelAtHand{}
		p.step = StepCourierReady
	}
}

func (m *Machine) afterUndo(p *panel, st *locker.Stay) {
	p.deposit = ""
	switch {
	case p.retake && st.Undo == "need_bigger":
		p.step = StepCourierSize
	case p.retake:
		p.parcel.recipient, p.matches, p.step = "", nil, StepCourierRecipient
	default:
		p.parcel, p.step = parcelAtHand{}, StepCourierReady
	}
	p.retake = false
}

// answerStored takes the courier's word. Without the parcel in it the door opens once more.
func (m *Machine) answerStored(p *panel, stored bool) error {
	if p.step != StepAskStored {
		return errStep(p)
	}
	if !stored {
		if m.state.Matter.Requests[p.request] != nil { // nobody sees it: it is still the same opening
			p.step = StepOpen
			return nil
		}
		return m.openAgain(p)
	}
	err := m.decide(nil, locker.ConfirmStored{Stay: p.deposit, By: p.actor})
	if err == nil {
		m.courierShut(p)
	}
	return err
}

func (m *Machine) takeOption(p *panel, index int) error {
	if p.step != StepCourierOptions || index < 0 || index >= len(p.options) {
		return errStep(p)
	}
	o := p.options[index]
	if o.Kind == string(locker.FallRefuse) {
		return m.refuseParcel(p)
	}
	return m.openDeposit(p, o.Place, o.Bank)
}

// refuseParcel records that a parcel goes away again, and why.
func (m *Machine) refuseParcel(p *panel) error {
	reason := locker.CodeRecipientUnknown
	switch p.step {
	case StepCourierRecipient, StepCourierSize, StepFailed:
	case StepCourierOptions:
		if !p.parcel.nobody {
			reason = m.whyNoDoor(p)
		}
	case StepHome, StepOpening, StepOpen, StepAskTaken, StepAskStored, StepMore, StepDone, StepCourierReady,
		StepStaffMenu, StepStaffCode:
		return errStep(p)
	}
	annex := wire.Annex{}
	err := m.decide(annex, locker.RefuseDrop{Fact: locker.DropRefused{
		Session: p.session, Actor: p.actor, Carrier: p.parcel.carrier, Recipient: p.parcel.recipient, Reason: reason,
		Size: p.parcel.size, Tracking: m.note(annex, p.parcel.tracking),
	}})
	if err == nil {
		p.parcel, p.options, p.matches, p.step = parcelAtHand{}, nil, nil, StepCourierReady
	}
	return err
}

func (m *Machine) whyNoDoor(p *panel) locker.Code {
	if _, err := locker.Allocate(m.state, m.need(p), m.at); err != nil {
		return codeOf(err)
	}
	return locker.CodeNothingFits
}

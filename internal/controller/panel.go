package controller

import (
	"slices"
	"time"

	"cubby/internal/credential"
	"cubby/internal/locker"
)

const (
	// AjarWarning is how long a door may stand open before the kiosk speaks and beeps.
	AjarWarning = time.Minute
	// doneShown is how long a turn that is over can still be taken up: open again, report.
	doneShown = 45 * time.Second
	// The page ends idle turns; these limits end those whose page died.
	residentLimit = 10 * time.Minute
	courierLimit  = 30 * time.Minute
	staffLimit    = 15 * time.Minute
	// maxPanels bounds the panels of a site: each costs a few kilobytes.
	maxPanels = 64
)

// panel is one screen and the turn at it.
type panel struct {
	id      PanelID
	turn    // of whoever is there
	version uint64
	shown   Turn          // as it was last said
	shownAt locker.Millis // when it was last looked at
	rev     uint64        // Machine.rev then
}

// turn is what a person does at a panel, from their code to "Done".
type turn struct {
	session locker.SessionID
	role    Role
	actor   locker.Actor
	grant   locker.GrantRef
	step    Step
	touched int64 // moment of the last act

	request  locker.RequestID // of the door at hand
	place    locker.PlaceID
	purpose  locker.Purpose
	attempt  int
	stays    []locker.StayID // of the request
	reported locker.Problem
	failure  *Failure

	visited []locker.PlaceID // resident: doors that were opened
	shownTo locker.StayID    // resident: the stay whose code was shown
	pass    locker.GrantID

	parcel       parcelAtHand
	matches      []locker.RecipientID
	search       int // counts searches, so that an old Match.Ref is refused
	options      []locker.Option
	deposit      locker.StayID // courier: the last parcel
	lastTracking string        // of it
	masked       string        // whom it is for
	unit         string
	stored       int
	retake       bool // courier: a bigger door is wanted once this one is shut

	issued *IssuedCode
}

// parcelAtHand is what a courier said of a parcel before it has a door.
type parcelAtHand struct {
	scanned   bool
	tracking  string
	carrier   locker.CarrierID
	recipient locker.RecipientID
	nobody    bool // nobody matches the label
	size      locker.Size
	cold      bool
}

func (m *Machine) panel(id PanelID) *panel {
	m.panelSeen = m.at
	p, ok := m.panels[id]
	if !ok {
		if len(m.panels) >= maxPanels {
			return &panel{id: id, turn: turn{step: StepHome}} // answered, not kept
		}
		p = &panel{id: id, turn: turn{step: StepHome}}
		m.panels[id] = p
		m.panelIDs = append(m.panelIDs, id)
		slices.Sort(m.panelIDs)
	}
	return p
}

// bankOf returns the bank at which a panel stands; none on a site without banks.
func (m *Machine) bankOf(p *panel) locker.Bank {
	banks := m.state.Directory.Layout.Banks
	want := m.opts.Panels[p.id]
	if want == "" {
		want = locker.BankID(p.id)
	}
	for _, b := range banks {
		if b.ID == want {
			return b
		}
	}
	if len(banks) > 0 {
		return banks[0]
	}
	return locker.Bank{}
}

// stepPanel answers a code, an act or the question for a turn. The turn stands beside an error.
func (m *Machine) stepPanel(ev Event) {
	var p *panel
	var err error
	switch e := ev.(type) {
	case TurnAsked:
		p = m.panel(e.Panel)
	case CodeEntered:
		p = m.panel(e.Panel)
		p.touched = m.now.MonoMS
		m.rev++
		err = m.enter(p, e.Input)
	case PanelActed:
		p = m.panel(e.Panel)
		p.touched = m.now.MonoMS
		m.rev++
		err = m.act(p, e.Act)
	}
	m.pump()
	m.show(p)
	p.shown.Now = m.at
	m.out.Reply = Reply{Value: p.shown, Err: err}
}

func errStep(p *panel) error {
	if p.session == "" {
		return locker.Errorf(locker.CodeSessionEnded, "nobody is signed in at this panel")
	}
	return locker.Errorf(locker.CodeInputInvalid, "the step %s does not offer this", p.step)
}

// act does one act of a turn.
func (m *Machine) act(p *panel, act Act) error {
	if p.session == "" {
		if _, idle := act.(Idle); idle {
			p.turn = turn{step: StepHome}
			return nil
		}
		return errStep(p)
	}
	failure, step := p.failure, p.step
	p.failure = nil
	err := m.doAct(p, act)
	if err != nil && p.step == step && p.failure == nil {
		p.failure = failure // why the step is what it is
	}
	return err
}

func (m *Machine) doAct(p *panel, act Act) error {
	switch a := act.(type) {
	case Finish:
		return m.endTurn(p, "done")
	case Idle:
		return m.endTurn(p, "idle")
	case OpenAgain:
		return m.openAgain(p)
	case ReportProblem:
		return m.report(p, a.Problem)
	case DoorShut:
		return m.doorShut(p)
	case OpenNext, AnswerTaken:
		return m.actResident(p, act)
	case ScanParcel, FindRecipient, ChooseRecipient, NoRecipient, ChooseSize, NeedBigger, UndoDeposit,
		AnswerStored, TakeOption, RefuseParcel:
		return m.actCourier(p, act)
	case OpenDoor, ClearPlace, ReissueCode, SetService, SetBankService, VerifyPlace, BeginService, EndService:
		return m.actStaff(p, act)
	case Back:
		return m.back(p)
	}
	return errStep(p)
}

// endTurn ends a session, which settles its deposits, and brings the panel home.
func (m *Machine) endTurn(p *panel, reason string) error {
	err := m.decide(nil, locker.EndSession{Session: p.session, Reason: reason})
	p.turn = turn{step: StepHome}
	return err
}

// followPanels moves turns on by what happened to their doors.
func (m *Machine) followPanels(facts []locker.Fact) {
	for _, id := range m.panelIDs {
		p := m.panels[id]
		if p.session == "" {
			continue
		}
		shut := false
		for _, f := range facts {
			shut = m.followPanel(p, f) || shut
		}
		if shut && p.session != "" {
			m.afterShut(p)
		}
	}
}

// followPanel reports whether the door at hand was shut.
func (m *Machine) followPanel(p *panel, f locker.Fact) (shut bool) {
	switch f := f.(type) {
	case locker.OpenRequested:
		if f.Session == p.session {
			p.takeDoor(f)
		}
	case locker.DoorOpened:
		if f.Request == p.request && p.request != "" {
			m.opened(p, f.Evidence)
		}
	case locker.OpenFailed:
		if f.Request == p.request && p.request != "" {
			p.step, p.failure = StepFailed, failureOf(failedCode(f.Reason))
			p.visit(p.place)
		}
	case locker.OpenUnconfirmed:
		if f.Request == p.request && p.request != "" {
			p.step, p.failure = StepFailed, failureOf(locker.CodeConflict)
		}
	case locker.DoorClosed:
		return f.Request == p.request && p.request != ""
	case locker.SessionEnded:
		if f.Session == p.session {
			p.turn = turn{step: StepHome}
		}
	case locker.ParcelStored:
		if st := m.state.Matter.Stays[f.Stay]; st != nil && st.Session == p.session {
			p.stored++
		}
	case locker.DepositUndone:
		if f.Stay == p.deposit && f.Reason != "failed" && p.stored > 0 && m.wasStored(f.Stay) {
			p.stored--
		}
	}
	return false
}

// wasStored reports whether a stay that was undone had been stored before.
func (m *Machine) wasStored(id locker.StayID) bool {
	st := m.state.Matter.Stays[id]
	return st != nil && st.StoredAt != 0
}

func (p *panel) takeDoor(f locker.OpenRequested) {
	again := f.Retries != ""
	p.request, p.place, p.purpose, p.attempt, p.stays = f.Request, f.Place, f.Purpose, f.Attempt, f.Stays
	p.step, p.failure = StepOpening, nil
	if !again {
		p.reported = ""
	}
}

func (p *panel) visit(place locker.PlaceID) {
	if !slices.Contains(p.visited, place) {
		p.visited = append(p.visited, place)
	}
}

// opened moves a turn on when its door opened. Where nobody sees the door, the person is asked.
func (m *Machine) opened(p *panel, evidence locker.Evidence) {
	p.step = StepOpen
	if evidence != locker.EvidenceNone {
		return
	}
	switch p.purpose {
	case locker.PurposeCollect:
		p.step = StepAskTaken
	case locker.PurposeDeposit:
		p.step = StepAskStored
	case locker.PurposeUndo, locker.PurposeReopen, locker.PurposeClear, locker.PurposeOpen, locker.PurposeRemote:
	}
}

func failedCode(reason string) locker.Code {
	switch reason {
	case "silent":
		return locker.CodeBoardSilent
	case "governor":
		return locker.CodeRemoteLimit
	}
	return locker.CodeDoorJammed
}

func failureOf(code locker.Code) *Failure { return &Failure{Code: code, Number: code.Number()} }

// failWith puts an error of the rules beside the step.
func failWith(err error) *Failure { return failureOf(codeOf(err)) }

// afterShut moves a turn on when its door was shut.
func (m *Machine) afterShut(p *panel) {
	p.visit(p.place)
	switch p.role {
	case RoleResident:
		m.residentShut(p)
	case RoleCourier:
		m.courierShut(p)
	case RoleStaff:
		p.step = StepStaffMenu
	case RoleNone:
	}
}

// openAgain opens the door that this turn opened last.
func (m *Machine) openAgain(p *panel) error {
	if p.place == "" {
		return errStep(p)
	}
	err := m.decide(nil, locker.Reopen{
		Session: p.session, Place: p.place, Request: locker.RequestID(m.id()), By: p.actor, Grant: p.grant,
	})
	return err
}

func (m *Machine) canReopen(p *panel) bool {
	if p.session == "" || p.place == "" || p.step == StepOpening || p.step == StepOpen || p.role == RoleStaff {
		return false
	}
	_, err := locker.Decide(m.state, locker.Reopen{
		Session: p.session, Place: p.place, Request: "?", By: p.actor, Grant: p.grant,
	}, m.at)
	return err == nil
}

// report records what the person says is wrong with the door at hand, for each of its parcels.
func (m *Machine) report(p *panel, problem locker.Problem) error {
	if p.place == "" {
		return errStep(p)
	}
	report := locker.ReportProblem{Session: p.session, Place: p.place, Problem: problem, By: p.actor}
	var reports []locker.Command
	if p.role == RoleResident {
		for _, id := range p.stays {
			one := report
			one.Stay = id
			reports = append(reports, one)
		}
	}
	if len(reports) == 0 {
		reports = append(reports, report)
	}
	if err := m.decide(nil, reports...); err != nil {
		return err
	}
	p.reported = problem
	if p.role == RoleResident && p.step == StepAskTaken {
		m.residentNext(p)
	}
	return nil
}

// doorShut takes the person's word that the door at hand is shut, where nobody sees it.
func (m *Machine) doorShut(p *panel) error {
	pl, ok := m.state.Directory.Place(p.place)
	if !ok || p.step != StepOpen || pl.Witness.SeesDoor() {
		return errStep(p)
	}
	err := m.decide(nil, locker.EndUnwatched{Request: p.request, By: p.actor})
	return err
}

func (m *Machine) back(p *panel) error {
	switch p.step {
	case StepCourierRecipient, StepCourierSize, StepCourierOptions:
		p.parcel, p.matches, p.options = parcelAtHand{}, nil, nil
		p.step = StepCourierReady
		return nil
	case StepStaffCode:
		p.issued, p.step = nil, StepStaffMenu
		return nil
	case StepFailed:
		switch p.role {
		case RoleStaff:
			p.step = StepStaffMenu
			return nil
		case RoleCourier:
			p.parcel, p.step = parcelAtHand{}, StepCourierReady
			return nil
		case RoleResident:
			m.residentNext(p)
			return nil
		case RoleNone:
		}
	case StepHome, StepOpening, StepOpen, StepAskTaken, StepAskStored, StepMore, StepDone,
		StepCourierReady, StepStaffMenu:
	}
	return errStep(p)
}

// limit is how long a turn lasts that nobody touches.
func (p *panel) limit() time.Duration {
	switch {
	case p.step == StepDone:
		return doneShown
	case p.role == RoleCourier:
		return courierLimit
	case p.role == RoleStaff:
		return staffLimit
	}
	return residentLimit
}

// tickPanels ends turns whose page died.
func (m *Machine) tickPanels() {
	for _, id := range m.panelIDs {
		p := m.panels[id]
		if p.session == "" {
			continue
		}
		if m.now.after(p.touched) > p.limit() {
			reason := "idle"
			if p.step == StepDone {
				reason = "done"
			}
			_ = m.endTurn(p, reason) // only says that the session is over already
		}
	}
}

// showPanels wakes whoever watches a panel that changed.
func (m *Machine) showPanels() {
	for _, id := range m.panelIDs {
		m.show(m.panels[id])
	}
}

// stale is how old a view may be that nothing but time can have changed.
const stale = time.Second

// fresh reports whether nothing can have changed what a panel shows since it was last looked at.
func (m *Machine) fresh(p *panel) bool {
	return p.version != 0 && p.rev == m.rev && (p.session == "" || m.at < p.shownAt.Add(stale))
}

func (m *Machine) show(p *panel) {
	if m.fresh(p) {
		return
	}
	p.rev, p.shownAt = m.rev, m.at
	if p.session != "" {
		m.duePanel(p)
	}
	t := m.view(p)
	t.Version, t.Now = p.version, p.shown.Now
	if p.version != 0 && t.equal(&p.shown) {
		p.shown.Now = m.at
		return
	}
	p.version++
	t.Version, t.Now = p.version, m.at
	p.shown = t
	m.out.Effects = append(m.out.Effects, PanelChanged{Panel: p.id})
}

// home is what a panel's home screen shows.
func (m *Machine) home(p *panel) Home {
	d := m.state.Directory
	bank := m.bankOf(p)
	h := Home{
		Site: d.Site.Name, Property: d.Site.Property, Bank: bank, Languages: d.Site.Languages,
		TimeZone: d.Site.TimeZone, Phone: d.Site.Phone, Mail: d.Site.Mail, PublicURL: d.Site.PublicURL,
		Online: m.online, Since: m.since, Now: m.at, Ready: len(d.PlaceIDs()) > 0,
		Auditing: m.auditing(),
	}
	if key := m.opts.ProofKey; !key.IsZero() && bank.ID != "" {
		proof := credential.NewProof(key, string(bank.ID), m.at.Time())
		h.Proof = Proof{Symbols: proof.Symbols, Text: proof.Text, Until: locker.At(proof.Until)}
	}
	return h
}

// auditing reports whether a compartment is still unverified since a new record began.
func (m *Machine) auditing() bool {
	if !m.state.Matter.Audit {
		return false
	}
	for _, p := range m.state.Matter.Places {
		if p.Doubt == "audit" {
			return true
		}
	}
	return false
}

package controller

import (
	"errors"
	"slices"

	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Wrong proofs that a site takes in a span: six symbols are one of 64 million.
const (
	proofLimit  = 10
	proofSpanMS = 60_000
)

// proofTries remembers the moments of the last wrong proofs.
type proofTries []int64

func (t *proofTries) spent(nowMS int64) bool {
	*t = slices.DeleteFunc(*t, func(at int64) bool { return nowMS-at >= proofSpanMS })
	return len(*t) >= proofLimit
}

// handleIntents answers each intent once, by a fact, whatever comes of it.
func (m *Machine) handleIntents(e IntentsArrived) {
	for _, in := range e.Expired {
		m.refuseIntent(in, locker.Errorf(locker.CodeIntentExpired, "intent %s came too late", in.ID))
	}
	for _, in := range e.Fresh {
		if _, answered := m.state.Matter.Answered[in.ID]; answered {
			continue
		}
		if err := m.intent(in); err != nil {
			m.refuseIntent(in, err)
		}
	}
}

func (m *Machine) refuseIntent(in wire.Intent, err error) {
	m.must(locker.AnswerIntent{Intent: in.ID, Reason: codeOf(err)})
}

// intent does what an intent asks. An error means that nothing but its refusal is recorded.
func (m *Machine) intent(in wire.Intent) error {
	by := locker.Actor{Kind: locker.ActorStaff, ID: string(in.Staff)}
	done := locker.AnswerIntent{Intent: in.ID, Done: true}
	annex := wire.Annex{}
	switch in.Kind {
	case wire.IntentOpen:
		return m.remoteOpen(in)
	case wire.IntentOpenStay:
		return m.phoneOpen(in, done)
	case wire.IntentReserve:
		id := in.Reservation
		if id == "" {
			id = locker.ReservationID(m.id())
		}
		return m.whole(nil, locker.Reserve{
			Intent: in.ID, Reservation: id, Place: in.Place, Size: in.Size, Unit: in.Unit, Courier: in.Courier,
			Until: in.Until, Expires: max(in.Expires, m.at+1), // the link judged it by the server's clock
		})
	case wire.IntentCancelReservation:
		return m.whole(nil, locker.EndReservation{Reservation: in.Reservation, Reason: "cancelled"}, done)
	case wire.IntentReissue:
		if _, err := m.newCode(in.Stay, by); err != nil {
			return err
		}
		return m.whole(nil, done)
	case wire.IntentSetService:
		if in.Bank != "" && in.Place == "" {
			return m.bankService(in.Bank, in.Out, by, in.Note, done)
		}
		return m.whole(annex, locker.SetService{
			Place: in.Place, Out: in.Out, By: by, Note: m.note(annex, in.Note),
		}, done)
	case wire.IntentVerify:
		return m.whole(nil, locker.Verify{Place: in.Place, Occupied: in.Occupied, By: by}, done)
	case wire.IntentAudit:
		labels := make([]locker.AnnexRef, 0, len(in.Labels))
		for _, l := range in.Labels {
			labels = append(labels, m.note(annex, l))
		}
		return m.whole(annex, locker.Audit{
			Place: in.Place, By: by, Seen: in.Stays, Found: in.Found, Strangers: in.Strangers, Labels: labels, Unseen: in.Unseen,
			Note: m.note(annex, in.Note),
		}, done)
	case wire.IntentReport:
		return m.phoneReport(in, done)
	case wire.IntentReboot:
		if err := m.whole(nil, done); err != nil {
			return err
		}
		m.out.Effects = append(m.out.Effects, Reboot{})
		return nil
	case wire.IntentDeposit:
		return m.counterDeposit(in, by, done)
	case wire.IntentHandOver:
		return m.whole(annex, locker.HandOver{
			Staff: in.Staff, Stays: in.Stays, To: m.note(annex, in.To), Taker: in.Taker, Signature: m.signature(annex, in.Signature),
		}, done)
	case wire.IntentUndo:
		return m.counterUndo(in, by, done)
	case wire.IntentClear:
		return m.counterClear(in, done)
	}
	return locker.Errorf(locker.CodeInputInvalid, "an intent of kind %q", string(in.Kind))
}

// whole records commands as one operation, or none of them: the first is the one that may be
// refused.
func (m *Machine) whole(annex wire.Annex, commands ...locker.Command) error {
	if _, err := locker.Decide(m.state, commands[0], m.at); err != nil {
		return err
	}
	err := m.decide(annex, commands...)
	return err
}

// remoteOpen opens a door because a remote message asks.
func (m *Machine) remoteOpen(in wire.Intent) error {
	if err := m.remoteAllowed(); err != nil {
		return err
	}
	annex := wire.Annex{}
	return m.whole(annex, locker.RemoteOpen{
		Intent: in.ID, Place: in.Place, Staff: in.Staff, Request: locker.RequestID(m.id()),
		Note: m.note(annex, in.Note), Expires: max(in.Expires, m.at+1),
	})
}

func (m *Machine) remoteQueued() int {
	n := 0
	for _, x := range m.openings {
		if !x.sent && x.cause == locker.CauseRemote {
			n++
		}
	}
	return n
}

// phoneOpen opens a door for a phone that shows what a kiosk of the door's bank shows now.
func (m *Machine) phoneOpen(in wire.Intent, done locker.AnswerIntent) error {
	st := m.state.Matter.Stays[in.Stay]
	if st == nil {
		return locker.Errorf(locker.CodeStayUnknown, "no stay %s", in.Stay)
	}
	if g := m.state.Directory.Grants[in.Grant]; in.Grant != "" && (g.From != 0 || g.Until != 0) && m.state.Matter.Clock {
		return locker.Errorf(locker.CodeClockUntrusted, "the site's clock cannot be trusted: passes with times wait")
	}
	recipient, _ := m.state.Holder(st)
	if in.Recipient != "" && in.Recipient != recipient {
		return locker.Errorf(locker.CodeStayRevoked, "stay %s was made somebody else's", in.Stay)
	}
	place, err := m.proved(st, in)
	if err != nil {
		return err
	}
	by := locker.Actor{Kind: locker.ActorRecipient, ID: string(recipient)}
	if in.Grant != "" {
		by = locker.Actor{Kind: locker.ActorDelegate, ID: string(in.Grant)}
	}
	return m.whole(nil, locker.Collect{
		Session: locker.SessionID(in.ID), Stay: in.Stay, Grant: in.Grant, Place: place,
		Request: locker.RequestID(m.id()), By: by, Cause: locker.CausePhone,
	}, done)
}

// phoneReport records what the holder of a parcel says from afar. Nothing opens by it.
func (m *Machine) phoneReport(in wire.Intent, done locker.AnswerIntent) error {
	st := m.state.Matter.Stays[in.Stay]
	if st == nil {
		return locker.Errorf(locker.CodeStayUnknown, "no stay %s", in.Stay)
	}
	recipient, _ := m.state.Holder(st)
	if in.Recipient != recipient {
		return locker.Errorf(locker.CodeStayRevoked, "stay %s was made somebody else's", in.Stay)
	}
	switch in.Problem {
	case locker.ProblemTooHigh, locker.ProblemEmpty, locker.ProblemNotMine, locker.ProblemDamaged,
		locker.ProblemDidNotOpen, locker.ProblemWontClose:
	default:
		return locker.Errorf(locker.CodeInputInvalid, "no problem %q", string(in.Problem))
	}
	by := locker.Actor{Kind: locker.ActorRecipient, ID: string(recipient)}
	return m.whole(nil, locker.ReportProblem{Stay: st.ID, Place: st.Place, Problem: in.Problem, By: by}, done)
}

// proved finds the door to open at the bank whose proof the phone sent.
func (m *Machine) proved(st *locker.Stay, in wire.Intent) (locker.PlaceID, error) {
	if m.proofs.spent(m.now.MonoMS) {
		return "", locker.Errorf(locker.CodeRateLimited, "too many wrong proofs")
	}
	key := m.opts.ProofKey
	found := m.state.Collectable(st)
	for _, candidate := range found {
		pl, ok := m.state.Directory.Place(candidate.Place)
		if !ok || pl.Kind != locker.PlaceCompartment || in.Place != "" && in.Place != pl.ID ||
			m.state.Matter.PlaceState(pl.ID).Request != "" {
			continue
		}
		if credential.VerifyProof(key, string(pl.Bank), in.Proof, m.at.Time()) {
			return pl.ID, nil
		}
	}
	for _, b := range m.state.Directory.Layout.Banks {
		if credential.VerifyProof(key, string(b.ID), in.Proof, m.at.Time()) {
			return m.unopened(found, in.Place, b.ID)
		}
	}
	m.proofs = append(m.proofs, m.now.MonoMS)
	return "", locker.Errorf(locker.CodeProofWrong, "this is not what the kiosk shows now")
}

// unopened returns the door that the rules shall say of why it does not open, for a phone that stands
// at a bank: never a door of another bank, where nobody was proved to stand.
func (m *Machine) unopened(found []*locker.Stay, wish locker.PlaceID, at locker.BankID) (locker.PlaceID, error) {
	pl, _ := m.state.Directory.Place(wish)
	if len(found) == 0 || pl.Bank == at {
		return wish, nil
	}
	for _, st := range found {
		if pl, _ := m.state.Directory.Place(st.Place); wish == "" && pl.Bank == at {
			return pl.ID, nil
		}
	}
	return "", locker.Errorf(locker.CodeProofWrong, "this is what the kiosk of another bank shows")
}

// codeOf returns the code of an error of the rules, and CodeInternal for any other.
func codeOf(err error) locker.Code {
	if e, ok := errors.AsType[*locker.Error](err); ok {
		return e.Code
	}
	return locker.CodeInternal
}

package controller

import (
	"slices"
	"time"

	"cubby/board"
	"cubby/internal/controller/governor"
	"cubby/internal/locker"
)

const (
	// retrySpan is within which a door is tried locker.MaxAttempts times.
	retrySpan = 10 * time.Second
	// leastWatch is how long a door is watched after its pulse at least, however late the board was.
	leastWatch = time.Second
	// queueLimit is how long a pulse may wait for its turn: nothing opens late.
	queueLimit = 30 * time.Second
)

// openings are the requests that wait for their door, in the order in which they were asked.
type openings []*opening

// opening is a request on its way: it waits for the governor, its pulse is in flight, or its door is
// watched.
type opening struct {
	request  locker.RequestID
	place    locker.Place
	cause    locker.Cause
	attempt  int
	first    int64 // moment of the first request of the series
	asked    int64 // moment of this request
	sent     bool  // the pulse is in flight, or done
	sentAt   int64
	done     bool // the board has answered, or not
	doneAt   int64
	silent   bool // the board did not answer the pulse
	deadline int64
}

func (o openings) find(id locker.RequestID) *opening {
	for _, x := range o {
		if x.request == id {
			return x
		}
	}
	return nil
}

// followOpening follows the requests through their facts.
func (m *Machine) followOpening(f locker.Fact) {
	switch f := f.(type) {
	case locker.OpenRequested:
		p, ok := m.state.Directory.Place(f.Place)
		if !ok {
			return
		}
		x := &opening{
			request: f.Request, place: p, cause: f.Cause, attempt: f.Attempt,
			first: m.now.MonoMS, asked: m.now.MonoMS,
		}
		if f.Retries != "" {
			for _, old := range m.openings {
				if old.place.ID == f.Place {
					x.first = old.first
				}
			}
		}
		m.openings = append(m.openings, x)
	case locker.DoorOpened:
		m.endOpening(f.Request)
	case locker.DoorClosed:
		m.endOpening(f.Request)
	case locker.OpenUnconfirmed:
		m.endOpening(f.Request)
	}
}

// endOpening forgets a request. A pulse in flight still ends in Pulsed, for the governor.
func (m *Machine) endOpening(id locker.RequestID) {
	m.openings = slices.DeleteFunc(m.openings, func(x *opening) bool {
		return x.request == id && (!x.sent || x.done)
	})
}

// over reports whether a request has ended although its pulse is still in flight.
func (m *Machine) over(x *opening) bool {
	r := m.state.Matter.Requests[x.request]
	return r == nil || r.Opened
}

// pump gives the bus every pulse that the governor lets through now, in the order of the requests.
func (m *Machine) pump() {
	if len(m.openings) == 0 {
		return
	}
	service := m.state.Matter.Service > m.at
	for _, x := range slices.Clone(m.openings) {
		if x.sent {
			continue
		}
		o := x.place.Compartment.Output
		if !m.driven(o.Bus) || m.now.after(x.asked) > queueLimit {
			m.fail(x, "silent", true)
			continue
		}
		switch m.governor.Take(x.place.Bank, x.cause, service, m.now.MonoMS) {
		case governor.RulingGo:
			x.sent, x.sentAt = true, m.now.MonoMS
			m.out.Effects = append(m.out.Effects, Pulse{Request: x.request, Output: o})
		case governor.RulingRefuse:
			m.fail(x, "governor", true)
		case governor.RulingWait:
			m.dueAt(m.now.MonoMS + dueGap.Milliseconds())
		}
	}
}

// pulsed takes the board's answer to a pulse.
func (m *Machine) pulsed(e Pulsed) {
	x := m.openings.find(e.Request)
	if x == nil || !x.sent || x.done {
		return
	}
	m.governor.End(x.place.Bank, m.now.MonoMS)
	x.done, x.doneAt = true, m.now.MonoMS
	x.silent = e.Result == PulseSilent || e.Result == PulseLost
	x.deadline = max(x.sentAt+m.patience(x).Milliseconds(), m.now.MonoMS+leastWatch.Milliseconds())
	m.dueAt(x.deadline)
	if m.over(x) {
		m.endOpening(x.request)
		return
	}
	switch e.Result {
	case PulseRange:
		m.must(locker.RaiseFault{Fault: locker.FaultLayout, Place: x.place.ID})
		m.fail(x, "refused", true)
	case PulseRefused:
		m.fail(x, "refused", x.attempt >= locker.MaxAttempts)
	case PulseSent, PulseSilent, PulseLost:
		switch {
		case x.place.Witness.SeesDoor():
		case x.silent:
			m.fail(x, "silent", true)
		default:
			m.must(locker.Unwatched{Request: x.request})
		}
	}
}

// patience is how long one attempt may take from its pulse: a third of retrySpan, and for the last
// one what is left of the policy's time to open.
func (m *Machine) patience(x *opening) time.Duration {
	whole := seconds(m.state.Directory.Policy.OpenSeconds)
	part := min(whole, retrySpan) / locker.MaxAttempts
	if x.attempt < locker.MaxAttempts {
		return part
	}
	return max(whole-time.Duration(x.sentAt-x.first)*time.Millisecond, part)
}

// tickOpenings ends attempts whose time is over. Only a reading from after the pulse says that a
// door is still shut; without one the board is silent.
func (m *Machine) tickOpenings() {
	for _, x := range slices.Clone(m.openings) {
		if !x.done || m.now.MonoMS < x.deadline {
			continue
		}
		if m.over(x) {
			m.endOpening(x.request)
			continue
		}
		ref := refOf(x.place.Compartment.Output)
		b := m.health(ref)
		whole := seconds(m.state.Directory.Policy.OpenSeconds)
		switch {
		case b.pending(x.place.Compartment.Output.Channel) && m.now.after(x.first) < whole:
			m.out.Effects = append(m.out.Effects, Read{Bus: ref.Bus, Board: ref.Board}) // it moves right now: look again
		case b.answered && b.readAt > x.doneAt:
			m.fail(x, "not_opened", x.attempt >= locker.MaxAttempts)
		case m.now.after(x.first) >= whole:
			m.fail(x, "silent", true)
		}
	}
}

// fail ends an attempt, and begins the next one unless it was the last.
func (m *Machine) fail(x *opening, reason string, final bool) {
	m.must(locker.FailOpen{Request: x.request, Reason: reason, Final: final})
	if !final {
		m.must(locker.Retry{Of: x.request, Request: locker.RequestID(m.id())})
	}
	m.openings = slices.DeleteFunc(m.openings, func(y *opening) bool { return y == x })
}

// tickDoors raises doors that stand open for too long, and ends what no sensor ends.
func (m *Machine) tickDoors() {
	ajar := seconds(m.state.Directory.Policy.AjarSeconds)
	for _, id := range m.state.Directory.PlaceIDs() {
		ps := m.state.Matter.Places[id]
		if ps == nil || ps.DoorSince == 0 || m.at < ps.DoorSince.Add(ajar) {
			continue
		}
		if ps.Door == locker.DoorAjar {
			m.must(locker.RaiseFault{Fault: locker.FaultAjar, Place: id})
		}
		if ps.Request == "" {
			continue
		}
		if p, _ := m.state.Directory.Place(id); !p.Witness.SeesDoor() {
			m.must(locker.EndUnwatched{Request: ps.Request, By: locker.Actor{Kind: locker.ActorSite}})
		}
	}
}

// recallPulses tells the governor what the record says of the time before a restart. Moments of
// another boot cannot be compared, so all that is remembered counts as if it were now: the server has a
// say in the site's time, and with a wrong time and a restart it could have had the limit anew each minute.
func (m *Machine) recallPulses() {
	remote := len(m.recall)
	var banks []locker.BankID
	for _, b := range m.state.Directory.Layout.Banks {
		banks = append(banks, b.ID)
	}
	m.governor = governor.Governor{}
	m.governor.Recall(remote, banks, m.now.MonoMS)
}

// Busy reports whether something is under way that needs a Ticked soon: an opening, or a door that
// is open.
func (m *Machine) Busy() bool { return len(m.openings) > 0 }

// watch says which boards have doors that are about to move.
func (m *Machine) watch() {
	if len(m.openings) == 0 && len(m.state.Matter.Requests) == 0 && len(m.watched) == 0 {
		return
	}
	var refs []BoardRef
	add := func(id locker.PlaceID) {
		p, ok := m.state.Directory.Place(id)
		ref := refOf(p.Compartment.Output)
		if ok && p.Kind == locker.PlaceCompartment && m.driven(ref.Bus) && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	for _, x := range m.openings {
		add(x.place.ID)
	}
	for _, r := range m.state.Matter.Open() {
		add(r.Place)
	}
	if !slices.Equal(refs, m.watched) {
		m.watched = refs
		m.out.Effects = append(m.out.Effects, Watching{Boards: refs})
	}
}

func refOf(o locker.Output) BoardRef { return BoardRef{Bus: o.Bus, Board: board.Address(o.Board)} }

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

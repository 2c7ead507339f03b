package sim

import (
	"slices"
	"time"

	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/sim/oracle"
)

// believe tells the oracle what both halves believe.
func (s *site) believe() {
	if s.m == nil {
		return
	}
	w, m := s.w, s.m.State().Matter
	w.tell(oracle.Counted{Head: w.head(s), Who: "controller", Live: len(m.Live())})
	for _, d := range s.wall.doors {
		ps := m.PlaceState(d.place)
		w.tell(oracle.Believed{
			Head: w.head(s), Place: string(d.place), Stays: len(m.LiveIn(d.place)), Doubted: ps.Doubt != "",
			Busy: ps.Request != "" || ps.Door == locker.DoorAjar || s.attended(d), Plain: s.plain(),
		})
	}
}

// plain reports whether nothing can have come between what people do and what the site sees of it.
func (s *site) plain() bool {
	return !slices.ContainsFunc([]Fault{
		FaultPower, FaultFsync, FaultFull, FaultLie, FaultTorn, FaultBlank, FaultStuck, FaultSensor, FaultNoise, FaultPeople, FaultForce, FaultHostile,
	}, s.w.faults.on)
}

// heal ends everything that is wrong with a site.
func (s *site) heal() {
	s.disk.full, s.disk.mark, s.skew = false, nil, 0
	s.link.cut, s.link.half = false, false
	clear(s.wall.silent)
	for _, d := range s.wall.doors {
		d.jammed, d.liesTo, d.blind = 0, 0, 0
	}
	if s.m == nil { // it comes back by itself, but now
		s.w.after(0, func() {
			if s.m == nil {
				s.start()
			}
		})
	}
	s.w.after(time.Second, func() {
		s.link.changed()
		s.link.wake(0)
		for _, ref := range s.wall.boards() {
			s.look(ref, 0)
		}
	})
}

// compare tells the oracle both halves' state at a moment when nothing is on its way, or after a minute
// as it is.
func (s *site) compare() {
	w, b := s.w, s.w.server.sites[s.id]
	quiet := s.m != nil && b.at == s.m.Position() && s.store.ack.Rev == b.rev
	if !quiet && w.now < w.healed+59_000 {
		s.link.wake(0)
		w.after(200*time.Millisecond, s.compare)
		return
	}
	if s.m == nil { // nothing is wrong any more, and it does not come back
		w.tell(oracle.Compared{Head: w.head(s), Healed: w.healed, Controller: "off", Server: b.at.String()})
		return
	}
	if s.broken { // the server remembers what the record lost: a person looks. All since then must have arrived
		w.tell(oracle.Compared{Head: w.head(s), Healed: w.healed, Controller: s.m.Position().String(), Server: b.at.String()})
		return
	}
	mine, err := hashOf(s.m.State().Matter)
	w.fail(err)
	theirs, err := hashOf(b.state.Matter)
	w.fail(err)
	w.tell(oracle.Compared{Head: w.head(s), Healed: w.healed, Controller: mine, Server: theirs})
	w.tell(oracle.Counted{Head: w.head(s), Who: "server", Live: len(b.state.Matter.Live())})
}

// audit reads the whole record at the end of a run, and tries to forge it.
func (s *site) audit() {
	w := s.w
	s.believe()
	w.tell(oracle.DayPassed{Head: w.head(s)})
	for _, m := range append(slices.Clone(s.sealed), s.disk.Memory) {
		s.reread(m)
	}
	live, left := 0, 0
	if s.m != nil {
		live = len(s.m.State().Matter.Live())
	}
	for _, d := range s.wall.doors {
		for _, x := range d.inside {
			if !x.unseen {
				left++
			}
		}
	}
	w.server.closeBooks(s)
	w.tell(oracle.Drained{Head: w.head(s), Live: live, Left: left})
}

// reread tells the oracle a whole journal, and tries to forge it.
func (s *site) reread(m *journal.Memory) {
	w := s.w
	epochs, err := m.Epochs(w.ctx)
	w.fail(err)
	for _, e := range epochs {
		records, err := m.Read(w.ctx, e.Number, 1, int(e.Tip.Size))
		if err != nil {
			w.fail(err)
			return
		}
		for _, r := range records {
			w.tell(oracle.Record{
				Head: w.head(s), Epoch: r.Epoch, Number: r.Number, Body: r.Body, Chain: r.Chain, Prev: journal.HashHead(e.Prev),
			})
		}
		heads, err := m.Heads(w.ctx, e.Number)
		w.fail(err)
		s.forge(e, records, heads)
		w.hash.Write(e.Tip.Chain[:])
	}
}

// forge changes copies of the last records and has the production's verifier look at them.
func (s *site) forge(e journal.Epoch, records []journal.Record, heads []journal.Head) {
	const tail = 400 // the verifier reads a copy of everything before them only once
	w := s.w
	if len(records) < 3 || len(records) > 40*tail {
		return
	}
	for _, what := range []string{"flip", "remove", "insert", "swap", "cut"} {
		n := 1 + w.rand.IntN(len(records)-1) // index of the change
		forged := forgery(records, what, n)
		report, err := journal.VerifyRecords(string(s.id), e, heads, stream(forged), journal.VerifyOptions{})
		w.fail(err)
		named := uint64(0)
		if report.Fault != nil {
			named = report.Fault.Number
		}
		number := uint64(n) + 1
		if what == "insert" { // the copy bears the number before
			number--
		}
		w.tell(oracle.Tampered{
			Head: w.head(s), What: what, Number: number, Found: report.Fault != nil, Named: named,
			NamesExactly: what != "cut",
		})
	}
}

// forgery returns a changed copy of records; the first change is at index n.
func forgery(records []journal.Record, what string, n int) []journal.Record {
	forged := slices.Clone(records)
	switch what {
	case "flip":
		body := slices.Clone(forged[n].Body)
		body[len(body)/2] ^= 1
		forged[n].Body = body
	case "remove":
		forged = slices.Delete(forged, n, n+1)
	case "insert":
		forged = slices.Insert(forged, n, forged[n-1])
	case "swap":
		if n+1 == len(forged) {
			forged[n].Body = forged[n-1].Body
			return forged
		}
		forged[n], forged[n+1] = forged[n+1], forged[n]
	case "cut":
		forged = forged[:n]
	}
	return forged
}

func stream(records []journal.Record) func(yield func(journal.Record, error) bool) {
	return func(yield func(journal.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

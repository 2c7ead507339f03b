package sim

import (
	"slices"
	"time"

	"cubby/internal/controller"
	"cubby/internal/locker"
	"cubby/internal/sim/oracle"
	"cubby/internal/wire"
)

const (
	uploadLimit = 128             // operations in one message
	answerWait  = 5 * time.Second // then the site asks again
	longestWait = time.Minute     // between two tries on a bad link
	beatEvery   = time.Hour       // production beats every few seconds; news wake the link in between
	// statusEvery is how often a site speaks of its health; production does each minute.
	statusEvery = 15 * time.Minute
	capturedFor = 20 // old messages that somebody kept
)

// line is the link of one site: it carries the production's encoded messages and loses, repeats,
// delays and reorders them. Its session is a model: ask, answer, ask again.
type line struct {
	site *site
	// session counts the connections: what was under way in an earlier one is gone, except what somebody
	// kept and sends again.
	session int
	known   bool // the server said in this session what it has
	cut     bool // a partition
	half    bool // only answers are lost
	gen     int  // of the wish to talk
	soon    int64
	wait    time.Duration
	asked   int // exchanges that were begun
	heard   int // the last one that was answered

	serverAt int64 // the server's clock, as last told, and when by the site's monotonic clock
	heardAt  int64
	statusAt int64    // when the site last spoke of its health
	captured [][]byte // requests that somebody kept, to send them again
}

func newLine(s *site) *line { return &line{site: s, wait: 2 * time.Second} }

// up reports whether the site believes that the link is up.
func (l *line) up() bool { return !l.cut && !l.half && !l.site.w.server.down }

func (l *line) live() {
	w := l.site.w
	l.beat()
	w.every(FaultPartition, 12*day, func() {
		long := w.expo(8 * time.Hour)
		if w.chance(0.1) {
			long = w.between(day, 30*day)
		}
		l.half = w.chance(0.3)
		l.cut = !l.half
		l.changed()
		w.trace("%s  the link is cut for %s (half open: %t)", l.site.id, long, l.half)
		w.after(long, func() {
			l.cut, l.half = false, false
			l.changed()
			l.wake(time.Second)
		})
	})
	w.every(FaultRepeat, 4*time.Hour, func() {
		if len(l.captured) > 0 {
			l.carry(l.captured[w.rand.IntN(len(l.captured))], w.server.receive)
		}
	})
	l.changed()
}

// changed tells everybody that the link went up or down. The oracle holds the bounds of time only on a
// link that passes all messages at once.
func (l *line) changed() {
	l.renew()
	l.told()
	if v := l.site.w.server; v.real != nil && !v.down {
		v.real.Present(l.site.w.ctx, l.site.id, l.up() && l.site.m != nil)
	}
	if l.site.m != nil {
		_, _ = l.site.ask(controller.LinkChanged{Online: l.up()}) // nobody waits
	}
}

// renew begins another session.
func (l *line) renew() {
	l.session++
	l.known, l.serverAt = false, 0
}

// told tells the oracle whether messages pass.
func (l *line) told() {
	w := l.site.w
	clean := !w.faults.on(FaultLoss) && !w.faults.on(FaultDelay) && !w.faults.on(FaultServer)
	w.tell(oracle.Online{Head: w.head(l.site), Up: l.up() && l.site.m != nil && (clean || w.healing)})
}

func (l *line) beat() {
	l.site.w.after(beatEvery, func() {
		l.wake(0)
		l.beat()
	})
}

// wake has the site talk soon.
func (l *line) wake(in time.Duration) {
	at := l.site.w.now + in.Milliseconds()
	if l.soon > l.site.w.now && l.soon <= at {
		return
	}
	l.gen++
	gen := l.gen
	l.soon = at
	l.site.w.after(in, func() {
		if gen == l.gen {
			l.exchange()
		}
	})
}

// exchange sends what waits and asks for news.
func (l *line) exchange() {
	s, w := l.site, l.site.w
	if s.m == nil || l.cut {
		return
	}
	messages := []wire.Message{s.store.ack, wire.Beat{Seq: uint64(l.asked)}}
	var items []wire.Upload
	if l.known { // the first answer says what the server has
		var err error
		if items, err = s.pending(uploadLimit); err != nil {
			s.crash(err.Error())
			return
		}
	}
	if len(items) > 0 {
		messages = append(messages, wire.UploadBatch{Items: items})
		w.trace("%s  says to the server: records %s to %s", s.id, items[0].Position, items[len(items)-1].Position)
	}
	if w.server.real != nil && w.now >= l.statusAt+statusEvery.Milliseconds() {
		l.statusAt = w.now
		reply, ok := s.ask(controller.StatusAsked{})
		if !ok {
			return
		}
		if status, ok := reply.Value.(wire.Status); ok {
			messages = append(messages, status)
		}
	}
	body, err := wire.EncodeFrames(messages...)
	if err != nil {
		w.fail(err)
		return
	}
	l.asked++
	asked := l.asked
	l.captured = append(l.captured, body)
	if len(l.captured) > capturedFor {
		l.captured = slices.Delete(l.captured, 0, 1)
	}
	l.carry(body, w.server.receive)
	w.after(answerWait, func() {
		if l.heard < asked && l.asked == asked {
			l.wait = min(2*l.wait, longestWait)
			l.wake(l.wait)
		}
	})
}

// carry brings a message to the other half, or not.
func (l *line) carry(body []byte, to func(*site, []byte)) {
	w := l.site.w
	if w.hits(FaultLoss, 0.3) {
		w.trace("%s  a message of %d bytes is lost", l.site.id, len(body))
		return
	}
	session := l.session
	copies := 1
	if w.hits(FaultRepeat, 0.2) {
		copies += 1 + w.rand.IntN(3)
	}
	for range copies {
		late := w.between(20*time.Millisecond, 200*time.Millisecond)
		if w.hits(FaultDelay, 0.2) {
			late = w.expo(2 * time.Minute)
		}
		w.after(late, func() {
			if !l.cut && session == l.session {
				to(l.site, body)
			}
		})
	}
}

// pending returns operations that the server has not acknowledged.
func (s *site) pending(limit int) ([]wire.Upload, error) {
	if s.store.acked == s.m.Position() {
		return nil, nil
	}
	epochs, err := s.log.Epochs(s.w.ctx)
	if err != nil {
		return nil, err
	}
	if len(epochs) == 0 {
		return nil, nil
	}
	items, err := s.past(limit, epochs[0].Number)
	if err != nil {
		return nil, err
	}
	for _, e := range epochs {
		from := uint64(1)
		switch {
		case e.Number < s.store.acked.Epoch:
			continue
		case e.Number == s.store.acked.Epoch:
			from = s.store.acked.Number + 1
		}
		records, err := s.log.Read(s.w.ctx, e.Number, from, limit-len(items))
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			items = append(items, wire.Upload{
				Position: wire.Position{Epoch: r.Epoch, Number: r.Number}, Op: r.Body, Annex: r.Annex,
			})
		}
	}
	return items[:wire.FitUploads(items)], nil
}

// receive takes the server's answer.
func (s *site) receive(_ *site, body []byte) {
	if s.m == nil || s.link.half {
		return
	}
	messages, err := wire.DecodeFrames(body)
	if err != nil {
		s.w.fail(err)
		return
	}
	s.link.heard, s.link.wait = s.link.asked, 2*time.Second
	more := false
	for _, m := range messages {
		switch m := m.(type) {
		case wire.Ack:
			more = s.acknowledged(m) || more
		case wire.DirectoryBatch:
			s.applyDirectory(m)
			more = more || m.More
		case wire.Intents:
			s.takeIntents(m)
		}
		if s.m == nil {
			return
		}
	}
	if more {
		s.link.wake(50 * time.Millisecond)
	}
}

// acknowledged takes what the server has, and reports whether more waits for it. The first answer of a
// session counts even when it says less than before: the server may have come back with an older state.
func (s *site) acknowledged(m wire.Ack) bool {
	if s.behind(m.Position) {
		return false
	}
	l := s.link
	if !l.known || m.Position.Compare(s.store.acked) > 0 {
		if m.Position.Compare(s.store.acked) < 0 {
			s.w.counters["sent again to an older server"]++
		}
		s.store.acked, l.known = m.Position, true
	}
	s.w.trace("%s  server has up to %s", s.id, m.Position)
	s.serverClock(int64(m.ServerTime))
	return s.m != nil && s.store.acked.Compare(s.m.Position()) < 0
}

// serverClock takes the server's time. A late message tells an old one, which the newest known outdoes.
func (s *site) serverClock(at int64) {
	l, mono := s.link, s.instant().MonoMS
	if known := l.serverAt + mono - l.heardAt; l.serverAt != 0 && at < known-2_000 && mono >= l.heardAt {
		return
	}
	if s.w.now+s.w.server.sites[s.id].lie-at > 2_000 { // too uncertain, as the link measures it by the way there and back
		return
	}
	l.serverAt, l.heardAt = at, mono
	_, _ = s.ask(controller.ServerTime{At: locker.Millis(at)}) // nobody waits
}

func (s *site) applyDirectory(b wire.DirectoryBatch) {
	if !s.store.apply(b) {
		s.w.counters["directory out of order"]++
		return
	}
	if _, ok := s.ask(controller.DirectoryChanged{Changes: b.Changes, Rev: b.To}); ok {
		s.w.tell(oracle.Applied{Head: s.w.head(s), Rev: b.To})
		s.w.trace("%s  directory up to %d", s.id, b.To)
	}
}

// takeIntents sorts intents by the server's clock, as the link does, and hands them over.
func (s *site) takeIntents(m wire.Intents) {
	now := max(int64(m.ServerTime), s.link.serverAt+s.instant().MonoMS-s.link.heardAt)
	ev := controller.IntentsArrived{}
	for _, in := range m.Items {
		if in.ExpiredAt(locker.Millis(now)) {
			ev.Expired = append(ev.Expired, in)
			continue
		}
		ev.Fresh = append(ev.Fresh, in)
	}
	_, _ = s.ask(ev) // its answers are facts
}

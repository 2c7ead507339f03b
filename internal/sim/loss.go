package sim

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"cubby/internal/controller"
	"cubby/internal/journal"
	"cubby/internal/sim/oracle"
	"cubby/internal/wire"
)

// A disk does not always keep what it said was durable. Three things happen here: a disk lies for a while and
// forgets it all when the power goes; a file is found torn and is sealed; a computer is replaced by a blank one.

// promise is where a disk really stands while it lies.
type promise struct {
	at       int64 // since when it lies
	memory   journal.Mark
	snapshot []byte
	acked    wire.Position
}

// lie has the disk say that things are durable which are not, until the power goes.
func (s *site) lie() {
	w := s.w
	if s.m == nil || s.disk.mark != nil {
		return
	}
	s.disk.mark = &promise{at: w.now, memory: s.disk.Mark(), snapshot: s.store.snapshot, acked: s.store.acked}
	w.tell(oracle.DiskLies{Head: w.head(s)})
	w.trace("%s  the disk begins to lie", s.id)
	w.after(w.between(time.Second, 20*time.Minute), func() {
		if w.healing {
			s.disk.mark = nil // it got everything written after all
			return
		}
		if s.m != nil {
			s.crash("the power went, and the disk had lied")
		}
		s.forget()
	})
}

// forget is what a disk that lied has lost once the power was off.
func (s *site) forget() {
	w, p := s.w, s.disk.mark
	if p == nil || s.m != nil {
		return
	}
	s.disk.mark = nil
	// What was on its way dies with the connection: see DESIGN.md, limits.
	s.link.renew()
	s.link.captured = nil
	s.disk.Return(p.memory)
	s.store.snapshot = p.snapshot
	if w.chance(0.5) { // another file, which may have got further
		s.store.acked = p.acked
	}
	s.broken = true
	s.wall.overlook(p.at)
	w.counters["records lost by a lying disk"]++
	epoch, number := s.disk.end()
	w.tell(oracle.Lost{Head: w.head(s), Epoch: epoch, Number: number})
	w.trace("%s  the disk ends at record %d/%d", s.id, epoch, number)
}

// end returns the last record of a disk.
func (d *disk) end() (epoch, number uint64) {
	epochs, err := d.Epochs(d.site.w.ctx)
	d.site.w.fail(err)
	if len(epochs) == 0 {
		return 0, 0
	}
	last := epochs[len(epochs)-1]
	return last.Number, last.Tip.Size
}

// seal puts the journal aside and begins another above every epoch that is known to have been used.
func (s *site) seal(why string, least uint64) {
	w := s.w
	if s.disk.mark != nil {
		s.forget()
	}
	epochs, err := s.disk.Epochs(w.ctx)
	w.fail(err)
	for _, e := range slices.Backward(epochs) {
		least = max(least, e.Number)
		heads, err := s.disk.Heads(w.ctx, e.Number)
		w.fail(err)
		if len(heads) > 0 {
			s.prev = heads[len(heads)-1].Note
			break
		}
	}
	s.sealed = append(s.sealed, s.disk.Memory)
	s.disk.Memory = journal.NewMemory()
	s.used, s.why, s.sealedAt = least, "sealed journal: "+why, w.now
	w.counters["sealed"]++
	w.trace("%s  the journal is sealed: %s", s.id, why)
}

// torn has the next start find the journal damaged; its records can still be read.
func (s *site) torn() {
	if s.m == nil || s.w.healing {
		return
	}
	s.crash("the power went, and tore the journal")
	s.seal("its end says something else than its records", 0)
}

// sealAgainAfter is the specification's bound on two controllers that seal each other's journals.
const sealAgainAfter = 24 * time.Hour

// behind is what production does when the server has more than the journal: the run ends and the next
// one seals it. It reports whether it did.
func (s *site) behind(server wire.Position) bool {
	epoch, number := s.disk.end()
	if s.m == nil || !controller.Behind(wire.Position{Epoch: epoch, Number: number}, server) {
		return false
	}
	s.w.counters["behind the server"]++
	if s.sealedAt != 0 && s.w.now-s.sealedAt < sealAgainAfter.Milliseconds() {
		return false
	}
	s.broken = true
	s.crash(controller.ErrBehind.Error())
	s.seal("the server has more", server.Epoch)
	return true
}

// replace puts a blank computer in the place of the controller.
func (s *site) replace() {
	w := s.w
	if s.m == nil || w.healing {
		return
	}
	s.crash("the computer is gone")
	s.starts++ // what the crash would start again is not there any more
	s.disk.Memory, s.disk.mark, s.sealed = journal.NewMemory(), nil, nil
	s.used, s.why, s.prev, s.sealedAt, s.broken = 0, "", nil, 0, true
	s.spare++
	seed := sha256.Sum256(fmt.Appendf(nil, "computer %d of %s of seed %d", s.spare, s.id, w.opts.Seed))
	s.key = ed25519.NewKeyFromSeed(seed[:])
	s.wall.overlook(0)
	w.counters["replaced"]++
	w.tell(oracle.Replaced{Head: w.head(s)})
	starts := s.starts
	s.store = replica{}
	w.after(w.between(10*time.Minute, 20*time.Hour), func() {
		if s.starts == starts {
			s.start()
		}
	})
}

// recall folds what sealed journals say into a fresh machine, as a start in production does.
func (s *site) recall(m *controller.Machine) error {
	for _, old := range s.sealed {
		records, err := s.everything(old)
		if err != nil {
			return err
		}
		for _, r := range records {
			op, err := wire.DecodeOperation(r.Body)
			if err != nil {
				return fmt.Errorf("recall record %d/%d: %w", r.Epoch, r.Number, err)
			}
			m.Replay(op)
		}
	}
	return nil
}

// past returns what the server has not got of sealed journals.
func (s *site) past(limit int, first uint64) ([]wire.Upload, error) {
	var items []wire.Upload
	if s.store.acked.Epoch >= first {
		return nil, nil
	}
	for _, old := range s.sealed {
		records, err := s.everything(old)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			at := wire.Position{Epoch: r.Epoch, Number: r.Number}
			if len(items) < limit && r.Epoch < first && at.Compare(s.store.acked) > 0 {
				items = append(items, wire.Upload{Position: at, Op: r.Body, Annex: r.Annex})
			}
		}
	}
	return items, nil
}

func (s *site) everything(old *journal.Memory) ([]journal.Record, error) {
	epochs, err := old.Epochs(s.w.ctx)
	if err != nil {
		return nil, err
	}
	var all []journal.Record
	for _, e := range epochs {
		records, err := old.Read(s.w.ctx, e.Number, 1, int(e.Tip.Size))
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
	}
	return all, nil
}

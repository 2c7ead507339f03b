package sim

import (
	"context"
	"errors"

	"cubby/internal/journal"
	"cubby/internal/wire"
)

// errPower and errDisk are how a simulated disk fails.
var (
	errPower = errors.New("the power went")
	errDisk  = errors.New("input/output error")
)

// disk is a journal's storage that fails, and that tells the oracle what became durable.
type disk struct {
	*journal.Memory
	site *site
	full bool
	dead bool     // until the next start: the power is off
	mark *promise // where it really stands while it lies; nil: it keeps what it says
}

var _ journal.Storage = (*disk)(nil)

// Commit implements journal.Storage. The power may go before the change is durable, or right after.
func (d *disk) Commit(ctx context.Context, change journal.Change) error {
	w := d.site.w
	switch {
	case d.dead:
		return errPower
	case change.Append == nil:
		return d.Memory.Commit(ctx, change)
	case d.full:
		w.counters["disk full"]++
		return journal.ErrFull
	case w.hits(FaultPower, 0.002):
		d.dead = true
		return errPower
	case w.hits(FaultFsync, 0.001):
		if w.chance(0.5) { // an error says nothing: the data may be there all the same
			d.site.w.fail(d.keep(ctx, change))
		}
		return errDisk
	}
	if err := d.keep(ctx, change); err != nil {
		return err
	}
	if w.hits(FaultPower, 0.002) {
		d.dead = true
		return errPower
	}
	return nil
}

func (d *disk) keep(ctx context.Context, change journal.Change) error {
	if err := d.Memory.Commit(ctx, change); err != nil {
		return err
	}
	for _, r := range change.Append.Records {
		d.durable(r)
	}
	return nil
}

// durable tells the oracle of a record and puts it into the hash of the run.
func (d *disk) durable(r journal.Record) {
	s := d.site
	op, err := wire.DecodeOperation(r.Body)
	if err != nil {
		s.w.fail(err)
		return
	}
	s.w.hash.Write(r.Chain[:]) // the SHA-256 of this body and of all before it
	s.w.counters["records"]++
	for _, f := range op.Facts {
		s.w.counters["fact "+f.Kind()]++
		s.w.tell(s.factOf(op, f))
		if s.w.opts.Trace != nil {
			s.w.trace("%s  record %d/%d: %s %+v", s.id, r.Epoch, r.Number, f.Kind(), f)
		}
	}
}

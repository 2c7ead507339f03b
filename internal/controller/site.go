package controller

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"cubby/board"
	"cubby/internal/journal"
	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

var _ link.SiteSide = (*Controller)(nil)

// maxUncertainty is how wrong a time of the server may be and still correct the site's.
const maxUncertainty = 2 * time.Second

// Pending returns operations after a position in order, without gaps, at most limit, across epochs.
func (c *Controller) Pending(ctx context.Context, after wire.Position, limit int) ([]wire.Upload, error) {
	epochs, err := c.opts.Journal.Epochs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read epochs: %w", err)
	}
	uploads, err := c.pendingPast(ctx, after, limit, epochs)
	if err != nil {
		return nil, err
	}
	for _, e := range epochs {
		from := uint64(1)
		switch {
		case e.Number < after.Epoch:
			continue
		case e.Number == after.Epoch:
			from = after.Number + 1
		}
		for len(uploads) < limit {
			records, err := c.opts.Journal.Read(ctx, e.Number, from, limit-len(uploads))
			if err != nil {
				return nil, fmt.Errorf("read epoch %d from %d: %w", e.Number, from, err)
			}
			for _, r := range records {
				uploads = append(uploads, uploadOf(r))
			}
			if len(records) == 0 {
				break
			}
			from += uint64(len(records))
		}
	}
	return uploads, nil
}

// errEnough ends a reading when there is enough.
var errEnough = errors.New("enough")

// pendingPast returns what the server has not got of journals that were sealed: what is good of them is
// part of the record.
func (c *Controller) pendingPast(ctx context.Context, after wire.Position, limit int, epochs []journal.Epoch) ([]wire.Upload, error) {
	if c.opts.Past == nil || len(epochs) == 0 || after.Epoch >= epochs[0].Number {
		return nil, nil
	}
	var uploads []wire.Upload
	err := c.opts.Past(ctx, func(r journal.Record, fits bool) error {
		u := uploadOf(r)
		if fits && r.Epoch < epochs[0].Number && u.Compare(after) > 0 {
			uploads = append(uploads, u)
		}
		if len(uploads) >= limit {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, fmt.Errorf("read sealed journals: %w", err)
	}
	return uploads, nil
}

func uploadOf(r journal.Record) wire.Upload {
	return wire.Upload{Position: wire.Position{Epoch: r.Epoch, Number: r.Number}, Op: r.Body, Annex: r.Annex}
}

// Acknowledged remembers what the server has committed. It returns ErrBehind, and the run ends, when that
// is more than the journal holds.
func (c *Controller) Acknowledged(ctx context.Context, upTo wire.Position) error {
	outrun, err := c.checkBehind(ctx, upTo)
	if err == nil && outrun {
		err = c.standBack(ctx, upTo)
	}
	if err != nil {
		return err
	}
	c.acked.Store(&upTo)
	if err := c.opts.Store.SetAcked(ctx, upTo); err != nil {
		return fmt.Errorf("remember what the server has: %w", err)
	}
	return nil
}

// ApplyDirectory makes a batch durable in the replica and then tells the machine. A whole new
// directory takes effect when its last batch is there, so that nobody is forgotten in between.
func (c *Controller) ApplyDirectory(ctx context.Context, batch wire.DirectoryBatch) (uint64, error) {
	c.directory.mu.Lock()
	defer c.directory.mu.Unlock()
	upTo := batch.To
	batch, complete, err := c.gather(batch)
	if err != nil {
		return 0, err
	}
	if !complete {
		return upTo, nil
	}
	ack, err := c.opts.Store.ApplyDirectory(ctx, batch)
	if err != nil {
		return 0, fmt.Errorf("store the directory up to rev %d: %w", batch.To, err)
	}
	c.replica.Store(&ack)
	c.directory.resetting = c.directory.resetting || batch.From == 0
	switch {
	case !c.directory.resetting:
		_, err = ask[struct{}](ctx, c, DirectoryChanged{Changes: batch.Changes, Rev: ack.Rev})
	case !batch.More:
		c.directory.resetting = false
		var ev DirectoryReplaced
		if ev.Directory, ev.Keys, err = c.loadDirectory(ctx); err == nil {
			_, err = ask[struct{}](ctx, c, ev)
		}
	}
	if err != nil {
		return ack.Rev, fmt.Errorf("take the directory at rev %d: %w", ack.Rev, err)
	}
	return ack.Rev, nil
}

// errBatch says that a batch of the directory does not follow on the one before it.
var errBatch = errors.New("the directory's batches do not follow on each other")

// gather puts the batches of a directory that replaces another together. It returns the batch to apply
// and whether it is complete.
func (c *Controller) gather(batch wire.DirectoryBatch) (wire.DirectoryBatch, bool, error) {
	have, whole := c.replica.Load(), c.directory.whole
	if batch.From == 0 || have != nil && batch.Epoch == have.Epoch && batch.From == have.Rev {
		c.directory.whole, whole = nil, nil
	}
	switch {
	case batch.From == 0 && batch.More && have != nil && have.Rev > 0:
		batch.Changes = slices.Clone(batch.Changes)
		c.directory.whole = &batch
		return batch, false, nil
	case whole == nil:
		return batch, true, nil
	case batch.Epoch != whole.Epoch || batch.From != whole.To:
		c.directory.whole = nil
		return batch, false, fmt.Errorf("changes %d to %d after %d: %w", batch.From+1, batch.To, whole.To, errBatch)
	}
	whole.Changes, whole.To, whole.More = append(whole.Changes, batch.Changes...), batch.To, batch.More
	if batch.More {
		return batch, false, nil
	}
	c.directory.whole = nil
	return *whole, true, nil
}

// HandleIntents answers intents: fresh ones are acted on, expired ones are only answered.
func (c *Controller) HandleIntents(ctx context.Context, fresh, expired []wire.Intent) error {
	_, err := ask[struct{}](ctx, c, IntentsArrived{Fresh: fresh, Expired: expired})
	return err
}

// Report returns the site's health, the revision of its replica, and the newest signed head.
func (c *Controller) Report(ctx context.Context) (link.Report, error) {
	status, err := c.Status(ctx)
	if err != nil {
		return link.Report{}, err
	}
	report := link.Report{Status: status}
	if ack := c.replica.Load(); ack != nil {
		report.Directory = *ack
	}
	if signer, ok := c.opts.Journal.(headSigner); ok {
		if head, has := signer.LastHead(); has {
			report.Head = string(head.Note)
		}
	}
	return report, nil
}

// Status returns the site's health; the link adds its own part.
func (c *Controller) Status(ctx context.Context) (wire.Status, error) {
	s, err := ask[wire.Status](ctx, c, StatusAsked{})
	if err != nil {
		return wire.Status{}, err
	}
	now := c.opts.Now()
	s.Started, s.UptimeMS = locker.At(c.start), now.Sub(c.start).Milliseconds()
	if at := c.acked.Load(); at != nil {
		s.Journal.Acked = *at
	}
	if c.opts.Disk != nil {
		if s.Disk, err = c.opts.Disk(); err != nil {
			return wire.Status{}, fmt.Errorf("ask for disk space: %w", err)
		}
	}
	if c.opts.Readings != nil {
		s.Readings = c.opts.Readings()
	}
	for _, name := range slices.Sorted(maps.Keys(c.buses)) {
		line, boards := c.buses[name].health()
		s.Buses = append(s.Buses, wire.BusStatus{Name: name, Family: c.buses[name].family, Counters: line})
		for i, b := range s.Boards {
			if b.Bus == name {
				s.Boards[i].Counters = boards[board.Address(b.Address)]
			}
		}
	}
	return s, nil
}

// ServerClock takes the server's clock as the link measured it against the local one. It does not
// block; a time that is too uncertain is passed over.
func (c *Controller) ServerClock(offset, uncertainty time.Duration) {
	if uncertainty > maxUncertainty {
		return
	}
	at := locker.At(c.opts.Now().Add(offset))
	select {
	case c.queue <- question{event: ServerTime{At: at}}:
	default: // the next beat brings it again
	}
}

// LinkChanged says at once that the link went up or down; Options.Online says so once a second too.
func (c *Controller) LinkChanged(online bool) {
	select {
	case c.queue <- question{event: LinkChanged{Online: online}}:
	default: // the next tick asks Options.Online
	}
}

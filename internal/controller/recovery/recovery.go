package recovery

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"cubby/internal/controller"
	"cubby/internal/credential"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// ErrCopy says that what the server handed down is not the record that it countersigned.
var ErrCopy = errors.New("the server's copy of the record does not fit the head that it signed: nothing was taken from it; " +
	"verify the server's copy with `cubby verify`, or restore the server from a backup")

// Options are what a Recovery needs.
type Options struct {
	Site    locker.SiteID
	Version string
	NewID   func() string
	Limits  credential.Limits
	Store   controller.Store // of the new computer; the directory is in it already
	Server  note.Verifier    // key under which the server countersigns
}

// Recovery makes the memory of a lost controller from the server's copy of its record. It checks the
// copy against the last head that the server countersigned. The annexes stay at the server: the machine
// needs none of the personal data in them. It is for one goroutine.
type Recovery struct {
	opts    Options
	machine *controller.Machine

	head    []byte
	at      journal.Checkpoint // of the head; zero: none
	front   journal.Frontier   // of the epoch that is being read
	checked bool               // the head fitted
}

// New reads the directory and returns a Recovery that has taken nothing yet.
func New(ctx context.Context, opts Options) (*Recovery, error) {
	ack, changes, err := opts.Store.Directory(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the directory: %w", err)
	}
	dir, keys := locker.NewDirectory(), wire.NewKeys()
	for _, ch := range changes {
		if err := wire.ApplyChange(dir, keys, ch); err != nil {
			return nil, fmt.Errorf("load %s of the directory: %w", ch.Kind, err)
		}
	}
	dir.Rev = ack.Rev
	m, err := controller.NewMachine(controller.MachineOptions{
		Site: opts.Site, Version: opts.Version, NewID: opts.NewID, Limits: opts.Limits,
	}, dir, keys, controller.Snapshot{})
	if err != nil {
		return nil, err
	}
	return &Recovery{opts: opts, machine: m}, nil
}

// Head takes the last head that the server countersigned, before the first operation.
func (r *Recovery) Head(head string) error {
	c, err := journal.OpenCheckpoint([]byte(head), r.opts.Server)
	if err != nil || c.Site != string(r.opts.Site) {
		return errors.Join(ErrCopy, err)
	}
	r.head, r.at = []byte(head), c
	return nil
}

// Take takes the next operation. One that this program cannot read is part of the tree and changes
// nothing, as at any start.
func (r *Recovery) Take(u wire.Upload) error {
	if u.Number == 1 {
		r.front = journal.Frontier{}
	}
	r.front.AppendBody(u.Op)
	if r.at.Epoch == u.Epoch && r.at.Size == u.Number {
		if r.front.Root() != r.at.Root {
			return ErrCopy
		}
		r.checked = true
	}
	op, err := wire.DecodeOperation(u.Op)
	if err != nil {
		return nil //nolint:nilerr // it is part of the record whatever it says
	}
	if op.Site != r.opts.Site || op.Position() != u.Position {
		return fmt.Errorf("operation %s says that it is %s of site %s: %w", u.Position, op.Position(), op.Site, ErrCopy)
	}
	r.machine.Replay(op)
	return nil
}

// Keep stores what the site knows after the last operation, so that the controller starts from there, and
// returns the head that its new epoch continues; nil when the server had signed none.
func (r *Recovery) Keep(ctx context.Context, upTo wire.Position) (previous []byte, err error) {
	if r.head != nil && r.at.Size > 0 && !r.checked {
		return nil, ErrCopy // it ends before the head
	}
	data, err := r.machine.Snapshot()
	if err != nil {
		return nil, err
	}
	if err := r.opts.Store.PutSnapshot(ctx, r.machine.Position(), data); err != nil {
		return nil, fmt.Errorf("keep what the site knows: %w", err)
	}
	if err := r.opts.Store.SetAcked(ctx, upTo); err != nil {
		return nil, fmt.Errorf("remember what the server has: %w", err)
	}
	return r.head, nil
}

// Stays returns how many stays are not over.
func (r *Recovery) Stays() int {
	n := 0
	for _, s := range r.machine.State().Matter.Stays {
		if !s.State.Ended() {
			n++
		}
	}
	return n
}

// Site returns whose record it is.
func (r *Recovery) Site() locker.SiteID { return r.opts.Site }

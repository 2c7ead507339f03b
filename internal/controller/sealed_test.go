package controller_test

import (
	"context"
	"crypto/ed25519"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"cubby/internal/controller"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// TestController_SealedJournalStillOpensDoors stores parcels, condemns the journal at a record in the
// middle, and starts again twice: both recipients get in, and nothing is missing from what goes up.
func TestController_SealedJournalStillOpensDoors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "journal.db")
		var log *journal.Log
		var report journal.OpenReport
		r := newRig(t, layoutOf(8, latchOnly()), func(o *controller.Options) {
			var err error
			log, report, err = journal.Open(t.Context(), journal.Options{
				Path: path, Site: string(siteID), Signer: ed25519.NewKeyFromSeed(secretOf("site")), ReserveBytes: -1,
				Now: time.Now,
			})
			if err != nil {
				t.Fatal(err)
			}
			o.Journal, o.SnapshotAt = log, 1000
			if report.Lost {
				o.Sealed = report.Reason
			}
			o.Past = func(ctx context.Context, yield func(journal.Record, bool) error) error {
				return journal.ReadPast(ctx, path, yield)
			}
		})
		r.signIn()
		first, second := r.stored("103"), r.stored("4B")
		taken := r.stored("101")
		r.act(controller.Finish{})
		if _, err := r.enter(r.code("stay:"+string(taken), 1)); err != nil {
			t.Fatal(err)
		}
		r.shut(r.await(controller.StepOpen).Door.Name)
		r.await(controller.StepDone)
		_, last, err := log.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r.stop()
		if err := log.Condemn(journal.Fault{Kind: journal.KindFlipped, Epoch: 1, Number: 7}); err != nil {
			t.Fatal(err)
		}
		log.Close()
		for i, stay := range []locker.StayID{first, second} {
			r.start()
			if epoch, _, err := log.Next(t.Context()); err != nil || epoch != 2 || report.Sealed != (i == 0) {
				t.Fatalf("start %d: epoch %d, report %+v, %v", i, epoch, report, err)
			}
			if _, err := r.enter(r.code("stay:"+string(taken), 1)); err == nil {
				t.Error("a code opens again after its parcel was taken")
			}
			if _, err := r.enter(r.code("stay:"+string(stay), 1)); err != nil {
				t.Fatalf("start %d: its recipient is locked out: %v", i, err)
			}
			r.shut(r.await(controller.StepOpen).Door.Name)
			r.await(controller.StepDone)
			checkPending(t, r.c, last)
			r.stop()
			log.Close()
		}
	})
}

// checkPending reads everything that waits for the server in steps: epoch 1 up to its last record, then
// epoch 2, without a gap.
func checkPending(t *testing.T, c *controller.Controller, next uint64) {
	t.Helper()
	var at wire.Position
	for {
		items, err := c.Pending(t.Context(), at, 5)
		if err != nil {
			t.Fatal(err)
		}
		if len(items) == 0 {
			break
		}
		for _, u := range items {
			ok := u.Epoch == max(at.Epoch, 1) && u.Number == at.Number+1 || u.Epoch == 2 && u.Number == 1 && at.Number == next-1
			if !ok {
				t.Fatalf("%s came after %s; epoch 1 ends at %d", u.Position, at, next-1)
			}
			at = u.Position
		}
	}
	if at.Epoch != 2 {
		t.Errorf("what waits ends at %s", at)
	}
}

// stored stores a parcel and returns its stay; the courier is signed in.
func (r *rig) stored(unit string) locker.StayID {
	r.t.Helper()
	before := map[wire.Position]bool{}
	for _, u := range r.pending() {
		before[u.Position] = true
	}
	r.act(controller.ScanParcel{Tracking: "1Z999"})
	turn := r.act(controller.FindRecipient{Text: unit})
	r.act(controller.ChooseRecipient{Ref: turn.Matches[0].Ref})
	r.act(controller.ChooseSize{Size: locker.SizeS})
	r.shut(r.await(controller.StepOpen).Door.Name)
	r.await(controller.StepCourierReady)
	for _, u := range r.pending() {
		op, err := wire.DecodeOperation(u.Op)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, f := range op.Facts {
			if d, ok := f.(locker.DepositBegun); ok && !before[u.Position] {
				return d.Stay
			}
		}
	}
	r.t.Fatal("no deposit on record")
	return ""
}

func (r *rig) pending() []wire.Upload {
	r.t.Helper()
	items, err := r.c.Pending(r.t.Context(), wire.Position{}, 1<<20)
	if err != nil {
		r.t.Fatal(err)
	}
	return items
}

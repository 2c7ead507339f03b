package controller_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"cubby/internal/controller"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// TestController_ServerHasMore stores a parcel and is told by the server of records that the journal has
// lost: the run ends, and the next one goes on above everything that the server knows, with every place
// unverified and the recipient let in.
func TestController_ServerHasMore(t *testing.T) {
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
			o.Journal, o.Sealed = log, report.Reason
			o.Past = func(ctx context.Context, yield func(journal.Record, bool) error) error {
				return journal.ReadPast(ctx, path, yield)
			}
		})
		r.signIn()
		stay := r.stored("103")
		r.act(controller.Finish{})
		_, next, err := log.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := r.c.Acknowledged(t.Context(), wire.Position{Epoch: 1, Number: next - 1}); err != nil {
			t.Fatalf("what the journal holds: %v", err)
		}
		if err := r.c.Acknowledged(t.Context(), wire.Position{Epoch: 4, Number: 9}); !errors.Is(err, controller.ErrBehind) {
			t.Fatalf("what the journal has lost: %v", err)
		}
		synctest.Wait()
		if err := r.halt(); !errors.Is(err, controller.ErrBehind) {
			t.Fatalf("the run ended with %v", err)
		}
		log.Close()
		r.start()
		defer func() { r.stop(); log.Close() }()
		if epoch, _, err := log.Next(t.Context()); err != nil || epoch != 5 || !report.Sealed {
			t.Fatalf("epoch %d, report %+v, %v", epoch, report, err)
		}
		status, err := r.c.Status(t.Context())
		if err != nil || !status.Audit {
			t.Errorf("places are not to be verified: %+v, %v", status, err)
		}
		if _, err := r.enter(r.code("stay:"+string(stay), 1)); err != nil {
			t.Errorf("the recipient is locked out: %v", err)
		}
		standsBack(t, r, log)
	})
}

// standsBack looks into a door, and lets another controller with the same key go on with the record: this
// one does not seal its journal again, or the two would do so without end, but it doubts its doors once more.
func standsBack(t *testing.T, r *rig, log *journal.Log) {
	t.Helper()
	doubts := func() (n int) {
		rows, err := log.Read(t.Context(), 5, 1, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			op, err := wire.DecodeOperation(row.Body)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range op.Facts {
				if d, ok := f.(locker.PlaceDoubted); ok && d.Reason == "audit" {
					n++
				}
			}
		}
		return n
	}
	r.act(controller.Finish{})
	if _, err := r.enter(r.code("staff:s1", 1)); err != nil {
		t.Fatal(err)
	}
	for i, epoch := range []uint64{9, 9, 10} {
		if epoch == 10 || i == 0 {
			r.act(controller.VerifyPlace{Place: "main/A08"})
		}
		if err := r.c.Acknowledged(t.Context(), wire.Position{Epoch: epoch, Number: 1}); err != nil {
			t.Errorf("two controllers with one identity would seal each other's journals: %v", err)
		}
		if want := []int{1, 1, 2}[i]; doubts() != want {
			t.Errorf("%d times in doubt after epoch %d of another, want %d", doubts(), epoch, want)
		}
	}
}

package controller_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"cubby/internal/controller"
	"cubby/internal/controller/sensor"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/sitestore"
	"cubby/internal/wire"
)

func TestController_DirectoryInBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), nil)
		r.signIn()
		stay, _ := r.drop("103", locker.SizeS)
		r.act(controller.Finish{})
		whole := directoryOf(t, layoutOf(8, latchOnly()))
		half := len(whole) / 2
		rev, err := r.c.ApplyDirectory(t.Context(), wire.DirectoryBatch{
			Epoch: 2, From: 0, To: uint64(half), Changes: whole[:half], More: true,
		})
		if err != nil || rev != uint64(half) {
			t.Fatalf("rev %d, %v", rev, err)
		}
		// Half of a new directory is here, its people are not: nobody may be forgotten meanwhile, not even
		// when the power goes now and the link stays cut.
		r.stop()
		r.start()
		if rev, err = r.c.ApplyDirectory(t.Context(), wire.DirectoryBatch{
			Epoch: 2, From: 0, To: uint64(half), Changes: whole[:half], More: true,
		}); err != nil || rev != uint64(half) {
			t.Fatalf("again: rev %d, %v", rev, err)
		}
		if _, err := r.enter(r.code("courier:c1", 1)); err != nil {
			t.Errorf("between two batches: %v", err)
		}
		r.act(controller.Finish{})
		if _, err = r.c.ApplyDirectory(t.Context(), wire.DirectoryBatch{
			Epoch: 2, From: uint64(half), To: uint64(len(whole) + 5), Changes: whole[half:],
		}); err != nil {
			t.Fatal(err)
		}
		report, err := r.c.Report(t.Context())
		if err != nil || report.Directory != (wire.DirectoryAck{Epoch: 2, Rev: uint64(len(whole) + 5)}) ||
			report.Status.Directory != uint64(len(whole)+5) {
			t.Errorf("report %+v, %v", report, err)
		}
		revoked := encoded(t)(wire.EncodeCourier(locker.Courier{
			ID: "c1", Carrier: "ups", Revoked: true, Generation: 1,
			Key: locker.KeyID(keyOf(t, "codes").ID()),
		}))
		revoked.Rev = 40
		if _, err = r.c.ApplyDirectory(t.Context(), wire.DirectoryBatch{
			Epoch: 2, From: uint64(len(whole) + 5), To: 40, Changes: []wire.Change{revoked},
		}); err != nil {
			t.Fatal(err)
		}
		_, err = r.enter(r.code("courier:c1", 1))
		wantCode(t, err, locker.CodeCourierUnknown)
		if _, err = r.enter(r.code("stay:"+string(stay), 1)); err != nil {
			t.Errorf("collection: %v", err)
		}
	})
}

func TestSiteStore_KeepsTheReplica(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "site.db")
	open := func() (*controller.SiteStore, func()) {
		db, _, err := sitestore.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		return controller.NewSiteStore(db), func() { db.Close() }
	}
	store, closeDB := open()
	all := directoryOf(t, layoutOf(4, latchOnly()))
	ack, err := store.ApplyDirectory(t.Context(), wire.DirectoryBatch{Epoch: 7, To: 5, Changes: all[:5]})
	if err != nil || ack != (wire.DirectoryAck{Epoch: 7, Rev: 5}) {
		t.Fatalf("%+v, %v", ack, err)
	}
	rest := append(all[5:], wire.EncodeDeletion(wire.KindUnit, "u103"))
	rest[len(rest)-1].Rev = uint64(len(all) + 3)
	ack, err = store.ApplyDirectory(t.Context(), wire.DirectoryBatch{Epoch: 7, From: 5, To: uint64(len(all) + 3), Changes: rest})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.PutSnapshot(t.Context(), wire.Position{Epoch: 1, Number: 2}, []byte("snap")); err != nil {
		t.Fatal(err)
	}
	closeDB()
	store, closeDB = open()
	defer closeDB()
	again, changes, err := store.Directory(t.Context())
	if err != nil || again != ack {
		t.Fatalf("%+v, %v; want %+v", again, err, ack)
	}
	dir, keys := locker.NewDirectory(), wire.NewKeys()
	for _, c := range changes {
		if err := wire.ApplyChange(dir, keys, c); err != nil {
			t.Fatal(err)
		}
	}
	if len(dir.PlaceIDs()) != 6 || len(dir.Recipients) != 4 || len(dir.Units) != 2 || dir.Site.ID != siteID || len(keys.Code) != 1 {
		t.Errorf("%d places, %d recipients, %d units, site %q", len(dir.PlaceIDs()), len(dir.Recipients), len(dir.Units), dir.Site.ID)
	}
	if snap, err := store.Snapshot(t.Context()); err != nil || string(snap) != "snap" {
		t.Errorf("snapshot %q, %v", snap, err)
	}
}

// TestController_AnotherWriter is a hosted site of two servers: whoever is second reads the record
// again and says so.
func TestController_AnotherWriter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), func(o *controller.Options) { o.Buses = nil })
		first := true
		r.memory.SetFault(func(c journal.Change) error {
			if c.Append != nil && first {
				first = false
				return journal.ErrConflict
			}
			return nil
		})
		in := wire.Intent{ID: "d1", Kind: wire.IntentDeposit, Place: "desk", Staff: "s1", Stay: "s", Recipient: dora, Size: locker.SizeS}
		err := r.c.HandleIntents(t.Context(), []wire.Intent{in}, nil)
		wantCode(t, err, locker.CodeConflict)
		if err = r.c.HandleIntents(t.Context(), []wire.Intent{in}, nil); err != nil || r.count("parcel_stored") != 1 {
			t.Errorf("again: %v, %d stored", err, r.count("parcel_stored"))
		}
	})
}

func TestController_WatchWakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), nil)
		turn, err := r.c.Turn(t.Context(), panelID)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err = r.c.Watch(ctx, panelID, turn.Version); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nothing changed, and Watch said %v", err)
		}
		seen := make(chan controller.Turn, 1)
		go func() {
			turn, _ := r.c.Watch(t.Context(), panelID, turn.Version)
			seen <- turn
		}()
		synctest.Wait()
		r.signIn()
		if got := <-seen; got.Step != controller.StepCourierReady {
			t.Errorf("step %s", got.Step)
		}
	})
}

func TestTemperatures(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a": "41250\n", "b": "warm"}
	read := func(path string) ([]byte, error) {
		if text, ok := files[path]; ok {
			return []byte(text), nil
		}
		return nil, errors.New("no such file")
	}
	got := sensor.Temperatures([]sensor.File{{Name: "cabinet", Path: "a"}, {Name: "b", Path: "b"}, {Name: "c", Path: "c"}}, read, 9)
	if len(got) != 1 || got[0] != (wire.Reading{Name: "cabinet", Kind: "temperature_celsius", Milli: 41250, At: 9}) {
		t.Errorf("readings %+v", got)
	}
}

package store_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/store/storetest"
)

// A batch of rows reads back as it was written, on both engines, whatever the texts hold.
func TestBatch_WritesRows(t *testing.T) {
	t.Parallel()
	storetest.Both(t, func(t *testing.T, engine store.Engine) {
		t.Helper()
		s := storetest.OpenOn(t, engine, storetest.NewClock().Now)
		var record store.Record
		var tables store.Tables
		for n := range int64(3) {
			id := fmt.Sprint("x", n)
			record.Operations = append(record.Operations, db.InsertOperationParams{
				Site: "s", Epoch: 1, Number: n + 1, ReceivedAt: 2, WallAt: 3, Body: []byte{0, 255}, Annex: []byte{}, Chain: []byte("c"),
			})
			record.Epochs = append(record.Epochs, db.PutEpochParams{
				Site: "s", Number: n + 1, Reason: "r", Prev: []byte{}, OpenedAt: 4, Size: 5, Chain: []byte("c"), Frontier: []byte("f"),
			})
			tables.Places = append(tables.Places, db.PutPlaceParams{
				Site: "s", ID: id, Door: "shut", DoorSince: 1, Occupancy: "o", Request: "q", RequestStays: "[]", Unasked: true,
				OutOfService: n == 1, Doubt: "d", Faults: "[]", Failures: 2, FreedAt: 3, Reservation: "v", ReservedUnit: "u",
				ReservedCourier: "c", ReservedUntil: 4,
			})
			tables.Stays = append(tables.Stays, db.PutStayParams{
				Site: "s", ID: id, Parcel: "p", Place: "l", Recipient: "r", Unit: "u", FirstRecipient: "f", Size: "M", State: "stored",
				Live: true, Revoked: n == 2, Settled: true, Carrier: "c", ActorKind: "k", ActorID: "a", Session: "e", KeyID: "i",
				Generation: 1, BegunAt: 2, StoredAt: 3, CollectBy: 4, EndedAt: 5, Evidence: "w", EndReason: "g", TakenBy: "b",
				Problem: "m",
			})
			tables.StayChanges = append(tables.StayChanges, db.UpdateStayParams{
				Site: "s", ID: id, State: "collected", Live: false, Settled: true, KeyID: "j", Generation: 2, StoredAt: 3, EndedAt: 9,
				Evidence: "x", EndReason: "y", TakenBy: "a, b {\"c\"}", Problem: "z",
			})
			tables.Parcels = append(tables.Parcels, db.PutParcelParams{
				Site: "s", ID: id, Stay: id, Carrier: "c", Size: "M", Tracking: "1Z 9", TrackingKey: "1Z9", TrackingTail: "1Z9", BegunAt: 6,
			})
			tables.Custody = append(tables.Custody, db.InsertCustodyParams{Site: "s", Place: "l", Epoch: 1, Number: n + 1, Stay: id})
			tables.Jobs = append(tables.Jobs, store.Job{Kind: "mail", Key: id, Body: "{}"})
		}
		tables.Jobs = append(tables.Jobs, tables.Jobs[0]) // a key that waits
		ctx := t.Context()
		err := s.Batch(ctx, func(b *store.Batch) error {
			cursors, err := b.Cursors(ctx, []string{"s", "a"})
			if err != nil || len(cursors) != 2 {
				return fmt.Errorf("%d cursors: %w", len(cursors), err)
			}
			row := cursors["s"]
			row.Epoch, row.Number, row.Facts, row.Stale = 1, 3, 4, "why"
			return errors.Join(b.WriteRecord(ctx, record), b.WriteTables(ctx, &tables),
				b.WriteCursors(ctx, []db.PutCursorParams{db.PutCursorParams(row)}))
		})
		if err != nil {
			t.Fatal(err)
		}
		for n := range record.Operations {
			checkRows(t, s, record, tables, n)
		}
		cursor, err := s.Read().FindCursor(ctx, "s")
		if err != nil || cursor.Number != 3 || cursor.Facts != 4 || cursor.Stale != "why" {
			t.Errorf("cursor %+v, %v", cursor, err)
		}
		jobs, err := s.Read().StatsJobs(ctx)
		if err != nil || len(jobs) != 1 || jobs[0].Jobs != 3 {
			t.Errorf("jobs %+v, %v", jobs, err)
		}
	})
}

func checkRows(t *testing.T, s *store.Store, record store.Record, tables store.Tables, n int) {
	t.Helper()
	ctx, q := t.Context(), s.Read()
	same := func(what string, got, want any, err error) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%s: %v %s", what, err, diff)
		}
	}
	operation, err := q.FindOperation(ctx, db.FindOperationParams{Site: "s", Epoch: 1, Number: int64(n + 1)})
	same("operation", operation, db.Operation(record.Operations[n]), err)
	epoch, err := q.FindEpoch(ctx, db.FindEpochParams{Site: "s", Number: int64(n + 1)})
	same("epoch", epoch, db.Epoch(record.Epochs[n]), err)
	place, err := q.FindPlace(ctx, db.FindPlaceParams{Site: "s", ID: tables.Places[n].ID})
	same("place", place, db.Place(tables.Places[n]), err)
	want, c := db.Stay(tables.Stays[n]), tables.StayChanges[n]
	want.State, want.Live, want.Settled, want.KeyID, want.Generation = c.State, c.Live, c.Settled, c.KeyID, c.Generation
	want.StoredAt, want.EndedAt, want.Evidence, want.EndReason = c.StoredAt, c.EndedAt, c.Evidence, c.EndReason
	want.TakenBy, want.Problem = c.TakenBy, c.Problem
	stay, err := q.FindStay(ctx, db.FindStayParams{Site: "s", ID: want.ID})
	same("stay", stay, want, err)
	parcel, err := q.FindParcel(ctx, db.FindParcelParams{Site: "s", ID: tables.Parcels[n].ID})
	same("parcel", parcel, db.Parcel(tables.Parcels[n]), err)
	custody, err := q.ListStayCustody(ctx, db.ListStayCustodyParams{Site: "s", Stay: want.ID, Page: 5})
	same("custody", len(custody), 1, err)
}

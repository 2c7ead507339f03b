package cloud_test

import (
	"fmt"
	"sync"
	"testing"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

// BenchmarkIngest commits operations of four facts each, from sites that upload twenty at a time, as
// a whole day's traffic does: a deposit in three operations and a collection in one.
func BenchmarkIngest(b *testing.B) {
	const sites, batch = 16, 20
	w := newWorld(b)
	hub := w.Hub()
	var all [sites][]wire.Upload
	for n := range all {
		all[n] = recorded(b, w, locker.SiteID(fmt.Sprintf("site-%d", n)), b.N/sites+1)
	}
	b.ReportAllocs()
	b.ResetTimer()
	var done sync.WaitGroup
	for n := range all {
		done.Go(func() {
			site := locker.SiteID(fmt.Sprintf("site-%d", n))
			for ops := all[n]; len(ops) > 0; {
				next := ops[:min(batch, len(ops))]
				if _, err := hub.Ingest(w.ctx, site, next); err != nil {
					b.Error(err)
					return
				}
				ops = ops[len(next):]
			}
		})
	}
	done.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// recorded encodes n operations of four facts each.
func recorded(b *testing.B, w *world, site locker.SiteID, n int) []wire.Upload {
	b.Helper()
	var ops []wire.Upload
	for i := range n {
		parcel := i / 2
		place := locker.PlaceID(fmt.Sprintf("main/A%02d", parcel%45))
		stay := locker.StayID(fmt.Sprintf("%s-stay-%08d-0000-7000-8000", site, parcel))
		request := locker.RequestID(fmt.Sprintf("%s-request-%d", stay, i%2))
		courier := locker.Actor{Kind: locker.ActorCourier, ID: "c1"}
		facts := []locker.Fact{
			locker.DepositBegun{
				Stay: stay, Parcel: locker.ParcelID("p-" + stay), Place: place, Recipient: w.ana, Unit: w.unit,
				Size: locker.SizeM, Actor: courier, Carrier: "ups", Tracking: "t", Key: "k", Generation: 1, CollectBy: 1,
			},
			locker.OpenRequested{Request: request, Place: place, Purpose: locker.PurposeDeposit, Cause: locker.CauseLocal, Actor: courier, Stays: []locker.StayID{stay}, Attempt: 1},
			locker.DoorOpened{Place: place, Request: request, Evidence: locker.EvidenceDoor},
			locker.ParcelStored{Stay: stay, Place: place, Evidence: locker.EvidenceDoor, By: courier},
		}
		if i%2 == 1 {
			facts = []locker.Fact{
				locker.DepositSettled{Stay: stay},
				locker.DoorOpened{Place: place, Request: request, Evidence: locker.EvidenceDoor},
				locker.DoorClosed{Place: place, Request: request},
				locker.ParcelCollected{Stay: stay, Place: place, Evidence: locker.EvidenceDoor, By: courier},
			}
		}
		at := wire.Position{Epoch: 1, Number: uint64(i + 1)}
		body, err := wire.EncodeOperation(wire.Operation{Site: site, Epoch: 1, Number: at.Number, Boot: "b", WallMS: 1000 + int64(i), Facts: facts})
		must(b, err)
		annex, err := wire.EncodeAnnex(wire.Annex{"t": fmt.Sprintf("1Z999AA1%08d", parcel)})
		must(b, err)
		ops = append(ops, wire.Upload{Position: at, Op: body, Annex: annex})
	}
	return ops
}

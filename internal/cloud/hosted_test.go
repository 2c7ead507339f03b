package cloud_test

import (
	"errors"
	"testing"

	"cubby/internal/cloud"
	"cubby/internal/journal"
	"cubby/internal/journal/journaltest"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

func TestHostedStorage(t *testing.T) {
	t.Parallel()
	journaltest.Exercise(t, func(t *testing.T) journal.Storage {
		t.Helper()
		return newWorld(t).HostedStorage(journaltest.Site)
	})
}

func TestHostedStorage_Projects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	site, err := w.CreateSite(w.ctx, w.owner, cloud.SiteDraft{Property: w.property, Name: "Room", Hosted: true, Layout: testLayout()})
	must(t, err)
	open := func() *journal.Log {
		log, err := journal.New(w.ctx, w.HostedStorage(site), journal.LogOptions{
			Site: string(site), Signer: journaltest.Key(), Now: w.clock.now,
		})
		must(t, err)
		return log
	}
	first, second := open(), open()
	staff := locker.Actor{Kind: locker.ActorStaff, ID: w.owner.User}
	entry := func(number uint64, facts ...locker.Fact) []journal.Entry {
		body, err := wire.EncodeOperation(wire.Operation{
			Site: site, Epoch: 1, Number: number, Boot: "b", WallMS: w.clock.now().UnixMilli(), Facts: facts,
		})
		must(t, err)
		return []journal.Entry{{Body: body}}
	}
	stored := []locker.Fact{
		locker.DepositBegun{Stay: "s1", Parcel: "p1", Place: "room/1", Recipient: w.ana, Unit: w.unit, Size: locker.SizeM, Actor: staff, Key: "k", Generation: 1},
		locker.ParcelStored{Stay: "s1", Place: "room/1", Evidence: locker.EvidencePerson, By: staff},
		locker.DepositSettled{Stay: "s1"},
	}
	must(t, first.Append(w.ctx, 1, entry(1, stored...)))
	if err := second.Append(w.ctx, 1, entry(1, stored...)); !errors.Is(err, journal.ErrConflict) {
		t.Errorf("two servers wrote the same number: %v", err)
	}
	wall, err := w.Wall(w.ctx, w.owner, site)
	must(t, err)
	if wall.Rooms[0].Shelves[0].Parcels != 1 || wall.Site.Link != cloud.LinkHosted {
		t.Errorf("wall is %+v", wall.Rooms)
	}
	id, err := w.Act(w.ctx, w.owner, cloud.IntentDraft{Site: site, Intent: wire.Intent{
		Kind: wire.IntentHandOver, Stays: []locker.StayID{"s1"}, To: "Ana's brother",
	}})
	must(t, err)
	must(t, first.Append(w.ctx, 2, entry(2, locker.ParcelCollected{Stay: "s1", Place: "room/1", Evidence: locker.EvidencePerson, By: staff}, locker.IntentAnswered{Intent: id, Done: true})))
	v, err := w.Await(w.ctx, w.owner, id)
	must(t, err)
	if v.State != cloud.IntentDone {
		t.Errorf("intent is %s", v.State)
	}
}

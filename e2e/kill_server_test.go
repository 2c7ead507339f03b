package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"cubby/internal/app"
	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

const (
	killServerLeast = 5      // kills of the server while it takes two weeks of operations in
	killServerLive  = 4      // kills of the server while people store and collect
	killServerBanks = 8      // at which they do
	killBacklogSize = 30_000 // operations: some seconds of ingest
)

// killBacklog writes n operations into the journal of a controller that never ran, as weeks without a
// link leave them: people who came and went, and now and then a parcel.
func killBacklog(tb testing.TB, r *killRig, n, parcelEvery int) {
	tb.Helper()
	ctx := context.Background()
	id, err := auth.LoadIdentity(filepath.Join(r.controllerDir(), app.IdentityFile))
	killMust(tb, err)
	log, _, err := journal.Open(ctx, journal.Options{
		Path: r.journal(), Site: string(killSite), Signer: id.Private(), Now: time.Now, ReserveBytes: 16 << 20,
	})
	killMust(tb, err)
	defer log.Close()
	b := &killHistory{at: time.Now().Add(-14 * 24 * time.Hour), step: 10 * 24 * time.Hour / time.Duration(n)}
	r.withCloud(func(ctx context.Context, c *cloud.Cloud, owner cloud.Principal) error {
		found, err := c.FindRecipients(ctx, owner, killSite, killUnit(0))
		if err != nil || len(found) == 0 {
			return fmt.Errorf("nobody lives in unit %s: %w", killUnit(0), err)
		}
		b.recipient, b.unit = found[0].ID, found[0].Unit
		return nil
	})
	b.add(locker.EpochBegan{Reason: "first"}, locker.SiteStarted{Boot: "history", Version: app.Version})
	for i := 0; int(b.number) < n; i++ {
		switch {
		case i%parcelEvery == parcelEvery-1:
			b.parcel(r.layout.Places()[i%len(r.layout.Places())].ID)
		default:
			b.visit(i)
		}
		if len(b.entries) >= 2000 || int(b.number) >= n {
			killMust(tb, log.Append(ctx, b.first(), b.entries))
			b.entries = nil
		}
	}
	_, err = log.Checkpoint(ctx)
	killMust(tb, err)
}

// killHistory makes the operations of a backlog.
type killHistory struct {
	at        time.Time
	step      time.Duration
	number    uint64
	stays     int
	recipient locker.RecipientID
	unit      locker.UnitID
	entries   []journal.Entry
	err       error
}

func (b *killHistory) first() uint64 { return b.number - uint64(len(b.entries)) + 1 }

func (b *killHistory) add(facts ...locker.Fact) {
	b.number++
	b.at = b.at.Add(b.step)
	body, err := wire.EncodeOperation(wire.Operation{
		Site: killSite, Epoch: 1, Number: b.number, Boot: "history", MonoMS: int64(b.number), WallMS: b.at.UnixMilli(),
		ClockTrusted: true, Facts: facts,
	})
	if err != nil {
		b.err = err
	}
	b.entries = append(b.entries, journal.Entry{Body: body})
}

func (b *killHistory) visit(i int) {
	session := locker.SessionID(fmt.Sprintf("00000000-0000-7000-8000-%012d", i))
	b.add(locker.SessionBegan{Session: session, Actor: locker.Actor{Kind: locker.ActorCourier, ID: "c1"}, Grant: "courier:c1"})
	b.add(locker.SessionEnded{Session: session, Reason: "done"})
}

// parcel is stored and collected.
func (b *killHistory) parcel(place locker.PlaceID) {
	b.stays++
	id := fmt.Sprintf("00000000-0000-7000-9000-%012d", b.stays)
	stay, in, out := locker.StayID(id), locker.RequestID("i"+id), locker.RequestID("o"+id)
	courier := locker.Actor{Kind: locker.ActorCourier, ID: "c1"}
	resident := locker.Actor{Kind: locker.ActorRecipient, ID: string(b.recipient)}
	b.add(
		locker.DepositBegun{
			Stay: stay, Parcel: locker.ParcelID("p" + id), Place: place, Recipient: b.recipient, Unit: b.unit,
			Size: locker.SizeS, Actor: courier, Key: "k", Generation: 1,
		},
		locker.OpenRequested{
			Request: in, Place: place, Purpose: locker.PurposeDeposit, Cause: locker.CauseLocal, Grant: "courier:c1",
			Actor: courier, Stays: []locker.StayID{stay}, Attempt: 1,
		},
	)
	b.add(locker.DoorOpened{Place: place, Request: in, Evidence: locker.EvidenceDoor})
	b.add(
		locker.DoorClosed{Place: place, Request: in},
		locker.ParcelStored{Stay: stay, Place: place, Evidence: locker.EvidenceDoor, By: courier},
	)
	b.add(locker.DepositSettled{Stay: stay}, locker.OpenRequested{
		Request: out, Place: place, Purpose: locker.PurposeCollect, Cause: locker.CauseLocal, Grant: locker.StayRight(stay),
		Actor: resident, Stays: []locker.StayID{stay}, Attempt: 1,
	})
	b.add(locker.DoorOpened{Place: place, Request: out, Evidence: locker.EvidenceDoor})
	b.add(
		locker.DoorClosed{Place: place, Request: out},
		locker.ParcelCollected{Stay: stay, Place: place, Evidence: locker.EvidenceDoor, By: resident},
	)
}

// killServerKills is how often a test kills the server: a few times, or SERVER_KILLS times when a night has
// time for it.
func killServerKills(tb testing.TB, least int) int {
	tb.Helper()
	text := os.Getenv("SERVER_KILLS")
	if text == "" {
		return least
	}
	n, err := strconv.Atoi(text)
	killMust(tb, err)
	return max(n, least)
}

// TestKill_Server kills the server at random moments while people store and collect at a real controller:
// no operation that it acknowledged is lost, none is there twice, and everybody gets the code of their
// parcel.
func TestKill_Server(t *testing.T) {
	killSkipShort(t)
	seed, most := killSeed(t), killServerKills(t, killServerLive)
	rng := rand.New(rand.NewPCG(seed, 2))
	r := newKillRig(t, killOptions{banks: killServerBanks, units: killUnits, tcp: true})
	r.startController()
	r.awaitDirectory()
	moments := &killMoments{}
	crowd := newKillCrowd(t, r, seed, moments)
	crowd.start()
	began, worst, busy, acked := time.Now(), time.Duration(0), 0, 0
	for kills := 0; kills < most && !t.Failed(); kills++ {
		had := killServerCount(t, r)
		killServerWait(t, r, rng, had)
		r.server.kill()
		now := killServerCount(t, r)
		if now > had {
			busy++
		}
		if now < acked {
			t.Errorf("the server had %d operations before it was killed, and has %d", acked, now)
		}
		acked = now
		r.startServer()
		worst = max(worst, r.server.await(t))
	}
	t.Logf("%d kills of the server in %.1f s, %d of them while operations came in; ready again after %v at worst", most,
		time.Since(began).Seconds(), busy, worst.Round(time.Millisecond))
	if busy < most/3 {
		t.Errorf("only %d of %d kills met the upload", busy, most)
	}
	crowd.finish()
	killCheck(t, r, crowd.parcels(), killFloors{openings: 2 * most, confirmed: 2 * most})
	killCompareMail(t, r, crowd.parcels(), most)
}

// killServerWait waits for the moment of the server's next kill: any moment, or right after it took
// operations in.
func killServerWait(tb testing.TB, r *killRig, rng *rand.Rand, had int) {
	tb.Helper()
	if rng.IntN(4) > 0 {
		for end := time.Now().Add(10 * time.Second); killServerCount(tb, r) == had && time.Now().Before(end); {
			time.Sleep(2 * time.Millisecond)
		}
		time.Sleep(time.Duration(rng.Int64N(int64(40 * time.Millisecond))))
		return
	}
	time.Sleep(time.Duration(rng.Int64N(int64(1200 * time.Millisecond))))
}

// killCompareMail counts the first notices: each parcel has one. A kill between a mail server's word and
// its record makes another one, and there are no more of those than kills.
func killCompareMail(t *testing.T, r *killRig, parcels []*killParcel, kills int) {
	t.Helper()
	twice := 0
	for _, p := range parcels {
		n := 0
		for _, m := range r.mail.List() {
			if contains(m.To, killAddressOf(p.unit)) && killCode.MatchString(m.Text) {
				n++
			}
		}
		switch {
		case p.acked && n == 0:
			t.Errorf("the resident of unit %s was never told of a parcel", p.unit)
		case n > 1:
			twice += n - 1
		}
	}
	if twice > kills {
		t.Errorf("%d notices came twice over %d kills", twice, kills)
	}
	t.Logf("%d notices came twice", twice)
}

// TestKill_ServerMidUpload kills the server while a site uploads what it recorded in two weeks without
// a link: nothing is lost and nothing is there twice.
func TestKill_ServerMidUpload(t *testing.T) {
	killSkipShort(t)
	seed := killSeed(t)
	killBinary(t) // once for all houses
	houses := (killServerKills(t, killServerLeast) + killServerLeast - 1) / killServerLeast
	for house := range houses {
		t.Run(strconv.Itoa(house), func(t *testing.T) { killMidUpload(t, seed+uint64(house)) })
	}
}

// killMidUpload is the upload of one site.
func killMidUpload(t *testing.T, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	r := newKillRig(t, killOptions{banks: 2, units: 4, tcp: true})
	killBacklog(t, r, killBacklogSize, 50)
	started := time.Now()
	r.startController()
	kills, midway := 0, 0
	for ; kills < killServerLeast; kills++ {
		began, had := time.Now(), killServerCount(t, r)
		for killServerCount(t, r) == had && time.Since(began) < 10*time.Second {
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Duration(rng.Int64N(int64(120 * time.Millisecond))))
		r.server.kill()
		if n := killServerCount(t, r); n > had && n < killBacklogSize {
			midway++
		}
		r.startServer()
	}
	killEventually(t, 60*time.Second, "the server has the backlog", func() bool { return killServerCount(t, r) >= killBacklogSize })
	t.Logf("%d kills, %d of them in the middle of the upload, %.1f s", kills, midway, time.Since(started).Seconds())
	if midway < killServerLeast/2 {
		t.Errorf("only %d of %d kills met the upload", midway, kills)
	}
	ops := killConverge(t, r)
	killCompareServer(t, r, ops)
	killCompareHistory(t, r, ops)
}

// killCompareHistory counts the parcels of the backlog at the server: each is collected, once.
func killCompareHistory(t *testing.T, r *killRig, ops []killOperation) {
	t.Helper()
	want := 0
	for _, op := range ops {
		if bytes.Contains(op.body, []byte("parcel_collected")) {
			want++
		}
	}
	r.withCloud(func(ctx context.Context, c *cloud.Cloud, owner cloud.Principal) error {
		got := 0
		for f := (cloud.DeliveryFilter{Site: killSite, Limit: cloud.MaxPage}); ; {
			found, err := c.Deliveries(ctx, owner, f)
			if err != nil {
				return err
			}
			for _, d := range found.Items {
				if d.State != locker.StayCollected {
					t.Errorf("parcel %s is %s at the server", d.Parcel, d.State)
				}
				got++
			}
			if f.Cursor = found.Next; f.Cursor == "" {
				break
			}
		}
		if got != want {
			t.Errorf("the server shows %d parcels, the site recorded %d", got, want)
		}
		return nil
	})
}

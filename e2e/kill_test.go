package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cubby/board/virtual"
)

// Sizes of the kill test. Many banks work at once, because the governor lets a bank pulse once a
// second, and not in the first second after a start.
const (
	killBanks     = 20
	killUnits     = 400
	killLeast     = 50                // kills of one house
	killOpenings  = 200               // doors that opened meanwhile
	killConfirmed = 40                // that the kiosk confirmed meanwhile, the rest were cut short
	killAtMost    = 150 * time.Second // half a minute on an idle machine
	killRestMost  = 120 * time.Second // what is under way at the end of the killing takes at most
	killReadyMost = 2 * time.Second   // a start takes at most, in the median
	killReadyEver = 10 * time.Second  // and ever, on a machine that does much else
)

// killSeed is random and printed, or fixed by KILL_SEED.
func killSeed(tb testing.TB) uint64 {
	tb.Helper()
	seed := rand.Uint64()
	if fixed := os.Getenv("KILL_SEED"); fixed != "" {
		var err error
		seed, err = strconv.ParseUint(fixed, 10, 64)
		killMust(tb, err)
	}
	tb.Logf("seed: KILL_SEED=%d", seed)
	return seed
}

func newKillRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }

func killSkipShort(tb testing.TB) {
	tb.Helper()
	if testing.Short() {
		fmt.Fprintf(os.Stderr, "\n!!!! SKIPPED under -short: %s\n\n", tb.Name())
		tb.Skip("starts and kills real processes: run it without -short")
	}
}

// killRounds returns how many houses are killed one after another: one, or by KILLS (how many kills in
// all) as many as a night has time for.
func killRounds(tb testing.TB) int {
	tb.Helper()
	text := os.Getenv("KILLS")
	if text == "" {
		return 1
	}
	kills, err := strconv.Atoi(text)
	killMust(tb, err)
	return max(1, (kills+killLeast-1)/killLeast)
}

// killMoments are what a kill can wait for.
type killMoments struct {
	pulses atomic.Int64
	posts  atomic.Int64
}

// TestKill_Controller kills the controller at random moments while people store and collect and while
// the line to the server breaks and freezes, and compares afterwards what people were told, what the
// boards saw, what the journal says and what the server has.
func TestKill_Controller(t *testing.T) {
	killSkipShort(t)
	seed := killSeed(t)
	killBinary(t) // once for all houses
	var starts []time.Duration
	stages := killStages{}
	kills, rounds := 0, killRounds(t)
	for round := range rounds {
		house := func(t *testing.T) { //nolint:thelper // it is the test of one house
			k, s := killHouse(t, seed+uint64(round), stages)
			kills += k
			starts = append(starts, s...)
		}
		if rounds == 1 {
			house(t)
			break
		}
		t.Run(strconv.Itoa(round), house) // with KILL_SEED as that of the run plus this number
	}
	slices.Sort(starts)
	median, worst := starts[len(starts)/2], starts[len(starts)-1]
	t.Logf("%d kills, %d starts: ready after %v in the median, %v at worst", kills, len(starts), median.Round(time.Millisecond),
		worst.Round(time.Millisecond))
	stages.tell(t)
	if median > killReadyMost || worst > killReadyEver {
		t.Errorf("a start took %v in the median and %v at worst, want at most %v and %v", median, worst, killReadyMost, killReadyEver)
	}
}

// killHouse furnishes a house and kills its controller.
func killHouse(t *testing.T, seed uint64, stages killStages) (kills int, starts []time.Duration) {
	t.Helper()
	entered := time.Now()
	r := newKillRig(t, killOptions{banks: killBanks, units: killUnits, wire: true, seed: seed})
	moments := &killMoments{}
	r.world.Subscribe(func(e virtual.Event) {
		if e.Kind == virtual.EventPulse {
			moments.pulses.Add(1)
		}
	})
	starts = []time.Duration{r.startController()}
	r.awaitDirectory()

	t.Logf("built and furnished in %.1f s", time.Since(entered).Seconds())
	crowd := newKillCrowd(t, r, seed, moments)
	crowd.start()
	heal := r.disturb(seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	began := time.Now()
	enough := func() bool {
		return kills >= killLeast && moments.pulses.Load() >= killOpenings && crowd.openings.Load() >= killConfirmed
	}
	for ; !enough() && !t.Failed(); kills++ {
		if time.Since(began) > killAtMost {
			t.Errorf("only %d kills, %d openings, %d confirmed in %v", kills, moments.pulses.Load(), crowd.openings.Load(), killAtMost)
			break
		}
		early := killWait(rng, moments)
		r.controller.kill()
		r.controller = r.start("controller")
		if early { // killed again while it recovers
			time.Sleep(time.Duration(rng.Int64N(int64(250 * time.Millisecond))))
			kills++
			r.controller.kill()
			r.controller = r.start("controller")
		}
		ready := r.controller.await(t)
		starts = append(starts, ready)
		stages.add(r.controller, ready)
	}
	t.Logf("%d kills in %.1f s, %d pulses, %d connections to the server", kills, time.Since(began).Seconds(), moments.pulses.Load(),
		r.wire.Connections())
	heal()
	crowd.finish()
	checking := time.Now()
	killCheck(t, r, crowd.parcels(), killFloors{killOpenings, killConfirmed})
	t.Logf("compared in %.1f s", time.Since(checking).Seconds())
	return kills, starts
}

// killWait waits for the moment of the next kill: any moment, right after a pulse, or while a form is
// on its way. early asks for a second kill while the controller recovers.
func killWait(rng *rand.Rand, m *killMoments) (early bool) {
	until := func(n *atomic.Int64, more int64, then time.Duration) {
		target, end := n.Load()+more, time.Now().Add(2500*time.Millisecond)
		for n.Load() < target && time.Now().Before(end) {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(rng.Int64N(int64(then))))
	}
	switch rng.IntN(4) {
	case 0:
		time.Sleep(time.Duration(rng.Int64N(int64(900 * time.Millisecond))))
	case 1:
		until(&m.posts, 1+rng.Int64N(20), 8*time.Millisecond)
	case 2:
		until(&m.pulses, 1+rng.Int64N(killBanks), 30*time.Millisecond)
	case 3:
		until(&m.pulses, 1+rng.Int64N(killBanks), 500*time.Millisecond)
	}
	return rng.IntN(5) == 0
}

// killCrowd is one person at each bank.
type killCrowd struct {
	t        testing.TB
	rig      *killRig
	people   []*killPerson
	openings atomic.Int64
	units    atomic.Int64
	stop     atomic.Bool
	done     sync.WaitGroup
	ctx      context.Context
	cancel   context.CancelFunc
}

func newKillCrowd(tb testing.TB, r *killRig, seed uint64, m *killMoments) *killCrowd {
	tb.Helper()
	c := &killCrowd{t: tb, rig: r}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	tb.Cleanup(c.cancel)
	for i, bank := range r.layout.Banks {
		c.people = append(c.people, &killPerson{
			rig: r, bank: bank, rng: rand.New(rand.NewPCG(seed, uint64(i+1))), poll: 60 * time.Millisecond,
			panel:  newKillPanel(r.kiosk, string(bank.ID), func() { m.posts.Add(1) }),
			opened: func() { c.openings.Add(1) },
		})
	}
	return c
}

func (c *killCrowd) start() {
	for _, p := range c.people {
		c.done.Go(func() {
			for !c.stop.Load() && !c.t.Failed() {
				if err := c.round(p); err != nil {
					c.t.Error(err)
					return
				}
			}
		})
	}
}

// round is a courier with one or two parcels, and then their residents.
func (c *killCrowd) round(p *killPerson) error {
	var brought []*killParcel
	for range 1 + p.rng.IntN(2) {
		n := c.units.Add(1) - 1
		if n >= killUnits {
			return fmt.Errorf("more than %d parcels", killUnits)
		}
		parcel, err := p.deposit(c.ctx, killUnit(int(n)))
		if err != nil {
			return fmt.Errorf("deposit for unit %s: %w", parcel.unit, err)
		}
		brought = append(brought, parcel)
	}
	if _, err := p.panel.act(c.ctx, "finish"); err != nil && !errors.Is(err, errKillDown) {
		return err
	}
	for _, parcel := range brought {
		if p.rng.IntN(4) == 0 && p.waiting() < killDoors/2 {
			continue // comes another day; a bank full of such parcels would leave the courier no door
		}
		if err := p.collect(c.ctx, parcel); err != nil {
			return fmt.Errorf("collect for unit %s: %w", parcel.unit, err)
		}
	}
	return nil
}

// waiting counts the parcels that were left for another day.
func (p *killPerson) waiting() int {
	n := 0
	for _, parcel := range p.parcels {
		if parcel.acked && !parcel.taken {
			n++
		}
	}
	return n
}

// finish lets everybody end what they do, and then lets every parcel that waits be collected: what
// was stored stays collectable.
func (c *killCrowd) finish() {
	c.stop.Store(true)
	began := time.Now()
	defer time.AfterFunc(killRestMost, c.cancel).Stop()
	c.done.Wait()
	waited := atomic.Int64{}
	for _, p := range c.people {
		c.done.Go(func() {
			for _, parcel := range p.parcels {
				if !parcel.acked || parcel.taken {
					continue
				}
				waited.Add(1)
				if err := p.collect(c.ctx, parcel); err != nil {
					c.t.Errorf("collect for unit %s at the end: %v", parcel.unit, err)
					return
				}
			}
			if err := p.try(c.ctx, nil, func(killPage) (bool, error) { // the last round of the staff
				page, err := p.panel.get(c.ctx, "")
				if err == nil && page.step != "home" {
					_, err = p.panel.act(c.ctx, "finish")
				}
				if err != nil {
					return false, err
				}
				_, err = p.lookInto(c.ctx, nil)
				return err == nil, err
			}); err != nil {
				c.t.Error(err)
			}
		})
	}
	c.done.Wait()
	c.t.Logf("%d openings were confirmed, %d parcels waited to the end, which took %.1f s", c.openings.Load(), waited.Load(),
		time.Since(began).Seconds())
}

func (c *killCrowd) parcels() []*killParcel {
	var all []*killParcel
	for _, p := range c.people {
		all = append(all, p.parcels...)
	}
	return all
}

package controller_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"cubby/internal/controller"
	"cubby/internal/credential"
	"cubby/internal/locker"
)

// limit is what the policy grants: n guesses at once, n more in each span. It counts true time and
// is written apart from the budget that it judges.
type limit struct {
	n    float64
	span time.Duration
	left float64
	at   int64
	used bool
}

func (l *limit) take(nowMS int64) bool {
	if !l.used {
		l.left, l.used = l.n, true
	}
	l.left = min(l.n, l.left+l.n*float64(nowMS-l.at)/float64(l.span.Milliseconds()))
	l.at = nowMS
	const rounding = 1e-6
	if l.left < 1-rounding {
		return false
	}
	l.left--
	return true
}

// judge says whether a guess that was evaluated was within the policy.
type judge struct {
	site             limit
	holders, reserve map[string]*limit
}

func newJudge() *judge {
	return &judge{
		site:    limit{n: 20, span: 24 * time.Hour},
		holders: map[string]*limit{}, reserve: map[string]*limit{},
	}
}

func of(limits map[string]*limit, name string, n float64, span time.Duration) *limit {
	if limits[name] == nil {
		limits[name] = &limit{n: n, span: span}
	}
	return limits[name]
}

func (j *judge) within(g guess, nowMS int64) bool {
	site := j.site.take(nowMS)
	if g.holder == "" {
		return site
	}
	ok := of(j.holders, g.holder, 5, 24*time.Hour).take(nowMS)
	if !site && g.digits {
		ok = of(j.reserve, g.holder, 3, 30*24*time.Hour).take(nowMS) && ok
	}
	return ok
}

// guess is one entry of the bot.
type guess struct {
	holder string // whose number stands before it
	digits bool
	free   bool // a token or a slip: never counted
	in     controller.Input
	odds   float64 // that it opens something
}

// bot guesses with wrong codes out of a pool, in all forms, and moves time, clocks and power.
type bot struct {
	*lab
	rng       *rand.Rand
	pool      []credential.Credential
	judge     *judge
	tried     int
	evaluated int
	chance    float64 // that one of the evaluated guesses would have opened something
	restarts  int
	jumps     int
}

func newBot(t *testing.T, seed uint64) *bot {
	t.Helper()
	b := &bot{lab: newLab(t, 8), rng: rand.New(rand.NewPCG(seed, 7)), judge: newJudge()}
	b.signIn()
	b.drop("Ana", locker.SizeS)
	b.drop("Cleo", locker.SizeS)
	b.must(controller.Finish{})
	for i := range 500 {
		b.pool = append(b.pool, credential.Derive(keyOf(t, "stranger"), fmt.Sprintf("guess:%d", i), uint32(seed)))
	}
	return b
}

func (b *bot) guess() guess {
	code := b.pool[b.rng.IntN(len(b.pool))]
	number := [...]string{"101", "4B", "402", "103", "999", "1000"}[b.rng.IntN(6)]
	holder := map[string]string{"4B": "402"}[number]
	if holder == "" {
		holder = number
	}
	live := float64(len(b.m.State().Matter.Live()) + 3) // the courier and two of the staff
	symbols := math.Pow(20, 8) - math.Pow(7, 8)
	under := 1.0
	if number != "101" && holder != "402" {
		under = 0
	}
	switch b.rng.IntN(8) {
	case 0, 1, 2:
		return guess{in: controller.Input{Code: code.Symbols()}, odds: live / symbols}
	case 3, 4:
		return guess{holder: holder, digits: true, in: controller.Input{Code: code.Digits(), Unit: number}, odds: under / 1e9}
	case 5:
		return guess{holder: holder, in: controller.Input{Code: number + " " + code.Symbols()}, odds: under / symbols}
	case 6:
		return guess{free: true, in: controller.Input{Code: code.Token()}}
	}
	slip := []byte(code.Symbols())
	slip[0] = map[bool]byte{true: 'X', false: 'C'}[slip[0] == 'C']
	return guess{free: true, in: controller.Input{Code: string(slip)}}
}

// try makes one guess and judges the answer.
func (b *bot) try() {
	g := b.guess()
	b.tried++
	before := len(b.ops)
	err := b.step(controller.CodeEntered{Panel: controller.PanelID("k" + strconv.Itoa(b.rng.IntN(4))), Input: g.in}).Err
	counted := 0
	for _, op := range b.ops[before:] {
		for _, f := range op.Facts {
			if refused, ok := f.(locker.CodeRefused); ok && refused.Reason == locker.CodeCodeWrong {
				counted++
			}
		}
	}
	var rule *locker.Error
	if !errors.As(err, &rule) {
		b.t.Fatalf("guess %d opened something: %v", b.tried, err)
	}
	refused := []locker.Code{locker.CodeCodeFlooded, locker.CodeHolderLocked, locker.CodeCodeTyped}
	if slices.Contains(refused, rule.Code) {
		if counted != 0 {
			b.t.Fatalf("guess %d: %s, but it was counted", b.tried, rule.Code)
		}
		return
	}
	if rule.Code != locker.CodeCodeWrong {
		b.t.Fatalf("guess %d: %v", b.tried, err)
	}
	if g.free { // on record too, as long as there are not too many
		return
	}
	if counted != 1 {
		b.t.Fatalf("guess %d: the answer came with %d records, want one before it", b.tried, counted)
	}
	b.evaluated++
	b.chance += g.odds
	if !b.judge.within(g, b.ms) {
		b.t.Fatalf("guess %d after %s, %d restarts and %d jumps: evaluated beyond the policy",
			b.tried, time.Duration(b.ms)*time.Millisecond, b.restarts, b.jumps)
	}
}

// wait lets time pass, by about a day every thousand guesses.
func (b *bot) wait() {
	d := time.Duration(b.rng.Int64N(int64(time.Second)))
	if b.rng.IntN(100) == 0 {
		d = time.Duration(b.rng.Int64N(int64(2 * time.Hour)))
	}
	b.ms += d.Milliseconds()
}

// disturb moves the wall clock, or cuts the power, or both: with or without what a snapshot kept.
func (b *bot) disturb() {
	if b.rng.IntN(3) > 0 {
		b.jumps++
		wall := noon.Add(time.Duration(b.ms) * time.Millisecond)
		to := func(year int) locker.Millis { return locker.At(time.Date(year, 1, 19, 3, 14, 8, 0, time.UTC)) - wall }
		skews := []locker.Millis{
			0, b.skew + 600_000, b.skew - 600_000, b.skew + 3_600_000, b.skew - 3_600_000, // DST is an hour
			b.skew + 24*3_600_000, b.skew + 300*24*3_600_000, b.skew - 300*24*3_600_000, to(1970), to(2038),
		}
		b.skew = skews[b.rng.IntN(len(skews))]
	}
	if b.rng.IntN(2) == 0 {
		b.restarts++
		b.snap = nil
		if b.rng.IntN(4) > 0 {
			var err error
			if b.snap, err = b.m.Snapshot(); err != nil {
				b.t.Fatal(err)
			}
		}
		b.ms += b.rng.Int64N(3_600_000) // off
		b.since = b.ms
		b.restart()
	}
	if b.rng.IntN(4) == 0 {
		b.step(controller.ServerTime{At: noon.Add(time.Duration(b.ms) * time.Millisecond)}) // it tells the truth
	}
}

// guesses is how many guesses the bot makes: CUBBY_GUESSES, or fewer beside other tests.
func guesses(tb testing.TB, usual int) int {
	tb.Helper()
	if text := os.Getenv("CUBBY_GUESSES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			tb.Fatalf("CUBBY_GUESSES: %v", err)
		}
		return n
	}
	return usual
}

// TestAttack_TheBudgetHolds has strangers guess for years at four panels, while the power fails and the
// clock jumps, also to 1970 and 2038: no more guesses are evaluated than the policy allows by true
// time, each is on record before its answer, and whoever has a right code gets in all the same.
func TestAttack_TheBudgetHolds(t *testing.T) {
	t.Parallel()
	n := guesses(t, 200_000)
	const seeds = 4
	total, evaluated := 0, 0
	for seed := range uint64(seeds) {
		b := newBot(t, seed)
		start := b.ms
		for b.tried < n/seeds {
			b.try()
			b.wait()
			if b.rng.IntN(1500) == 0 {
				b.disturb()
			}
		}
		years := float64(b.ms-start) / float64(credential.Year.Milliseconds())
		if b.chance > credential.MaxChance*max(years, 1) {
			t.Errorf("seed %d: in %.2f years a stranger got in with chance %.2g", seed, years, b.chance)
		}
		if b.restarts == 0 || b.jumps == 0 || b.evaluated < 50 {
			t.Errorf("seed %d: %d restarts, %d jumps, %d guesses evaluated: that was no attack", seed, b.restarts, b.jumps, b.evaluated)
		}
		stay := b.m.State().Matter.Live()[0]
		turn, err := b.enter(controller.Input{Code: b.credential("stay:"+string(stay.ID), stay.Generation).Token()})
		if err != nil || turn.Role != controller.RoleResident {
			t.Errorf("seed %d: the resident scans her code: %s, %v", seed, turn.Role, err)
		}
		total, evaluated = total+b.tried, evaluated+b.evaluated
		t.Logf("seed %d: %d guesses in %.2f years, %d restarts, %d jumps: %d evaluated, chance %s", seed, b.tried, years,
			b.restarts, b.jumps, b.evaluated, credential.FormatChance(b.chance))
	}
	t.Logf("%d guesses, %d evaluated", total, evaluated)
}

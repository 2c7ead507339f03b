package credential_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cubby/internal/credential"
)

var start = time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC)

type forms struct{ token, symbols, symbolsAt7, digitsAt7, digitsAt8 credential.Entry }

func wrongEntries(tb testing.TB) forms {
	tb.Helper()
	c := credential.Derive(testKey(tb, 11), "stay:wrong", 0)
	return forms{
		token: mustParse(tb, c.Token()), symbols: mustParse(tb, c.Symbols()), symbolsAt7: mustParse(tb, "7"+c.Symbols()),
		digitsAt7: mustParse(tb, "7"+c.Digits()), digitsAt8: mustParse(tb, "8"+c.Digits()),
	}
}

func newBudget(tb testing.TB) *credential.Budget {
	tb.Helper()
	b, err := credential.NewBudget(credential.DefaultLimits())
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// guess makes as many wrong guesses as the budget lets through, at most n.
func guess(b *credential.Budget, e credential.Entry, holder string, now time.Time, n int) (made int) {
	for made < n && b.Allow(e, holder, now).Verdict == credential.VerdictAllowed {
		b.Spend(e, holder, now)
		made++
	}
	return made
}

func TestBudget_FloodAsksForTheNumber(t *testing.T) {
	t.Parallel()
	b, e := newBudget(t), wrongEntries(t)
	if made := guess(b, e.symbols, "", start, 100); made != 20 {
		t.Fatalf("%d wrong guesses, want 20", made)
	}
	answer := b.Allow(e.symbols, "", start)
	if answer.Verdict != credential.VerdictFlooded || !b.Flooded(start) {
		t.Fatalf("got %s", answer.Verdict)
	}
	if wait := answer.Until.Sub(start); wait < 72*time.Minute || wait > 73*time.Minute {
		t.Errorf("the next guess is in %s, want a twentieth of a day", wait)
	}
	if got := b.Allow(e.symbols, "", answer.Until); got.Verdict != credential.VerdictAllowed {
		t.Errorf("at the promised time: %s", got.Verdict)
	}
	for name, entry := range map[string]credential.Entry{"token": e.token, "with number": e.symbolsAt7, "digits": e.digitsAt7} {
		if got := b.Allow(entry, "unit:7", start); got.Verdict != credential.VerdictAllowed {
			t.Errorf("%s during a flood: %s", name, got.Verdict)
		}
	}
}

func TestBudget_LocksOneHolderOnly(t *testing.T) {
	t.Parallel()
	b, e := newBudget(t), wrongEntries(t)
	if made := guess(b, e.digitsAt7, "unit:7", start, 100); made != 5 {
		t.Fatalf("%d wrong guesses, want 5", made)
	}
	for name, tc := range map[string]struct {
		entry  credential.Entry
		holder string
		want   credential.Verdict
	}{
		"digits of the holder":  {e.digitsAt7, "unit:7", credential.VerdictLocked},
		"symbols of the holder": {e.symbolsAt7, "unit:7", credential.VerdictLocked},
		"token":                 {e.token, "unit:7", credential.VerdictAllowed},
		"bare symbols":          {e.symbols, "", credential.VerdictAllowed},
		"another holder":        {e.digitsAt8, "unit:8", credential.VerdictAllowed},
	} {
		if got := b.Allow(tc.entry, tc.holder, start); got.Verdict != tc.want {
			t.Errorf("%s: %s, want %s", name, got.Verdict, tc.want)
		}
	}
	if got := b.Allow(e.digitsAt7, "unit:7", start.Add(24*time.Hour)); got.Verdict != credential.VerdictAllowed {
		t.Errorf("a day later: %s", got.Verdict)
	}
}

func TestBudget_ReserveDuringFlood(t *testing.T) {
	t.Parallel()
	b, e := newBudget(t), wrongEntries(t)
	guess(b, e.symbols, "", start, 100)
	if made := guess(b, e.digitsAt7, "unit:7", start, 100); made != 3 {
		t.Errorf("%d wrong guesses of digits in a flood, want 3", made)
	}
	if made := guess(b, e.digitsAt8, "unit:8", start, 100); made != 3 {
		t.Errorf("%d for another holder, want 3", made)
	}
	if made := guess(b, e.symbolsAt7, "unit:7", start, 100); made != 2 {
		t.Errorf("%d of symbols with a number, want the 2 that are left of 5", made)
	}
}

func TestBudget_TokensSpendNothing(t *testing.T) {
	t.Parallel()
	b, e := newBudget(t), wrongEntries(t)
	if made := guess(b, e.token, "unit:7", start, 1000); made != 1000 {
		t.Errorf("a scan was refused after %d", made)
	}
	if diff := cmp.Diff(credential.BudgetState{}, b.State()); diff != "" {
		t.Error(diff)
	}
}

func TestBudget_ClockThatJumpsBackRevivesNothing(t *testing.T) {
	t.Parallel()
	b, e := newBudget(t), wrongEntries(t)
	guess(b, e.symbols, "", start, 100)
	for range 50 { // an hour back and forth gives nothing, time after time
		if made := guess(b, e.symbols, "", start.Add(-time.Hour), 100); made != 0 {
			t.Fatalf("%d guesses after a jump back", made)
		}
		if made := guess(b, e.symbols, "", start.Add(time.Hour), 100); made != 0 {
			t.Fatalf("%d guesses within the same hour", made)
		}
	}
	if made := guess(b, e.symbols, "", start.Add(25*time.Hour), 100); made != 20 {
		t.Errorf("%d guesses a day later, want 20", made)
	}
}

// Whatever the pattern of guesses, jumps and restarts, no year sees more than the limits promise.
func TestBudget_YearBound(t *testing.T) {
	t.Parallel()
	limits := credential.DefaultLimits()
	e := wrongEntries(t)
	rapid.Check(t, func(t *rapid.T) {
		b, err := credential.NewBudget(limits)
		if err != nil {
			t.Fatal(err)
		}
		now, bare, named := start, 0.0, 0.0
		for now.Before(start.Add(credential.Year)) {
			now = now.Add(time.Duration(rapid.Int64Range(int64(time.Minute), int64(9*24*time.Hour)).Draw(t, "step")))
			at := now.Add(-time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "clock jump back")))
			bare += float64(guess(b, e.symbols, "", at, 1000))
			named += float64(guess(b, e.digitsAt7, "unit:7", at, 1000))
			if rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
				b = restart(t, b)
			}
		}
		if year := limits.Site.PerYear() + float64(limits.Site.N); bare > year {
			t.Fatalf("%.0f bare guesses in a year and a step, at most %.0f", bare, year)
		}
		if year := limits.Holder.PerYear() + float64(limits.Holder.N); named > year {
			t.Fatalf("%.0f guesses at one holder, at most %.0f", named, year)
		}
	})
}

func restart(t *rapid.T, b *credential.Budget) *credential.Budget {
	saved, err := json.Marshal(b.State())
	if err != nil {
		t.Fatal(err)
	}
	var state credential.BudgetState
	if err := json.Unmarshal(saved, &state); err != nil {
		t.Fatal(err)
	}
	restored, err := credential.RestoreBudget(credential.DefaultLimits(), state)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.State(), restored.State()); diff != "" {
		t.Fatal(diff)
	}
	return restored
}

// The most patient stranger: one guess whenever one is free, for a year.
func TestBudget_YearIsExact(t *testing.T) {
	t.Parallel()
	b, e := newBudget(t), wrongEntries(t)
	made := 0
	for now := start; now.Before(start.Add(credential.Year)); now = now.Add(10 * time.Minute) {
		made += guess(b, e.symbols, "", now, 100)
	}
	if want := 20 * 365; made > want || made < want-20 {
		t.Errorf("%d guesses in a year, want just below %d", made, want)
	}
}

func TestBudget_ManyNumbersStayBounded(t *testing.T) {
	t.Parallel()
	b, e := newBudget(t), wrongEntries(t)
	for i := range 8192 + 100 {
		b.Spend(e.digitsAt7, fmt.Sprintf("number:%d", i%9000), start)
		if i == 8191 { // one holder who is locked out stays so
			guess(b, e.symbolsAt7, "number:5", start, 5)
		}
	}
	if n := len(b.State().Holders); n > 8192 {
		t.Errorf("%d holders are remembered", n)
	}
	if got := b.Allow(e.symbolsAt7, "number:5", start); got.Verdict != credential.VerdictLocked {
		t.Errorf("the locked holder is %s", got.Verdict)
	}
}

func TestBudget_RefusesBadLimits(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*credential.Limits){
		"none":       func(l *credential.Limits) { *l = credential.Limits{} },
		"no guesses": func(l *credential.Limits) { l.Site.N = 0 },
		"too many":   func(l *credential.Limits) { l.Holder.N = 1001 },
		"too short":  func(l *credential.Limits) { l.Reserve.Per = time.Minute },
		"too long":   func(l *credential.Limits) { l.Site.Per = credential.Year },
	} {
		limits := credential.DefaultLimits()
		change(&limits)
		if _, err := credential.NewBudget(limits); !errors.Is(err, credential.ErrLimits) {
			t.Errorf("%s: %v", name, err)
		}
	}
	state := credential.BudgetState{Site: credential.Bucket{Debt: -time.Hour}}
	if _, err := credential.RestoreBudget(credential.DefaultLimits(), state); !errors.Is(err, credential.ErrLimits) {
		t.Errorf("negative debt: %v", err)
	}
}

func TestBudget_RecountGivesTheSameStateAsSpend(t *testing.T) {
	t.Parallel()
	e := wrongEntries(t)
	spent, counted := newBudget(t), newBudget(t)
	for i := range 40 {
		now := start.Add(time.Duration(i) * time.Minute)
		entry, holder := e.symbols, ""
		switch i % 3 {
		case 1:
			entry, holder = e.digitsAt7, "unit:7"
		case 2:
			entry, holder = e.symbolsAt7, "unit:7"
		}
		spent.Spend(entry, holder, now)
		counted.Recount(entry.Form(), holder, now)
	}
	if diff := cmp.Diff(spent.State(), counted.State()); diff != "" {
		t.Error(diff)
	}
}

package mix_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"cubby/internal/sizing/mix"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s = %.12f, want %.12f", what, got, want)
	}
}

// TestOnline_Reference is "Two sizes, best fit with upgrade".
func TestOnline_Reference(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		doors                      mix.Pattern
		loads                      []float64
		blockedS, blockedL, upgraS float64
	}{
		{mix.Pattern{1, 1}, []float64{1, 1}, 7.0 / 22, 13.0 / 22, 2.0 / 11},
		{mix.Pattern{2, 1}, []float64{1, 0.5}, 0.101255230, 0.399163180, 0.098744770},
		{mix.Pattern{6, 4}, []float64{5, 2}, 0.061609257, 0.192324415, 0.130238002},
	} {
		got, err := mix.Online{Doors: c.doors, Loads: c.loads}.BestFit(nil)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "blocked S", got.Blocked[0], c.blockedS, 1e-9)
		near(t, "blocked L", got.Blocked[1], c.blockedL, 1e-9)
		near(t, "upgraded S", got.Upgraded[0], c.upgraS, 1e-9)
		near(t, "blocked and upgraded S", got.Blocked[0]+got.Upgraded[0], erlangB(c.loads[0], c.doors[0]), 1e-9)
	}
}

// TestOnline_Optimum compares best fit with the best rule that there is, once with all parcels worth
// the same and once with larger ones worth up to twice the next smaller.
func TestOnline_Optimum(t *testing.T) {
	t.Parallel()
	t.Run("equal worth", func(t *testing.T) { t.Parallel(); compareRules(t, false) })
	t.Run("larger is worth more", func(t *testing.T) { t.Parallel(); compareRules(t, true) })
}

func compareRules(t *testing.T, worth bool) {
	t.Helper()
	const instances = 60
	r := rand.New(rand.NewPCG(3, 5))
	var plain, reserved []float64
	for range instances {
		o := mix.Online{}
		for i := range 2 + r.IntN(2) {
			n := 1 + r.IntN(8)
			if i == 2 {
				n = 1 + r.IntN(4)
			}
			o.Doors = append(o.Doors, n)
			o.Loads = append(o.Loads, float64(n)*(0.4+0.9*r.Float64()))
			value := 1.0
			if worth && i > 0 {
				value = o.Values[i-1] * (1 + r.Float64())
			}
			o.Values = append(o.Values, value)
		}
		best, err := o.Optimum()
		if err != nil {
			t.Fatal(err)
		}
		fit, err := o.BestFit(nil)
		if err != nil {
			t.Fatal(err)
		}
		kept := fit.Value
		reserve := make([]int, len(o.Doors))
		for reserve[len(reserve)-1] = 1; reserve[len(reserve)-1] <= 2; reserve[len(reserve)-1]++ {
			with, err := o.BestFit(reserve)
			if err != nil {
				t.Fatal(err)
			}
			kept = max(kept, with.Value)
		}
		if fit.Value > best.Value*(1+1e-7) || kept > best.Value*(1+1e-7) {
			t.Errorf("%+v: best fit is worth %.9f, the optimum %.9f", o, max(fit.Value, kept), best.Value)
		}
		plain = append(plain, (best.Value-fit.Value)/best.Value)
		reserved = append(reserved, (best.Value-kept)/best.Value)
	}
	mean := func(x []float64) float64 {
		sum := 0.0
		for _, v := range x {
			sum += v
		}
		return sum / float64(len(x))
	}
	t.Logf("%d instances: best fit accepts %.4f %% less than the optimum on average, %.4f %% at worst; with the better of "+
		"no, one or two largest doors kept back %.4f %% and %.4f %%", instances,
		100*mean(plain), 100*slices.Max(plain), 100*mean(reserved), 100*slices.Max(reserved))
	if mean(plain) > 0.005 {
		t.Errorf("best fit is %.4f %% below the optimum on average, want at most 0.5 %%", 100*mean(plain))
	}
}

func TestOnline_ReserveHelpsWhenLargeCountsMore(t *testing.T) {
	t.Parallel()
	o := mix.Online{Doors: mix.Pattern{4, 3}, Loads: []float64{6, 2}, Values: []float64{1, 5}}
	none, err := o.BestFit(nil)
	if err != nil {
		t.Fatal(err)
	}
	two, err := o.BestFit([]int{0, 2})
	if err != nil {
		t.Fatal(err)
	}
	best, err := o.Optimum()
	if err != nil {
		t.Fatal(err)
	}
	if two.Value <= none.Value || best.Value < two.Value-1e-7 {
		t.Errorf("none kept %g, two kept %g, optimum %g: want a rise", none.Value, two.Value, best.Value)
	}
	if two.Blocked[1] >= none.Blocked[1] {
		t.Errorf("large ones blocked %g without and %g with two kept", none.Blocked[1], two.Blocked[1])
	}
}

func TestOnline_Errors(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mix.Online{
		"nothing":    {},
		"loads":      {Doors: mix.Pattern{1}, Loads: []float64{1, 2}},
		"negative":   {Doors: mix.Pattern{-1}, Loads: []float64{1}},
		"not finite": {Doors: mix.Pattern{1}, Loads: []float64{math.NaN()}},
		"idle":       {Doors: mix.Pattern{1}, Loads: []float64{0}},
		"values":     {Doors: mix.Pattern{1}, Loads: []float64{1}, Values: []float64{1, 2}},
	} {
		if _, err := o.Optimum(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := (mix.Online{Doors: mix.Pattern{999, 999}, Loads: []float64{1, 1}}).BestFit(nil); !errors.Is(err, mix.ErrTooMany) {
		t.Errorf("a million states: %v, want ErrTooMany", err)
	}
	if _, err := (mix.Online{Doors: mix.Pattern{1}, Loads: []float64{1}}).BestFit([]int{1, 2}); err == nil {
		t.Error("reserves of other sizes are no error")
	}
}

// noisy is a mix whose loss is its first number in thousandths, with noise that is mostly shared.
func noisy(_ context.Context, doors mix.Pattern, replication int) (float64, error) {
	shared := rand.New(rand.NewPCG(9, uint64(replication)))
	own := rand.New(rand.NewPCG(uint64(doors[0]), uint64(replication)))
	return float64(doors[0])/1000 + 0.05*shared.NormFloat64() + 0.004*own.NormFloat64(), nil
}

func TestSelect(t *testing.T) {
	t.Parallel()
	mixes := []mix.Pattern{{30}, {20}, {22}, {40}, {90}}
	got, err := mix.Select(t.Context(), mixes, noisy, mix.SelectOptions{Delta: 0.002})
	if err != nil {
		t.Fatal(err)
	}
	first := got.Contenders[0]
	if !got.Decided || first.Index != 1 && first.Index != 2 || first.Replications < 10 {
		t.Errorf("%+v: want the mix of 20, or the one of 22 that is as good", got)
	}
	last := got.Contenders[len(got.Contenders)-1]
	if !last.Out || last.Replications >= first.Replications {
		t.Errorf("%+v: the worst must go early", got)
	}
}

// TestSelect_Chance repeats the choice: a mix worse by more than delta must be chosen in at most
// 5 % of 200 trials; 20 is four standard errors above that.
func TestSelect_Chance(t *testing.T) {
	t.Parallel()
	wrong := 0
	for trial := range 200 {
		sample := func(_ context.Context, doors mix.Pattern, replication int) (float64, error) {
			r := rand.New(rand.NewPCG(uint64(trial*1000+doors[0]), uint64(replication)))
			return float64(doors[0])/1000 + 0.01*r.NormFloat64(), nil
		}
		got, err := mix.Select(t.Context(), []mix.Pattern{{24}, {20}, {24}, {25}}, sample, mix.SelectOptions{Delta: 0.004, Max: 4000})
		if err != nil {
			t.Fatal(err)
		}
		if !got.Decided {
			t.Fatal("not decided")
		}
		if got.Contenders[0].Index != 1 {
			wrong++
		}
	}
	if wrong > 20 {
		t.Errorf("%d of 200 choices are wrong", wrong)
	}
}

func TestSelect_Edges(t *testing.T) {
	t.Parallel()
	same := func(context.Context, mix.Pattern, int) (float64, error) { return 1, nil }
	got, err := mix.Select(t.Context(), []mix.Pattern{{1}, {2}}, same, mix.SelectOptions{Delta: 0.1})
	if err != nil || !got.Decided || got.Contenders[0].Index != 0 {
		t.Errorf("%+v, %v: the first of equals is chosen", got, err)
	}
	got, err = mix.Select(t.Context(), []mix.Pattern{{20}, {21}}, noisy, mix.SelectOptions{Delta: 1e-7, Max: 12})
	if err != nil || got.Decided {
		t.Errorf("%+v, %v: 12 replications cannot decide this", got, err)
	}
	broken := errors.New("broken")
	fails := func(context.Context, mix.Pattern, int) (float64, error) { return 0, broken }
	if _, err := mix.Select(t.Context(), []mix.Pattern{{1}}, fails, mix.SelectOptions{Delta: 1}); !errors.Is(err, broken) {
		t.Errorf("%v, want the error of the sample", err)
	}
	for name, o := range map[string]mix.SelectOptions{"no delta": {}, "few": {Delta: 1, First: 1}, "alpha": {Delta: 1, Alpha: 2}} {
		if _, err := mix.Select(t.Context(), []mix.Pattern{{1}}, same, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := mix.Select(t.Context(), nil, same, mix.SelectOptions{Delta: 1}); err == nil {
		t.Error("nothing to choose from is no error")
	}
}

// TestDecide gives the search a screen that is wrong about the best mix, and lets samples mend it.
func TestDecide(t *testing.T) {
	t.Parallel()
	patterns := []mix.Pattern{{4, 0}, {2, 1}, {0, 2}}
	loads := []float64{6, 1.5}
	truth := func(d mix.Pattern) float64 { return max(erlangB(loads[0], d[0]), erlangB(loads[1], d[1])) }
	p := mix.Problem{
		Groups: []mix.Choice{{Patterns: patterns, Columns: 4}},
		Loss:   func(d mix.Pattern) float64 { return max(erlangB(loads[0]*1.3, d[0]), erlangB(loads[1], d[1])) },
	}
	sample := func(_ context.Context, d mix.Pattern, replication int) (float64, error) {
		r := rand.New(rand.NewPCG(uint64(replication), 1))
		return truth(d) + 0.05*r.NormFloat64(), nil
	}
	got, err := mix.Decide(t.Context(), p, mix.SearchOptions{Keep: 4}, sample, mix.SelectOptions{Delta: 0.001})
	if err != nil {
		t.Fatal(err)
	}
	all, err := mix.Enumerate(mix.Problem{Groups: p.Groups, Loss: truth})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Mix.Doors, all[0].Doors) || slices.Equal(got.Screened[0].Doors, all[0].Doors) {
		t.Errorf("chosen %v of %v, the best is %v", got.Mix.Doors, got.Screened, all[0].Doors)
	}
}

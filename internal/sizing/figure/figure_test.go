package figure_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"cubby/internal/sizing/figure"
)

func TestFigure_String(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]figure.Figure{
		"1.5 (0.35 to 3.5) parcels": figure.Range(0.35, 1.5, 3.5, "x").In("parcels"),
		"5 %":                       figure.Of(5, "x").In("%"),
		"0.333333":                  figure.Of(1.0/3, "x"),
		"0":                         figure.Of(-1e-9, "x"),
		"1200":                      figure.Of(1200, "x"),
	} {
		if got := f.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestFigure_Problem(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		figure figure.Figure
		good   bool
	}{
		"good":     {figure.Range(1, 2, 3, "x"), true},
		"missing":  {figure.Figure{Low: 1, Mid: 1, High: 1}, false},
		"order":    {figure.Range(2, 1, 3, "x"), false},
		"low":      {figure.Range(-1, 1, 3, "x"), false},
		"high":     {figure.Range(1, 1, 13, "x"), false},
		"nan":      {figure.Of(math.NaN(), "x"), false},
		"infinite": {figure.Range(1, 2, math.Inf(1), "x"), false},
		"zero":     {figure.Of(0, "x"), true},
	} {
		if err := tt.figure.Problem(0, 10); (err == nil) != tt.good {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// The PERT law has mean (low + 4 mid + high)/6 and variance (mean - low)(high - mean)/7.
func TestFigure_Draw(t *testing.T) {
	t.Parallel()
	f := figure.Range(2, 3, 10, "x")
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 100_000
	sum, squares := 0.0, 0.0
	for range n {
		v := f.Draw(rng)
		if v < f.Low || v > f.High {
			t.Fatalf("drew %v outside of %v", v, f)
		}
		sum += v
		squares += v * v
	}
	mean := (2.0 + 4*3 + 10) / 6
	variance := (mean - 2) * (10 - mean) / 7
	got := sum / n
	if math.Abs(got-mean) > 4*math.Sqrt(variance/n) {
		t.Errorf("mean %v, want %v", got, mean)
	}
	if v := squares/n - got*got; math.Abs(v-variance) > 0.05*variance {
		t.Errorf("variance %v, want %v", v, variance)
	}
	if v := figure.Of(4, "x").Draw(rng); v != 4 {
		t.Errorf("an exact figure drew %v", v)
	}
}

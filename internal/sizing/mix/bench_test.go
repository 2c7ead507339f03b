package mix_test

import (
	"testing"

	"cubby/internal/sizing/mix"
	"cubby/internal/sizing/traffic"
)

// generic is four sizes, each twice as high as the one below, in a column of 1,920 mm.
func generic(b *testing.B, columns int) mix.Problem {
	b.Helper()
	patterns, err := mix.Maximal(mix.Space{Height: 1920, Sizes: []int{120, 240, 480, 960}})
	if err != nil {
		b.Fatal(err)
	}
	loads := []float64{34, 30, 17, 4}
	return mix.Problem{
		Groups: []mix.Choice{{Patterns: patterns, Columns: columns}},
		Loss: func(doors mix.Pattern) float64 {
			bank, err := traffic.Cascade(doors, loads)
			if err != nil {
				b.Fatal(err)
			}
			return bank.Total
		},
	}
}

func BenchmarkSearch(b *testing.B) {
	p := generic(b, 12)
	for b.Loop() {
		got, err := mix.Best(b.Context(), p, mix.SearchOptions{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(got[0].Evaluated), "evaluations")
		b.ReportMetric(100*got[0].Loss, "%loss")
	}
}

func BenchmarkCascade(b *testing.B) {
	p := generic(b, 12)
	for b.Loop() {
		p.Loss(mix.Pattern{40, 36, 20, 6})
	}
}

func BenchmarkCover(b *testing.B) {
	patterns, err := mix.Maximal(mix.Space{Height: 180, Sizes: []int{10, 21, 43}})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := (mix.Cover{Groups: []mix.Group{{Patterns: patterns}}, Demand: mix.Pattern{60, 30, 10}}).Solve(); err != nil {
			b.Fatal(err)
		}
	}
}

package fit_test

import (
	"errors"
	"testing"

	"cubby/internal/sizing/catalogue"
	"cubby/internal/sizing/fit"
	"cubby/internal/sizing/mix"
	"cubby/internal/sizing/traffic"
)

func generic(b *testing.B) []fit.Module {
	b.Helper()
	c, err := catalogue.Load("generic")
	if err != nil {
		b.Fatal(err)
	}
	var out []fit.Module
	for _, m := range c.Modules {
		out = append(out, fit.Module{
			Name: m.ID, WidthMM: m.WidthMM, HeightMM: m.HeightMM, DepthMM: m.DepthMM,
			Doors: c.Counts(m), Kiosk: m.Kiosk != nil, Cost: m.Price.Mid,
		})
	}
	return out
}

// mailRoom is a U of three walls with a door and a window.
func mailRoom() fit.Site {
	return fit.Site{CeilingMM: 2600, Walls: []fit.Wall{
		{Name: "left", LengthMM: 3500, Obstacles: []fit.Obstacle{{Name: "socket", FromMM: 300, ToMM: 400}}},
		{Name: "back", LengthMM: 5200, CornerLeft: true, Obstacles: []fit.Obstacle{{Name: "window", FromMM: 2200, ToMM: 3200, BottomMM: 900}}},
		{Name: "right", LengthMM: 3500, CornerLeft: true, Obstacles: []fit.Obstacle{{Name: "door", FromMM: 2400, ToMM: 3400}}},
	}}
}

func BenchmarkMeet(b *testing.B) {
	modules := generic(b)
	for b.Loop() {
		if _, err := fit.Meet(b.Context(), mailRoom(), modules, []int{50, 40, 12, 3}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMeet_Shortfall(b *testing.B) {
	modules := generic(b)
	for b.Loop() {
		_, err := fit.Meet(b.Context(), mailRoom(), modules, []int{80, 60, 40, 10})
		var short *fit.Shortfall
		if !errors.As(err, &short) {
			b.Fatal(err)
		}
	}
}

func BenchmarkFill(b *testing.B) {
	modules := generic(b)
	loads := []float64{34, 30, 17, 4}
	loss := func(doors mix.Pattern) float64 {
		bank, err := traffic.Cascade(doors, loads)
		if err != nil {
			b.Fatal(err)
		}
		return bank.Total
	}
	for b.Loop() {
		if _, err := fit.Fill(b.Context(), mailRoom(), modules, loss, fit.FillOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

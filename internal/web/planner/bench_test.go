package planner_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"cubby/internal/sizing"
	"cubby/internal/web/planner"
)

// BenchmarkRedraw is a change of a field as the server answers it, by the real engine: at most one second
// for a building of 400 homes on three walls and for 1,000 homes. It prints the 95th of 100.
func BenchmarkRedraw(b *testing.B) {
	for _, c := range []struct {
		name, query string
		homes       int
	}{
		{"Homes200", "u=%d", 200}, {"Homes400Walls", "u=%d&w1=9.2&w2=7.6&o2=3.1-4.4&w3=8.8", 400}, {"Homes1000", "u=%d", 900},
	} {
		b.Run(c.name, func(b *testing.B) {
			catalog, err := texts()
			if err != nil {
				b.Fatal(err)
			}
			at := time.Now()
			now := func() time.Time { at = at.Add(time.Minute); return at } // nobody's allowance ends
			f, err := planner.New(planner.Options{Text: catalog, Logger: slog.New(slog.DiscardHandler), Now: now, Solve: sizing.Solve, Public: "https://plan.example.org"})
			if err != nil {
				b.Fatal(err)
			}
			var took []time.Duration
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "/plan?v=1&"+fmt.Sprintf(c.query, c.homes+len(took)%200), nil)
				r.Header.Set("HX-Request", "true")
				w := httptest.NewRecorder()
				began := time.Now()
				f.Handler().ServeHTTP(w, r)
				took = append(took, time.Since(began))
				if w.Code != http.StatusOK {
					b.Fatalf("status %d", w.Code)
				}
			}
			slices.Sort(took)
			const nineteenOfTwenty = 0.95
			b.ReportMetric(float64(took[int(nineteenOfTwenty*float64(len(took)-1))].Milliseconds()), "ms-p95")
		})
	}
}

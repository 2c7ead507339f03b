package sim_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"testing"
	"time"

	"cubby/internal/sizing/sim"
)

// python returns an interpreter that has SimPy: Debian's package is there for the system's own only.
func python(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if path, err := exec.LookPath(name); err == nil {
			if exec.CommandContext(tb.Context(), path, "-c", "import simpy").Run() == nil {
				return path
			}
		}
	}
	if os.Getenv("CI") == "true" || os.Getenv("REQUIRE_TOOLS") != "" {
		tb.Fatal("SimPy is not installed: apt-get install python3-simpy")
	}
	tb.Skip("!!!! SKIPPED: SimPy is not installed: apt-get install python3-simpy")
	return ""
}

// simPyResult is what testdata/building.py answers.
type simPyResult struct {
	Years []struct {
		Offered, Lost, Upgraded []float64
	}
	Events, Seconds float64
}

// simPy runs the building of fourSizes in SimPy.
func simPy(tb testing.TB, s sim.Scenario, years int) simPyResult {
	tb.Helper()
	type carrier struct {
		Share   float64      `json:"share"`
		Spread  bool         `json:"spread"`
		Windows [][3]float64 `json:"windows"`
	}
	var carriers []carrier
	total := 0.0
	for _, c := range s.Demand.Carriers {
		total += c.Share
	}
	for _, c := range s.Demand.Carriers {
		plain := carrier{Share: c.Share / total, Spread: c.Spread}
		for _, v := range c.Visits {
			plain.Windows = append(plain.Windows, [3]float64{v.From.Minutes(), v.To.Minutes(), v.Share})
		}
		carriers = append(carriers, plain)
	}
	var shares []float64
	var doors []int
	for i, c := range s.Classes {
		shares = append(shares, c.Share)
		doors = append(doors, s.Sizes[i].Doors)
	}
	input, err := json.Marshal(map[string]any{
		"seed": 1, "years": years, "warm_up_weeks": 1, "per_week": s.Demand.PerWeek, "ratio": s.Demand.VarianceRatio,
		"season": s.Demand.Season, "weekday": s.Demand.Weekday, "carriers": carriers, "shares": shares, "doors": doors,
		"mean_minutes": s.Classes[0].Dwell.Mean.Minutes(), "sigma": s.Classes[0].Dwell.Sigma,
	})
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), python(tb), "testdata/building.py")
	cmd.Stdin = bytes.NewReader(input)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatal(err)
	}
	var r simPyResult
	if err := json.Unmarshal(out, &r); err != nil {
		tb.Fatal(err)
	}
	return r
}

// speed returns the events per second of the same building here, by the clock on the wall: what other
// programs take away counts against us.
func speed(tb testing.TB, s sim.Scenario) float64 {
	tb.Helper()
	best := 0.0
	for range 5 {
		start := time.Now()
		r, err := sim.Run(tb.Context(), s, sim.Options{Seed: 1, MinYears: 60, WarmUpWeeks: 1})
		if err != nil {
			tb.Fatal(err)
		}
		best = max(best, float64(r.Events)/time.Since(start).Seconds())
	}
	return best
}

func TestRun_simPyAgrees(t *testing.T) {
	t.Parallel()
	s := fourSizes()
	theirs := simPy(t, s, 10)
	ours := run(t, s, sim.Options{Seed: 1, MinYears: 400, WarmUpWeeks: 1})
	for class := range s.Classes {
		var lost, upgraded []float64
		for _, y := range theirs.Years {
			lost = append(lost, y.Lost[class]/y.Offered[class])
			upgraded = append(upgraded, y.Upgraded[class]/y.Offered[class])
		}
		agree(t, s.Classes[class].Name+" lost", ours.Year.Classes[class].Loss, lost)
		agree(t, s.Classes[class].Name+" upgraded", ours.Year.Classes[class].Upgraded, upgraded)
	}
	t.Logf("%.1f times SimPy (%.2f M events/s)", speed(t, s)/(theirs.Events/theirs.Seconds), theirs.Events/theirs.Seconds/1e6)
}

// agree compares an estimate with independent observations, at 4 standard errors of both together.
func agree(t *testing.T, what string, e sim.Estimate, observed []float64) {
	t.Helper()
	n, mean, squares := float64(len(observed)), 0.0, 0.0
	for _, x := range observed {
		mean += x / n
	}
	for _, x := range observed {
		squares += (x - mean) * (x - mean)
	}
	se := math.Hypot(e.SE, math.Sqrt(squares/(n*(n-1))))
	if off := math.Abs(e.Mean - mean); off > 4*se {
		t.Errorf("%s: %.6f here, %.6f in SimPy, %.1f standard errors apart", what, e.Mean, mean, off/se)
	} else {
		t.Logf("%s: %.6f here, %.6f in SimPy, %.1f standard errors apart", what, e.Mean, mean, off/se)
	}
}

// BenchmarkAgainstSimPy runs the building in both, in the same run, and reports how many times faster this is.
func BenchmarkAgainstSimPy(b *testing.B) {
	const wanted = 40
	s := fourSizes()
	for range b.N {
		theirs := simPy(b, s, 5)
		ratio := speed(b, s) / (theirs.Events / theirs.Seconds)
		b.ReportMetric(ratio, "times-SimPy")
		b.ReportMetric(theirs.Events/theirs.Seconds/1e6, "SimPy-Mevents/s")
		if ratio < wanted {
			b.Errorf("%.1f times SimPy, want %d", ratio, wanted)
		}
	}
}

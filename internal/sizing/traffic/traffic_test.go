package traffic_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cubby/internal/sizing/traffic"
)

const exact = 1e-9

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s = %.12f, want %.12f within %g", what, got, want, within)
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// The cases come from the project's reference on sizing, section 5, with the digits printed there.
func TestErlangB_referenceCases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ load, servers, want, within float64 }{
		{8, 10, 0.121661064253, 1e-12},
		{12, 14, 0.117210, 5e-7},
		{25, 30, 0.052603172228, 1e-12},
		{100, 100, 0.075700452711, 1e-12},
		{2, 4, 2.0 / 21, 1e-15}, // the reference prints these two with the doors first
		{3, 5, 81.0 / 736, 1e-15},
		{4, 2, 8.0 / 13, 1e-15},
		{0, 3, 0, 0},
		{0, 0, 1, 0},
		{7, 0, 1, 0},
	} {
		near(t, "ErlangB", must(traffic.ErlangB(c.load, c.servers))(t), c.want, c.within)
	}
}

func TestInverseLoad_referenceCases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ servers, blocking, want float64 }{
		{10, 0.001, 3.0920},
		{10, 0.01, 4.4612},
		{10, 0.05, 6.2157},
		{50, 0.001, 32.5119},
		{50, 0.01, 37.9014},
		{50, 0.05, 44.5331},
		{200, 0.001, 165.6239},
		{200, 0.01, 179.7380},
		{200, 0.05, 198.5073},
	} {
		load := must(traffic.InverseLoad(c.blocking, c.servers))(t)
		near(t, "InverseLoad", load, c.want, 5e-5)
		near(t, "ErlangB of it", must(traffic.ErlangB(load, c.servers))(t), c.blocking, 1e-12)
	}
}

func TestKaufmanRoberts_referenceCases(t *testing.T) {
	t.Parallel()
	room := must(traffic.KaufmanRoberts(4, []int{1, 2}, []float64{1, 1}))(t)
	near(t, "small class", room.Blocking[0], 25.0/137, exact)
	near(t, "large class", room.Blocking[1], 53.0/137, exact)
	near(t, "occupied", room.MeanOccupied, 2.043796, 5e-7)
	room = must(traffic.KaufmanRoberts(20, []int{4, 1}, []float64{2, 8}))(t) // the order given is kept
	near(t, "large class", room.Blocking[0], 0.268218847, exact)
	near(t, "small class", room.Blocking[1], 0.057644757, exact)
	near(t, "occupied", room.MeanOccupied, 13.393091, 5e-7)
}

func TestKaufmanRoberts_largeRooms(t *testing.T) {
	t.Parallel()
	for _, load := range []float64{10, 90_000, 100_000, 120_000, 5_000_000} {
		room := must(traffic.KaufmanRoberts(100_000, []int{1}, []float64{load}))(t)
		near(t, "one class is Erlang-B", room.Blocking[0], must(traffic.ErlangB(load, 100_000))(t), 1e-11)
		// Little's law: what is accepted stays.
		near(t, "occupied", room.MeanOccupied/load, 1-room.Blocking[0], 1e-9)
	}
	room := must(traffic.KaufmanRoberts(100_000, []int{18, 45, 90, 2_000_000 / 16}, []float64{1500, 700, 300, 1}))(t)
	carried := 18*1500*(1-room.Blocking[0]) + 45*700*(1-room.Blocking[1]) + 90*300*(1-room.Blocking[2])
	near(t, "occupied", room.MeanOccupied/carried, 1, 1e-9)
	near(t, "what is larger than the room", room.Blocking[3], 1, 0)
}

func TestPickUpChain_referenceCases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		capacity             int
		rho, inverse, reject float64
	}{
		{20, 0.90, 1.8, 0.658699},
		{20, 1.00, 1.8, 1.206071},
		{20, 1.10, 1.8, 1.913952},
		{100, 0.95, 1.8, 1.427772},
		{100, 1.05, 1.8, 4.467452},
		{50, 0.99, 2.84, 1.247107},
	} {
		p := 1 / c.inverse
		answer := must(traffic.PickUpChain(c.capacity, c.rho*float64(c.capacity)*p, p))(t)
		near(t, "Rejected", answer.Rejected, c.reject, 5e-7)
		near(t, "what leaves is what enters", answer.Occupied*p, c.rho*float64(c.capacity)*p-answer.Rejected, 1e-9)
	}
}

func TestPickUpChain_smallLoadKeepsItsDigits(t *testing.T) {
	t.Parallel()
	// When everything leaves each day, what is refused is the tail of one Poisson day.
	answer := must(traffic.PickUpChain(30, 5, 1))(t)
	want := 0.0
	for n := 31; n < 120; n++ {
		up, _ := math.Lgamma(float64(n + 1))
		want += float64(n-30) * math.Exp(float64(n)*math.Log(5)-5-up)
	}
	near(t, "relative", answer.Rejected/want, 1, 1e-9)
}

func TestBestFit_referenceCases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		doors              []int
		loads              []float64
		small, large, over float64
		within             float64
	}{
		{[]int{1, 1}, []float64{1, 1}, 7.0 / 22, 13.0 / 22, 2.0 / 11, 1e-12},
		{[]int{2, 1}, []float64{1, 0.5}, 0.101255230, 0.399163180, 0.098744770, exact},
		{[]int{6, 4}, []float64{5, 2}, 0.061609257, 0.192324415, 0.130238002, exact},
	} {
		bank := must(traffic.BestFit(c.doors, c.loads, nil))(t)
		near(t, "small", bank.Blocked[0], c.small, c.within)
		near(t, "large", bank.Blocked[1], c.large, c.within)
		near(t, "upgraded", bank.Upgraded[0], c.over, c.within)
		first := must(traffic.ErlangB(c.loads[0], float64(c.doors[0])))(t)
		near(t, "small that its own size refuses", bank.Blocked[0]+bank.Upgraded[0], first, 1e-12)
	}
}

func TestBestFit_bestMixCases(t *testing.T) {
	t.Parallel()
	near(t, "(9,6)", must(traffic.BestFit([]int{9, 6}, []float64{5, 2}, nil))(t).Total, 0.007399, 5e-7)
	near(t, "(7,7)", must(traffic.BestFit([]int{7, 7}, []float64{5, 2}, nil))(t).Total, 0.009355, 5e-7)
}

func TestBestFit_sweepsAgreeWithElimination(t *testing.T) {
	t.Parallel()
	// Beyond 600 states the chain is swept; a third size that nobody wants must change nothing.
	small := must(traffic.BestFit([]int{16, 10}, []float64{13, 6}, []int{0, 2}))(t)
	large := must(traffic.BestFit([]int{16, 10, 5}, []float64{13, 6, 3}, []int{0, 2, 5}))(t)
	for i := range 2 {
		near(t, "blocked", large.Blocked[i], small.Blocked[i], 1e-10)
		near(t, "upgraded", large.Upgraded[i], small.Upgraded[i], 1e-10)
	}
	near(t, "alone", large.Blocked[2], must(traffic.ErlangB(3, 5))(t), 1e-10)
}

func TestCascade_nearTheExactChain(t *testing.T) {
	t.Parallel()
	// Two moments say too little of overflow that is rare: there the loss comes out a seventh too low.
	for _, c := range []struct {
		doors  []int
		loads  []float64
		within float64
	}{
		{[]int{6, 4}, []float64{5, 2}, 0.012},
		{[]int{9, 6}, []float64{5, 2}, 0.15},
		{[]int{20, 10}, []float64{18, 6}, 0.02},
		{[]int{10, 8, 6}, []float64{8, 5, 3}, 0.04},
		{[]int{9, 6, 4, 3}, []float64{7, 4, 2, 1}, 0.10},
	} {
		want := must(traffic.BestFit(c.doors, c.loads, nil))(t)
		got := must(traffic.Cascade(c.doors, c.loads))(t)
		if off := got.Total/want.Total - 1; math.Abs(off) > c.within {
			t.Errorf("%v %v: total loss %.6f is %.1f %% off %.6f", c.doors, c.loads, got.Total, 100*off, want.Total)
		}
		t.Logf("%v %v: total %.6f of %.6f; classes %.5f of %.5f; upgraded %.5f of %.5f",
			c.doors, c.loads, got.Total, want.Total, got.Blocked, want.Blocked, got.Upgraded, want.Upgraded)
		for i := range c.doors {
			near(t, "upgraded", got.Upgraded[i], want.Upgraded[i], 0.02)
			near(t, "blocked", got.Blocked[i], want.Blocked[i], 0.02)
		}
	}
}

func TestOfferedLoad_constantRateIsErlangB(t *testing.T) {
	t.Parallel()
	rates := make([]float64, 168)
	for i := range rates {
		rates[i] = 25.0 / 24
	}
	survival := func(age float64) float64 { return math.Exp(-age / 24) }
	week := must(traffic.OfferedLoad(rates, survival))(t)
	near(t, "average", week.Average(), 25, 1e-6)
	near(t, "peak", week.Peak(), 25, 1e-6)
	near(t, "loss", must(week.Loss(30))(t), 0.052603172228, 1e-7)
	low, high, err := week.Servers(0.01)
	if want := must(traffic.InverseServers(0.01, 25))(t); err != nil || low != want || high != want {
		t.Errorf("Servers = %d, %d, %v, want %d", low, high, err, want)
	}
}

func TestOfferedLoad_exponentialByHand(t *testing.T) {
	t.Parallel()
	// One hour of deliveries a week at rate 1: m at age a after its end is the sum over weeks.
	rates := make([]float64, 168)
	rates[10] = 1
	const mean = 20.0
	week := must(traffic.OfferedLoad(rates, func(age float64) float64 { return math.Exp(-age / mean) }))(t)
	at := must(traffic.OfferedLoadAt(rates, func(_, age float64) float64 { return math.Exp(-age / mean) }))(t)
	again := 1 / (1 - math.Exp(-168/mean))
	for _, lag := range []int{1, 5, 100, 167} {
		a := float64(lag)
		want := mean * (math.Exp(-(a-0.5)/mean) - math.Exp(-(a+0.5)/mean)) * again
		near(t, "Mean", week.Mean[(10+lag)%168], want, 1e-8)
		near(t, "Mean at", at.Mean[(10+lag)%168], want, 1e-6)
	}
}

func TestHayward_plainWhenNotPeaked(t *testing.T) {
	t.Parallel()
	near(t, "Hayward", must(traffic.Hayward(25, 1, 30))(t), 0.052603172228, 1e-12)
	mean, variance, err := traffic.Overflow(10, 8)
	if err != nil || variance <= mean {
		t.Errorf("Overflow = %v, %v, %v; overflow is peaked", mean, variance, err)
	}
}

// TestErlangB_continuous checks the extension against its defining integral.
func TestErlangB_continuous(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Float64Range(0.05, 40).Draw(t, "load")
		x := rapid.Float64Range(0, 30).Draw(t, "servers")
		// Integrate with t = u/(1-u), by Simpson.
		const n = 20_000
		f := func(u float64) float64 {
			if u >= 1 {
				return 0
			}
			v := u / (1 - u)
			return math.Exp(-a*v+x*math.Log1p(v)) / ((1 - u) * (1 - u))
		}
		total := f(0)
		for i := 1; i < n; i++ {
			total += f(float64(i)/n) * float64(2+2*(i%2))
		}
		want := 1 / (a * total / (3 * n))
		got, err := traffic.ErlangB(a, x)
		if err != nil || math.Abs(got-want) > 1e-8*(1+want) {
			t.Fatalf("ErlangB(%v, %v) = %.12f, %v, want %.12f", a, x, got, err, want)
		}
	})
}

func TestErlangB_monotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Float64Range(0.01, 300).Draw(t, "load")
		x := rapid.Float64Range(0, 300).Draw(t, "servers")
		const slack = 1e-12 // rounding
		b, err1 := traffic.ErlangB(a, x)
		more, err2 := traffic.ErlangB(a*1.01, x)
		fewer, err3 := traffic.ErlangB(a, x+0.3)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		if more < b*(1-slack) || fewer > b*(1+slack) || b < 0 || b > 1+slack {
			t.Fatalf("ErlangB(%v, %v) = %v; more load %v, more doors %v", a, x, b, more, fewer)
		}
	})
}

func TestInverse_roundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.Float64Range(1e-4, 0.9).Draw(t, "blocking")
		n := rapid.IntRange(1, 400).Draw(t, "servers")
		load, err := traffic.InverseLoad(b, float64(n))
		if err != nil {
			t.Fatal(err)
		}
		servers, err := traffic.InverseServers(b, load*(1-1e-9))
		if err != nil || servers != n {
			t.Fatalf("InverseServers(%v, %v) = %d, %v, want %d", b, load, servers, err, n)
		}
	})
}

func TestErrors(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	one := func(float64) float64 { return 1.5 }
	for name, err := range map[string]error{
		"load below 0":       errOf(traffic.ErlangB(-1, 3)),
		"load not a number":  errOf(traffic.ErlangB(nan, 3)),
		"doors not a number": errOf(traffic.ErlangB(1, nan)),
		"doors without end":  errOf(traffic.ErlangB(1, inf)),
		"blocking 0":         errOf(traffic.InverseLoad(0, 3)),
		"blocking 1":         errOf(traffic.InverseServers(1, 3)),
		"no doors":           errOf(traffic.InverseLoad(0.1, 0)),
		"peakedness":         errOf(traffic.Hayward(1, 0, 3)),
		"capacity":           errOf(traffic.KaufmanRoberts(0, []int{1}, []float64{1})),
		"lengths":            errOf(traffic.KaufmanRoberts(4, []int{1, 2}, []float64{1})),
		"size 0":             errOf(traffic.KaufmanRoberts(4, []int{0}, []float64{1})),
		"room load":          errOf(traffic.KaufmanRoberts(4, []int{1}, []float64{nan})),
		"no classes":         errOf(traffic.KaufmanRoberts(4, nil, nil)),
		"cascade lengths":    errOf(traffic.Cascade([]int{1, 2}, []float64{1})),
		"cascade doors":      errOf(traffic.Cascade([]int{-1}, []float64{1})),
		"states":             errOf(traffic.BestFit([]int{1000, 1000}, []float64{1, 1}, nil)),
		"reserve":            errOf(traffic.BestFit([]int{3, 3}, []float64{1, 1}, []int{0, 4})),
		"pick-up":            errOf(traffic.PickUpChain(10, 3, 0)),
		"pick-up capacity":   errOf(traffic.PickUpChain(10_000_000, 3, 1)),
		"no rates":           errOf(traffic.OfferedLoad(nil, one)),
		"rates of 0":         errOf(traffic.OfferedLoad([]float64{0, 0}, one)),
		"rate below 0":       errOf(traffic.OfferedLoad([]float64{1, -1}, one)),
		"survival":           errOf(traffic.OfferedLoad([]float64{1, 1}, one)),
	} {
		if !errors.Is(err, traffic.ErrInput) {
			t.Errorf("%s: error %v, want one that wraps ErrInput", name, err)
		}
	}
}

func errOf[T any](_ T, err error) error { return err }

func TestWeek_Levels(t *testing.T) {
	t.Parallel()
	w := traffic.Week{Rate: []float64{0, 1, 1, 2}, Mean: []float64{100, 30, 10, 20}}
	want := []traffic.Level{{Load: 20, Weight: 0.25}, {Load: 40, Weight: 0.5}, {Load: 60, Weight: 0.25}}
	got := w.Levels(4, 2)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if none := (&traffic.Week{}).Levels(4, 1); none != nil {
		t.Errorf("an empty week has %v", none)
	}
}

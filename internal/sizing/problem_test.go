package sizing_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"cubby/internal/locker"
	"cubby/internal/sizing"
)

// Every figure of the defaults has unit and source; what nobody published is marked.
func TestDefaults(t *testing.T) {
	t.Parallel()
	p := sizing.Defaults()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	basis := p.Basis()
	if len(basis) < 60 {
		t.Errorf("the defaults rest on %d values, want all of them", len(basis))
	}
	for _, b := range basis {
		if b.Unit == "" || b.Source == "" || b.Value == "" {
			t.Errorf("%+v lacks a unit, a source or a value", b)
		}
		if b.Assumed != strings.HasPrefix(b.Source, "assumption: ") {
			t.Errorf("%s: assumed is %t, its source says %q", b.Key, b.Assumed, b.Source)
		}
		if strings.Contains(b.Unit, "¤") {
			t.Errorf("%s is in %q: the currency is missing", b.Key, b.Unit)
		}
	}
	q := sizing.Defaults()
	q.Sizes[0].Share = exactly(1)
	q.Demand.Carriers[0].Name = "changed"
	if p.Sizes[0].Share.Mid == 1 || p.Demand.Carriers[0].Name == "changed" {
		t.Error("two calls share memory")
	}
}

// The default dwell fits both figures of its source: a mean of 31.6 h, just over 60 % within 24 h.
func TestDefaults_Dwell(t *testing.T) {
	t.Parallel()
	d := sizing.Defaults().Dwell
	mean := d.Median.Mid * math.Exp(d.Sigma.Mid*d.Sigma.Mid/2)
	within := 0.5 * math.Erfc(-math.Log(24/d.Median.Mid)/d.Sigma.Mid/math.Sqrt2)
	if math.Abs(mean-31.6) > 0.2 || within < 0.595 || within > 0.605 {
		t.Errorf("mean %.2f h, %.1f %% within 24 h", mean, 100*within)
	}
}

func TestValidate_Problems(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(p *sizing.Problem)
		field  string
	}{
		"size twice":       {func(p *sizing.Problem) { p.Sizes[1].Size = locker.SizeS }, "sizes[1].size"},
		"sizes turned":     {func(p *sizing.Problem) { p.Sizes[0], p.Sizes[1] = p.Sizes[1], p.Sizes[0] }, "sizes[1].size"},
		"sizes shrink":     {func(p *sizing.Problem) { p.Sizes[3].HeightMM = 50 }, "sizes[3]"},
		"no sizes":         {func(p *sizing.Problem) { p.Sizes = nil }, "sizes"},
		"no carriers":      {func(p *sizing.Problem) { p.Demand.Carriers = nil }, "demand.carriers"},
		"carrier twice":    {func(p *sizing.Problem) { p.Demand.Carriers[1].Name = "USPS" }, "demand.carriers[1].name"},
		"not a number":     {func(p *sizing.Problem) { p.Demand.Rate.Mid = math.NaN() }, "demand.rate"},
		"no source":        {func(p *sizing.Problem) { p.Demand.PeakFactor.Source = "" }, "demand.peak_factor"},
		"peak below one":   {func(p *sizing.Problem) { p.Demand.PeakFactor = exactly(0.5) }, "demand.peak_factor"},
		"zero weekdays":    {func(p *sizing.Problem) { p.Demand.Weekday.Values = make([]float64, 7) }, "demand.weekday_weights"},
		"no law":           {func(p *sizing.Problem) { p.Dwell.Law = "" }, "dwell.law"},
		"pickup order":     {func(p *sizing.Problem) { p.Dwell.Law = "next_commute"; p.Dwell.Pickup.Values = []float64{9, 8} }, "dwell.pickup_hours"},
		"pickup hour":      {func(p *sizing.Problem) { p.Dwell.Law = "next_commute"; p.Dwell.Pickup.Values = []float64{25} }, "dwell.pickup_hours[0]"},
		"reserve":          {func(p *sizing.Problem) { p.Policy.Reserved = []sizing.Reserve{{Size: "M"}} }, "policy.reserved[0].doors"},
		"no bus":           {func(p *sizing.Problem) { p.Hardware.Bus = "" }, "hardware.bus"},
		"catalogue and no": {func(p *sizing.Problem) { p.Hardware.Catalogue = "" }, "hardware"},
		"corner":           {func(p *sizing.Problem) { p.Site.Walls = []sizing.Wall{{Name: "a", LengthMM: 9, CornerLeft: true}} }, "site.walls[0].corner_left"},
	}
	for name, tt := range tests {
		p := sizing.Defaults()
		tt.change(&p)
		found := false
		for _, e := range sizing.FieldErrors(p.Validate()) {
			found = found || e.Field == tt.field
		}
		if !found {
			t.Errorf("%s: got %v, want an error of %s", name, p.Validate(), tt.field)
		}
	}
	p := sizing.Defaults()
	p.Hardware.Catalogue = "nowhere"
	if _, err := sizing.Solve(t.Context(), p, sizing.Options{}); err == nil || !strings.Contains(err.Error(), "hardware.catalogue") {
		t.Errorf("got %v, want the field of the unknown catalogue", err)
	}
}

// deliveries makes a log: UPS at two in the afternoon on working days, lognormal stays.
func deliveries(days int, perDay int) []sizing.Delivery {
	rng := rand.New(rand.NewPCG(3, 4))
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) // a Monday
	var log []sizing.Delivery
	for day := range days {
		n := perDay
		switch day % 7 {
		case 5:
			n = perDay / 2
		case 6:
			n = 1 // a hole of a week is refused elsewhere; a quiet Sunday is not
		}
		if day/7 == 47 {
			n *= 2
		}
		for i := range n {
			at := start.AddDate(0, 0, day).Add(14*time.Hour + time.Duration(rng.IntN(30))*time.Minute)
			stay := time.Duration(20 * math.Exp(rng.NormFloat64()) * float64(time.Hour))
			size := locker.SizeS
			if i%4 == 0 {
				size = locker.SizeL
			}
			log = append(log, sizing.Delivery{Line: len(log) + 2, Arrived: at, Collected: at.Add(stay), Size: size, Carrier: "UPS", Unit: "1"})
		}
	}
	return log
}

// A log's own figures replace published ones.
func TestProblem_WithLog(t *testing.T) {
	t.Parallel()
	p := sizing.Defaults()
	p.Demand.Units = 100
	got, warnings, err := p.WithLog(deliveries(364, 20))
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Validate(); err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 0 {
		t.Errorf("got %q", warnings)
	}
	// 5 x 20 + 10 + 1 = 111 a week and once 222 over 52 weeks: 113.13, over 100 units.
	if r := got.Demand.Rate; math.Abs(r.Mid-1.1313) > 1e-3 || !strings.HasPrefix(r.Source, "log of ") || r.Assumed {
		t.Errorf("rate is %+v", r)
	}
	if w := got.Demand.Weekday.Values; math.Abs(w[0]/w[5]-2) > 0.02 || w[6] > 0.1 {
		t.Errorf("weekdays are %v", w)
	}
	if c := got.Demand.Carriers; len(c) != 1 || c[0].Name != "UPS" || c[0].FromHour != 14 || c[0].ToHour != 14.5 || c[0].Visits.Mid != 1 {
		t.Errorf("carriers are %+v", c)
	}
	if s := got.Sizes; math.Abs(s[0].Share.Mid-75) > 2 || s[1].Share.Mid != 0 {
		t.Errorf("sizes are %v and %v", s[0].Share, s[1].Share)
	}
	if got.Demand.PeakFactor.Mid != 2 {
		t.Errorf("peak is %v, want 2", got.Demand.PeakFactor)
	}
	hours := got.Dwell.Hours.Values
	if got.Dwell.Law != sizing.DwellEmpirical || len(hours) != 5000 || math.Abs(hours[2500]-20) > 1.5 {
		t.Errorf("dwell is %s with %d values, median %v, want 20", got.Dwell.Law, len(hours), hours[len(hours)/2])
	}
	a := solve(t, got)
	if !a.Feasible {
		t.Errorf("the plan of the log is infeasible: %s", codes(a.WouldGive))
	}
}

func TestProblem_WithLog_Thin(t *testing.T) {
	t.Parallel()
	p := sizing.Defaults()
	if _, _, err := p.WithLog(deliveries(9, 20)); err == nil || !strings.Contains(err.Error(), "covers 9 days") {
		t.Errorf("got %v, want an error about nine days", err)
	}
	if _, _, err := p.WithLog(nil); err == nil {
		t.Error("an empty log was taken")
	}
	log := deliveries(28, 2)
	for i := range log {
		log[i].Collected, log[i].Size = time.Time{}, ""
	}
	got, warnings, err := p.WithLog(log)
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 3 || got.Dwell.Law != sizing.DwellLognormal || got.Sizes[0].Share.Mid != p.Sizes[0].Share.Mid {
		t.Errorf("got %q, want dwell, sizes and season to stay with a warning each", warnings)
	}
}

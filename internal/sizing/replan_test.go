package sizing_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cubby/internal/locker"
	"cubby/internal/sizing"
)

// town is a building whose parcels are made up by a law that the test knows.
type town struct {
	layout  locker.Layout
	weekly  float64
	shares  [4]float64 // S, M, L, XL
	median  time.Duration
	weeks   int
	hold    time.Duration // 0: parcels lie for ever
	zone    *time.Location
	start   time.Time
	closed  func(day int) bool
	seed    uint64
	patient bool // staff never take parcels out
}

// column has doors of the given sizes in units 2, 4, 8 and 12 of the layout.
func column(n int, name string, sizes ...locker.Size) locker.Column {
	units := map[locker.Size]int{locker.SizeS: 2, locker.SizeM: 4, locker.SizeL: 8, locker.SizeXL: 12}
	c := locker.Column{Name: name}
	for i, size := range sizes {
		id := fmt.Sprintf("%s%02d", name, i+1)
		c.Compartments = append(c.Compartments, locker.Compartment{
			ID: locker.PlaceID(id), Name: id, Size: size, Units: units[size],
			Output: locker.Output{Bus: "left", Board: uint8(n + 1), Channel: uint8(i + 1)},
		})
	}
	return c
}

func repeated(size locker.Size, n int) []locker.Size { return slices.Repeat([]locker.Size{size}, n) }

func layoutOf(columns ...locker.Column) locker.Layout {
	return locker.Layout{Banks: []locker.Bank{{ID: "main", Name: "Main", Columns: columns}}}
}

// live lets the town's parcels come and go through its doors, best fit with upgrade, and returns the record.
func (w town) live() sizing.Installed {
	rng := rand.New(rand.NewPCG(w.seed, 7))
	free := map[locker.Size]int{}
	for _, p := range w.layout.Places() {
		free[p.Compartment.Size]++
	}
	type leave struct {
		at   time.Time
		size locker.Size
	}
	var inside []leave
	var arrivals []sizing.Arrival
	weights := []float64{1.15, 1.15, 1.15, 1.15, 1.15, 0.95, 0.3} // Monday first
	until := w.start.AddDate(0, 0, 7*w.weeks)
	for day := range 7 * w.weeks {
		if w.closed != nil && w.closed(day) {
			continue
		}
		at := w.start.AddDate(0, 0, day)
		n := poisson(rng, w.weekly/7*weights[(int(at.Weekday())+6)%7])
		var times []time.Time
		for range n {
			times = append(times, time.Date(at.Year(), at.Month(), at.Day(), 9+rng.IntN(10), rng.IntN(60), 0, 0, w.zone))
		}
		slices.SortFunc(times, time.Time.Compare)
		for _, t := range times {
			inside = slices.DeleteFunc(inside, func(l leave) bool {
				if l.at.After(t) {
					return false
				}
				free[l.size]++
				return true
			})
			a := sizing.Arrival{At: t, Size: w.size(rng), Carrier: "courier", Unit: strconv.Itoa(rng.IntN(150)), Where: sizing.Refused}
			stay := time.Duration(float64(w.median) * math.Exp(rng.NormFloat64()))
			taken := true
			if w.hold > 0 && stay > w.hold && !w.patient {
				stay, taken = w.hold, false
			}
			for _, size := range locker.Sizes() {
				if size.Holds(a.Size) && free[size] > 0 {
					free[size]--
					inside = append(inside, leave{t.Add(stay), size})
					a.Where = sizing.InDoor
					if end := t.Add(stay); end.Before(until) {
						a.Ended, a.Taken = end, taken
					}
					break
				}
			}
			arrivals = append(arrivals, a)
		}
	}
	law := func(d time.Duration) float64 { // the true one: what package forecast learns is tested there
		return math.Erfc(math.Log(max(d.Hours(), 1e-9)/w.median.Hours())/math.Sqrt2) / 2
	}
	return sizing.Installed{
		Name: "Town", Layout: w.layout, Policy: locker.Policy{HoldHours: max(int(w.hold/time.Hour), 72)}, Units: 150,
		Arrivals: arrivals, Until: until, Stays: law,
	}
}

func (w town) size(rng *rand.Rand) locker.Size {
	u := rng.Float64()
	for i, share := range w.shares {
		if u -= share; u < 0 {
			return locker.Sizes()[i]
		}
	}
	return locker.SizeS
}

func poisson(rng *rand.Rand, mean float64) int {
	n, p := 0, rng.Float64()
	for limit := math.Exp(-mean); p > limit; n++ {
		p *= rng.Float64()
	}
	return n
}

func newTown() town {
	return town{
		weekly: 200, shares: [4]float64{0.45, 0.35, 0.15, 0.05}, median: 16 * time.Hour, weeks: 8, hold: 72 * time.Hour,
		zone: time.UTC, start: time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC), seed: 3,
	}
}

// wrongMix has far too many large doors for a town of small parcels.
func wrongMix() locker.Layout {
	return layoutOf(
		column(0, "A", repeated(locker.SizeS, 12)...), column(1, "B", repeated(locker.SizeL, 3)...),
		column(2, "C", repeated(locker.SizeXL, 2)...), column(3, "D", repeated(locker.SizeXL, 2)...),
		column(4, "E", repeated(locker.SizeL, 3)...), column(5, "F", repeated(locker.SizeL, 3)...),
	)
}

func remedy(t *testing.T, a sizing.Advice, code sizing.RemedyCode) sizing.Remedy {
	t.Helper()
	for _, r := range a.Remedies {
		if r.Code == code {
			return r
		}
	}
	t.Fatalf("no remedy %s in %v", code, a.Remedies)
	return sizing.Remedy{}
}

func TestReplan_wrongMix(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.layout = wrongMix()
	in := w.live()
	a, err := sizing.Replan(t.Context(), in, sizing.ReplanOptions{Seed: 1, Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(a.Findings, a.Warnings...) {
		t.Log(f.Code, f.Text)
	}
	mix := remedy(t, a, sizing.OtherMix)
	if mix.Verdict != sizing.VerdictHelps || !a.Helps || mix.Normal.Saved.Low <= 0 {
		t.Errorf("other doors do not help a town of small parcels behind large doors: %s, %+v", mix.Verdict, mix.Normal.Saved)
	}
	large := func(m []sizing.DoorCount) int { return m[2].Doors + m[3].Doors }
	if now := remedy(t, a, sizing.AsItIs); large(mix.Mix) >= large(now.Mix) {
		t.Errorf("the advice keeps %d large doors of %d", large(mix.Mix), large(now.Mix))
	}
	if mix.Price == nil || mix.Price.Mid <= 0 || mix.Price.Source == "" {
		t.Errorf("the new columns have no price: %+v", mix.Price)
	}
	// The advice is right when the same town behind the doors that it asks for turns fewer away.
	better := w
	better.layout = rebuilt(t, w.layout, mix.Columns)
	before, after := refused(in), refused(better.live())
	if after >= before/2 {
		t.Errorf("the town behind the doors of the advice turns away %d parcels, before %d", after, before)
	}
	saved := float64(before-after) / float64(w.weeks)
	if saved < mix.Normal.Saved.Low-4 || saved > mix.Normal.Saved.High+4 {
		t.Errorf("it saves %.1f parcels a week, the advice says %+v", saved, mix.Normal.Saved)
	}
}

// rebuilt changes the columns of a layout as an advice says.
func rebuilt(t *testing.T, l locker.Layout, changes []sizing.ColumnChange) locker.Layout {
	t.Helper()
	var out []locker.Column
	left := map[int]int{}
	for i, c := range changes {
		left[i] = c.Columns
	}
	for n, c := range l.Banks[0].Columns {
		count := map[locker.Size]int{}
		for _, d := range c.Compartments {
			count[d.Size]++
		}
		var sizes []locker.Size
		for _, d := range c.Compartments {
			sizes = append(sizes, d.Size)
		}
		for i, change := range changes {
			same := len(change.From) == len(count)
			for _, d := range change.From {
				same = same && count[d.Size] == d.Doors
			}
			if same && left[i] > 0 {
				left[i]--
				sizes = nil
				for _, d := range change.To {
					sizes = append(sizes, repeated(d.Size, d.Doors)...)
				}
				break
			}
		}
		out = append(out, column(n, c.Name, sizes...))
	}
	for i, n := range left {
		if n > 0 {
			t.Fatalf("%d columns of change %d are not there: %+v", n, i, changes[i])
		}
	}
	return layoutOf(out...)
}

func refused(in sizing.Installed) int {
	n := 0
	for _, a := range in.Arrivals {
		if a.Where != sizing.InDoor {
			n++
		}
	}
	return n
}

func TestReplan_wellSized(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.weekly = 100
	w.layout = layoutOf(
		column(0, "A", repeated(locker.SizeS, 12)...), column(1, "B", repeated(locker.SizeS, 12)...),
		column(2, "C", repeated(locker.SizeM, 6)...), column(3, "D", repeated(locker.SizeM, 6)...),
		column(4, "E", repeated(locker.SizeL, 3)...), column(5, "F", repeated(locker.SizeL, 3)...),
		column(6, "G", repeated(locker.SizeXL, 2)...), column(7, "H", repeated(locker.SizeXL, 2)...),
		column(8, "I", repeated(locker.SizeM, 6)...),
	)
	a, err := sizing.Replan(t.Context(), w.live(), sizing.ReplanOptions{Seed: 1, Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	if a.Helps || a.Best != sizing.AsItIs || !slices.ContainsFunc(a.Findings, func(r sizing.Reason) bool { return r.Code == "advice_none_needed" }) {
		t.Errorf("something helps a bank that is large enough: %+v", a.Findings)
	}
	for _, r := range a.Remedies[1:] {
		if r.Verdict != sizing.VerdictNothing {
			t.Errorf("%s: %s, saved %+v", r.Code, r.Verdict, r.Normal.Saved)
		}
	}
}

// TestReplan_holdNotKept: where staff never take parcels out, doing so is the remedy.
func TestReplan_holdNotKept(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.median, w.patient, w.weekly = 60*time.Hour, true, 80
	w.layout = layoutOf(
		column(0, "A", repeated(locker.SizeS, 12)...), column(1, "B", repeated(locker.SizeM, 6)...),
		column(2, "C", repeated(locker.SizeL, 3)...), column(3, "D", repeated(locker.SizeXL, 2)...), column(4, "E", repeated(locker.SizeM, 6)...),
	)
	a, err := sizing.Replan(t.Context(), w.live(), sizing.ReplanOptions{Seed: 1, Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	kept := remedy(t, a, sizing.KeptHold)
	if a.Record.HoldKept || kept.Verdict != sizing.VerdictHelps || kept.Normal.TakenOut.Value <= 0 {
		t.Errorf("kept: %v, the hold that is kept: %s, %+v", a.Record.HoldKept, kept.Verdict, kept.Normal)
	}
}

func TestReplan_thinRecord(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.layout, w.weeks = wrongMix(), 2 // whole days: the first does not count
	_, err := sizing.Replan(t.Context(), w.live(), sizing.ReplanOptions{})
	var thin *sizing.ThinRecord
	if !errors.As(err, &thin) || thin.MissingDays != 1 || !strings.Contains(err.Error(), "13 whole days") || !strings.Contains(err.Error(), "wait 1 more") {
		t.Errorf("two weeks without the first day: %v", err)
	}
	w.weeks, w.weekly = 3, 10
	if _, err = sizing.Replan(t.Context(), w.live(), sizing.ReplanOptions{}); !errors.As(err, &thin) || thin.Missing < 1 {
		t.Errorf("some thirty parcels: %v", err)
	}
	in := w.live()
	in.Arrivals = nil
	if _, err = sizing.Replan(t.Context(), in, sizing.ReplanOptions{}); !errors.As(err, &thin) || !strings.Contains(err.Error(), "no parcels yet") {
		t.Errorf("no parcels: %v", err)
	}
	in.Layout = locker.Layout{}
	if _, err = sizing.Replan(t.Context(), in, sizing.ReplanOptions{}); err == nil || !strings.Contains(err.Error(), "no compartments") {
		t.Errorf("no doors: %v", err)
	}
}

// TestReplan_gapsAndSummerTime: a stretch without parcels does not thin the demand, and the hour that the clock
// skips does not move parcels to another day.
func TestReplan_gapsAndSummerTime(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	w := newTown()
	w.zone, w.start, w.layout = zone, time.Date(2026, 3, 9, 0, 0, 0, 0, zone), wrongMix() // the clock jumps on 29 March
	w.closed = func(day int) bool { return day >= 30 && day < 38 }
	a, err := sizing.Replan(t.Context(), w.live(), sizing.ReplanOptions{Seed: 1, Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Record.Gaps) != 1 || a.Record.Gaps[0].Days != 8 || a.Record.Gaps[0].From != "2026-04-08" || a.Record.Days != 7*8-1-8 {
		t.Errorf("gaps %+v, %d days", a.Record.Gaps, a.Record.Days)
	}
	if f := a.Record.Weekly; f.Low > 200 || f.High < 200 || f.High-f.Low > 60 {
		t.Errorf("%v parcels a week, want about 200", f)
	}
	if !slices.ContainsFunc(a.Warnings, func(r sizing.Reason) bool { return r.Code == "advice_gap" }) {
		t.Error("nobody says that days are left out")
	}
}

// TestReplan_sameTwice: the same record and seed give the same advice, whatever the workers.
func TestReplan_sameTwice(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.layout, w.weeks = wrongMix(), 4
	in := w.live()
	var all [2]string
	for i := range all {
		a, err := sizing.Replan(t.Context(), in, sizing.ReplanOptions{Seed: 5, Quick: true, Workers: i + 1})
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = string(data)
	}
	if all[0] != all[1] {
		t.Error("two workers give another advice than one")
	}
}

package refit_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"cubby/internal/locker"
	"cubby/internal/sizing/mix"
	"cubby/internal/sizing/refit"
)

func column(screen int, sizes ...locker.Size) locker.Column {
	units := map[locker.Size]int{locker.SizeS: 2, locker.SizeM: 3, locker.SizeL: 6}
	c := locker.Column{ScreenUnits: screen}
	for i, s := range sizes {
		c.Compartments = append(c.Compartments, locker.Compartment{ID: locker.PlaceID(strconv.Itoa(i)), Size: s, Units: units[s]})
	}
	return c
}

func TestBank_Divide(t *testing.T) {
	t.Parallel()
	l := locker.Layout{Banks: []locker.Bank{{Columns: []locker.Column{
		column(0, locker.SizeL, locker.SizeL), column(8, locker.SizeS), column(0, locker.SizeL, locker.SizeL), column(0, locker.SizeM, locker.SizeM, locker.SizeL),
	}}}}
	b, err := refit.NewBank(l)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(b.Doors, mix.Pattern{1, 2, 5, 0}) || len(b.Columns) != 3 {
		t.Fatalf("doors %v, %d columns to divide", b.Doors, len(b.Columns))
	}
	if !slices.Equal(b.Units, []int{2, 3, 6, 12}) || !slices.Equal(b.Guessed, []bool{false, false, false, true}) {
		t.Errorf("units %v, guessed %v", b.Units, b.Guessed)
	}
	// Eleven small doors are wanted: two columns of six are enough, and the third stays as it is.
	d := b.Divide(func(doors mix.Pattern) float64 { return float64(max(11-doors[0], 0)) })
	changes := b.Changes(d)
	columns := 0
	for _, c := range changes {
		columns += c.Columns
		if c.To.Height(b.Units) > 12 {
			t.Errorf("%v is higher than its column", c.To)
		}
	}
	if d.Doors[0] < 11 || columns != 2 {
		t.Errorf("doors %v by %+v", d.Doors, changes)
	}
	if p, ok := b.Extra(func(doors mix.Pattern) float64 { return float64(max(5-doors[1], 0)) }); !ok || p[1] < 3 {
		t.Errorf("one more column: %v", p)
	}
	if same := b.Divide(func(mix.Pattern) float64 { return 1 }); len(b.Changes(same)) != 0 {
		t.Errorf("changes that do not help: %+v", b.Changes(same))
	}
	if _, err := refit.NewBank(locker.Layout{}); !errors.Is(err, refit.ErrNoDoors) {
		t.Errorf("no doors: %v", err)
	}
}

func TestDays_gapsAndClock(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 2, 20, 0, 0, 0, 0, zone) // the clock jumps on 8 March
	var all []time.Time
	for day := range 30 {
		if day >= 10 && day < 14 {
			continue
		}
		for n := range 5 {
			all = append(all, time.Date(2026, 2, 20+day, 23, n, 0, 0, zone))
		}
	}
	d := refit.NewDays(all, time.Date(2026, 3, 21, 12, 0, 0, 0, zone))
	if len(d.Parcels) != 28 || d.Counted() != 24 || d.Date(0) != "2026-02-21" || d.Weekday(0) != 5 {
		t.Errorf("%d days, %d count, from %s, weekday %d", len(d.Parcels), d.Counted(), d.Date(0), d.Weekday(0))
	}
	for i, n := range d.Parcels {
		if !d.Out[i] && n != 5 {
			t.Errorf("%v parcels on %s", n, d.Date(i))
		}
	}
	if gaps := d.Gaps(); len(gaps) != 1 || d.Date(gaps[0][0]) != "2026-03-02" || d.Date(gaps[0][1]) != "2026-03-05" {
		t.Errorf("gaps %v", gaps)
	}
	if d.Counts(start) || !d.Counts(start.AddDate(0, 0, 1)) || d.Counts(start.AddDate(0, 0, 10)) {
		t.Error("the first day counts, the second does not, or a gap does")
	}
	mean, n := d.Means()
	for w := range mean {
		if mean[w] != 5 || n[w] == 0 {
			t.Errorf("weekday %d: mean %v of %d", w, mean[w], n[w])
		}
	}
}

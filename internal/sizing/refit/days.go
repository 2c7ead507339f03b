package refit

import (
	"math"
	"time"
)

// Days is a record by whole days of the wall's clock.
type Days struct {
	Parcels []float64 // of each day
	Out     []bool    // days in gaps

	first time.Time // midnight of the first day, as if the clock were never moved
}

const oneDay = 24 * time.Hour

// DayOf numbers the days of the wall's clock, whatever its offset.
func DayOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// NewDays counts whole days of parcels in order, whose times are in the site's zone: the first day began before
// the first parcel and the day of until goes on, so neither counts. There must be a parcel.
func NewDays(all []time.Time, until time.Time) *Days {
	first := DayOf(all[0]).AddDate(0, 0, 1)
	last := DayOf(until.In(all[0].Location())).AddDate(0, 0, -1)
	n := int(last.Sub(first)/oneDay) + 1
	d := &Days{first: first, Parcels: make([]float64, max(n, 0))}
	for _, t := range all {
		if at := d.at(t); at >= 0 {
			d.Parcels[at]++
		}
	}
	d.findGaps()
	return d
}

// at returns the number of the day, -1 for one that does not count.
func (d *Days) at(t time.Time) int {
	n := int(math.Floor(float64(DayOf(t).Sub(d.first)) / float64(oneDay)))
	if n < 0 || n >= len(d.Parcels) {
		return -1
	}
	return n
}

// Weekday returns the weekday of a day, 0 for Monday.
func (d *Days) Weekday(n int) int { return (int(d.first.Weekday()) + 6 + n) % 7 }

// Means returns the mean of each weekday over the days that count, and how many there are.
func (d *Days) Means() (mean [7]float64, n [7]int) {
	for i, c := range d.Parcels {
		if !d.Out[i] {
			mean[d.Weekday(i)] += c
			n[d.Weekday(i)]++
		}
	}
	for w := range mean {
		mean[w] /= float64(max(n[w], 1))
	}
	return mean, n
}

// improbable is how many parcels a stretch of empty days should have had before it is a gap: with
// e^-15 chance does not explain it, even where days differ more than chance alone.
const improbable = 15

// findGaps marks stretches of days in which nothing came although much should have: the lockers were out
// of use or the record is missing. Leaving some out raises the means, which may show more.
func (d *Days) findGaps() {
	d.Out = make([]bool, len(d.Parcels))
	for range 5 {
		mean, _ := d.Means()
		found := false
		for from := 0; from < len(d.Parcels); {
			to, expected := from, 0.0
			for to < len(d.Parcels) && d.Parcels[to] == 0 {
				expected += mean[d.Weekday(to)]
				to++
			}
			if expected >= improbable && !d.Out[from] {
				found = true
				for i := from; i < to; i++ {
					d.Out[i] = true
				}
			}
			from = max(to, from+1)
		}
		if !found {
			return
		}
	}
}

// Counted returns how many days count.
func (d *Days) Counted() int {
	n := 0
	for _, out := range d.Out {
		if !out {
			n++
		}
	}
	return n
}

// Counts reports whether a moment lies in a day that counts.
func (d *Days) Counts(t time.Time) bool {
	at := d.at(t)
	return at >= 0 && !d.Out[at]
}

// Gaps returns the first and the last day of each gap.
func (d *Days) Gaps() [][2]int {
	var out [][2]int
	for i := 0; i < len(d.Out); i++ {
		if !d.Out[i] {
			continue
		}
		from := i
		for i < len(d.Out) && d.Out[i] {
			i++
		}
		out = append(out, [2]int{from, i - 1})
	}
	return out
}

// Date writes a day as 2026-03-02.
func (d *Days) Date(n int) string { return d.first.AddDate(0, 0, n).Format(time.DateOnly) }

package sizing

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"cubby/internal/locker"
	"cubby/internal/sizing/figure"
	"cubby/internal/sizing/mix"
	"cubby/internal/sizing/refit"
)

// Least that a log must hold before its figures replace published ones.
const (
	minLogDays   = 14  // two of each weekday
	minLogYear   = 330 // days before months and the busiest week are read off
	minCollected = 50  // observed dwells
	maxOneLogDay = 24 * time.Hour
	dwellSample  = 5_000 // observed dwells that are kept, evenly over their order
	sameVisit    = 30 * time.Minute
)

// WithLog returns the problem with the figures that a log of deliveries in order of arrival shows
// in place of published ones: rate, weekdays, carriers with their windows and visits, sizes,
// over-dispersion, dwell, and over a year also months and the busiest week. It warns where the log
// is too thin for a figure, which then stays as it was.
func (p Problem) WithLog(log []Delivery) (Problem, []string, error) {
	q := p.WithUnits()
	if len(log) == 0 {
		return q, nil, errors.New("the log has no deliveries")
	}
	if q.Demand.Units < 1 {
		return q, nil, &FieldError{Field: "demand.units", Text: "needed to turn a log into parcels per unit"}
	}
	h := newHistory(log)
	if h.days < minLogDays {
		return q, nil, fmt.Errorf("the log covers %d days, want at least %d: each weekday twice", h.days, minLogDays)
	}
	h.source = fmt.Sprintf("log of %d deliveries from %s to %s", len(log), h.first.Format(time.DateOnly), h.last.Format(time.DateOnly))
	h.rate(&q)
	h.weekdays(&q)
	h.carriers(&q)
	h.sizes(&q)
	h.dwell(&q)
	h.year(&q)
	return q.WithUnits(), h.warnings, nil
}

// history is a log by days.
type history struct {
	log         []Delivery
	first, last time.Time // midnights of the first and the last day, as the clock on the wall shows
	days        int
	counts      []float64 // parcels by day from first
	source      string
	warnings    []string
}

func newHistory(log []Delivery) *history {
	h := &history{log: log, first: refit.DayOf(log[0].Arrived), last: refit.DayOf(log[len(log)-1].Arrived)}
	h.days = int(h.last.Sub(h.first)/maxOneLogDay) + 1
	h.counts = make([]float64, max(h.days, 1))
	for _, d := range log {
		day := int(refit.DayOf(d.Arrived).Sub(h.first) / maxOneLogDay)
		h.counts[min(max(day, 0), len(h.counts)-1)]++
	}
	return h
}

func (h *history) warn(format string, args ...any) {
	h.warnings = append(h.warnings, fmt.Sprintf(format, args...))
}

func round(v float64, digits int) float64 {
	scale := math.Pow(10, float64(digits))
	return math.Round(v*scale) / scale
}

// rate is the mean of whole weeks; its range is two standard errors of the weeks.
func (h *history) rate(p *Problem) {
	var weeks []float64
	for from := 0; from+7 <= h.days; from += 7 {
		sum := 0.0
		for _, n := range h.counts[from : from+7] {
			sum += n
		}
		weeks = append(weeks, sum/float64(p.Demand.Units))
	}
	mean, variance := mix.MeanVariance(weeks)
	half := 2 * math.Sqrt(variance/float64(len(weeks)))
	p.Demand.Rate = figure.Range(round(max(mean-half, 0), 4), round(mean, 4), round(mean+half, 4), h.source)
}

// weekdays reads the weights off, and the spread of days of the same weekday.
func (h *history) weekdays(p *Problem) {
	byDay := make([][]float64, 7) // Monday first
	for i, n := range h.counts {
		day := (int(h.first.Weekday()) + 6 + i) % 7
		byDay[day] = append(byDay[day], n)
	}
	means, ratio, counted, total := make([]float64, 7), 0.0, 0.0, 0.0
	for day, counts := range byDay {
		mean, variance := mix.MeanVariance(counts)
		means[day] = mean
		total += mean / 7
		if mean >= 1 {
			ratio += variance / mean
			counted++
		}
	}
	for day := range means {
		means[day] = round(means[day]/total, 3)
	}
	p.Demand.Weekday = Profile{Values: means, Source: h.source}
	if counted > 0 {
		v := round(min(max(ratio/counted, 1), 20), 2)
		p.Demand.OverDispersion = figure.Of(v, h.source+", days of the same weekday")
	}
}

func (h *history) carriers(p *Problem) {
	hours := map[string][]float64{}
	visits := map[string]float64{}
	days := map[string]map[time.Time]bool{}
	last := map[string]time.Time{} // when the carrier's latest visit began
	for _, d := range h.log {
		name := cmp.Or(d.Carrier, "not recorded")
		at := d.Arrived
		hours[name] = append(hours[name], float64(at.Hour())+float64(at.Minute())/60)
		if began, ok := last[name]; !ok || at.Sub(began) > sameVisit {
			visits[name]++
			last[name] = at
		}
		if days[name] == nil {
			days[name] = map[time.Time]bool{}
		}
		days[name][refit.DayOf(at)] = true
	}
	names := slices.SortedFunc(maps.Keys(hours), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(hours[b]), len(hours[a])), cmp.Compare(a, b))
	})
	if len(names) > MaxCarriers {
		h.warn("the log names %d carriers: the %d smallest are left out of the windows", len(names), len(names)-MaxCarriers)
		names = names[:MaxCarriers]
	}
	counted := 0
	for _, name := range names {
		counted += len(hours[name])
	}
	p.Demand.Carriers = nil
	for _, name := range names {
		at := hours[name]
		slices.Sort(at)
		from := math.Floor(quantileOf(at, 0.05)*2) / 2
		to := math.Min(math.Ceil(quantileOf(at, 0.95)*2)/2, 24)
		if to <= from {
			from, to = min(from, 23.5), min(from, 23.5)+0.5
		}
		perDay := visits[name] / float64(len(days[name]))
		p.Demand.Carriers = append(p.Demand.Carriers, Carrier{
			Name:     name,
			Share:    figure.Of(round(100*float64(len(at))/float64(counted), 4), h.source),
			Visits:   figure.Of(round(min(max(perDay, 0.05), 24), 2), h.source+", of half an hour at most"),
			FromHour: from, ToHour: to,
		})
	}
	p.Policy.Quotas = slices.DeleteFunc(p.Policy.Quotas, func(q Quota) bool { return !slices.Contains(names, q.Carrier) })
}

// quantileOf interpolates nothing: it is the smallest value that the share does not exceed.
func quantileOf(sorted []float64, share float64) float64 {
	i := int(math.Ceil(share*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

func (h *history) sizes(p *Problem) {
	counts, known := map[locker.Size]int{}, 0
	for _, d := range h.log {
		if d.Size != "" {
			counts[d.Size]++
			known++
		}
	}
	for size := range counts {
		if !slices.ContainsFunc(p.Sizes, func(s SizeClass) bool { return s.Size == size }) {
			h.warn("the log has parcels of size %s, which the plan has no class for: sizes stay as they were", size)
			return
		}
	}
	if known < minCollected {
		h.warn("%d deliveries have a size, fewer than %d: the shares stay as they were", known, minCollected)
		return
	}
	for i := range p.Sizes {
		p.Sizes[i].Share = figure.Of(round(100*float64(counts[p.Sizes[i].Size])/float64(known), 4), h.source)
	}
}

func (h *history) dwell(p *Problem) {
	var hours []float64
	for _, d := range h.log {
		if !d.Collected.IsZero() {
			hours = append(hours, d.Collected.Sub(d.Arrived).Hours())
		}
	}
	if len(hours) < minCollected {
		h.warn("%d deliveries have a time of collection, fewer than %d: the dwell stays as it was", len(hours), minCollected)
		return
	}
	if open := len(h.log) - len(hours); open*10 > len(h.log) {
		h.warn("%d of %d deliveries have no time of collection: if those lay longer than the others the dwell is too short",
			open, len(h.log))
	}
	slices.Sort(hours)
	sample := hours
	if len(hours) > dwellSample {
		sample = make([]float64, dwellSample)
		for i := range sample {
			sample[i] = hours[(2*i+1)*len(hours)/(2*dwellSample)]
		}
	}
	for i := range sample {
		sample[i] = round(max(sample[i], 1.0/60), 3)
	}
	p.Dwell.Law = DwellEmpirical
	p.Dwell.Hours = Profile{Values: sample, Source: h.source}
}

// year reads months and the busiest week off a log of a year.
func (h *history) year(p *Problem) {
	if h.days < minLogYear {
		h.warn("the log covers %d days: months, peak and growth stay as they were", h.days)
		return
	}
	sums, days, total := make([]float64, 12), make([]float64, 12), 0.0
	for i, n := range h.counts {
		m := int(h.first.AddDate(0, 0, i).Month()) - 1
		sums[m] += n
		days[m]++
	}
	for m := range sums {
		sums[m] /= max(days[m], 1)
		total += sums[m] / 12
	}
	for m := range sums {
		if days[m] == 0 {
			sums[m] = total
		}
		sums[m] = round(sums[m]/total, 3)
	}
	p.Demand.Season = Profile{Values: sums, Source: h.source}
	var weeks []float64
	for from := 0; from+7 <= h.days; from += 7 {
		sum := 0.0
		for _, n := range h.counts[from : from+7] {
			sum += n
		}
		weeks = append(weeks, sum)
	}
	slices.Sort(weeks)
	factor := weeks[len(weeks)-1] / max(quantileOf(weeks, 0.5), 1)
	p.Demand.PeakFactor = figure.Of(round(min(max(factor, 1), 10), 3), h.source+", busiest week over the median one")
}

package sim

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

const confidence = 0.95

// quantileT returns Student's t for n observations.
func quantileT(n int) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(1 - (1-confidence)/2)
}

// sample is one year's part of a ratio: of whole cases x had it.
type sample struct{ x, whole float64 }

// ratioOf estimates sum(x)/sum(whole), a fraction, with the years as the independent observations.
// Source: Cochran, Sampling Techniques, ch. 6 (the variance of a ratio).
func ratioOf(years []sample, t float64) Estimate {
	n := float64(len(years))
	var x, whole float64
	for _, y := range years {
		x += y.x
		whole += y.whole
	}
	e := Estimate{N: len(years)}
	if whole == 0 {
		return e
	}
	e.Mean = x / whole
	e.Low, e.High = e.Mean, e.Mean
	if len(years) < 2 {
		return e
	}
	squares := 0.0
	for _, y := range years {
		d := y.x - e.Mean*y.whole
		squares += d * d
	}
	e.SE = math.Sqrt(squares/(n*(n-1))) / (whole / n)
	e.Low, e.High = max(0, e.Mean-t*e.SE), min(1, e.Mean+t*e.SE)
	const alike = 1e-12 // up to rounding
	if e.SE < alike {   // none, all, or each year alike: one more case in three times as many is not excluded
		const ruleOfThree = 3
		e.Low, e.High = max(0, e.Mean-ruleOfThree/whole), min(1, e.Mean+ruleOfThree/whole)
	}
	return e
}

// meanOf estimates a mean.
func meanOf(values []float64, t float64) Estimate {
	n := float64(len(values))
	e := Estimate{N: len(values)}
	if len(values) == 0 {
		return e
	}
	e.Mean = sum(values) / n
	e.Low, e.High = e.Mean, e.Mean
	if len(values) < 2 {
		return e
	}
	squares := 0.0
	for _, v := range values {
		squares += (v - e.Mean) * (v - e.Mean)
	}
	e.SE = math.Sqrt(squares / (n * (n - 1)))
	e.Low, e.High = e.Mean-t*e.SE, e.Mean+t*e.SE
	return e
}

func extremeOf(values []float64, t float64) Extreme {
	sorted := slices.Sorted(slices.Values(values))
	const share = 0.95
	at := max(0, int(math.Ceil(share*float64(len(sorted))))-1)
	return Extreme{Mean: meanOf(values, t), P95: sorted[at], Max: sorted[len(sorted)-1]}
}

// periodOf sums up one period over the years.
func periodOf(m *model, years []tally) Period {
	t := 0.0
	if len(years) > 1 {
		t = quantileT(len(years))
	}
	fraction := func(of func(*tally) (x, whole int32)) Estimate {
		samples := make([]sample, len(years))
		for i := range years {
			x, whole := of(&years[i])
			samples[i] = sample{float64(x), float64(whole)}
		}
		return ratioOf(samples, t)
	}
	values := func(of func(*tally) float64) []float64 {
		v := make([]float64, len(years))
		for i := range years {
			v[i] = of(&years[i])
		}
		return v
	}
	p := Period{
		Days:          int(years[0].days),
		Offered:       meanOf(values(func(y *tally) float64 { return float64(y.all(&y.offered)) }), t),
		Loss:          fraction(func(y *tally) (int32, int32) { return y.all(&y.lost), y.all(&y.offered) }),
		Upgraded:      fraction(func(y *tally) (int32, int32) { return y.all(&y.upgraded), y.all(&y.offered) }),
		Consolidated:  fraction(func(y *tally) (int32, int32) { return y.joined, y.all(&y.offered) }),
		Expired:       fraction(func(y *tally) (int32, int32) { return y.expired, y.all(&y.offered) }),
		Returned:      fraction(func(y *tally) (int32, int32) { return y.returned, y.all(&y.offered) }),
		DaysAccepted:  fraction(func(y *tally) (int32, int32) { return y.days - y.daysLost, y.days }),
		Missed:        fraction(func(y *tally) (int32, int32) { return y.all(&y.missed), y.all(&y.offered) }),
		DaysKept:      fraction(func(y *tally) (int32, int32) { return y.days - y.daysMissed, y.days }),
		PeakParcels:   extremeOf(values(func(y *tally) float64 { return float64(y.outside.parcels) }), t),
		PeakLitres:    extremeOf(values(func(y *tally) float64 { return y.outside.litres }), t),
		BeyondParcels: extremeOf(values(func(y *tally) float64 { return float64(y.beyond.parcels) }), t),
		BeyondLitres:  extremeOf(values(func(y *tally) float64 { return y.beyond.litres }), t),
	}
	for c := range m.classes {
		p.Classes = append(p.Classes, ClassPeriod{
			Offered:  meanOf(values(func(y *tally) float64 { return float64(y.offered[c]) }), t),
			Loss:     fraction(func(y *tally) (int32, int32) { return y.lost[c], y.offered[c] }),
			Missed:   fraction(func(y *tally) (int32, int32) { return y.missed[c], y.offered[c] }),
			Upgraded: fraction(func(y *tally) (int32, int32) { return y.upgraded[c], y.offered[c] }),
		})
	}
	for place := range m.places {
		p.Overflow = append(p.Overflow, fraction(func(y *tally) (int32, int32) { return y.placed[place], y.all(&y.offered) }))
	}
	return p
}

func (t *tally) all(of *[maxClasses]int32) int32 {
	total := int32(0)
	for _, n := range of {
		total += n
	}
	return total
}

// resultOf sums up the years.
func resultOf(m *model, years []yearTally, fan *fanCounts, names []string) *Result {
	parts := [3][]tally{}
	r := &Result{Years: len(years)}
	for i := range years {
		y := &years[i]
		r.Events += y.events
		parts[0] = append(parts[0], y.both())
		parts[1] = append(parts[1], y.normal)
		parts[2] = append(parts[2], y.peak)
	}
	r.Year, r.Normal, r.Peak = periodOf(m, parts[0]), periodOf(m, parts[1]), periodOf(m, parts[2])
	if fan != nil {
		r.Fans = fan.fans(names)
	}
	return r
}

// differenceOf compares two banks year by year: what is common to both cancels out.
func differenceOf(base, other []yearTally) Difference {
	t := 0.0
	if len(base) > 1 {
		t = quantileT(len(base))
	}
	compare := func(of func(*yearTally) float64) Estimate {
		d := make([]float64, len(base))
		for i := range base {
			d[i] = of(&other[i]) - of(&base[i])
		}
		return meanOf(d, t)
	}
	loss := func(p *tally) float64 { return share(p.all(&p.lost), p.all(&p.offered)) }
	accepted := func(p *tally) float64 { return share(p.days-p.daysLost, p.days) }
	return Difference{
		Loss:             compare(func(y *yearTally) float64 { p := y.both(); return loss(&p) }),
		DaysAccepted:     compare(func(y *yearTally) float64 { p := y.both(); return accepted(&p) }),
		NormalLoss:       compare(func(y *yearTally) float64 { return loss(&y.normal) }),
		PeakLoss:         compare(func(y *yearTally) float64 { return loss(&y.peak) }),
		PeakDaysAccepted: compare(func(y *yearTally) float64 { return accepted(&y.peak) }),
	}
}

func share(x, whole int32) float64 {
	if whole == 0 {
		return 0
	}
	return float64(x) / float64(whole)
}

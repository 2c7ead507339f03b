package cost

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"

	"cubby/internal/sizing/figure"
)

// Limits on a calculation.
const (
	maxYears = 40
	maxRuns  = 100_000
)

// Basis is what all alternatives are computed on.
type Basis struct {
	Years          int     // 1 to 40
	Discount       Factor  // percent per year
	Currency       string  // ISO 4217; amounts are in its hundredths
	Units          int     // of the building
	ParcelsPerYear float64 // of the first year, for the price per parcel
	Growth         Factor  // percent per year of parcels, for the price per parcel
}

// Amounts are one value per level, in minor units (cents).
type Amounts struct {
	Low  int64 `json:"low"`
	Mid  int64 `json:"mid"`
	High int64 `json:"high"`
}

// At returns the amount of a level.
func (a Amounts) At(l figure.Level) int64 {
	switch l {
	case figure.Low:
		return a.Low
	case figure.High:
		return a.High
	case figure.Mid:
	}
	return a.Mid
}

func (a *Amounts) set(l figure.Level, v int64) {
	switch l {
	case figure.Low:
		a.Low = v
	case figure.Mid:
		a.Mid = v
	case figure.High:
		a.High = v
	}
}

// Row is one item over the years.
type Row struct {
	Item    Item    `json:"item"`
	Start   Amounts `json:"start"`      // before the first year
	Year    Amounts `json:"first_year"` // at the end of the first year
	Total   Amounts `json:"total"`      // of all years, not discounted
	Present Amounts `json:"present"`    // discounted to the start
	Lines   []Line  `json:"lines"`      // what it is made of: every figure with unit and source
}

// Result is the cost of one alternative. All amounts are in minor units of Currency.
type Result struct {
	Currency  string  `json:"currency"`
	Years     int     `json:"years"`
	Rows      []Row   `json:"rows"`
	Total     Amounts `json:"total"`          // not discounted
	Present   Amounts `json:"net_present"`    // net present value of all costs
	Annuity   Amounts `json:"annuity"`        // equal yearly amount with the same present value
	UnitMonth Amounts `json:"per_unit_month"` // annuity per unit and month
	Parcel    Amounts `json:"per_parcel"`     // present value over the discounted number of parcels
	Chance    Chance  `json:"monte_carlo"`
	Tornado   []Swing `json:"tornado"` // widest first
}

// Chance is the spread of the net present value over random draws of every figure, in minor units.
type Chance struct {
	Runs int   `json:"runs"`
	P5   int64 `json:"p5"`
	P50  int64 `json:"p50"`
	P95  int64 `json:"p95"`
	Mean int64 `json:"mean"`
}

// Swing is the net present value with one figure at its low and at its high, all others at mid.
type Swing struct {
	Key    string        `json:"key"`
	Figure figure.Figure `json:"figure"`
	Low    int64         `json:"low"`
	High   int64         `json:"high"`
}

// Compute prices lines exactly: each amount of each year is rounded to the minor unit, half away
// from zero, before anything is summed, as on an invoice; present values are rounded once per row.
func Compute(b Basis, lines []Line) (Result, error) {
	if b.Years < 1 || b.Years > maxYears {
		return Result{}, fmt.Errorf("horizon of %d years: want 1 to %d", b.Years, maxYears)
	}
	if b.Units < 1 {
		return Result{}, fmt.Errorf("%d units: want at least 1", b.Units)
	}
	r := Result{Currency: b.Currency, Years: b.Years}
	for _, item := range Items() {
		row := Row{Item: item}
		for _, l := range lines {
			if l.Item == item {
				row.Lines = append(row.Lines, l)
			}
		}
		if len(row.Lines) == 0 {
			continue
		}
		for _, level := range figure.Levels() {
			if err := row.price(b, level); err != nil {
				return Result{}, fmt.Errorf("price %s: %w", item, err)
			}
		}
		r.Rows = append(r.Rows, row)
	}
	for _, level := range figure.Levels() {
		if err := r.sum(b, level); err != nil {
			return Result{}, fmt.Errorf("sum: %w", err)
		}
	}
	r.Tornado = tornado(b, lines)
	return r, nil
}

// price fills the row's amounts of one level.
func (row *Row) price(b Basis, level figure.Level) error {
	discount, err := growthFactor(b.Discount, figure.Mid)
	if err != nil {
		return err
	}
	present := new(big.Rat)
	var start, first, total int64
	for _, l := range row.Lines {
		amount, err := l.amount(level)
		if err != nil {
			return err
		}
		growth := big.NewRat(1, 1)
		if l.Growth != nil {
			if growth, err = growthFactor(*l.Growth, level); err != nil {
				return err
			}
		}
		divisor := big.NewRat(1, 1)
		for year := 0; year <= b.Years; year++ {
			if l.due(year, b.Years) {
				minor, err := toMinor(amount)
				if err != nil {
					return err
				}
				total += minor
				switch year {
				case 0:
					start += minor
				case 1:
					first += minor
				}
				present.Add(present, new(big.Rat).Quo(new(big.Rat).SetInt64(minor), divisor))
			}
			divisor = new(big.Rat).Mul(divisor, discount)
			if year > 0 {
				amount.Mul(amount, growth)
			}
		}
	}
	row.Start.set(level, start)
	row.Year.set(level, first)
	row.Total.set(level, total)
	row.Present.set(level, roundRat(present))
	return nil
}

// growthFactor returns 1 + percent/100.
func growthFactor(f Factor, level figure.Level) (*big.Rat, error) {
	v, err := exact(f.Figure.At(level))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Key, err)
	}
	v.Quo(v, big.NewRat(100, 1))
	v.Add(v, big.NewRat(1, 1))
	if v.Sign() <= 0 {
		return nil, fmt.Errorf("%s: %s leaves nothing", f.Key, f.Figure)
	}
	return v, nil
}

// toMinor turns an amount of the currency into minor units.
func toMinor(amount *big.Rat) (int64, error) {
	minor := new(big.Rat).Mul(amount, big.NewRat(100, 1))
	if f, _ := minor.Float64(); math.Abs(f) > 1e15 {
		return 0, fmt.Errorf("an amount of %.0f is beyond any building: look for a wrong unit", f/100)
	}
	return roundRat(minor), nil
}

// roundRat rounds half away from zero.
func roundRat(r *big.Rat) int64 {
	num := new(big.Int).Abs(r.Num())
	num.Mul(num, big.NewInt(2)).Add(num, r.Denom())
	q := num.Quo(num, new(big.Int).Mul(r.Denom(), big.NewInt(2)))
	if r.Sign() < 0 {
		q.Neg(q)
	}
	return q.Int64()
}

// sum fills the totals of one level from the rows, so that the table adds up on paper.
func (r *Result) sum(b Basis, level figure.Level) error {
	var total, present int64
	for _, row := range r.Rows {
		total += row.Total.At(level)
		present += row.Present.At(level)
	}
	r.Total.set(level, total)
	r.Present.set(level, present)

	discount, err := growthFactor(b.Discount, figure.Mid)
	if err != nil {
		return err
	}
	growth, err := growthFactor(b.Growth, figure.Mid)
	if err != nil {
		return err
	}
	parcels, err := exact(b.ParcelsPerYear)
	if err != nil {
		return err
	}
	years, count := new(big.Rat), new(big.Rat) // sums of discounted years and parcels
	factor := big.NewRat(1, 1)
	for range b.Years {
		factor = new(big.Rat).Quo(factor, discount)
		years.Add(years, factor)
		count.Add(count, new(big.Rat).Mul(parcels, factor))
		parcels.Mul(parcels, growth)
	}
	value := new(big.Rat).SetInt64(present)
	r.Annuity.set(level, roundRat(new(big.Rat).Quo(value, years)))
	unitMonths := new(big.Rat).Mul(years, big.NewRat(int64(b.Units)*12, 1))
	r.UnitMonth.set(level, roundRat(new(big.Rat).Quo(value, unitMonths)))
	if count.Sign() > 0 {
		r.Parcel.set(level, roundRat(new(big.Rat).Quo(value, count)))
	}
	return nil
}

// present returns the net present value in minor units for one set of values, in floating point
// and without rounding in between: for comparisons, not for invoices.
func present(b Basis, lines []Line, values draws) float64 {
	discount := 1 + values.of(percent(b.Discount))
	sum := 0.0
	for _, l := range lines {
		amount := 100.0
		for _, f := range l.Factors {
			amount *= values.of(f)
		}
		growth := 1.0
		if l.Growth != nil {
			growth += values.of(percent(*l.Growth))
		}
		for year := 0; year <= b.Years; year++ {
			if l.due(year, b.Years) {
				exponent := max(year-1, 0)
				sum += amount * math.Pow(growth, float64(exponent)) / math.Pow(discount, float64(year))
			}
		}
	}
	return sum
}

func percent(f Factor) Factor {
	f.Percent = true
	return f
}

// tornado moves each figure that is a range alone.
func tornado(b Basis, lines []Line) []Swing {
	ranges := map[string]figure.Figure{}
	var keys []string
	note := func(f Factor) {
		if _, seen := ranges[f.Key]; !seen && !f.Figure.Exact() {
			ranges[f.Key] = f.Figure
			keys = append(keys, f.Key)
		}
	}
	note(b.Discount)
	for _, l := range lines {
		for _, f := range l.Factors {
			note(f)
		}
		if l.Growth != nil {
			note(*l.Growth)
		}
	}
	swings := make([]Swing, 0, len(keys))
	for _, key := range keys {
		f := ranges[key]
		swings = append(swings, Swing{
			Key: key, Figure: f,
			Low:  int64(math.Round(present(b, lines, draws{key: f.Low}))),
			High: int64(math.Round(present(b, lines, draws{key: f.High}))),
		})
	}
	slices.SortStableFunc(swings, func(x, y Swing) int {
		return int(min(max(width(y)-width(x), -1), 1))
	})
	return swings
}

func width(s Swing) int64 { return max(s.High-s.Low, s.Low-s.High) }

// MonteCarlo draws every figure from its PERT law and returns the spread of the net present
// value. The same seed gives the same draws for a figure's key in every alternative, so that two
// alternatives differ by what they are and not by luck.
func MonteCarlo(b Basis, lines []Line, runs int, seed uint64) (Chance, error) {
	if runs < 1 || runs > maxRuns {
		return Chance{}, fmt.Errorf("%d runs: want 1 to %d", runs, maxRuns)
	}
	keyed := keysOf(b, lines)
	values := make([]float64, runs)
	sum := 0.0
	for run := range values {
		drawn := make(draws, len(keyed))
		for _, k := range keyed {
			// One small generator per figure and run: what one alternative draws moves nothing in another.
			rng := rand.New(rand.NewPCG(seed^k.hash, uint64(run)+1))
			drawn[k.factor.Key] = k.factor.Figure.Draw(rng)
		}
		values[run] = present(b, lines, drawn)
		sum += values[run]
	}
	slices.Sort(values)
	at := func(share float64) int64 {
		return int64(math.Round(values[int(share*float64(runs-1)+0.5)]))
	}
	return Chance{
		Runs: runs, P5: at(0.05), P50: at(0.5), P95: at(0.95),
		Mean: int64(math.Round(sum / float64(runs))),
	}, nil
}

type keyedFactor struct {
	factor Factor
	hash   uint64
}

// keysOf lists the figures that are ranges, once each.
func keysOf(b Basis, lines []Line) []keyedFactor {
	var all []keyedFactor
	seen := map[string]bool{}
	note := func(f Factor) {
		if !seen[f.Key] && !f.Figure.Exact() {
			seen[f.Key] = true
			all = append(all, keyedFactor{factor: f, hash: hash(f.Key)})
		}
	}
	note(b.Discount)
	for _, l := range lines {
		for _, f := range l.Factors {
			note(f)
		}
		if l.Growth != nil {
			note(*l.Growth)
		}
	}
	return all
}

// hash is FNV-1a over the key.
// Source: draft-eastlake-fnv-17 §2.
func hash(key string) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range []byte(key) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

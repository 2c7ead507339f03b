package forecast

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// Kind is how a component enters. The zero value is invalid.
type Kind uint8

// The kinds of components.
const (
	KindNone           Kind = iota + 1
	KindAdditive            // added
	KindDamped              // trend only: additive, and it levels off
	KindMultiplicative      // seasons only: a factor; the error is then relative too
)

// String returns the kind in lower case.
func (k Kind) String() string {
	switch k {
	case KindNone:
		return "none"
	case KindAdditive:
		return "additive"
	case KindDamped:
		return "damped"
	case KindMultiplicative:
		return "multiplicative"
	}
	return "invalid"
}

// Form is the shape of an exponential smoothing model.
type Form struct {
	Trend  Kind // KindNone, KindAdditive or KindDamped
	Season Kind // KindNone, KindAdditive or KindMultiplicative
}

// Parameters are a model's smoothing constants and its state before the first value.
type Parameters struct {
	Alpha float64   // of the level, 0 to 1
	Beta  float64   // of the trend, 0 to Alpha
	Gamma float64   // of the seasons, 0 to 1-Alpha
	Phi   float64   // damping, 0.8 to 0.98; 1 without damping
	Level float64   // before the first value
	Slope float64   // before the first value
	Index []float64 // one for each place in the season, that of the first value first
}

// Fit is a fitted model.
type Fit struct {
	Form
	Parameters
	LogLikelihood float64
	AICc          float64
	Fitted        []float64 // one step ahead, for each value
	free          int
	end           state
}

// state is level, slope and the next season's indices.
type state struct {
	level, slope float64
	index        []float64
}

// Bounds of the constants, as the forecast package of R sets them, so that results compare.
const (
	alphaLow, alphaHigh = 1e-4, 0.9999
	phiLow, phiHigh     = 0.8, 0.98
	// freeSeason is the longest period whose starting indices are estimated with the rest; longer
	// ones are taken from a decomposition, because a search in hundreds of dimensions finds nothing.
	freeSeason    = 24
	evaluations   = 4000
	tinyVariation = 1e-12
)

// ETS fits the forms that suit the series and returns the one with the lowest AICc.
func ETS(s Series) (Fit, error) {
	if err := s.check(1); err != nil {
		return Fit{}, err
	}
	var fits []Fit
	for _, form := range forms(s) {
		fit, err := FitForm(s, form)
		if err == nil {
			fits = append(fits, fit)
		}
	}
	if len(fits) == 0 {
		return Fit{}, fmt.Errorf("%w: no smoothing model fits", ErrSeries)
	}
	return slices.MinFunc(fits, func(a, b Fit) int { return cmp.Compare(a.AICc, b.AICc) }), nil
}

func forms(s Series) []Form {
	all := []Form{{KindNone, KindNone}, {KindDamped, KindNone}}
	if s.Period > 1 {
		all = append(all, Form{KindNone, KindAdditive}, Form{KindDamped, KindAdditive})
		if slices.Min(s.Values) > 0 {
			all = append(all, Form{KindNone, KindMultiplicative}, Form{KindDamped, KindMultiplicative})
		}
	}
	return all
}

// FitForm fits one form by maximum likelihood.
func FitForm(s Series, form Form) (Fit, error) {
	if err := s.check(1); err != nil {
		return Fit{}, err
	}
	if err := form.check(s); err != nil {
		return Fit{}, err
	}
	start := initial(s, form)
	c := coder{form: form, start: start, period: s.Period}
	best, err := c.search(s)
	if err != nil {
		return Fit{}, err
	}
	return Smooth(s, form, best)
}

func (f Form) check(s Series) error {
	switch {
	case f.Trend < KindNone || f.Trend > KindDamped || f.Season < KindNone || f.Season > KindMultiplicative ||
		f.Season == KindDamped:
		return errors.New("a form needs a trend (none, additive, damped) and a season (none, additive, multiplicative)")
	case f.Season != KindNone && s.Period < 2:
		return fmt.Errorf("%w: seasons need a period of at least 2", ErrSeries)
	case f.Season == KindMultiplicative && slices.Min(s.Values) <= 0:
		return fmt.Errorf("%w: factors need values above 0", ErrSeries)
	}
	return nil
}

// Smooth runs a model with given parameters over the series.
func Smooth(s Series, form Form, p Parameters) (Fit, error) {
	if err := form.check(s); err != nil {
		return Fit{}, err
	}
	if form.Season != KindNone && len(p.Index) != s.Period {
		return Fit{}, fmt.Errorf("%d seasonal indices for a period of %d", len(p.Index), s.Period)
	}
	fit := Fit{Form: form, Parameters: p, Fitted: make([]float64, len(s.Values))}
	minusTwo, end := run(s, form, p, fit.Fitted)
	if math.IsInf(minusTwo, 0) || math.IsNaN(minusTwo) {
		return Fit{}, fmt.Errorf("%w: the model leaves the numbers", ErrSeries)
	}
	fit.end = end
	fit.free = form.parameters(s.Period)
	n, k := float64(len(s.Values)), float64(fit.free)
	fit.LogLikelihood = -minusTwo / 2
	fit.AICc = math.Inf(1)
	if n > k+1 {
		fit.AICc = minusTwo + 2*k + 2*k*(k+1)/(n-k-1)
	}
	return fit, nil
}

// parameters counts what is estimated: constants, the starting state and the variance.
func (f Form) parameters(period int) int {
	k := 3 // alpha, level, variance
	if f.Trend != KindNone {
		k += 2
	}
	if f.Trend == KindDamped {
		k++
	}
	if f.Season != KindNone {
		k += period // gamma and period-1 free indices
	}
	return k
}

// run returns -2 log likelihood up to a constant, n log(sum of squares) plus 2 sum log of what the
// errors are relative to, and the state at the end.
// Source: Hyndman et al. (2008), Forecasting with exponential smoothing, ch. 5.
func run(s Series, form Form, p Parameters, fitted []float64) (float64, state) {
	level, slope := p.Level, p.Slope
	index := slices.Clone(p.Index)
	squares, logs := 0.0, 0.0
	relative := form.Season == KindMultiplicative
	for t, y := range s.Values {
		trend := p.Phi * slope
		if form.Trend == KindNone {
			trend = 0
		}
		base, at := level+trend, 0
		expected := base
		if form.Season != KindNone {
			at = t % s.Period
		}
		switch form.Season {
		case KindNone, KindDamped:
		case KindAdditive:
			expected += index[at]
		case KindMultiplicative:
			expected *= index[at]
		}
		if fitted != nil {
			fitted[t] = expected
		}
		e := y - expected
		if relative {
			if expected <= 0 || base <= 0 {
				return math.Inf(1), state{}
			}
			e /= expected
			logs += math.Log(expected)
			level = base * (1 + p.Alpha*e)
			slope = trend + p.Beta*base*e
			index[at] *= 1 + p.Gamma*e
		} else {
			level = base + p.Alpha*e
			slope = trend + p.Beta*e
			if form.Season == KindAdditive {
				index[at] += p.Gamma * e
			}
		}
		squares += e * e
	}
	n := float64(len(s.Values))
	next := state{level: level, slope: slope}
	if form.Season != KindNone {
		turn := len(s.Values) % s.Period
		next.index = append(slices.Clone(index[turn:]), index[:turn]...)
	}
	return n*math.Log(max(squares, tinyVariation)) + 2*logs, next
}

// Forecast continues the series. Values below 0 are 0: no fewer than no parcels come.
func (f Fit) Forecast(horizon int) []float64 {
	out := make([]float64, horizon)
	damp, sum := 1.0, 0.0
	for h := range out {
		if f.Trend != KindNone {
			damp *= f.Phi
			sum += damp
		}
		v := f.end.level + sum*f.end.slope
		switch f.Season {
		case KindNone, KindDamped:
		case KindAdditive:
			v += f.end.index[h%len(f.end.index)]
		case KindMultiplicative:
			v *= f.end.index[h%len(f.end.index)]
		}
		out[h] = max(v, 0)
	}
	return out
}

// initial guesses the state before the first value: a line through the first seasons, and indices
// from a decomposition of the whole series.
func initial(s Series, form Form) Parameters {
	p := Parameters{Alpha: 0.2, Beta: 0.02, Gamma: 0.05, Phi: 1}
	if form.Trend == KindDamped {
		p.Phi = 0.95
	}
	values := s.Values
	if form.Season != KindNone {
		multiply := form.Season == KindMultiplicative
		p.Index = decompose(s, multiply)
		values = adjust(s, p.Index, multiply)
	}
	head := values[:min(len(values), max(10, 2*s.Period))]
	intercept, slope := line(head)
	p.Level = intercept
	if form.Trend != KindNone {
		p.Slope = slope
	} else {
		p.Level = mean(head)
	}
	return p
}

// coder turns parameters into a point without bounds and back.
type coder struct {
	form   Form
	start  Parameters
	period int
}

func (c coder) free() bool { return c.form.Season != KindNone && c.period <= freeSeason }

// scale of steps in the starting state.
func (c coder) unit() float64 { return max(math.Abs(c.start.Level), 1) }

func (c coder) point() []float64 {
	p := c.start
	x := []float64{logit((p.Alpha - alphaLow) / (alphaHigh - alphaLow)), 0}
	if c.form.Trend != KindNone {
		x = append(x, logit(p.Beta/p.Alpha), 0)
	}
	if c.form.Trend == KindDamped {
		x = append(x, logit((p.Phi-phiLow)/(phiHigh-phiLow)))
	}
	if c.form.Season != KindNone {
		x = append(x, logit(p.Gamma/(1-p.Alpha)))
	}
	if c.free() {
		x = append(x, make([]float64, c.period-1)...)
	}
	return x
}

func (c coder) parameters(x []float64) Parameters {
	p := c.start
	next := func() float64 { v := x[0]; x = x[1:]; return v }
	p.Alpha = alphaLow + (alphaHigh-alphaLow)*expit(next())
	p.Level = c.start.Level + next()*c.unit()
	p.Beta, p.Gamma = 0, 0
	if c.form.Trend != KindNone {
		p.Beta = p.Alpha * (1e-4 + (1-2e-4)*expit(next()))
		p.Slope = c.start.Slope + next()*c.unit()/10
	}
	if c.form.Trend == KindDamped {
		p.Phi = phiLow + (phiHigh-phiLow)*expit(next())
	}
	if c.form.Season != KindNone {
		p.Gamma = (1 - p.Alpha) * (1e-4 + (1-2e-4)*expit(next()))
	}
	if c.free() {
		p.Index = slices.Clone(c.start.Index)
		c.shift(p.Index, x)
	}
	return p
}

// shift moves the free indices and lets the last one keep the sum: 0 for sums, the period for factors.
func (c coder) shift(index, by []float64) {
	unit, whole := c.unit(), 0.0
	if c.form.Season == KindMultiplicative {
		unit, whole = 1, float64(c.period)
	}
	sum := 0.0
	for i := range by {
		index[i] += by[i] * unit
		sum += index[i]
	}
	index[len(index)-1] = whole - sum
}

// search walks downhill, and once more from where it stopped: a simplex shrinks too early in many
// dimensions.
func (c coder) search(s Series) (Parameters, error) {
	problem := optimize.Problem{Func: func(x []float64) float64 {
		p := c.parameters(x)
		if c.form.Season == KindMultiplicative && slices.Min(p.Index) <= 0 {
			return math.Inf(1)
		}
		v, _ := run(s, c.form, p, nil)
		if math.IsNaN(v) {
			return math.Inf(1)
		}
		return v
	}}
	x := c.point()
	for range 3 {
		result, err := optimize.Minimize(problem, x, &optimize.Settings{
			FuncEvaluations: evaluations, Converger: &optimize.FunctionConverge{Absolute: 1e-7, Iterations: 200},
		}, &optimize.NelderMead{SimplexSize: 0.15})
		if result == nil || (err != nil && math.IsInf(result.F, 0)) {
			return Parameters{}, fmt.Errorf("%w: the search for a model ended: %w", ErrSeries, err)
		}
		x = result.X
	}
	return c.parameters(x), nil
}

func logit(p float64) float64 { p = min(max(p, 1e-6), 1-1e-6); return math.Log(p / (1 - p)) }

func expit(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// line fits a straight line by least squares; x counts from 0.
func line(values []float64) (intercept, slope float64) {
	n := float64(len(values))
	middle, level := (n-1)/2, mean(values)
	var above, below float64
	for i, v := range values {
		d := float64(i) - middle
		above += d * (v - level)
		below += d * d
	}
	if below > 0 {
		slope = above / below
	}
	return level - slope*middle, slope
}

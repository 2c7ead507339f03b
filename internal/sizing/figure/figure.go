package figure

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Figure is a number as people know it: most likely Mid, at least Low, at most High, in Unit,
// because Source says so. Assumed means that nothing citable exists; every face marks it.
type Figure struct {
	Low     float64 `json:"low"`
	Mid     float64 `json:"mid"`
	High    float64 `json:"high"`
	Unit    string  `json:"unit"`
	Source  string  `json:"source"`
	Assumed bool    `json:"assumed,omitempty"`
}

// Sources of figures that somebody gave without saying where they come from: they are that person's own, neither
// published nor assumed by the planner.
const (
	InPlan    = "given in the plan"
	OnLine    = "given on the command line"
	InPlanner = "entered in the planner"
)

// Own reports whether a source says no more than that somebody gave the figure.
func Own(source string) bool { return source == InPlan || source == OnLine || source == InPlanner }

// Of returns a figure that is one value.
func Of(value float64, source string) Figure {
	return Figure{Low: value, Mid: value, High: value, Source: source}
}

// Range returns a figure between low and high, most likely mid.
func Range(low, mid, high float64, source string) Figure {
	return Figure{Low: low, Mid: mid, High: high, Source: source}
}

// Assume returns a figure that nobody published. The reason says why this value is used.
func Assume(low, mid, high float64, reason string) Figure {
	return Figure{Low: low, Mid: mid, High: high, Source: "assumption: " + reason, Assumed: true}
}

// Level chooses one of the three values of a figure. The zero value is invalid.
type Level uint8

// The levels.
const (
	Low Level = iota + 1
	Mid
	High
)

// Levels lists the levels, lowest first.
func Levels() []Level { return []Level{Low, Mid, High} }

// String returns the level as people write it.
func (l Level) String() string {
	switch l {
	case Low:
		return "low"
	case Mid:
		return "mid"
	case High:
		return "high"
	}
	return "invalid level " + strconv.Itoa(int(l))
}

// At returns the value of a level, and Mid for an invalid one.
func (f Figure) At(l Level) float64 {
	switch l {
	case Low:
		return f.Low
	case High:
		return f.High
	case Mid:
	}
	return f.Mid
}

// Only returns the figure with one value, which keeps its origin.
func (f Figure) Only(value float64) Figure {
	f.Low, f.Mid, f.High = value, value, value
	return f
}

// In returns the figure in a unit.
func (f Figure) In(unit string) Figure {
	f.Unit = unit
	return f
}

// Known reports whether anybody has given the figure: whatever has no source is missing.
func (f Figure) Known() bool { return f.Source != "" }

// Exact reports whether the figure is one value.
func (f Figure) Exact() bool { return f.Low == f.High }

// Problem returns what is wrong with the figure, or nil: no source, not a number, out of order, or
// outside of least to most.
func (f Figure) Problem(least, most float64) error {
	switch {
	case !f.Known():
		return errors.New("the figure is missing: give a value, or low, mid and high, with its source")
	case !finite(f.Low) || !finite(f.Mid) || !finite(f.High):
		return errors.New("want numbers")
	case f.Low > f.Mid || f.Mid > f.High:
		return fmt.Errorf("low %s, mid %s, high %s are out of order", Number(f.Low), Number(f.Mid), Number(f.High))
	case f.Low < least:
		return fmt.Errorf("%s is below %s%s", Number(f.Low), Number(least), f.suffix())
	case f.High > most:
		return fmt.Errorf("%s is above %s%s", Number(f.High), Number(most), f.suffix())
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func (f Figure) suffix() string {
	if f.Unit == "" {
		return ""
	}
	return " " + f.Unit
}

// String returns the value with its range and unit, as in "1.5 (0.35 to 3.5) parcels per unit and week".
func (f Figure) String() string {
	var b strings.Builder
	b.WriteString(Number(f.Mid))
	if !f.Exact() {
		fmt.Fprintf(&b, " (%s to %s)", Number(f.Low), Number(f.High))
	}
	b.WriteString(f.suffix())
	return b.String()
}

// Number writes a value with at most six digits behind the point and without trailing zeros.
func Number(v float64) string {
	s := strconv.FormatFloat(v, 'f', 6, 64)
	s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// Draw returns a value from the PERT law of the figure: a beta law on Low to High with the mode at
// Mid and weight 4. Its mean is (Low + 4 Mid + High)/6.
// Source: Malcolm, Roseboom, Clark, Fazar, "Application of a technique for R&D program evaluation",
// Operations Research 7 (1959).
func (f Figure) Draw(rng *rand.Rand) float64 {
	width := f.High - f.Low
	if width <= 0 {
		return f.Mid
	}
	a := 1 + 4*(f.Mid-f.Low)/width
	b := 1 + 4*(f.High-f.Mid)/width
	x, y := gamma(rng, a), gamma(rng, b)
	return f.Low + width*x/(x+y)
}

// gamma draws from the gamma law of a shape of at least 1 and scale 1.
// Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000).
func gamma(rng *rand.Rand, shape float64) float64 {
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := rng.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v *= v * v
		if math.Log(1-rng.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

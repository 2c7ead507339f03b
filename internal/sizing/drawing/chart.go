package drawing

import (
	"math"
	"slices"
)

// TornadoInput is what moves a result most, largest first in the order given.
type TornadoInput struct {
	Title, Desc string
	RTL         bool
	Base        float64
	Rows        []TornadoRow
	BaseLabel   string               // written at the base
	LowLabel    string               // legend: the input at its low end
	HighLabel   string               // legend: the input at its high end
	Format      func(float64) string // a result; nil: plain digits
}

// TornadoRow is one input and the results at its two ends.
type TornadoRow struct {
	Label     string
	Low, High float64 // result with the input at its low and at its high end
	LowText   string  // the input's low end, written beside the bar; may be empty
	HighText  string
}

// Tornado draws a bar from the result at the low end to the base and one from the base to the result
// at the high end, for each input.
func Tornado(in TornadoInput) *Scene {
	s := &Scene{Width: chartWidth, Title: in.Title, Desc: in.Desc, RTL: in.RTL}
	format := in.Format
	if format == nil {
		format = plain
	}
	low, high := in.Base, in.Base
	for _, r := range in.Rows {
		low, high = min(low, r.Low, r.High), max(high, r.Low, r.High)
	}
	if !(high > low) {
		high = low + 1
	}
	const row, bar = 58.0, 22.0
	const left, right = 24.0, chartWidth - 24.0
	// Ends of bars carry a text outside, so the scale leaves room for the widest.
	beside := 0.0
	for _, r := range in.Rows {
		beside = max(beside, widest(chartText, r.LowText, r.HighText))
	}
	x := func(v float64) float64 {
		return left + beside + 10 + (v-low)/(high-low)*(right-left-2*beside-20)
	}
	y := s.legend([]legendEntry{{ClassLow, in.LowLabel}, {ClassHigh, in.HighLabel}}, left, right, 14, chartText) + 8
	s.text(Text{X: x(in.Base), Y: y + 12, Size: chartText, Anchor: anchorNear(x(in.Base)), Class: ClassInk, Bold: true, Value: in.BaseLabel})
	s.line(x(in.Base), y+18, x(in.Base), y+26, ClassAxis)
	y += 24
	for _, r := range in.Rows {
		s.heading(r.Label, y+17, false)
		s.tornadoBar(x(in.Base), x(r.Low), Rect{Y: y + 25, H: bar, Class: ClassLow}, r.LowText)
		s.tornadoBar(x(in.Base), x(r.High), Rect{Y: y + 25, H: bar, Class: ClassHigh}, r.HighText)
		s.line(x(in.Base), y+22, x(in.Base), y+28+bar, ClassAxis)
		y += row
	}
	s.line(left, y+6, right, y+6, ClassAxis)
	marks := roundTicks(low, high, 4)
	for _, v := range marks {
		s.line(x(v), y+6, x(v), y+14, ClassAxis)
		s.text(Text{X: x(v), Y: y + 34, Size: chartText, Anchor: anchorNear(x(v)), Class: ClassMuted, Value: format(v)})
	}
	s.Height = y + 50
	return s
}

// heading writes the name of a bar above it, on the side where people begin to read.
func (s *Scene) heading(text string, y float64, bold bool) {
	t := Text{X: 24, Y: y, Size: chartText, Bold: bold, Class: ClassInk, Value: text}
	if s.RTL {
		t.X, t.Anchor = chartWidth-24, AnchorRight
	}
	s.text(t)
}

// anchorNear lets a text at the edge of a chart grow inwards.
func anchorNear(x float64) Anchor {
	switch {
	case x < 90:
		return AnchorLeft
	case x > chartWidth-90:
		return AnchorRight
	}
	return AnchorMiddle
}

// tornadoBar draws a bar from the base to its end, where the text stands. The rectangle brings the
// rest.
func (s *Scene) tornadoBar(base, end float64, r Rect, text string) {
	if end == base {
		return
	}
	r.X, r.W, r.Radius = min(base, end), math.Abs(end-base), 2
	s.rect(r)
	t := Text{X: end + 6, Y: r.Y + 0.5*r.H + 6, Size: chartText, Class: ClassMuted, Value: text}
	if end < base {
		t.X, t.Anchor = end-6, AnchorRight
	}
	s.text(t)
}

// BarsInput compares sums of the same parts.
type BarsInput struct {
	Title, Desc string
	RTL         bool
	Parts       []string // names of the parts, in the order of Bar.Parts
	Bars        []Bar
	Format      func(float64) string // a sum; nil: plain digits
}

// Bar is one sum.
type Bar struct {
	Label     string
	Parts     []float64 // at least 0 each
	Low, High float64   // the range of the sum; both 0: none
}

// StackedBars draws one bar for each sum, its parts side by side from left to right, the range of
// the sum as a line below.
func StackedBars(in BarsInput) *Scene {
	s := &Scene{Width: chartWidth, Title: in.Title, Desc: in.Desc, RTL: in.RTL}
	format := in.Format
	if format == nil {
		format = plain
	}
	most, beside := 0.0, 0.0
	for _, b := range in.Bars {
		total := b.total()
		most = max(most, total, b.High)
		beside = max(beside, measure(format(total), chartText))
	}
	marks := ticks(most, 4)
	const left, row, bar = 24.0, 84.0, 30.0
	right := chartWidth - 34 - beside
	scale := (right - left) / max(most, math.SmallestNonzeroFloat64)
	if most == 0 {
		scale = 0
	}
	y := 12.0
	bottom := y + row*float64(len(in.Bars))
	for _, v := range marks {
		if x := left + v*scale; x <= right+1 {
			s.line(x, y, x, bottom+2, ClassGrid)
			s.text(Text{X: x, Y: bottom + 22, Size: chartText, Anchor: anchorNear(x), Class: ClassMuted, Value: format(v)})
		}
	}
	for _, b := range in.Bars {
		s.heading(b.Label, y+18, true)
		x := left
		for i, v := range b.Parts {
			if v <= 0 {
				continue
			}
			hint := format(v)
			if i < len(in.Parts) {
				hint = in.Parts[i] + ": " + hint
			}
			w := v * scale
			s.rect(Rect{X: x, Y: y + 26, W: max(w-1.2, 0.4), H: bar, Class: SeriesClass(i), Hint: hint})
			x += w
		}
		if b.High > b.Low {
			s.whisker(left+b.Low*scale, left+b.High*scale, y+33+bar, 5)
		}
		s.text(Text{X: x + 10, Y: y + 26 + bar/2 + 6, Size: chartText, Class: ClassInk, Value: format(b.total())})
		y += row
	}
	s.line(left, 12, left, bottom+2, ClassAxis)
	s.Height = s.legend(in.legend(), left, chartWidth-16, y+40, chartText) + 6
	return s
}

func (b Bar) total() float64 {
	sum := 0.0
	for _, v := range b.Parts {
		sum += max(v, 0)
	}
	return sum
}

// legend names the parts that some bar has.
func (in BarsInput) legend() []legendEntry {
	var out []legendEntry
	for i, name := range in.Parts {
		has := func(b Bar) bool { return i < len(b.Parts) && b.Parts[i] > 0 }
		if slices.ContainsFunc(in.Bars, has) {
			out = append(out, legendEntry{SeriesClass(i), name})
		}
	}
	return out
}

func (s *Scene) whisker(x1, x2, y, half float64) {
	s.line(x1, y, x2, y, ClassRange)
	s.line(x1, y-half, x1, y+half, ClassRange)
	s.line(x2, y-half, x2, y+half, ClassRange)
}

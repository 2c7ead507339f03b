package drawing

import (
	"math"
	"strconv"
	"unicode"
)

// measure estimates how wide a text is: no font is at hand, so it errs on the wide side.
func measure(text string, size float64) float64 {
	w := 0.0
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Cf):
		case r == ' ' || r == '.' || r == ',' || r == 'i' || r == 'l' || r == 'j' || r == 't' || r == 'f' || r == 'r':
			w += 0.36
		case r == 'm' || r == 'w' || r == 'M' || r == 'W' || r == '%':
			w += 0.9
		case unicode.IsUpper(r):
			w += 0.7
		case r >= 0x2e80:
			w += 1
		default:
			w += 0.58
		}
	}
	return w * size
}

// widest returns the width of the widest text.
func widest(size float64, texts ...string) float64 {
	w := 0.0
	for _, t := range texts {
		w = max(w, measure(t, size))
	}
	return w
}

// ticks returns round values from 0 to at least most, at most want steps.
func ticks(most float64, want int) []float64 {
	if !(most > 1e-9) || most > 1e15 { // nothing that people plan; beyond lies what floats cannot step through
		return []float64{0, 1}
	}
	step := math.Pow(10, math.Floor(math.Log10(most/float64(want))))
	for _, k := range []float64{1, 2, 2.5, 5, 10} {
		if most/(k*step) <= float64(want) {
			step *= k
			break
		}
	}
	var out []float64
	for i := 0; ; i++ {
		v := float64(i) * step
		out = append(out, v)
		if v >= most {
			return out
		}
	}
}

// roundTicks returns round values between low and high, at most want steps.
func roundTicks(low, high float64, want int) []float64 {
	t := ticks(high-low, want)
	step := t[1] - t[0]
	if high-low > float64(2*want)*step {
		return nil
	}
	var out []float64
	for v := math.Ceil(low/step) * step; v <= high+step*1e-9; v += step {
		out = append(out, math.Round(v/step)*step)
	}
	return out
}

// plain writes a value with at most four digits behind the point.
func plain(v float64) string { return strconv.FormatFloat(math.Round(v*1e4)/1e4, 'f', -1, 64) }

// legendEntry is a coloured box with a text.
type legendEntry struct {
	class Class
	text  string
}

// legend writes entries in rows from x to right, and returns the y below them.
func (s *Scene) legend(entries []legendEntry, x, right, y, size float64) float64 {
	left := x
	for i, e := range entries {
		w := 1.6*size + measure(e.text, size) + 1.6*size
		if i > 0 && x+w > right {
			x, y = left, y+1.7*size
		}
		if e.class.Look().Fill.Alpha > 0 {
			s.rect(Rect{X: x, Y: y, W: size, H: size, Radius: size * 0.18, Class: e.class})
		} else {
			s.line(x, y+size/2, x+1.2*size, y+size/2, e.class)
		}
		s.text(Text{X: x + 1.5*size, Y: y + 0.85*size, Size: size, Class: ClassInk, Value: e.text})
		x += w
	}
	if len(entries) == 0 {
		return y
	}
	return y + 1.7*size
}

package drawing

import "math"

// FanInput is how full each size is over a week.
type FanInput struct {
	Title, Desc string
	RTL         bool
	Panels      []FanPanel
	// Days are the names under the chart; they divide its width evenly.
	Days []string
	// Legend names the three kinds of marks: nine weeks of ten, every other week, the median, and the
	// number of doors.
	Outer, Inner, Median, Capacity string
	Format                         func(float64) string // a number of doors; nil: plain digits
}

// FanPanel is one size: five quantiles at even steps of the week, of equal length.
type FanPanel struct {
	Name                              string
	Low, Quarter, Middle, Three, High []float64 // 5, 25, 50, 75 and 95 %
	Doors                             float64   // of this size; 0: not drawn
}

// Sizes of charts, in units. A chart is meant to be shown about 720 pixels wide; on a phone, half as wide, its
// texts are still legible.
const (
	chartWidth = 720
	chartText  = 17
)

// Fan draws one panel for each size, all over the same week.
func Fan(in FanInput) *Scene {
	s := &Scene{Width: chartWidth, Title: in.Title, Desc: in.Desc, RTL: in.RTL}
	format := in.Format
	if format == nil {
		format = plain
	}
	const panel, gap = 150.0, 46.0
	left := 20 + widest(chartText, format(1000))
	right := float64(chartWidth - 16)
	y := s.legend(fanLegend(in), left, right, 14, chartText) + 22
	for _, p := range in.Panels {
		s.fanPanel(p, in, format, Rect{X: left, Y: y + 14, W: right - left, H: panel})
		y += panel + gap
	}
	day := (right - left) / float64(max(len(in.Days), 1))
	for i, name := range in.Days {
		s.text(Text{X: left + (float64(i)+0.5)*day, Y: y - 4, Size: chartText, Anchor: AnchorMiddle, Class: ClassMuted, Value: name})
	}
	s.Height = y + 16
	return s
}

func fanLegend(in FanInput) []legendEntry {
	var out []legendEntry
	for _, e := range []legendEntry{
		{ClassOuter, in.Outer}, {ClassInner, in.Inner}, {ClassMedian, in.Median}, {ClassCapacity, in.Capacity},
	} {
		if e.text != "" {
			out = append(out, e)
		}
	}
	return out
}

func (s *Scene) fanPanel(p FanPanel, in FanInput, format func(float64) string, box Rect) {
	most := p.Doors
	for _, v := range p.High {
		most = max(most, v)
	}
	marks := ticks(most, 4)
	scale := box.H / marks[len(marks)-1]
	s.text(Text{X: box.X, Y: box.Y - 8, Size: chartText, Bold: true, Class: ClassInk, Value: p.Name})
	for i := range max(len(in.Days)-1, 0) {
		x := box.X + box.W*float64(i+1)/float64(len(in.Days))
		s.line(x, box.Y, x, box.Y+box.H, ClassGrid)
	}
	for _, v := range marks {
		y := box.Y + box.H - v*scale
		s.line(box.X, y, box.X+box.W, y, ClassGrid)
		s.text(Text{X: box.X - 8, Y: y + 6, Size: chartText, Anchor: AnchorRight, Class: ClassMuted, Value: format(v)})
	}
	s.band(p.Low, p.High, ClassOuter, box, scale)
	s.band(p.Quarter, p.Three, ClassInner, box, scale)
	if points := curve(p.Middle, box, scale); len(points) > 0 {
		s.path(Path{Points: points, Class: ClassMedian})
	}
	if p.Doors > 0 {
		y := box.Y + box.H - p.Doors*scale
		s.line(box.X, y, box.X+box.W, y, ClassCapacity)
	}
	s.line(box.X, box.Y+box.H, box.X+box.W, box.Y+box.H, ClassAxis)
}

// band fills between two series.
func (s *Scene) band(low, high []float64, c Class, box Rect, scale float64) {
	a, b := curve(low, box, scale), curve(high, box, scale)
	if len(a) == 0 || len(a) != len(b) {
		return
	}
	for i := len(b) - 1; i >= 0; i-- {
		a = append(a, b[i])
	}
	s.path(Path{Points: a, Closed: true, Class: c})
}

// curve places a series in a box. Values that are no numbers stand on the axis.
func curve(values []float64, box Rect, scale float64) []Point {
	if len(values) < 2 {
		return nil
	}
	out := make([]Point, len(values))
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			v = 0
		}
		out[i] = Point{box.X + box.W*float64(i)/float64(len(values)-1), box.Y + box.H - v*scale}
	}
	return out
}

package drawing_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cubby/internal/sizing/drawing"
)

var update = flag.Bool("update", false, "write the golden files anew")

func labels() drawing.Labels {
	return drawing.Labels{
		Title: "Front of the north wall", Desc: "Five columns with 43 doors and a kiosk.",
		Kiosk: "Kiosk", Reach: "in reach", Clear: "keep clear", Shelf: "shelves", Door: "door",
		Sizes:  []string{"S", "M", "L", "XL"},
		Legend: []string{"S: 22 doors", "M: 13 doors", "L: 6 doors", "XL: 2 doors"},
	}
}

func arabic() drawing.Labels {
	l := labels()
	l.RTL = true
	l.Title, l.Desc = "واجهة الجدار الشمالي", "خمسة أعمدة مع شاشة."
	l.Kiosk, l.Reach, l.Clear = "الشاشة", "في متناول اليد", "تبقى خالية"
	l.Legend = []string{"صغير: 22 باب", "متوسط: 13 باب", "كبير: 6 أبواب", "كبير جدا: بابان"}
	l.Measure = func(mm int) string { return fmt.Sprintf("%d مم", mm) }
	return l
}

func column(from int, kiosk bool, sizes ...int) drawing.FrontModule {
	m := drawing.FrontModule{FromMM: from, WidthMM: 457, HeightMM: 2020, BaseMM: 80, Columns: 1}
	bottom := 80
	if kiosk {
		m.Kiosk = &drawing.FrontKiosk{BottomMM: 680, HeightMM: 480}
	}
	for _, size := range sizes {
		height := 120 << size
		if kiosk && bottom < 1160 && bottom+height > 680 {
			bottom = 1160
		}
		m.Doors = append(m.Doors, drawing.FrontDoor{Size: size, BottomMM: bottom, HeightMM: height})
		bottom += height
	}
	return m
}

func elevation() drawing.ElevationInput {
	return drawing.ElevationInput{
		LengthMM: 4200, CeilingMM: 2600, ReachLowMM: 380, ReachHighMM: 1220, Person: true,
		Modules: []drawing.FrontModule{
			column(0, false, 3, 2, 1, 0, 0), column(457, false, 2, 2, 1, 1, 0, 0, 0, 0), column(914, true, 1, 1, 0, 1, 1, 0, 0),
			column(1371, false, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1), column(1828, false, 3, 2, 1, 1),
		},
		Obstacles: []drawing.FrontObstacle{
			{FromMM: 2600, ToMM: 3500, TopMM: 2050, Label: "door"}, {FromMM: 3600, ToMM: 4100, BottomMM: 1200, TopMM: 2200, Label: "window"},
		},
	}
}

func floor() drawing.FloorInput {
	return drawing.FloorInput{FrontMM: 1067, Walls: []drawing.FloorWall{
		{
			Name: "left", LengthMM: 3200, Obstacles: []drawing.FloorObstacle{{FromMM: 300, ToMM: 1200, Label: "door"}},
			Banks: []drawing.FloorBank{{FromMM: 1300, DepthMM: 610, Modules: []drawing.FloorModule{{WidthMM: 457}, {WidthMM: 457}}}},
		},
		{
			Name: "back", LengthMM: 4800, CornerLeft: true, Banks: []drawing.FloorBank{{FromMM: 800, DepthMM: 610, Modules: []drawing.FloorModule{
				{WidthMM: 457}, {WidthMM: 457}, {WidthMM: 457, Kiosk: true}, {WidthMM: 457}, {WidthMM: 457},
			}}},
		},
		{
			Name: "right", LengthMM: 3200, CornerLeft: true, Obstacles: []drawing.FloorObstacle{{FromMM: 2000, ToMM: 2900, Label: "window"}},
			Banks: []drawing.FloorBank{{FromMM: 800, DepthMM: 610, Modules: []drawing.FloorModule{{WidthMM: 457}, {WidthMM: 457}}}},
		},
		{Name: "hall", LengthMM: 2500, Banks: []drawing.FloorBank{{FromMM: 0, DepthMM: 610, Modules: []drawing.FloorModule{{WidthMM: 914}}}}},
	}}
}

func rooms() []drawing.FloorRoom {
	return []drawing.FloorRoom{
		{
			Label: "store, 3500 x 4000 mm", WidthMM: 3500, DepthMM: 4000, DoorFromMM: 550, DoorMM: 900, Shelves: []drawing.FloorShelf{
				{YMM: 200, WidthMM: 500, DepthMM: 2800}, {XMM: 1500, YMM: 200, WidthMM: 500, DepthMM: 2800}, {XMM: 2000, YMM: 200, WidthMM: 500, DepthMM: 2800},
			},
		},
		{Label: "closet", WidthMM: 1500, DepthMM: 1000, DoorFromMM: 550, DoorMM: 900, Shelves: []drawing.FloorShelf{{WidthMM: 500, DepthMM: 1000}}},
	}
}

func floorWithRooms() drawing.FloorInput {
	in := floor()
	in.Rooms = rooms()
	return in
}

func fan() drawing.FanInput {
	in := drawing.FanInput{
		Title: "How full the doors are", Desc: "Occupied doors of each size over a normal week.",
		Days:  []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
		Outer: "9 weeks of 10", Inner: "every other week", Median: "median", Capacity: "doors",
	}
	for i, name := range []string{"Small", "Medium", "Large"} {
		p := drawing.FanPanel{Name: name, Doors: []float64{40, 30, 12}[i]}
		for h := range 7 * 12 {
			day, hour := h/12, float64(h%12)*2
			level := []float64{1, 1, 1.02, 1.05, 1.05, 0.95, 0.6}[day]
			middle := p.Doors * 0.68 * level * (0.75 + 0.25*math.Sin((hour-9)/24*2*math.Pi))
			p.Low = append(p.Low, middle*0.7)
			p.Quarter = append(p.Quarter, middle*0.88)
			p.Middle = append(p.Middle, middle)
			p.Three = append(p.Three, middle*1.13)
			p.High = append(p.High, min(middle*1.35, p.Doors))
		}
		in.Panels = append(in.Panels, p)
	}
	return in
}

func dollars(v float64) string { return fmt.Sprintf("$%.0f", v) }

func tornado() drawing.TornadoInput {
	return drawing.TornadoInput{
		Title: "What moves the cost most", Desc: "Ten-year cost with each assumption at its low and high end.",
		Base: 61000, BaseLabel: "$61000 in ten years", LowLabel: "low end", HighLabel: "high end", Format: dollars,
		Rows: []drawing.TornadoRow{
			{Label: "Parcels per unit and week", Low: 38000, High: 97000, LowText: "0.8", HighText: "3.5"},
			{Label: "Staff minutes per parcel", Low: 49000, High: 79000, LowText: "2", HighText: "10"},
			{Label: "Price of a column", Low: 55000, High: 72000, LowText: "$1500", HighText: "$5000"},
			{Label: "Hold", Low: 63500, High: 58500, LowText: "2 days", HighText: "7 days"},
			{Label: "Electricity", Low: 60800, High: 61300, LowText: "$30", HighText: "$120"},
		},
	}
}

func bars() drawing.BarsInput {
	return drawing.BarsInput{
		Title: "Cost of four ways", Desc: "Ten years, by part.", Format: dollars,
		Parts: []string{
			"purchase", "installation", "power", "network", "software", "maintenance", "upgrade", "staff time", "failed deliveries", "floor rent",
		},
		Bars: []drawing.Bar{
			{Label: "Lockers", Parts: []float64{21000, 3000, 900, 1500, 9000, 4500, 0, 4200, 1200, 6000}, Low: 39000, High: 70000},
			{Label: "Open room", Parts: []float64{4000, 1500, 300, 600, 0, 800, 0, 43000, 2600, 15000}, Low: 45000, High: 110000},
			{Label: "Lockers and room", Parts: []float64{15000, 2800, 800, 1500, 9000, 3500, 0, 9000, 900, 12000}, Low: 41000, High: 79000},
			{Label: "Off-site service", Parts: []float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 88000}},
		},
	}
}

func scenes() map[string]*drawing.Scene {
	rtl := tornado()
	rtl.RTL = true
	rtl.BaseLabel, rtl.LowLabel, rtl.HighLabel = "61000 دولار في عشر سنوات", "الحد الأدنى", "الحد الأعلى"
	rtl.Rows[0].Label, rtl.Rows[1].Label = "الطرود لكل وحدة في الأسبوع", "دقائق العمل لكل طرد"
	return map[string]*drawing.Scene{
		"elevation":        drawing.Elevation(elevation(), labels()),
		"elevation-arabic": drawing.Elevation(elevation(), arabic()),
		"floor":            drawing.FloorPlan(floor(), labels()),
		"floor-rooms":      drawing.FloorPlan(floorWithRooms(), labels()),
		"rooms":            drawing.FloorPlan(drawing.FloorInput{Rooms: rooms()}, arabic()),
		"fan":              drawing.Fan(fan()),
		"tornado":          drawing.Tornado(tornado()),
		"tornado-arabic":   drawing.Tornado(rtl),
		"bars":             drawing.StackedBars(bars()),
	}
}

func render(t *testing.T, s *drawing.Scene, o drawing.SVGOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := drawing.SVG(&b, s, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSVG_Golden(t *testing.T) {
	t.Parallel()
	for name, s := range scenes() {
		got := render(t, s, drawing.SVGOptions{ID: name, Standalone: name == "fan"})
		file := filepath.Join("testdata", name+".svg")
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs: look at the picture, then run go test -update ./internal/sizing/drawing", file)
		}
	}
}

// box records what a renderer gets.
type box struct {
	t          fataler
	w, h       float64
	count      int
	texts      []string
	classes    map[drawing.Class]int
	overflowed []string
}

type fataler interface{ Fatalf(string, ...any) }

func (b *box) in(x, y float64) {
	if math.IsNaN(x) || math.IsNaN(y) || x < -0.01 || y < -0.01 || x > b.w+0.01 || y > b.h+0.01 {
		b.t.Fatalf("%g, %g is outside of %g by %g", x, y, b.w, b.h)
	}
}

func (b *box) add(c drawing.Class) {
	b.count++
	if c.String() == "invalid" {
		b.t.Fatalf("a primitive has the class %d", c)
	}
	if l := c.Look(); l.Fill.Alpha == 0 && l.Stroke.Alpha == 0 {
		b.t.Fatalf("%s has no look", c)
	}
	b.classes[c]++
}

func (b *box) Rect(r drawing.Rect) {
	b.in(r.X, r.Y)
	b.in(r.X+r.W, r.Y+r.H)
	b.add(r.Class)
}

func (b *box) Line(l drawing.Line) {
	b.in(l.X1, l.Y1)
	b.in(l.X2, l.Y2)
	b.add(l.Class)
}

func (b *box) Path(p drawing.Path) {
	for _, q := range p.Points {
		b.in(q.X, q.Y)
	}
	b.add(p.Class)
}

func (b *box) Text(x drawing.Text) {
	b.in(x.X, x.Y)
	b.add(x.Class)
	b.texts = append(b.texts, x.Value)
	// Half an em for each sign is narrower than the font: what leaves the picture here, does so.
	width := 0.45 * x.Size * float64(len([]rune(x.Value)))
	left := x.X - width*float64(x.Anchor)/2
	if left < 0 || left+width > b.w {
		b.overflowed = append(b.overflowed, x.Value)
	}
}

func walk(t fataler, s *drawing.Scene) *box {
	b := &box{t: t, w: s.Width, h: s.Height, classes: map[drawing.Class]int{}}
	s.Walk(b)
	return b
}

func TestScene_Walk(t *testing.T) {
	t.Parallel()
	for name, s := range scenes() {
		b := walk(t, s)
		if b.count < 20 || len(b.overflowed) > 0 {
			t.Errorf("%s: %d primitives, texts that leave the picture: %q", name, b.count, b.overflowed)
		}
	}
	b := walk(t, drawing.Elevation(elevation(), labels()))
	doors := 0
	for _, m := range elevation().Modules {
		doors += len(m.Doors)
	}
	got := 0
	for size := range 4 {
		got += b.classes[drawing.SizeClass(size)]
	}
	if got != doors+4 { // and the legend
		t.Errorf("%d doors and legend entries, want %d and 4", got, doors)
	}
	for _, want := range []string{"4200 mm", "2285 mm", "2020 mm", "2600 mm", "380 mm", "1220 mm", "Kiosk", "door", "in reach"} {
		if !slices.Contains(b.texts, want) {
			t.Errorf("the elevation does not say %q: %q", want, b.texts)
		}
	}
}

// TestSVG_Wellformed reads the file with a parser and checks what screen readers need.
func TestSVG_Wellformed(t *testing.T) {
	t.Parallel()
	l := labels()
	l.Title, l.Desc, l.Kiosk = `<b>&"quoted"`, "a\x00b\xff", "a<b"
	for _, standalone := range []bool{false, true} {
		text := render(t, drawing.Elevation(elevation(), l), drawing.SVGOptions{ID: `x"><script>`, Standalone: standalone})
		d := xml.NewDecoder(bytes.NewReader(text))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []string{`role="img"`, `aria-labelledby="xscript-title xscript-desc"`, "&lt;b&gt;&amp;", "currentColor"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s is missing", want)
			}
		}
		if strings.Contains(string(text), "<style>") != standalone || strings.Contains(string(text), "var(--plan-size-1,#") == standalone {
			t.Errorf("standalone %t: wrong styles", standalone)
		}
	}
	if err := drawing.SVG(full{}, drawing.Fan(fan()), drawing.SVGOptions{}); err == nil {
		t.Error("a full disk is no error")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestClass_Look(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for c := drawing.ClassInk; c <= drawing.SeriesClass(11); c++ {
		if names[c.String()] || c.String() == "invalid" || c.String() == "" {
			t.Errorf("class %d is called %q", c, c)
		}
		names[c.String()] = true
		if l := c.Look(); l.Stroke.Alpha > 0 && l.Width <= 0 {
			t.Errorf("%s has lines without width", c)
		}
	}
	if drawing.SizeClass(12) != drawing.SizeClass(0) || drawing.Class(0).String() != "invalid" {
		t.Error("classes")
	}
	if r, g, b := (drawing.Paint{R: 0, G: 100, B: 200, Alpha: 0.5}).OnWhite(); r != 128 || g != 178 || b != 228 {
		t.Errorf("on white %d %d %d", r, g, b)
	}
}

// TestBuilders_Property draws odd figures: nothing may leave the picture or be no number.
func TestBuilders_Property(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := drawing.ElevationInput{
			LengthMM: rapid.IntRange(0, 30000).Draw(t, "length"), CeilingMM: rapid.IntRange(0, 4000).Draw(t, "ceiling"),
			ReachLowMM: 380, ReachHighMM: 1220, Person: rapid.Bool().Draw(t, "person"),
		}
		for x := 0; x+457 < e.LengthMM && len(e.Modules) < 6; x += 457 + rapid.IntRange(0, 500).Draw(t, "gap") {
			e.Modules = append(e.Modules, column(x, rapid.Bool().Draw(t, "kiosk"), 1, 0, 0))
		}
		walk(t, drawing.Elevation(e, labels()))
		in := drawing.TornadoInput{Base: rapid.Float64Range(-1e6, 1e6).Draw(t, "base")}
		bars := drawing.BarsInput{Parts: []string{"a", "b"}}
		panel := drawing.FanPanel{Name: "x", Doors: rapid.Float64Range(0, 500).Draw(t, "doors")}
		for range rapid.IntRange(0, 5).Draw(t, "rows") {
			a, b := rapid.Float64Range(-1e6, 1e6).Draw(t, "a"), rapid.Float64Range(-1e6, 1e6).Draw(t, "b")
			in.Rows = append(in.Rows, drawing.TornadoRow{Label: "row", Low: a, High: b})
			bars.Bars = append(bars.Bars, drawing.Bar{Label: "bar", Parts: []float64{math.Abs(a), math.Abs(b)}})
			for _, s := range []*[]float64{&panel.Low, &panel.Quarter, &panel.Middle, &panel.Three, &panel.High} {
				*s = append(*s, math.Abs(a))
			}
		}
		walk(t, drawing.Tornado(in))
		walk(t, drawing.StackedBars(bars))
		walk(t, drawing.Fan(drawing.FanInput{Panels: []drawing.FanPanel{panel}, Days: []string{"a", "b"}}))
		f := drawing.FloorInput{FrontMM: 1067}
		for i := range rapid.IntRange(0, 6).Draw(t, "walls") {
			f.Walls = append(f.Walls, drawing.FloorWall{
				Name: "w", LengthMM: rapid.IntRange(1, 9000).Draw(t, "wall"), CornerLeft: i > 0 && rapid.Bool().Draw(t, "corner"),
				Banks: []drawing.FloorBank{{FromMM: 0, DepthMM: 600, Modules: []drawing.FloorModule{{WidthMM: 450, Kiosk: i == 0}}}},
			})
		}
		walk(t, drawing.FloorPlan(f, labels()))
	})
}

package catalogue

import (
	"errors"
	"fmt"
	"strings"

	"cubby/internal/locker"
	"cubby/internal/sizing/figure"
	"cubby/internal/sizing/mix"
)

// Parse reads one catalogue. It is strict: unknown, missing and repeated keys, values that mean
// nothing and compartments that do not fit their column are errors that name file and line, all of
// them joined.
func Parse(file string, data []byte) (Catalogue, error) {
	var problems []error
	o, err := open(file, data, &problems)
	if err != nil {
		return Catalogue{}, err
	}
	c := Catalogue{
		ID: o.text("id", true), Name: o.text("name", true), Maker: o.text("maker", true),
		Currency: o.text("currency", true), Notes: o.text("notes", false),
	}
	if strings.Trim(c.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		o.fail(o.lines["id"], "id: %q, want lower case letters, digits and dashes", c.ID)
	}
	if strings.Trim(c.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || len(c.Currency) != 3 {
		o.fail(o.lines["currency"], "currency: %q, want three letters like USD", c.Currency)
	}
	for _, node := range o.list("sources", true) {
		text, err := scalar(node)
		if err != nil {
			o.fail(lineOf(node), "sources: %s", err)
		}
		c.Sources = append(c.Sources, text)
	}
	for _, node := range o.list("sizes", true) {
		c.addSize(o.of(node))
	}
	for _, node := range o.list("modules", false) {
		c.addModule(o.of(node))
	}
	if column := o.object("column", false); column != nil && len(c.Sizes) > 0 {
		c.expand(column)
	}
	if len(c.Modules) == 0 {
		o.fail(o.line, "nothing to buy: want modules, or a column that is divided freely")
	}
	o.close()
	if err := errors.Join(problems...); err != nil {
		return Catalogue{}, err
	}
	return c, nil
}

func (c *Catalogue) addSize(o *object) {
	s := Size{
		Size:    readSize(o),
		WidthMM: o.number("width_mm", millimetres(), true), HeightMM: o.number("height_mm", millimetres(), true),
		DepthMM: o.number("depth_mm", millimetres(), true), PitchMM: o.number("pitch_mm", millimetres(), true),
	}
	o.close()
	if s.PitchMM < s.HeightMM {
		o.fail(o.line, "pitch_mm: %d is less than the clear height of %d", s.PitchMM, s.HeightMM)
	}
	if n := len(c.Sizes); n > 0 && s.Size.Rank() <= c.Sizes[n-1].Size.Rank() {
		o.fail(o.line, "size: %s after %s, want the sizes in rising order, each once", s.Size, c.Sizes[n-1].Size)
	}
	c.Sizes = append(c.Sizes, s)
}

func readSize(o *object) locker.Size {
	size := locker.Size(o.text("size", true))
	if size != "" && !size.Valid() {
		o.fail(o.lines["size"], "size: %q is not one of S, M, L, XL", string(size))
	}
	return size
}

// frame reads what modules and free columns have in common.
func frame(o *object) Module {
	m := Module{
		WidthMM: o.number("width_mm", millimetres(), true), HeightMM: o.number("height_mm", millimetres(), true),
		DepthMM: o.number("depth_mm", millimetres(), true), BaseMM: o.number("base_mm", bounds{0, 2000}, true),
		Columns: max(o.number("columns", bounds{1, 20}, false), 1),
		Outdoor: o.flag("outdoor"), Cold: o.flag("cold"),
	}
	return m
}

func (c *Catalogue) unit() string { return c.Currency + " per module" }

// addModule reads a cabinet of fixed division, written from the top as one sees it.
func (c *Catalogue) addModule(o *object) {
	m := frame(o)
	m.ID, m.Name = o.text("id", true), o.text("name", true)
	m.Price = o.price("price", c.unit(), true)
	if k := o.object("kiosk", false); k != nil {
		m.Kiosk = &Kiosk{BottomMM: k.number("bottom_mm", bounds{0, 2000}, true), HeightMM: k.number("height_mm", millimetres(), true)}
		k.close()
	}
	var down []locker.Size
	for _, node := range o.list("doors", true) {
		d := o.of(node)
		size := readSize(d)
		for range d.number("count", bounds{1, 60}, true) {
			down = append(down, size)
		}
		d.close()
	}
	o.close()
	for _, other := range c.Modules {
		if other.ID == m.ID {
			o.fail(o.line, "id: %s is there already", m.ID)
		}
	}
	c.stand(o, &m, down)
	c.Modules = append(c.Modules, m)
}

// stand puts the doors of a fixed column one on the other, around the kiosk.
func (c *Catalogue) stand(o *object, m *Module, down []locker.Size) {
	bottom := m.BaseMM
	for i := len(down) - 1; i >= 0; i-- {
		pitch, ok := c.pitch(down[i])
		if !ok {
			o.fail(o.line, "doors: size %s is not among the sizes of this catalogue", down[i])
			return
		}
		if m.Kiosk != nil && bottom < m.Kiosk.BottomMM+m.Kiosk.HeightMM && bottom+pitch > m.Kiosk.BottomMM {
			bottom = m.Kiosk.BottomMM + m.Kiosk.HeightMM
		}
		m.Doors = append(m.Doors, Door{Size: down[i], BottomMM: bottom, HeightMM: pitch})
		bottom += pitch
	}
	if m.Kiosk != nil {
		bottom = max(bottom, m.Kiosk.BottomMM+m.Kiosk.HeightMM)
	}
	if bottom > m.HeightMM && m.HeightMM > 0 {
		o.fail(o.line, "doors: base, doors and kiosk are %d mm high together, the module %d", bottom, m.HeightMM)
	}
}

func (c *Catalogue) pitch(size locker.Size) (int, bool) {
	for _, s := range c.Sizes {
		if s.Size == size {
			return s.PitchMM, true
		}
	}
	return 0, false
}

// expand adds every maximal division of a free column, without and with the kiosk.
func (c *Catalogue) expand(o *object) {
	m := frame(o)
	m.Price = o.price("price", c.unit(), true)
	door := o.price("door_price", c.Currency+" per door", false)
	space := mix.Space{Height: o.number("usable_mm", millimetres(), true)}
	for _, s := range c.Sizes {
		space.Sizes = append(space.Sizes, s.PitchMM)
	}
	var kiosk *Kiosk
	var screen figure.Figure
	if k := o.object("kiosk", false); k != nil {
		kiosk = &Kiosk{BottomMM: k.number("bottom_mm", bounds{0, 2000}, true), HeightMM: k.number("height_mm", millimetres(), true)}
		screen = k.price("price", c.Currency+" per kiosk", true)
		k.close()
	}
	o.close()
	if m.BaseMM+space.Height > m.HeightMM {
		o.fail(o.line, "usable_mm: base and usable height are %d mm together, the column %d", m.BaseMM+space.Height, m.HeightMM)
	}
	if len(*o.problems) > 0 {
		return
	}
	c.divide(o, m, space, door)
	if kiosk == nil {
		return
	}
	if kiosk.BottomMM < m.BaseMM {
		o.fail(o.line, "kiosk: its lower edge at %d mm is below the lowest compartment at %d", kiosk.BottomMM, m.BaseMM)
		return
	}
	m.Kiosk = kiosk
	m.Price = sum(m.Price, screen, 1)
	space.Kiosk = mix.Kiosk{Bottom: kiosk.BottomMM - m.BaseMM, Height: kiosk.HeightMM}
	c.divide(o, m, space, door)
}

func (c *Catalogue) divide(o *object, m Module, space mix.Space, door figure.Figure) {
	patterns, err := mix.Maximal(space)
	if err != nil {
		o.fail(o.line, "%s", err)
		return
	}
	if len(patterns) > maxDivisions {
		o.fail(o.line, "the column divides in %d ways, at most %d: leave out sizes, or write the modules", len(patterns), maxDivisions)
		return
	}
	for _, p := range patterns {
		doors, err := mix.Stack(space, p, m.BaseMM, mix.DefaultReach())
		if err != nil {
			o.fail(o.line, "%s", err)
			return
		}
		one := m
		var name []string
		one.ID = "column"
		if m.Kiosk != nil {
			one.ID = "kiosk"
		}
		for i, n := range p {
			one.ID += fmt.Sprintf("-%d", n)
			if n > 0 {
				name = append(name, fmt.Sprintf("%d %s", n*m.Columns, c.Sizes[i].Size))
			}
		}
		one.Name = strings.Join(name, ", ")
		one.Price = sum(m.Price, door, float64(p.Total()*m.Columns))
		one.Doors = nil
		for _, d := range doors {
			one.Doors = append(one.Doors, Door{Size: c.Sizes[d.Size].Size, BottomMM: d.Bottom, HeightMM: d.Height})
		}
		c.Modules = append(c.Modules, one)
	}
}

// sum adds n times a figure; the sources of both stand in the result.
func sum(a, b figure.Figure, n float64) figure.Figure {
	if !b.Known() {
		return a
	}
	a.Low, a.Mid, a.High = a.Low+n*b.Low, a.Mid+n*b.Mid, a.High+n*b.High
	a.Assumed = a.Assumed || b.Assumed
	if !strings.Contains(a.Source, b.Source) {
		a.Source += "; " + b.Source
	}
	return a
}

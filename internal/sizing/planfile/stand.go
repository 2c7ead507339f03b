package planfile

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"

	"cubby/internal/sizing"
	"cubby/internal/sizing/catalogue"
)

// outline is what matters of a module to whether it stands anywhere.
type outline struct {
	name          string
	width, height int
}

// stands returns why nothing that the plan may buy stands on its site at all, each a *sizing.FieldError: no such
// catalogue, every module higher than the ceiling, every wall shorter than the narrowest module. With a room the
// plan is one for shelves, and nothing is wrong.
func stands(p sizing.Problem) error {
	offered, err := outlines(p)
	if err != nil || len(p.Site.Rooms) > 0 || len(offered) == 0 {
		return err
	}
	if lowest := slices.MinFunc(offered, func(a, b outline) int { return a.height - b.height }); p.Site.CeilingMM > 0 &&
		lowest.height > p.Site.CeilingMM {
		return &sizing.FieldError{Field: "site.ceiling_mm", Text: fmt.Sprintf("%d mm is too low for any module: the lowest, %s, is %d mm high; "+
			"choose other modules, or name a room with shelves in site.rooms", p.Site.CeilingMM, lowest.name, lowest.height)}
	}
	narrowest := slices.MinFunc(offered, func(a, b outline) int { return a.width - b.width })
	var all []error
	for i, w := range p.Site.Walls {
		free := longest(w, narrowest.height)
		if free >= narrowest.width {
			return nil
		}
		what := fmt.Sprintf("%d mm is", w.LengthMM)
		if free < w.LengthMM {
			what = fmt.Sprintf("the longest stretch free of obstacles, %d mm, is", free)
		}
		all = append(all, &sizing.FieldError{Field: fmt.Sprintf("site.walls[%d].length_mm", i), Text: fmt.Sprintf(
			"%s too short for any module: the narrowest, %s, takes %d mm; choose other modules, or name a room with shelves in site.rooms",
			what, narrowest.name, narrowest.width)})
	}
	return errors.Join(all...)
}

func outlines(p sizing.Problem) ([]outline, error) {
	var out []outline
	for _, m := range p.Hardware.Modules {
		out = append(out, outline{m.Name, m.WidthMM, m.HeightMM})
	}
	if len(out) > 0 {
		return out, nil
	}
	c, err := catalogue.Load(p.Hardware.Catalogue)
	if err != nil {
		return nil, &sizing.FieldError{Field: "hardware.catalogue", Text: err.Error()}
	}
	for _, m := range c.Modules {
		if !m.Cold {
			out = append(out, outline{m.Name, m.WidthMM, m.HeightMM})
		}
	}
	return out, nil
}

// longest is the longest stretch of a wall that is free up to a height.
func longest(w sizing.Wall, height int) int {
	obstacles := slices.Clone(w.Obstacles)
	slices.SortFunc(obstacles, func(a, b sizing.Obstacle) int { return a.FromMM - b.FromMM })
	best, from := 0, 0
	for _, o := range append(obstacles, sizing.Obstacle{FromMM: w.LengthMM, ToMM: math.MaxInt}) {
		if o.BottomMM >= height {
			continue
		}
		best, from = max(best, o.FromMM-from), max(from, o.ToMM)
	}
	return best
}

// beside refuses what the log of deliveries is counted for: nobody could say which of both holds.
func (d *decoder) beside(p *sizing.Problem) {
	if p.Demand.Log == "" {
		return
	}
	for _, key := range []string{"demand.rate", "demand.weekday_weights", "demand.carriers"} {
		if line := d.lines[key]; line > 0 {
			d.problems = append(d.problems, fmt.Errorf("%s:%d: %s: the log of deliveries (demand.log, line %d) is counted for it: leave one of both out",
				d.name, line, key, d.lines["demand.log"]))
		}
	}
}

// Line returns the line of a key of a plan that Read has taken, such as demand.log, or of the nearest section
// around it.
func Line(data []byte, key string) int {
	body, err := parseYAML(data)
	if err != nil || body == nil {
		return 1
	}
	p := sizing.Defaults()
	d := decoder{lines: map[string]int{}}
	d.section("", reflect.ValueOf(&p).Elem(), body)
	return d.lineOf(key)
}

package sizing

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"cubby/internal/locker"
	"cubby/internal/sizing/figure"
)

// FieldError is one thing wrong with a problem.
type FieldError struct {
	Field string // key as in a plan file, e.g. demand.rate
	Text  string // what is wrong and what to do
}

// Error returns both.
func (e *FieldError) Error() string { return e.Field + ": " + e.Text }

// Validate returns everything that is wrong with the problem, joined, each a *FieldError: figures
// that are missing, out of range or out of order, and figures that contradict each other.
func (p Problem) Validate() error {
	c := checker{problem: p.WithUnits()}
	walk("", reflect.ValueOf(&c.problem).Elem(), c.field)
	c.counts()
	c.demand()
	c.dwell()
	c.sizes()
	c.policy()
	c.site()
	c.hardware()
	return errors.Join(c.errs...)
}

// FieldErrors returns the field errors in err, in order; nil when there are none.
func FieldErrors(err error) []*FieldError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*FieldError
		for _, e := range joined.Unwrap() {
			all = append(all, FieldErrors(e)...)
		}
		return all
	}
	if e, ok := errors.AsType[*FieldError](err); ok {
		return []*FieldError{e}
	}
	return nil
}

type checker struct {
	problem Problem
	errs    []error
}

func (c *checker) add(key, format string, args ...any) {
	c.errs = append(c.errs, &FieldError{Field: key, Text: fmt.Sprintf(format, args...)})
}

// field holds one value to the range and the words of its tags.
func (c *checker) field(f field) {
	least, most, bounded := bounds(f.tag)
	switch v := f.value.Interface().(type) {
	case Figure:
		if !c.problem.uses(f.key) {
			return
		}
		if err := v.Problem(least, most); err != nil {
			c.add(f.key, "%s", err)
		}
		return
	case Profile:
		if c.problem.uses(f.key) {
			c.profile(f, v)
		}
		return
	}
	switch kind := f.value.Kind(); {
	case kind == reflect.Int:
		c.number(f.key, float64(f.value.Int()), least, most, bounded)
	case kind == reflect.Float64:
		c.number(f.key, f.value.Float(), least, most, bounded)
	case kind == reflect.String:
		if words := f.tag.Get("oneof"); words != "" {
			if all := strings.Split(words, ","); !slices.Contains(all, f.value.String()) {
				c.add(f.key, "%q is not one of %s", f.value.String(), strings.Join(all, ", "))
			}
		}
	}
}

func (c *checker) number(key string, v, least, most float64, bounded bool) {
	if bounded && !(v >= least && v <= most) { // not inside, rather than outside: NaN is refused too
		c.add(key, "%s is not between %s and %s", figure.Number(v), figure.Number(least), figure.Number(most))
	}
}

func bounds(tag reflect.StructTag) (least, most float64, ok bool) {
	least, errLeast := strconv.ParseFloat(tag.Get("min"), 64)
	most, errMost := strconv.ParseFloat(tag.Get("max"), 64)
	return least, most, errLeast == nil && errMost == nil
}

func (c *checker) profile(f field, v Profile) {
	if v.Source == "" {
		c.add(f.key, "the values are missing: give them with their source")
		return
	}
	if want, _ := strconv.Atoi(f.tag.Get("count")); want > 0 && len(v.Values) != want {
		c.add(f.key, "%d values, want %d", len(v.Values), want)
		return
	}
	sum := 0.0
	for i, x := range v.Values {
		if !(x >= 0 && x <= 1e6) {
			c.add(fmt.Sprintf("%s[%d]", f.key, i), "%v is not between 0 and 1000000", x)
			return
		}
		sum += x
	}
	if sum == 0 {
		c.add(f.key, "all values are 0")
	}
}

func (c *checker) counts() {
	p := c.problem
	if p.Currency == "" || len(p.Currency) != 3 || strings.ToUpper(p.Currency) != p.Currency {
		c.add("currency", "%q is not a code of ISO 4217 like USD or EUR", p.Currency)
	}
	for _, list := range []struct {
		key       string
		have, max int
	}{
		{"demand.carriers", len(p.Demand.Carriers), MaxCarriers},
		{"site.walls", len(p.Site.Walls), MaxWalls},
		{"site.rooms", len(p.Site.Rooms), MaxRooms},
		{"hardware.modules", len(p.Hardware.Modules), MaxModules},
		{"dwell.hours", len(p.Dwell.Hours.Values), MaxDwellHours},
		{"policy.quotas", len(p.Policy.Quotas), MaxCarriers},
	} {
		if list.have > list.max {
			c.add(list.key, "%d entries, at most %d", list.have, list.max)
		}
	}
}

// tolerance is how far shares may miss 100 %: they are printed as whole percents.
const tolerance = 1.0

func (c *checker) demand() {
	d := c.problem.Demand
	if len(d.Carriers) == 0 {
		c.add("demand.carriers", "none: name at least one carrier with its share and window")
		return
	}
	sum := 0.0
	var names []string
	for i, carrier := range d.Carriers {
		key := fmt.Sprintf("demand.carriers[%d]", i)
		sum += carrier.Share.Mid
		if carrier.Name == "" || slices.Contains(names, carrier.Name) {
			c.add(key+".name", "%q is empty or stands twice", carrier.Name)
		}
		names = append(names, carrier.Name)
		if carrier.ToHour <= carrier.FromHour {
			c.add(key+".to_hour", "the window ends at %s and begins at %s: it must end later on the same day",
				figure.Number(carrier.ToHour), figure.Number(carrier.FromHour))
		}
	}
	if math.Abs(sum-100) > tolerance {
		c.add("demand.carriers", "the shares add up to %s %%, not 100 %%", figure.Number(sum))
	}
	weekly := float64(d.Units) * d.Rate.Mid * math.Pow(1+d.Growth.Mid/100, d.DesignYears.Mid) * d.PeakFactor.Mid
	if weekly > MaxParcelsPerWeek {
		c.add("demand.rate", "%.0f parcels in the peak week, at most %d: plan the buildings one by one", weekly, MaxParcelsPerWeek)
	}
	if d.Rate.Known() && d.Rate.Mid == 0 {
		c.add("demand.rate", "no parcels at all: there is nothing to plan")
	}
}

func (c *checker) dwell() {
	d := c.problem.Dwell
	switch d.Law {
	case DwellEmpirical:
		if len(d.Hours.Values) == 0 {
			c.add("dwell.hours", "the law is empirical and there are no observed hours")
		}
	case DwellNextCommute:
		for i, h := range d.Pickup.Values {
			if h >= 24 {
				c.add(fmt.Sprintf("dwell.pickup_hours[%d]", i), "%s is not an hour of the day", figure.Number(h))
			}
			if i > 0 && h <= d.Pickup.Values[i-1] {
				c.add("dwell.pickup_hours", "the hours must rise")
			}
		}
	case DwellLognormal:
	}
}

func (c *checker) sizes() {
	classes := c.problem.Sizes
	if len(classes) == 0 {
		c.add("sizes", "none: say what counts as S, M, L or XL")
		return
	}
	sum, last := 0.0, 0
	for i, s := range classes {
		key := fmt.Sprintf("sizes[%d]", i)
		sum += s.Share.Mid
		if rank := s.Size.Rank(); rank <= last {
			c.add(key+".size", "%s after %s: list each size once, smallest first", s.Size, classes[max(i-1, 0)].Size)
		} else {
			last = rank
		}
		if i > 0 && s.HeightMM*s.WidthMM*s.DepthMM < classes[i-1].HeightMM*classes[i-1].WidthMM*classes[i-1].DepthMM {
			c.add(key, "%s is smaller than %s", s.Size, classes[i-1].Size)
		}
	}
	if math.Abs(sum-100) > tolerance {
		c.add("sizes", "the shares add up to %s %%, not 100 %%", figure.Number(sum))
	}
}

func (c *checker) has(size locker.Size) bool {
	return slices.ContainsFunc(c.problem.Sizes, func(s SizeClass) bool { return s.Size == size })
}

func (c *checker) policy() {
	p := c.problem.Policy
	for i, r := range p.Reserved {
		if !c.has(r.Size) {
			c.add(fmt.Sprintf("policy.reserved[%d].size", i), "there is no size class %q", string(r.Size))
		}
	}
	for i, q := range p.Quotas {
		known := slices.ContainsFunc(c.problem.Demand.Carriers, func(k Carrier) bool { return k.Name == q.Carrier })
		if !known {
			c.add(fmt.Sprintf("policy.quotas[%d].carrier", i), "there is no carrier %q in demand.carriers", q.Carrier)
		}
	}
	if p.Overflow == ToRoom && len(c.problem.Site.Rooms) == 0 {
		c.add("policy.overflow", "overflow goes to a room and site.rooms names none")
	}
}

func (c *checker) site() {
	s := c.problem.Site
	if s.Reach.HighMM < s.Reach.LowMM {
		c.add("site.reach.high_mm", "%d is below low_mm of %d", s.Reach.HighMM, s.Reach.LowMM)
	}
	var names []string
	for i, w := range s.Walls {
		key := fmt.Sprintf("site.walls[%d]", i)
		if w.Name == "" || slices.Contains(names, w.Name) {
			c.add(key+".name", "%q is empty or stands twice", w.Name)
		}
		names = append(names, w.Name)
		if len(w.Obstacles) > MaxObstacles {
			c.add(key+".obstacles", "%d entries, at most %d", len(w.Obstacles), MaxObstacles)
		}
		for j, o := range w.Obstacles {
			at := fmt.Sprintf("%s.obstacles[%d]", key, j)
			if o.ToMM <= o.FromMM {
				c.add(at+".to_mm", "%d is not beyond from_mm of %d", o.ToMM, o.FromMM)
			}
			if o.FromMM >= w.LengthMM {
				c.add(at+".from_mm", "%d lies beyond the wall of %d mm", o.FromMM, w.LengthMM)
			} else if o.ToMM > w.LengthMM {
				c.add(at+".to_mm", "%d lies beyond the wall of %d mm", o.ToMM, w.LengthMM)
			}
		}
		if w.CornerLeft && i == 0 {
			c.add(key+".corner_left", "the first wall has none before it")
		}
	}
}

func (c *checker) hardware() {
	h := c.problem.Hardware
	if (h.Catalogue == "") == (len(h.Modules) == 0) {
		c.add("hardware", "name a catalogue or list modules of your own: one of both")
	}
	if h.Bus == "" {
		c.add("hardware.bus", "empty: name the bus of the lock boards as in cubby.yaml")
	}
	for i, m := range h.Modules {
		key := fmt.Sprintf("hardware.modules[%d]", i)
		height := 0
		for j, d := range m.Doors {
			height += d.HeightMM * d.Count
			if !c.has(d.Size) {
				c.add(fmt.Sprintf("%s.doors[%d].size", key, j), "there is no size class %q in sizes", string(d.Size))
			}
		}
		if height+m.BaseMM > m.HeightMM {
			c.add(key+".doors", "the doors take %d mm and the base %d mm, the module is %d mm high", height, m.BaseMM, m.HeightMM)
		}
		if len(m.Doors) == 0 && !m.Screen {
			c.add(key+".doors", "a module needs doors or a screen")
		}
	}
	if len(h.Modules) > 0 && !slices.ContainsFunc(h.Modules, func(m Module) bool { return m.Screen }) {
		c.add("hardware.modules", "none has a screen: mark the module that holds the kiosk")
	}
}

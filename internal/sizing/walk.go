package sizing

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"cubby/internal/sizing/figure"
)

// field is one value of a problem with its key and its tags.
type field struct {
	key   string // as in a plan file: demand.carriers[2].share_percent
	tag   reflect.StructTag
	value reflect.Value
}

// keyOf returns the name of a field in plan files.
func keyOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// walk calls visit for each figure, profile and plain value below v, which is a struct.
func walk(prefix string, v reflect.Value, visit func(field)) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := keyOf(f)
		if key == "" || key == "-" {
			continue
		}
		walkValue(field{key: strings.TrimPrefix(prefix+"."+key, "."), tag: f.Tag, value: v.Field(i)}, visit)
	}
}

func walkValue(f field, visit func(field)) {
	t := f.value.Type()
	switch {
	case t == reflect.TypeFor[Figure](), t == reflect.TypeFor[Profile]():
		visit(f)
	case t.Kind() == reflect.Struct:
		walk(f.key, f.value, visit)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		for i := range f.value.Len() {
			walkValue(field{key: f.key + "[" + strconv.Itoa(i) + "]", tag: f.tag, value: f.value.Index(i)}, visit)
		}
	default:
		visit(f)
	}
}

// WithUnits returns a copy in which every figure has its unit: plan files and forms do not repeat it.
func (p Problem) WithUnits() Problem {
	q := p.clone()
	walk("", reflect.ValueOf(&q).Elem(), func(f field) {
		unit := strings.ReplaceAll(f.tag.Get("unit"), "¤", q.Currency)
		switch v := f.value.Addr().Interface().(type) {
		case *Figure:
			v.Unit = unit
		case *Profile:
			v.Unit = unit
		}
	})
	return q
}

// clone copies the problem with its lists, so that whoever gets it may change it.
func (p Problem) clone() Problem {
	cloneSlices(reflect.ValueOf(&p).Elem())
	return p
}

func cloneSlices(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		switch {
		case f.Kind() == reflect.Struct:
			cloneSlices(f)
		case f.Kind() == reflect.Slice && !f.IsNil():
			c := reflect.MakeSlice(f.Type(), f.Len(), f.Len())
			reflect.Copy(c, f)
			f.Set(c)
			if f.Type().Elem().Kind() == reflect.Struct {
				for j := range c.Len() {
					cloneSlices(c.Index(j))
				}
			}
		}
	}
}

// Basis lists every value that an answer to the problem rests on, in the order of a plan file.
// Figures that the problem does not use are left out: the law of dwell decides.
func (p Problem) Basis() []Basis {
	q := p.WithUnits()
	var all []Basis
	walk("", reflect.ValueOf(&q).Elem(), func(f field) {
		switch v := f.value.Interface().(type) {
		case Figure:
			if v.Known() && q.uses(f.key) {
				value := strings.TrimSuffix(v.String(), " "+v.Unit)
				all = append(all, Basis{Key: f.key, Value: value, Unit: v.Unit, Source: v.Source, Assumed: v.Assumed})
			}
		case Profile:
			if v.Source != "" && q.uses(f.key) {
				all = append(all, Basis{Key: f.key, Value: v.String(), Unit: v.Unit, Source: v.Source, Assumed: v.Assumed})
			}
		}
	})
	return all
}

// uses reports whether the law of dwell needs a figure. Every other figure is used.
func (p Problem) uses(key string) bool {
	switch key {
	case "dwell.median_hours", "dwell.sigma":
		return p.Dwell.Law == DwellLognormal
	case "dwell.hours":
		return p.Dwell.Law == DwellEmpirical
	case "dwell.pickup_hours", "dwell.pickup_chance_percent":
		return p.Dwell.Law == DwellNextCommute
	}
	return true
}

// String writes a short list in full and says of a long one how long it is.
func (p Profile) String() string {
	const most = 24
	if len(p.Values) > most {
		low, high := p.Values[0], p.Values[0]
		for _, v := range p.Values {
			low, high = min(low, v), max(high, v)
		}
		return fmt.Sprintf("%d values between %s and %s", len(p.Values), figure.Number(low), figure.Number(high))
	}
	words := make([]string, len(p.Values))
	for i, v := range p.Values {
		words[i] = figure.Number(v)
	}
	return strings.Join(words, ", ")
}

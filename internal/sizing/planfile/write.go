package planfile

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"cubby/internal/sizing"
)

// Write writes a problem as a plan that Read reads back to the same problem. Every figure stands
// with its unit and source.
func Write(w io.Writer, p sizing.Problem) error {
	var b strings.Builder
	b.WriteString("# A plan for `cubby plan`. Each figure is one number, or low, mid and high with their source.\n")
	b.WriteString("# assumed: true marks what nobody has published: put in your own figure where you have one.\n")
	e := encoder{out: &b}
	e.section(0, reflect.ValueOf(p.WithUnits()))
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	return nil
}

type encoder struct {
	out *strings.Builder
}

func (e encoder) indent(depth int) { e.out.WriteString(strings.Repeat("  ", depth)) }

// section writes the fields of a struct. The first may stand behind the dash of a list.
func (e encoder) section(depth int, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := keyOf(f)
		if key == "" || key == "-" || empty(v.Field(i)) {
			continue
		}
		e.indent(depth)
		e.out.WriteString(key + ":")
		e.value(depth, v.Field(i))
	}
}

// empty reports whether a value has nothing to say: a missing figure, an empty list or text.
func empty(v reflect.Value) bool {
	switch x := v.Interface().(type) {
	case sizing.Figure:
		return !x.Known()
	case sizing.Profile:
		return x.Source == ""
	case string:
		return x == ""
	}
	return v.Kind() == reflect.Slice && v.Len() == 0
}

func (e encoder) value(depth int, v reflect.Value) {
	switch x := v.Interface().(type) {
	case sizing.Figure:
		e.figure(x)
		return
	case sizing.Profile:
		e.profile(depth+1, x)
		return
	}
	switch kind := v.Kind(); {
	case kind == reflect.Struct:
		e.out.WriteString("\n")
		e.section(depth+1, v)
	case kind == reflect.Slice:
		e.out.WriteString("\n")
		for i := range v.Len() {
			e.entry(depth+1, v.Index(i))
		}
	case kind == reflect.String:
		e.out.WriteString(" " + quote(v.String()) + "\n")
	case kind == reflect.Float64:
		e.out.WriteString(" " + decimal(v.Float()) + "\n")
	default:
		fmt.Fprintf(e.out, " %v\n", v.Interface())
	}
}

// entry writes one section of a list: its first key stands behind the dash.
func (e encoder) entry(depth int, v reflect.Value) {
	var inner strings.Builder
	encoder{out: &inner}.section(depth+1, v)
	e.indent(depth)
	text := strings.TrimLeft(inner.String(), " ")
	if text == "" {
		text = "{}\n"
	}
	e.out.WriteString("- " + text)
}

func (e encoder) figure(f sizing.Figure) {
	if f.Exact() {
		fmt.Fprintf(e.out, " {value: %s", decimal(f.Mid))
	} else {
		fmt.Fprintf(e.out, " {low: %s, mid: %s, high: %s", decimal(f.Low), decimal(f.Mid), decimal(f.High))
	}
	e.origin(", ", f.Unit, f.Source, f.Assumed)
	e.out.WriteString("}\n")
}

func (e encoder) origin(separator, unit, source string, assumed bool) {
	if unit != "" {
		e.out.WriteString(separator + "unit: " + quote(unit))
	}
	e.out.WriteString(separator + "source: " + quote(source))
	if assumed {
		e.out.WriteString(separator + "assumed: true")
	}
}

func (e encoder) profile(depth int, p sizing.Profile) {
	words := make([]string, len(p.Values))
	for i, v := range p.Values {
		words[i] = decimal(v)
	}
	e.out.WriteString("\n")
	e.indent(depth)
	fmt.Fprintf(e.out, "values: [%s]", strings.Join(words, ", "))
	e.origin("\n"+strings.Repeat("  ", depth), p.Unit, p.Source, p.Assumed)
	e.out.WriteString("\n")
}

// decimal writes a number so that it reads back the same.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// quote writes a text in double quotes, as YAML and JSON read it.
func quote(text string) string { return strconv.QuoteToASCII(text) }

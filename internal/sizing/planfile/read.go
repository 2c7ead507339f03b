package planfile

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"cubby/internal/sizing"
	"cubby/internal/sizing/figure"
)

// Limits on a plan: real ones have some KB, observed dwells included some hundred. The parser's time
// grows with the square of the nesting, which a plan has little of.
const (
	maxFileBytes = 1 << 20
	maxNesting   = 40
)

// Read returns the defaults with one plan over them, validated. The name stands in errors, each of
// which names line and key; all are joined. A file that names a log needs ReadLog and
// sizing.Problem.WithLog afterwards.
func Read(name string, data []byte) (sizing.Problem, error) {
	p := sizing.Defaults()
	if len(data) > maxFileBytes {
		return p, fmt.Errorf("%s has %d bytes, at most %d: is it the right file?", name, len(data), maxFileBytes)
	}
	if line := tooDeep(data); line > 0 {
		return p, fmt.Errorf("%s:%d: more than %d lists or sections inside each other: is it a plan?", name, line, maxNesting)
	}
	body, err := parseYAML(data)
	if err != nil {
		return p, fmt.Errorf("%s:%w", name, err)
	}
	if body == nil {
		return p, fmt.Errorf("%s:1: the plan is empty: give at least demand with units", name)
	}
	d := decoder{name: name, lines: map[string]int{}}
	d.section("", reflect.ValueOf(&p).Elem(), body)
	d.beside(&p)
	if err := errors.Join(d.problems...); err != nil {
		return p, err
	}
	if d.lines["hardware.modules"] > 0 && d.lines["hardware.catalogue"] == 0 {
		p.Hardware.Catalogue = ""
	}
	d.foreignMoney(&p)
	if err = d.located(p.Validate()); err == nil {
		err = d.located(stands(p))
	}
	if d.lines["demand.units"] == 0 { // nobody can assume the building
		err = errors.Join(fmt.Errorf("%s:%d: demand.units is missing: give the number of apartments or offices", name,
			d.lineOf("demand.units")), err)
	}
	return p.WithUnits(), err
}

// tooDeep returns the line where brackets or dashes nest deeper than any plan, and 0 where none do.
func tooDeep(data []byte) int {
	line, brackets, dashes := 1, 0, 0
	for _, c := range data {
		switch c {
		case '\n':
			line++
			dashes = 0
		case '[', '{':
			brackets++
		case ']', '}':
			brackets = max(brackets-1, 0)
		case '-', '?':
			dashes++
		case ' ':
		default:
			dashes = 0
		}
		if brackets > maxNesting || dashes > maxNesting {
			return line
		}
	}
	return 0
}

// foreignMoney marks default prices, which are in dollars, where the plan is in another currency.
func (d *decoder) foreignMoney(p *sizing.Problem) {
	if p.Currency == sizing.Defaults().Currency {
		return
	}
	costs := reflect.ValueOf(&p.Costs).Elem()
	for i := range costs.NumField() {
		f, ok := costs.Field(i).Addr().Interface().(*sizing.Figure)
		tag := costs.Type().Field(i)
		if !ok || !strings.Contains(tag.Tag.Get("unit"), "¤") || d.lines["costs."+keyOf(tag)] > 0 {
			continue
		}
		f.Assumed = true
		f.Source = "assumption: the same number as in dollars; give your own. " + strings.TrimPrefix(f.Source, "assumption: ")
	}
}

// located puts file and line before each field error.
func (d *decoder) located(err error) error {
	if err == nil {
		return nil
	}
	var all []error
	for _, e := range sizing.FieldErrors(err) {
		all = append(all, fmt.Errorf("%s:%d: %w", d.name, d.lineOf(e.Field), e))
	}
	if len(all) == 0 {
		return err
	}
	return errors.Join(all...)
}

// lineOf returns the line of a key, or of the nearest section around it that the file has, or 1.
func (d *decoder) lineOf(key string) int {
	for key != "" {
		if line := d.lines[key]; line > 0 {
			return line
		}
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
	return 1
}

// parseYAML returns the one document in data, nil when it is empty. Its error starts with the line.
func parseYAML(data []byte) (ast.Node, error) {
	file, err := parser.ParseBytes(data, 0)
	if syntax, ok := errors.AsType[yaml.Error](err); ok {
		return nil, fmt.Errorf("%d: %s", syntax.GetToken().Position.Line, syntax.GetMessage())
	} else if err != nil {
		return nil, fmt.Errorf("1: %w", err)
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.CommentType || doc.Body.Type() == ast.NullType:
		case body == nil:
			body = doc.Body
		default:
			return nil, fmt.Errorf("%d: a second document starts here: one file holds one plan", lineOf(doc.Body))
		}
	}
	return body, nil
}

func lineOf(node ast.Node) int {
	if token := node.GetToken(); token != nil && token.Position != nil {
		return token.Position.Line
	}
	return 1
}

func keyOf(f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return key
}

// decoder walks a document beside the struct that it fills, so that each problem has a line and a key.
type decoder struct {
	name     string
	lines    map[string]int // key => line
	problems []error
}

func (d *decoder) problem(node ast.Node, key, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if key != "" {
		text = key + ": " + text
	}
	d.problems = append(d.problems, fmt.Errorf("%s:%d: %s", d.name, lineOf(node), text))
}

func pairsOf(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// section fills the fields of a struct from a mapping. The key is its own path.
func (d *decoder) section(key string, into reflect.Value, node ast.Node) {
	pairs, ok := pairsOf(node)
	if !ok {
		d.problem(node, key, "want settings below it, each on a line of its own like `key: value`")
		return
	}
	fields := map[string]reflect.StructField{}
	var known []string
	for i := range into.NumField() {
		f := into.Type().Field(i)
		if k := keyOf(f); k != "" && k != "-" {
			fields[k] = f
			known = append(known, k)
		}
	}
	for _, pair := range pairs {
		if pair.Key.GetToken() == nil {
			d.problem(pair, key, "want a plain key")
			continue
		}
		word := pair.Key.GetToken().Value
		path := strings.TrimPrefix(key+"."+word, ".")
		f, ok := fields[word]
		switch {
		case !ok:
			d.problem(pair.Key, path, "unknown key, known here: %s", strings.Join(known, ", "))
			continue
		case d.lines[path] > 0:
			d.problem(pair.Key, path, "stands twice, first in line %d", d.lines[path])
			continue
		}
		d.lines[path] = lineOf(pair.Key)
		d.value(path, into.FieldByIndex(f.Index), pair.Value)
	}
}

func (d *decoder) value(key string, into reflect.Value, node ast.Node) {
	switch v := into.Addr().Interface().(type) {
	case *sizing.Figure:
		d.figure(key, v, node)
		return
	case *sizing.Profile:
		d.profile(key, v, node)
		return
	}
	switch {
	case into.Kind() == reflect.Struct:
		d.section(key, into, node)
	case into.Kind() == reflect.Slice:
		d.entries(key, into, node)
	default:
		d.scalar(key, into, node)
	}
}

// entries fills a list of sections. A list replaces the default one; each entry starts empty.
func (d *decoder) entries(key string, into reflect.Value, node ast.Node) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		d.problem(node, key, "want a list: each entry starts with `- `, none is []")
		return
	}
	const most = 1000 // no list of a plan is longer; Validate knows the exact limits
	if len(seq.Values) > most {
		d.problem(node, key, "%d entries, at most %d", len(seq.Values), most)
		return
	}
	list := reflect.MakeSlice(into.Type(), len(seq.Values), len(seq.Values))
	for i, item := range seq.Values {
		at := fmt.Sprintf("%s[%d]", key, i)
		d.lines[at] = lineOf(item)
		d.section(at, list.Index(i), item)
	}
	into.Set(list)
}

// given is the source of a value that the file gives without one.
const given = figure.InPlan

// figure reads a plain number, or low, mid, high (or value) with source and assumed.
func (d *decoder) figure(key string, into *sizing.Figure, node ast.Node) {
	if text, ok := scalarOf(node); ok {
		v, err := number(text)
		if err != nil {
			d.problem(node, key, "%s", err)
			return
		}
		*into = sizing.Figure{Low: v, Mid: v, High: v, Source: given}
		return
	}
	pairs, ok := pairsOf(node)
	if !ok {
		d.problem(node, key, "want a number, or low, mid and high with their source")
		return
	}
	f := figureParts{}
	if !d.parts(key, pairs, &f) {
		return
	}
	switch {
	case f.Value != nil && (f.Low != nil || f.Mid != nil || f.High != nil):
		d.problem(node, key, "give value, or low, mid and high, not both")
		return
	case f.Value != nil:
		f.Low, f.Mid, f.High = f.Value, f.Value, f.Value
	case f.Low == nil || f.Mid == nil || f.High == nil:
		d.problem(node, key, "a range needs low, mid and high; one figure is written as value")
		return
	}
	*into = sizing.Figure{
		Low: *f.Low, Mid: *f.Mid, High: *f.High, Source: f.source(), Assumed: f.Assumed,
	}
}

// figureParts are the keys of a figure and of a profile.
type figureParts struct {
	Low, Mid, High, Value *float64
	Values                []float64
	Source                string
	Assumed               bool
}

func (f figureParts) source() string {
	switch {
	case f.Source != "":
		return f.Source
	case f.Assumed:
		return "assumption: " + given
	}
	return given
}

// parts reads the keys of a figure or a profile and reports whether all were good.
func (d *decoder) parts(key string, pairs []*ast.MappingValueNode, f *figureParts) bool {
	good := true
	fail := func(node ast.Node, path, format string, args ...any) {
		d.problem(node, path, format, args...)
		good = false
	}
	for _, pair := range pairs {
		if pair.Key.GetToken() == nil {
			fail(pair, key, "want a plain key")
			continue
		}
		word := pair.Key.GetToken().Value
		path := key + "." + word
		text, plain := scalarOf(pair.Value)
		switch word {
		case "low", "mid", "high", "value":
			v, err := number(text)
			if err != nil || !plain {
				fail(pair.Value, path, "%q is not a number", text)
				continue
			}
			*map[string]**float64{"low": &f.Low, "mid": &f.Mid, "high": &f.High, "value": &f.Value}[word] = &v
		case "values":
			values, ok := d.numbers(path, pair.Value)
			f.Values, good = values, good && ok
		case "source":
			if f.Source = text; !plain || text == "" {
				fail(pair.Value, path, "want a text that says where the figure comes from")
			}
		case "unit": // written for people; the key decides
		case "assumed":
			if f.Assumed = text == "true"; text != "true" && text != "false" {
				fail(pair.Value, path, "%q is not true or false", text)
			}
		default:
			fail(pair.Key, path, "unknown key, known here: low, mid, high, value, values, unit, source, assumed")
		}
	}
	return good
}

// profile reads a list of numbers, or values with source and assumed.
func (d *decoder) profile(key string, into *sizing.Profile, node ast.Node) {
	if _, ok := node.(*ast.SequenceNode); ok {
		if values, ok := d.numbers(key, node); ok {
			*into = sizing.Profile{Values: values, Source: given}
		}
		return
	}
	pairs, ok := pairsOf(node)
	if !ok {
		d.problem(node, key, "want a list of numbers like [1, 2], or values with their source")
		return
	}
	f := figureParts{}
	if !d.parts(key, pairs, &f) {
		return
	}
	if f.Values == nil {
		d.problem(node, key, "values are missing")
		return
	}
	*into = sizing.Profile{Values: f.Values, Source: f.source(), Assumed: f.Assumed}
}

func (d *decoder) numbers(key string, node ast.Node) ([]float64, bool) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok || len(seq.Values) > sizing.MaxDwellHours {
		d.problem(node, key, "want a list of at most %d numbers like [1, 2]", sizing.MaxDwellHours)
		return nil, false
	}
	values := make([]float64, 0, len(seq.Values))
	for _, item := range seq.Values {
		text, _ := scalarOf(item)
		v, err := number(text)
		if err != nil {
			d.problem(item, key, "%s", err)
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

// scalarOf returns a plain value as it is written. Anchors and aliases are refused: the file is
// read by people.
func scalarOf(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func number(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || strings.ContainsAny(text, "xX_") {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return v, nil
}

func (d *decoder) scalar(key string, into reflect.Value, node ast.Node) {
	text, ok := scalarOf(node)
	if !ok {
		d.problem(node, key, "want one value")
		return
	}
	switch kind := into.Kind(); {
	case kind == reflect.String:
		into.SetString(text)
	case kind == reflect.Bool:
		if !slices.Contains([]string{"true", "false"}, text) {
			d.problem(node, key, "%q is not true or false", text)
			return
		}
		into.SetBool(text == "true")
	case kind == reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			d.problem(node, key, "%q is not a whole number", text)
			return
		}
		into.SetInt(int64(n))
	case kind == reflect.Float64:
		v, err := number(text)
		if err != nil {
			d.problem(node, key, "%s", err)
			return
		}
		into.SetFloat(v)
	default:
		d.problem(node, key, "cannot be set in a plan")
	}
}

package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFileBytes bounds the file: the printed one has a few KB, and a wrong path must not fill memory.
const maxFileBytes = 1 << 20

// Parse returns the defaults with the settings of one file over them. The name stands in
// errors, which name line and key, all of them joined. It looks at nothing but data: secrets and
// checks across settings are Load's.
func Parse(name string, data []byte) (Config, error) {
	cfg := Default()
	if len(data) > maxFileBytes {
		return cfg, fmt.Errorf("%s has %d bytes, at most %d: is it the right file?", name, len(data), maxFileBytes)
	}
	body, err := parseYAML(data)
	if err != nil {
		return cfg, fmt.Errorf("%s:%w", name, err)
	}
	if body == nil {
		return cfg, nil
	}
	d := decoder{name: name}
	d.section("", reflect.ValueOf(&cfg).Elem(), body)
	return cfg, errors.Join(d.problems...)
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
			return nil, fmt.Errorf("%d: a second document starts here: one file holds one", lineOf(doc.Body))
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

// decoder walks a document beside the struct that it fills, so that each problem has a line and a key.
type decoder struct {
	name     string
	problems []error
}

func (d *decoder) problem(node ast.Node, key, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if key != "" {
		text = key + ": " + text
	}
	d.problems = append(d.problems, fmt.Errorf("%s:%d: %s", d.name, lineOf(node), text))
}

// section fills the fields of into, a struct, from a mapping. The key is its own path.
func (d *decoder) section(key string, into reflect.Value, node ast.Node) {
	if node.Type() == ast.NullType {
		return // a section whose settings are all commented out
	}
	pairs, ok := pairsOf(node)
	if !ok {
		d.problem(node, key, "want settings below it, each on a line of its own like `key: value`")
		return
	}
	fields := map[string]reflect.StructField{}
	var known []string
	for field := range fieldsOf(into.Type()) {
		fields[keyOf(field)] = field
		known = append(known, keyOf(field))
	}
	for _, pair := range pairs {
		word := pair.Key.GetToken().Value
		path := strings.TrimPrefix(key+"."+word, ".")
		field, ok := fields[word]
		if !ok {
			d.problem(pair.Key, path, "%s", unknown(word, known))
			continue
		}
		d.field(path, field, into.FieldByIndex(field.Index), pair.Value)
	}
}

func unknown(word string, known []string) string {
	if near := nearest(word, known); near != "" {
		return fmt.Sprintf("unknown key, did you mean %s?", near)
	}
	return "unknown key, known here: " + strings.Join(known, ", ")
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

func (d *decoder) field(key string, field reflect.StructField, into reflect.Value, node ast.Node) {
	switch {
	case field.Type == reflect.TypeFor[Secret]():
		d.problem(node, key, "a secret does not stand in this file: name a file that holds it in %s_file, or set %s",
			keyOf(field), envName(key))
	case isSection(field.Type):
		d.section(key, into, node)
	case isEntries(field.Type):
		d.entries(key, into, node)
	case field.Type.Kind() == reflect.Slice:
		d.list(key, field, into, node)
	default:
		text, ok := scalarOf(node)
		if !ok {
			d.problem(node, key, "want one value (%s); write \"\" for an empty text", typeName(field.Type))
			return
		}
		if err := setText(field, into, text); err != nil {
			d.problem(node, key, "%s", err)
		}
	}
}

// entries fills a list of sections. Each entry starts from its defaults.
func (d *decoder) entries(key string, into reflect.Value, node ast.Node) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		d.problem(node, key, "want a list: each entry starts with `- `, none is []")
		return
	}
	if len(seq.Values) == 0 {
		into.SetZero()
		return
	}
	list := reflect.MakeSlice(into.Type(), len(seq.Values), len(seq.Values))
	for i, item := range seq.Values {
		entry := list.Index(i)
		entry.Set(entryDefault(into.Type().Elem()))
		d.section(fmt.Sprintf("%s[%d]", key, i), entry, item)
	}
	into.Set(list)
}

// entryDefault is what an entry holds before its own settings: the usual address of a board, but
// never a name or a port that nobody wrote.
func entryDefault(t reflect.Type) reflect.Value {
	if t == reflect.TypeFor[Bus]() {
		return reflect.ValueOf(Bus{Boards: defaultBus().Boards})
	}
	return reflect.Zero(t)
}

func (d *decoder) list(key string, field reflect.StructField, into reflect.Value, node ast.Node) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		d.problem(node, key, "want a list like [a, b], none is []")
		return
	}
	if len(seq.Values) == 0 {
		into.SetZero()
		return
	}
	list := reflect.MakeSlice(field.Type, len(seq.Values), len(seq.Values))
	for i, item := range seq.Values {
		text, ok := scalarOf(item)
		if !ok {
			d.problem(item, key, "want a plain value in each place of the list")
			return
		}
		if err := setText(field, list.Index(i), text); err != nil {
			d.problem(item, key, "%s", err)
		}
	}
	into.Set(list)
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

// setText puts one written value into a field or a place of its list, and holds it to the
// field's words and range. A whole list comes as words between commas, a list of sections as YAML.
func setText(field reflect.StructField, into reflect.Value, text string) error {
	switch {
	case isEntries(into.Type()):
		return setEntries(into, text)
	case into.Kind() == reflect.Slice:
		list := reflect.Zero(into.Type())
		for word := range strings.SplitSeq(text, ",") {
			if word = strings.TrimSpace(word); word == "" {
				continue
			}
			item := reflect.New(into.Type().Elem()).Elem()
			if err := setText(field, item, word); err != nil {
				return err
			}
			list = reflect.Append(list, item)
		}
		into.Set(list)
		return nil
	}
	value, err := parseText(into.Type(), text)
	if err != nil {
		return err
	}
	if err := inRange(field, value); err != nil {
		return err
	}
	into.Set(value)
	return nil
}

func setEntries(into reflect.Value, text string) error {
	node, err := parseYAML([]byte(text))
	if err != nil {
		return fmt.Errorf("line %w", err)
	}
	if node == nil {
		into.SetZero()
		return nil
	}
	d := decoder{name: "line"}
	d.entries("", into, node)
	return errors.Join(d.problems...)
}

func parseText(t reflect.Type, text string) (reflect.Value, error) {
	var value any
	var err error
	switch {
	case t == reflect.TypeFor[time.Duration]():
		if value, err = time.ParseDuration(text); err != nil {
			return reflect.Value{}, fmt.Errorf("%q is not a duration: write a number and a unit, like 90s, 5m or 12h", text)
		}
	case t == reflect.TypeFor[Secret]():
		value = NewSecret(text)
	case t.Kind() == reflect.Bool:
		if text != "true" && text != "false" {
			return reflect.Value{}, fmt.Errorf("%q is not true or false", text)
		}
		value = text == "true"
	case t.Kind() == reflect.Int:
		if value, err = strconv.Atoi(text); err != nil {
			return reflect.Value{}, fmt.Errorf("%q is not a whole number", text)
		}
	case t.Kind() == reflect.Float64:
		if value, err = strconv.ParseFloat(text, 64); err != nil {
			return reflect.Value{}, fmt.Errorf("%q is not a number", text)
		}
	default:
		value = text
	}
	return reflect.ValueOf(value), nil
}

// inRange holds a value to the words and the range of its field.
func inRange(field reflect.StructField, value reflect.Value) error {
	if words := field.Tag.Get("oneof"); words != "" {
		if all := strings.Split(words, ","); !slices.Contains(all, value.String()) {
			return fmt.Errorf("%q is not one of %s", value.String(), strings.Join(nonEmpty(all), ", "))
		}
	}
	least, most := field.Tag.Get("min"), field.Tag.Get("max")
	if least == "" {
		return nil
	}
	low, err := parseText(value.Type(), least)
	if err != nil {
		return err
	}
	high, err := parseText(value.Type(), most)
	if err != nil {
		return err
	}
	// Not inside, rather than outside: a float that is no number is refused too.
	if !(atLeast(value, low) && atLeast(high, value)) {
		return fmt.Errorf("%v is not between %s and %s", value.Interface(), least, most)
	}
	return nil
}

// nonEmpty leaves out the empty word, by which a field says that it may stay unset.
func nonEmpty(words []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })
}

func atLeast(a, b reflect.Value) bool {
	if a.CanFloat() {
		return a.Float() >= b.Float()
	}
	return a.Int() >= b.Int()
}

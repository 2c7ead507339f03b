package catalogue

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"cubby/internal/sizing/figure"
)

// Limits of one file.
const (
	maxFileBytes = 64 << 10 // a catalogue is a few pages
	maxTextBytes = 2000     // one value
	maxItems     = 200      // entries of one list
	maxPrice     = 1e9
	maxDivisions = 400 // modules that one free column may become; real ones have 20 to 60
)

// object is one mapping of a file. Reading a key marks it as known; what was never read is a
// mistake in the file.
type object struct {
	file     string
	line     int
	keys     []string
	values   map[string]ast.Node
	lines    map[string]int
	read     map[string]bool
	problems *[]error
}

// open returns the mapping that a whole file holds.
func open(file string, data []byte, problems *[]error) (*object, error) {
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("%s:1: %d bytes, at most %d: is it a catalogue?", file, len(data), maxFileBytes)
	}
	parsed, err := parser.ParseBytes(data, 0)
	if syntax, ok := errors.AsType[yaml.Error](err); ok {
		return nil, fmt.Errorf("%s:%d: %s", file, syntax.GetToken().Position.Line, syntax.GetMessage())
	} else if err != nil {
		return nil, fmt.Errorf("%s:1: %w", file, err)
	}
	if len(parsed.Docs) != 1 || parsed.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s:1: %d documents, want one that is not empty", file, len(parsed.Docs))
	}
	root := &object{file: file, line: 1, problems: problems}
	return root.of(parsed.Docs[0].Body), nil
}

// of opens a node as a mapping; a node that is none gives an empty one and a problem.
func (o *object) of(node ast.Node) *object {
	in := &object{
		file: o.file, line: lineOf(node), problems: o.problems,
		values: map[string]ast.Node{}, lines: map[string]int{}, read: map[string]bool{},
	}
	var pairs []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		in.fail(in.line, "want keys with values, like `size: S`")
	}
	for _, p := range pairs {
		key := p.Key.GetToken().Value
		in.keys = append(in.keys, key)
		in.values[key], in.lines[key] = p.Value, lineOf(p.Key)
	}
	return in
}

func lineOf(node ast.Node) int {
	if t := node.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 1
}

func (o *object) fail(line int, format string, args ...any) {
	*o.problems = append(*o.problems, fmt.Errorf("%s:%d: %s", o.file, line, fmt.Sprintf(format, args...)))
}

// get returns the value of a key and marks it as known.
func (o *object) get(key string, must bool) (ast.Node, bool) {
	o.read[key] = true
	node, ok := o.values[key]
	if !ok && must {
		o.fail(o.line, "%s is missing", key)
	}
	return node, ok
}

func (o *object) text(key string, must bool) string {
	node, ok := o.get(key, must)
	if !ok {
		return ""
	}
	text, err := scalar(node)
	if err != nil {
		o.fail(o.lines[key], "%s: %s", key, err)
	}
	return text
}

func scalar(node ast.Node) (string, error) {
	var value string
	switch n := node.(type) {
	case *ast.StringNode:
		value = n.Value
	case *ast.LiteralNode:
		value = n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		value = n.GetToken().Value
	default:
		return "", errors.New("want one plain value")
	}
	value = strings.Join(strings.Fields(value), " ")
	if value == "" || len(value) > maxTextBytes {
		return "", fmt.Errorf("%d bytes, want 1 to %d", len(value), maxTextBytes)
	}
	return value, nil
}

// bounds is the range of a number.
type bounds struct{ least, most int }

// millimetres allows what a cabinet can measure.
func millimetres() bounds { return bounds{1, 20_000} }

func (o *object) number(key string, b bounds, must bool) int {
	node, ok := o.get(key, must)
	if !ok {
		return 0
	}
	text, err := scalar(node)
	if err != nil {
		o.fail(o.lines[key], "%s: %s", key, err)
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < b.least || n > b.most {
		o.fail(o.lines[key], "%s: %q, want a whole number from %d to %d", key, text, b.least, b.most)
		return 0
	}
	return n
}

func (o *object) amount(key string) float64 {
	text := o.text(key, true)
	if text == "" {
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0 && v <= maxPrice) {
		o.fail(o.lines[key], "%s: %q, want a number from 0 to %.0f", key, text, float64(maxPrice))
		return 0
	}
	return v
}

func (o *object) flag(key string) bool {
	switch text := o.text(key, false); text {
	case "", "false":
		return false
	case "true":
		return true
	default:
		o.fail(o.lines[key], "%s: %q, want true or false", key, text)
		return false
	}
}

// list returns the entries of a key. Without the key it is empty.
func (o *object) list(key string, must bool) []ast.Node {
	node, ok := o.get(key, must)
	if !ok {
		return nil
	}
	list, ok := node.(*ast.SequenceNode)
	if !ok || len(list.Values) == 0 || len(list.Values) > maxItems {
		o.fail(o.lines[key], "%s: want a list of 1 to %d entries", key, maxItems)
		return nil
	}
	return list.Values
}

// object opens a key as a mapping; nil when the key is missing.
func (o *object) object(key string, must bool) *object {
	node, ok := o.get(key, must)
	if !ok {
		return nil
	}
	return o.of(node)
}

// price reads low, mid, high, source and assumed below a key.
func (o *object) price(key, unit string, must bool) figure.Figure {
	in := o.object(key, must)
	if in == nil {
		return figure.Figure{Unit: unit}
	}
	f := figure.Figure{
		Low: in.amount("low"), Mid: in.amount("mid"), High: in.amount("high"),
		Unit: unit, Source: in.text("source", true), Assumed: in.flag("assumed"),
	}
	if f.Low > f.Mid || f.Mid > f.High {
		in.fail(in.line, "%s: low, mid and high are out of order", key)
	}
	in.close()
	return f
}

// close reports every key that nobody asked for.
func (o *object) close() {
	known := make([]string, 0, len(o.read))
	for key := range o.read {
		known = append(known, key)
	}
	slices.Sort(known)
	for _, key := range o.keys {
		if !o.read[key] {
			o.fail(o.lines[key], "%s: unknown key, known here: %s", key, strings.Join(known, ", "))
		}
	}
}

package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"cubby/board"
)

// Limits of one file.
const (
	maxFileBytes = 16 << 10 // a model is a page of text
	maxTextBytes = 2000     // one value
	maxChannels  = 255      // what board.Channel counts
)

// Parse reads one model. It is strict: an unknown key, a repeated one, a value that means nothing and
// a key that is missing are errors that name file and line, all of them joined.
func Parse(name string, data []byte) (Model, error) {
	var m Model
	if len(data) > maxFileBytes {
		return m, fmt.Errorf("%s:1: %d bytes, at most %d: is it a model?", name, len(data), maxFileBytes)
	}
	file, err := parser.ParseBytes(data, 0)
	if syntax, ok := errors.AsType[yaml.Error](err); ok {
		return m, fmt.Errorf("%s:%d: %s", name, syntax.GetToken().Position.Line, syntax.GetMessage())
	} else if err != nil {
		return m, fmt.Errorf("%s:1: %w", name, err)
	}
	if len(file.Docs) != 1 {
		return m, fmt.Errorf("%s:1: %d documents, want one", name, len(file.Docs))
	}
	pairs, err := pairsOf(file.Docs[0].Body)
	if err != nil {
		return m, fmt.Errorf("%s:1: %w", name, err)
	}
	var problems []error
	seen := map[string]bool{}
	for _, pair := range pairs {
		key := pair.Key.GetToken().Value
		if err := m.set(key, pair.Value); err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: %s: %w", name, lineOf(pair), key, err))
		}
		seen[key] = true
	}
	for _, key := range []string{"id", "name", "maker", "family", "channels", "addresses", "evidence", "sources"} {
		if !seen[key] {
			problems = append(problems, fmt.Errorf("%s:1: %s is missing", name, key))
		}
	}
	return m, errors.Join(problems...)
}

// set takes one key of a file.
func (m *Model) set(key string, node ast.Node) error {
	var err error
	switch key {
	case "id":
		m.ID, err = text(node)
		if err == nil && strings.Trim(m.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			err = fmt.Errorf("%q, want lower case letters, digits and dashes", m.ID)
		}
	case "name":
		m.Name, err = text(node)
	case "maker":
		m.Maker, err = text(node)
	case "family":
		m.Family, err = text(node)
	case "channels":
		m.Channels, err = number(node, 1, maxChannels)
	case "addresses":
		err = m.setAddresses(node)
	case "baud":
		m.BaudRate, err = number(node, 1200, 230400)
	case "settings":
		m.Settings, err = settings(node)
	case "evidence":
		var word string
		if word, err = text(node); err == nil {
			m.Evidence, err = ParseEvidence(word)
		}
	case "sources":
		m.Sources, err = texts(node)
	case "notes":
		m.Notes, err = text(node)
	default:
		err = errors.New("unknown key, want id, name, maker, family, channels, addresses, baud, settings, evidence, sources or notes")
	}
	return err
}

// setAddresses reads "1-31", or one address.
func (m *Model) setAddresses(node ast.Node) error {
	word, err := text(node)
	if err != nil {
		return err
	}
	first, last, found := strings.Cut(word, "-")
	if !found {
		last = first
	}
	low, lowErr := strconv.ParseUint(first, 10, 8)
	high, highErr := strconv.ParseUint(last, 10, 8)
	if lowErr != nil || highErr != nil || low > high {
		return fmt.Errorf("%q, want a range like 1-31", word)
	}
	m.MinAddress, m.MaxAddress = board.Address(low), board.Address(high)
	return nil
}

func settings(node ast.Node) ([]Setting, error) {
	pairs, err := pairsOf(node)
	if err != nil {
		return nil, err
	}
	var all []Setting
	for _, pair := range pairs {
		key := pair.Key.GetToken().Value
		value, err := text(pair.Value)
		if list, ok := pair.Value.(*ast.SequenceNode); ok {
			var words []string
			words, err = texts(list)
			value = strings.Join(words, ",")
		}
		if err != nil {
			return nil, fmt.Errorf("%s (line %d): %w", key, lineOf(pair), err)
		}
		all = append(all, Setting{Key: key, Value: value})
	}
	slices.SortFunc(all, func(a, b Setting) int { return strings.Compare(a.Key, b.Key) })
	return all, nil
}

func texts(node ast.Node) ([]string, error) {
	list, ok := node.(*ast.SequenceNode)
	if !ok || len(list.Values) == 0 {
		return nil, errors.New("want a list with at least one entry")
	}
	all := make([]string, 0, len(list.Values))
	for _, item := range list.Values {
		t, err := text(item)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// text returns a plain value as it is written. Anchors and aliases are refused: people read the files.
func text(node ast.Node) (string, error) {
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

func number(node ast.Node, least, most int) (int, error) {
	word, err := text(node)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(word)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%q, want a number from %d to %d", word, least, most)
	}
	return n, nil
}

func pairsOf(node ast.Node) ([]*ast.MappingValueNode, error) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, nil
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, nil
	}
	return nil, errors.New("want keys with values, each on a line of its own")
}

func lineOf(pair *ast.MappingValueNode) int {
	if t := pair.Key.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 1
}

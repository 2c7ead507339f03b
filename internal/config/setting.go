package config

import (
	"reflect"
	"strings"
	"time"
)

// Setting describes one key of the file.
type Setting struct {
	Key    string // path with dots, e.g. "server.smtp.port"; entries of lists have "[]", e.g. "controller.buses[].name"
	Env    string // environment name, e.g. "CUBBY_SERVER_SMTP_PORT"; empty inside lists
	Doc    string // full sentences
	Unit   string // unit of a plain number
	OneOf  []string
	Min    string // range as written in the file; both empty when there is none
	Max    string
	Type   string // "text", "true or false", "number", "duration", "secret", "list of texts", "list"
	Secret bool   // only from the environment, or from the file that Key+"_file" names

	Default string // as it is written in the file; inside lists, what an entry starts from

	field reflect.StructField
}

// Settings lists every key in the order of the printed file.
func Settings() []Setting {
	return settingsOf(reflect.ValueOf(Default()), "", true)
}

func settingsOf(section reflect.Value, prefix string, env bool) []Setting {
	var all []Setting
	for field := range fieldsOf(section.Type()) {
		key, value := prefix+keyOf(field), section.FieldByIndex(field.Index)
		if isSection(field.Type) {
			all = append(all, settingsOf(value, key+".", env)...)
			continue
		}
		all = append(all, settingFor(key, field, value, env))
		if isEntries(field.Type) {
			all = append(all, settingsOf(entryDefault(field.Type.Elem()), key+"[].", false)...)
		}
	}
	return all
}

func settingFor(key string, field reflect.StructField, value reflect.Value, env bool) Setting {
	s := Setting{
		Key:     key,
		Doc:     field.Tag.Get("doc"),
		Unit:    field.Tag.Get("unit"),
		Min:     field.Tag.Get("min"),
		Max:     field.Tag.Get("max"),
		Type:    typeName(field.Type),
		Secret:  field.Type == reflect.TypeFor[Secret](),
		Default: written(value),
		field:   field,
	}
	if words := field.Tag.Get("oneof"); words != "" {
		s.OneOf = nonEmpty(strings.Split(words, ","))
	}
	if env {
		s.Env = envName(key)
	}
	return s
}

// envName is the environment name of a key: server.smtp.port is CUBBY_SERVER_SMTP_PORT.
func envName(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

func keyOf(field reflect.StructField) string { return field.Tag.Get("yaml") }

// isSection reports whether t is a group of settings, not a value.
func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[Secret]()
}

// isEntries reports whether t is a list whose entries have keys of their own.
func isEntries(t reflect.Type) bool { return t.Kind() == reflect.Slice && isSection(t.Elem()) }

func typeName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case t == reflect.TypeFor[Secret]():
		return "secret"
	case isEntries(t):
		return "list"
	case t.Kind() == reflect.Slice:
		return "list of " + typeName(t.Elem()) + "s"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "text"
	}
	return "number"
}

// fieldsOf ranges over the exported fields of t in order.
func fieldsOf(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && !yield(f) {
				return
			}
		}
	}
}

// nearest returns the word of words that is closest to word, empty when none is close.
func nearest(word string, words []string) string {
	best, least := "", max(len(word)/2, 1)+1
	for _, w := range words {
		if d := distance(word, w); d < least {
			best, least = w, d
		}
	}
	return best
}

// distance is the number of letters to insert, delete or replace to turn a into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			above := row[j+1]
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			row[j+1] = min(above+1, row[j]+1, cost)
			diagonal = above
		}
	}
	return row[len(b)]
}

package config

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Describe writes the default file: every setting with its documentation, range, environment
// name and default. Parse reads it back as Default.
func Describe(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString(`# Settings of Cubby. Every value here is the default: keep the lines that you change.
# A flag beats the environment, the environment beats this file, this file beats the default.
# An unknown key is an error. Secrets stand in files of their own or in the environment.
`)
	describe(&b, reflect.ValueOf(Default()), "", "")
	_, err := w.Write(b.Bytes())
	return err
}

func describe(b *bytes.Buffer, section reflect.Value, prefix, indent string) {
	for field := range fieldsOf(section.Type()) {
		value := section.FieldByIndex(field.Index)
		s := settingFor(prefix+keyOf(field), field, value, true)
		b.WriteString("\n")
		comment(b, indent, field.Tag.Get("doc"))
		switch {
		case isSection(field.Type):
			fmt.Fprintf(b, "%s%s:\n", indent, keyOf(field))
			describe(b, value, s.Key+".", indent+"  ")
		case s.Secret:
			comment(b, indent, "Only from "+s.Env+" or from the file named below.")
			fmt.Fprintf(b, "%s# %s\n", indent, keyOf(field))
		default:
			comment(b, indent, s.limits()+" Environment: "+s.Env)
			fmt.Fprintf(b, "%s%s: %s\n", indent, keyOf(field), s.Default)
			if isEntries(field.Type) {
				comment(b, indent, "For example:")
				example(b, exampleOf(field.Type.Elem()), indent+"#   - ", indent+"#     ")
			}
		}
	}
}

// example writes one entry of a list, all of it behind comment signs.
func example(b *bytes.Buffer, entry reflect.Value, first, rest string) {
	lead := first
	for field := range fieldsOf(entry.Type()) {
		value := entry.FieldByIndex(field.Index)
		s := settingFor(keyOf(field), field, value, false)
		if isSection(field.Type) {
			fmt.Fprintf(b, "%s%s: # %s\n", lead, keyOf(field), s.Doc)
			example(b, value, rest+"  ", rest+"  ")
		} else {
			fmt.Fprintf(b, "%s%s: %s # %s\n", lead, keyOf(field), s.Default, strings.TrimSpace(s.Doc+" "+s.limits()))
		}
		lead = rest
	}
}

func exampleOf(t reflect.Type) reflect.Value {
	if t == reflect.TypeFor[Bus]() {
		return reflect.ValueOf(defaultBus())
	}
	return reflect.ValueOf(defaultSensor())
}

// limits says what may be written, and for which families of lock boards.
func (s Setting) limits() string {
	var text string
	switch {
	case len(s.OneOf) > 0:
		text = "One of " + strings.Join(s.OneOf, ", ") + "."
	case s.Min != "" && s.Unit != "":
		text = fmt.Sprintf("%s to %s %s.", s.Min, s.Max, s.Unit)
	case s.Min != "":
		text = fmt.Sprintf("%s to %s.", s.Min, s.Max)
	}
	if families := s.field.Tag.Get("families"); families != "" {
		text += " For " + strings.ReplaceAll(families, ",", ", ") + "."
	}
	return strings.TrimSpace(text)
}

const commentColumns = 100

func comment(b *bytes.Buffer, indent, text string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(indent)+len(line)+len(word)+3 > commentColumns {
			fmt.Fprintf(b, "%s# %s\n", indent, line)
			line = ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	fmt.Fprintf(b, "%s# %s\n", indent, line)
}

// written is a value as it stands in the file.
func written(value reflect.Value) string {
	switch v := value.Interface().(type) {
	case time.Duration:
		return shortDuration(v)
	case string:
		return quoted(v)
	}
	if value.Kind() != reflect.Slice {
		return fmt.Sprint(value.Interface())
	}
	var words []string
	for i := range value.Len() {
		words = append(words, written(value.Index(i)))
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// quoted puts quotes around a text that YAML would read as something else.
func quoted(text string) string {
	plain := text != ""
	for _, r := range text {
		plain = plain && (r == '-' || r == '_' || r == '/' || r == '.' ||
			'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	}
	if first := text[:min(len(text), 1)]; plain && strings.ContainsAny(first, "-.0123456789") {
		plain = false
	}
	if plain {
		return text
	}
	return strconv.Quote(text)
}

// shortDuration drops the zero parts that String keeps: 24h0m0s is 24h.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Reference writes the table of docs/config.md: every key, its default, range and meaning.
func Reference(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString(`# Settings

Made from internal/config by its test: change the documentation there, then run
` + "`go test ./internal/config -update`" + `.

One YAML file, flags and the environment set the same things: a flag beats the environment, the environment beats the file, the
file beats the default. ` + "`CUBBY_CONFIG`" + ` names the file when no flag does. An unknown key or an unknown variable of a section is an
error that names the nearest one. Durations are written like 90s, 5m or 12h; lists in the environment are words between commas,
lists of sections are YAML. ` + "`cubby config describe`" + ` prints the file with every default.

A secret stands neither in the file nor in a flag: name a file that holds it in the ` + "`..._file`" + ` setting beside it, or set its
environment variable. Wherever settings are printed, it reads "redacted".

| key | default | what it is | environment |
|---|---|---|---|
`)
	for _, s := range Settings() {
		text := strings.TrimSpace(s.Doc + " " + s.limits())
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Key, code(s.Default), text, code(s.Env))
	}
	_, err := w.Write(b.Bytes())
	return err
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

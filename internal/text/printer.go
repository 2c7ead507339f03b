package text

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// Printer says things in one language.
type Printer struct {
	language Language
	keys     map[string]bool
	fallback map[string]bool
	own      *i18n.Localizer
	english  *i18n.Localizer
}

// Language returns the printer's language.
func (p *Printer) Language() Language { return p.language }

// Lang returns the language tag for a lang attribute, e.g. "ar".
func (p *Printer) Lang() string { return p.language.Tag }

// Dir returns "ltr" or "rtl" for a dir attribute.
func (p *Printer) Dir() string { return p.language.Dir }

// Has reports whether the language itself has the key.
func (p *Printer) Has(key string) bool { return p.keys[key] }

// Keys lists the language's keys in alphabetical order.
func (p *Printer) Keys() []string { return slices.Sorted(maps.Keys(p.keys)) }

// T returns the sentence of key. Arguments are pairs of placeholder name and value:
// T("kiosk.open.door", "door", "B07"). A key that the language lacks is taken from English; a
// key that nobody has, or arguments that do not fit, give the key in brackets, so that a
// mistake shows without breaking the page.
func (p *Printer) T(key string, args ...any) string {
	return p.say(key, nil, args)
}

// N returns the sentence of key in the plural form for n, with n (grouped for reading) as the
// placeholder {{.n}}. Further arguments are as in T.
func (p *Printer) N(key string, n int, args ...any) string {
	return p.say(key, &n, args)
}

// Error returns the sentence for a stable error code, or the general sentence with the code in
// it when the code has none.
func (p *Printer) Error(code string, args ...any) string {
	key := "error." + code
	if !p.keys[key] && !p.fallback[key] {
		return p.T("error.UNKNOWN", "code", code)
	}
	return p.T(key, args...)
}

func (p *Printer) say(key string, n *int, args []any) string {
	speaker := p.own
	if !p.keys[key] {
		if !p.fallback[key] {
			return "[" + key + "]"
		}
		speaker = p.english
	}
	config := &i18n.LocalizeConfig{MessageID: key}
	data, ok := pairs(args)
	if !ok {
		return "[" + key + "]"
	}
	if n != nil {
		data["n"] = p.Number(*n)
		config.PluralCount = *n
	}
	config.TemplateData = data
	s, err := speaker.Localize(config)
	if err != nil && n != nil {
		// Spanish has a form of its own from a million on; a catalogue may leave it out.
		config.PluralCount = 2
		s, err = speaker.Localize(config)
	}
	if err != nil || strings.Contains(s, "<no value>") {
		return "[" + key + "]"
	}
	return s
}

// pairs turns name, value, name, value into template data.
func pairs(args []any) (data map[string]any, ok bool) {
	if len(args)%2 != 0 {
		return nil, false
	}
	data = make(map[string]any, len(args)/2+1)
	for i := 0; i < len(args); i += 2 {
		name, isName := args[i].(string)
		if !isName {
			return nil, false
		}
		data[name] = args[i+1]
	}
	return data, true
}

// Number writes an integer with the language's thousands separator and Western digits, which
// is what doors, units and codes on the steel use in every language.
func (p *Printer) Number(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	separator, from := ",", 4
	if p.language.Tag == "es" {
		separator, from = ".", 5 // Spanish groups from five digits on
	}
	if len(s) < from {
		return sign + s
	}
	var groups []string
	for len(s) > 3 {
		groups = append(groups, s[len(s)-3:])
		s = s[:len(s)-3]
	}
	groups = append(groups, s)
	slices.Reverse(groups)
	return sign + strings.Join(groups, separator)
}

// List joins items as the language does: "A, B and C".
func (p *Printer) List(items ...string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return p.T("list.last", "rest", strings.Join(items[:last], p.T("list.separator")), "last", items[last])
}

// Bytes writes a number of bytes in the unit that reads best, e.g. "1.4 MB".
func (p *Printer) Bytes(n int64) string {
	units := []string{"kB", "MB", "GB", "TB"}
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value := float64(n)
	unit := ""
	for _, u := range units {
		value /= 1000
		unit = u
		if value < 1000 {
			break
		}
	}
	return p.decimal(strconv.FormatFloat(value, 'f', 1, 64)) + " " + unit
}

// decimal gives a number written with a point the language's own decimal mark.
func (p *Printer) decimal(s string) string {
	if p.language.Tag == "es" {
		return strings.Replace(s, ".", ",", 1)
	}
	return s
}

package planner

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"cubby/internal/sizing/catalogue"
)

// Version is the version of the state in an address.
const Version = "1"

// Limits on what strangers may ask of the server.
const (
	maxUnits    = 1_000   // larger buildings take minutes: the command line has no such limit
	maxDay      = 400.0   // parcels a day of the normal week
	maxWeek     = 5_000.0 // parcels of the busiest week, growth included
	maxQuery    = 2_000   // bytes of an address behind the question mark
	maxValue    = 120     // bytes of one value
	maxWalls    = 4
	maxBlocks   = 8 // obstacles of one wall
	firstStep   = 1
	answerStep  = 6
	maxWallM    = 100.0
	weekdays    = 7
	sizeClasses = 4
)

// kind says how the value of a field is read.
type kind uint8

const (
	whole   kind = iota + 1 // an integer
	number                  // a decimal number
	choice                  // one of Options
	spans                   // obstacles of a wall: "1.2-2.1, 3-3.5@0.9"
	listing                 // Count numbers with commas between
)

// spec is a field of the state: its key in addresses and its range.
type spec struct {
	key       string
	kind      kind
	low, high float64
	initial   string // what an address without the key means; "" is "not given"
	options   []string
	count     int // of a list
	step      int // the page that it stands on; 0: none, it comes from a log
}

// specs lists the fields in the order of an address.
func specs() []spec {
	all := []spec{
		{key: "by", kind: choice, initial: "u", options: []string{"u", "d", "l"}, step: 1},
		{key: "u", kind: whole, low: 1, high: maxUnits, initial: "200", step: 1},
		{key: "d", kind: number, low: 0.1, high: maxDay, initial: "43", step: 1},
		{key: "rl", kind: number, low: 0.05, high: 20, initial: "0.35", step: 2},
		{key: "rm", kind: number, low: 0.05, high: 20, initial: "1.5", step: 2},
		{key: "rh", kind: number, low: 0.05, high: 20, initial: "3.5", step: 2},
		{key: "pf", kind: number, low: 1, high: 5, initial: "1.81", step: 2},
		{key: "pw", kind: number, low: 0, high: 26, initial: "4", step: 2},
		{key: "g", kind: number, low: -20, high: 30, initial: "5", step: 2},
		{key: "gy", kind: number, low: 0, high: 10, initial: "3", step: 2},
		{key: "m", kind: number, low: 0.5, high: 500, initial: "18.5", step: 3},
		{key: "h", kind: number, low: 0.5, high: 30, initial: "3", step: 3},
		{key: "co", kind: number, low: 0, high: 80, initial: "0", step: 3},
		{key: "of", kind: choice, initial: "desk", options: []string{"desk", "room", "redelivery"}, step: 3},
		{key: "t", kind: number, low: 0.1, high: 20, initial: "1", step: 3},
		{key: "wk", kind: choice, initial: "normal", options: []string{"normal", "peak"}, step: 3},
	}
	for i := range maxWalls {
		n := strconv.Itoa(i + 1)
		all = append(all, spec{key: "w" + n, kind: number, low: 0.3, high: maxWallM, step: 4}, spec{key: "o" + n, kind: spans, step: 4})
	}
	return append(all,
		spec{key: "ce", kind: number, low: 1, high: 20, step: 4},
		spec{key: "rw", kind: number, low: 0.5, high: maxWallM, step: 4},
		spec{key: "rd", kind: number, low: 0.5, high: maxWallM, step: 4},
		spec{key: "ca", kind: choice, initial: "generic", options: catalogue.Names(), step: 5},
		spec{key: "cu", kind: choice, initial: "USD", options: currencies(), step: 5},
		spec{key: "y", kind: whole, low: 1, high: 30, initial: "10", step: 5},
		// What a log of deliveries showed. The log itself stays with whoever has it.
		spec{key: "n", kind: whole, low: 1, high: 2_000_000},
		spec{key: "wd", kind: listing, low: 0, high: 7, count: weekdays},
		spec{key: "sh", kind: listing, low: 0, high: 100, count: sizeClasses},
		spec{key: "sg", kind: number, low: 0, high: 3},
		spec{key: "od", kind: number, low: 1, high: 20},
	)
}

func currencies() []string {
	return []string{"USD", "EUR", "GBP", "CAD", "AUD", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "MXN", "AED", "SAR", "EGP", "MAD"}
}

// State is what a visitor has said: values by key, as an address writes them. A key that is missing
// has its initial value. The zero value is the state of a first visit.
type State struct {
	values map[string]string // canonical, never an initial value
	typed  map[string]string // what was typed and is wrong, to be shown again
}

// Problem is one thing wrong with an address or a form.
type Problem struct {
	Key  string // of the field; "" for the address as a whole
	Code string // of the sentence: range, number, list, span, order, choice, outside, version, unknown, long
	Low  string
	High string
	Text string // said by the engine, in English; Code is then "engine"
}

// Decode reads the state of an address or of a form. It takes whatever can be read, and lists the
// rest: unknown keys, keys twice, values out of range.
func Decode(q url.Values) (State, []Problem) {
	s := State{values: map[string]string{}, typed: map[string]string{}}
	var problems []Problem
	if v := q.Get("v"); v != "" && v != Version {
		return s, []Problem{{Code: "version"}}
	}
	size := 0
	known := map[string]bool{}
	for _, f := range specs() {
		known[f.key] = true
		texts := q[f.key]
		if len(texts) == 0 {
			continue
		}
		text := strings.TrimSpace(texts[0])
		size += len(text)
		canonical, wrong := f.read(text)
		if len(texts) > 1 {
			wrong = "unknown"
		}
		if wrong != "" {
			s.typed[f.key] = cut(text, maxValue)
			problems = append(problems, Problem{Key: f.key, Code: wrong, Low: decimal(f.low), High: decimal(f.high)})
			continue
		}
		if canonical != f.initial {
			s.values[f.key] = canonical
		}
	}
	for key := range q {
		if !known[key] && !slices.Contains(besides(), key) {
			problems = append(problems, Problem{Code: "unknown"})
			break
		}
	}
	if size > maxQuery {
		return State{}, []Problem{{Code: "long"}}
	}
	return s, append(problems, s.contradictions()...)
}

// besides lists the keys of an address that are no part of the state: where the visitor stands, in
// which language, and whether the full plan is wanted.
func besides() []string { return []string{"v", "s", "lang", "full"} }

// cut shortens a text to some bytes without breaking a letter.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

// read returns the canonical form of a text, or the code of what is wrong with it. An empty text
// stands for the initial value.
func (f spec) read(text string) (canonical, wrong string) {
	if text == "" {
		return f.initial, ""
	}
	if len(text) > maxValue {
		return "", "long"
	}
	switch f.kind {
	case whole, number:
		v, ok := parse(text)
		switch {
		case !ok:
			return "", "number"
		case v < f.low || v > f.high:
			return "", "range"
		case f.kind == whole && v != math.Trunc(v):
			return "", "whole"
		}
		return decimal(v), ""
	case choice:
		if !slices.Contains(f.options, text) {
			return "", "choice"
		}
		return text, ""
	case spans:
		all, ok := parseSpans(text)
		if !ok {
			return "", "span"
		}
		return writeSpans(all), ""
	case listing:
		return f.readList(text)
	}
	return "", "unknown"
}

func (f spec) readList(text string) (canonical, wrong string) {
	parts := strings.Split(text, ",")
	if len(parts) != f.count {
		return "", "list"
	}
	sum := 0.0
	for i, part := range parts {
		v, ok := parse(part)
		if !ok || v < f.low || v > f.high {
			return "", "list"
		}
		sum += v
		parts[i] = decimal(v)
	}
	if sum <= 0 {
		return "", "list"
	}
	return strings.Join(parts, ","), ""
}

// digits turns the digits and the separator that people type into those of Go.
func digits(r rune) rune {
	switch {
	case r >= '٠' && r <= '٩':
		return '0' + r - '٠'
	case r >= '۰' && r <= '۹':
		return '0' + r - '۰'
	case r == ',' || r == '٫':
		return '.'
	case r == '−':
		return '-'
	}
	return r
}

// parse reads a decimal number in plain digits, with a point or a comma before at most four decimals.
func parse(text string) (float64, bool) {
	text = strings.Map(digits, strings.TrimSpace(text))
	for i, r := range text {
		if r != '.' && (r < '0' || r > '9') && (r != '-' || i > 0) {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(v) > 1e9 {
		return 0, false
	}
	const places = 1e4
	return math.Round(v*places)/places + 0, true
}

// decimal writes a number with as many decimals as it has.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// span is an obstacle in metres from the left end of its wall.
type span struct{ from, to, bottom float64 }

// parseSpans reads "1.2-2.1, 3-3.5@0.9": from, to, and the height at which it begins.
func parseSpans(text string) ([]span, bool) {
	var all []span
	for part := range strings.SplitSeq(text, ",") {
		part, height, raised := strings.Cut(strings.TrimSpace(part), "@")
		from, to, ok := strings.Cut(part, "-")
		if !ok {
			return nil, false
		}
		var s span
		var good [3]bool
		s.from, good[0] = parse(from)
		s.to, good[1] = parse(to)
		good[2] = true
		if raised {
			s.bottom, good[2] = parse(height)
		}
		if !good[0] || !good[1] || !good[2] || s.from < 0 || s.to <= s.from || s.to > maxWallM || s.bottom < 0 || s.bottom > 10 {
			return nil, false
		}
		if len(all) > 0 && s.from < all[len(all)-1].to || len(all) == maxBlocks {
			return nil, false
		}
		all = append(all, s)
	}
	return all, true
}

func writeSpans(all []span) string {
	parts := make([]string, len(all))
	for i, s := range all {
		parts[i] = decimal(s.from) + "-" + decimal(s.to)
		if s.bottom > 0 {
			parts[i] += "@" + decimal(s.bottom)
		}
	}
	return strings.Join(parts, ",")
}

// contradictions finds values that are good alone and wrong together.
func (s State) contradictions() []Problem {
	var problems []Problem
	if by := s.text("by"); by == "u" && (s.number("rl") > s.number("rm") || s.number("rm") > s.number("rh")) {
		problems = append(problems, Problem{Key: "rm", Code: "order"})
	}
	for i := range maxWalls {
		n := strconv.Itoa(i + 1)
		length := s.number("w" + n)
		blocks, _ := parseSpans(s.text("o" + n))
		if len(blocks) > 0 && (length == 0 || blocks[len(blocks)-1].to > length) {
			problems = append(problems, Problem{Key: "o" + n, Code: "outside"})
		}
	}
	switch width, depth := s.number("rw"), s.number("rd"); {
	case width == 0 && (depth > 0 || s.text("of") == "room"):
		problems = append(problems, Problem{Key: "rw", Code: "room"})
	case width > 0 && depth == 0:
		problems = append(problems, Problem{Key: "rd", Code: "room"})
	}
	if s.text("by") == "l" && s.text("n") == "" {
		problems = append(problems, Problem{Key: "by", Code: "log"})
	}
	if len(problems) == 0 && s.week() > maxWeek {
		key := "u"
		if s.text("by") != "u" {
			key = "d"
		}
		problems = append(problems, Problem{Key: key, Code: "week", High: decimal(maxWeek)})
	}
	return problems
}

// week is how many parcels the busiest week brings, with the growth that is planned for.
func (s State) week() float64 {
	parcels := s.number("d") * weekdays
	if s.text("by") == "u" {
		parcels = s.number("u") * s.number("rm")
	}
	return parcels * s.number("pf") * math.Pow(1+s.number("g")/100, s.number("gy"))
}

// text returns a value, or its initial one.
func (s State) text(key string) string {
	if v, ok := s.values[key]; ok {
		return v
	}
	for _, f := range specs() {
		if f.key == key {
			return f.initial
		}
	}
	return ""
}

// number returns a value as a number; 0 when it was not given.
func (s State) number(key string) float64 {
	v, _ := strconv.ParseFloat(s.text(key), 64)
	return v
}

// given reports whether a visitor has said something else than the initial value.
func (s State) given(key string) bool { return s.values[key] != "" }

// shown is what the field of a form holds.
func (s State) shown(key string) string {
	if v, ok := s.typed[key]; ok {
		return v
	}
	return s.text(key)
}

// with returns a copy with one more value, which must be canonical.
func (s State) with(key, value string) State {
	next := State{values: map[string]string{}, typed: s.typed}
	for k, v := range s.values {
		next.values[k] = v
	}
	next.values[key] = value
	return next
}

// numbers reads a list.
func (s State) numbers(key string) []float64 {
	text := s.text(key)
	if text == "" {
		return nil
	}
	var all []float64
	for part := range strings.SplitSeq(text, ",") {
		v, _ := parse(part)
		all = append(all, v)
	}
	return all
}

// Query writes the state as the part of an address behind the question mark: its version, then what
// differs from a first visit, in the order of the fields.
func (s State) Query() string {
	var b strings.Builder
	b.WriteString("v=" + Version)
	for _, f := range specs() {
		if v := s.values[f.key]; v != "" && v != f.initial {
			fmt.Fprintf(&b, "&%s=%s", f.key, url.QueryEscape(v))
		}
	}
	return b.String()
}

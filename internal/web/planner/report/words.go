package report

import (
	"math"
	"strconv"
	"strings"

	"cubby/internal/sizing"
	"cubby/internal/sizing/cost"
	"cubby/internal/sizing/figure"
	"cubby/internal/text"
)

// words says values in one language.
type words struct {
	*text.Printer
	currency string
}

// fixed writes a value with so many digits behind the point, thousands grouped. Digits are Western
// in every language, as they are on doors.
func (w words) fixed(v float64, digits int) string {
	s := strconv.FormatFloat(math.Abs(v), 'f', digits, 64)
	whole, part, _ := strings.Cut(s, ".")
	n, err := strconv.Atoi(whole)
	if err != nil { // longer than any count: nothing to group
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	out := w.Number(n)
	if part != "" {
		mark := "."
		if w.Lang() == "es" {
			mark = ","
		}
		out += mark + part
	}
	if v < 0 && strings.Trim(s, "0.") != "" {
		out = "-" + out
	}
	return out
}

// short writes a value with about three digits that count.
func (w words) short(v float64) string {
	switch size := math.Abs(v); {
	case size == 0 || size >= 100:
		return w.fixed(v, 0)
	case size >= 10:
		return w.trim(v, 1)
	case size >= 0.1:
		return w.trim(v, 2)
	case size >= 0.005:
		return w.trim(v, 3)
	case v > 0:
		return w.apart("< " + w.fixed(0.005, 3))
	}
	return w.fixed(0, 0)
}

// trim writes a value with at most so many digits behind the point.
func (w words) trim(v float64, digits int) string {
	s := w.fixed(v, digits)
	if digits > 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".,")
	}
	return s
}

// exact writes a value as it was given, with at most six digits behind the point.
func (w words) exact(v float64) string { return w.trim(v, 6) }

// interval writes an estimate with its limits.
func (w words) interval(i sizing.Interval) string {
	low, value, high := w.short(i.Low), w.short(i.Value), w.short(i.High)
	if w.plain(i) {
		return value
	}
	return w.T("report.interval", "value", value, "low", low, "high", high)
}

// plain reports whether an estimate has no limits worth a word: it is exact, or hardly there.
func (w words) plain(i sizing.Interval) bool {
	low, value, high := w.short(i.Low), w.short(i.Value), w.short(i.High)
	return high == value && (low == value || low == w.short(0))
}

// limits says the limits of an estimate; "" when it has none worth a word.
func (w words) limits(i sizing.Interval) string {
	if w.plain(i) {
		return ""
	}
	return w.T("report.limits", "low", w.short(i.Low), "high", w.short(i.High))
}

// span says the low and the high of an amount; "" when it is exact.
func (w words) span(a cost.Amounts) string {
	if a.Low == a.Mid && a.Mid == a.High {
		return ""
	}
	return w.T("report.limits", "low", w.amount(a.Low), "high", w.amount(a.High))
}

// apart keeps a piece from left to right inside a text from right to left.
func (w words) apart(s string) string {
	if w.Dir() != "rtl" {
		return s
	}
	return text.LTR(s)
}

// figure writes a figure with its range, without its unit.
func (w words) figure(f figure.Figure) string {
	if f.Exact() {
		return w.exact(f.Mid)
	}
	return w.T("report.interval", "value", w.exact(f.Mid), "low", w.exact(f.Low), "high", w.exact(f.High))
}

// rounded writes a computed figure with its range.
func (w words) rounded(f figure.Figure) string {
	return w.interval(sizing.Interval{Value: f.Mid, Low: f.Low, High: f.High})
}

// given writes the value of a basis, which the planner wrote in English: "5 (2 to 10)", "0.9, 1, 1.1".
func (w words) given(s string) string {
	number := func(part string) string {
		v, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return part
		}
		return w.exact(v)
	}
	if mid, span, ok := strings.Cut(strings.TrimSuffix(s, ")"), " ("); ok {
		if low, high, ok := strings.Cut(span, " to "); ok {
			return w.T("report.interval", "value", number(mid), "low", number(low), "high", number(high))
		}
	}
	parts := strings.Split(s, ", ")
	for i, part := range parts {
		parts[i] = number(part)
	}
	return strings.Join(parts, "; ")
}

// small is the amount in minor units below which cents count.
const small = 100_00

// amount writes minor units without the currency.
func (w words) amount(minor int64) string {
	if minor > -small && minor < small && minor != 0 {
		return w.fixed(float64(minor)/100, 2)
	}
	return w.fixed(math.Round(float64(minor)/100), 0)
}

// money writes minor units with the currency.
func (w words) money(minor int64) string {
	return w.T("report.money", "amount", w.amount(minor), "currency", w.currency)
}

// amounts writes low, mid and high in one cell.
func (w words) amounts(a cost.Amounts) string {
	if a.Low == a.Mid && a.Mid == a.High {
		return w.amount(a.Mid)
	}
	return w.T("report.interval", "value", w.amount(a.Mid), "low", w.amount(a.Low), "high", w.amount(a.High))
}

// slug turns a unit into the last part of its key.
func slug(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == '%':
			return 'p'
		case r == '²':
			return '2'
		}
		return '_'
	}, s), "_")
}

// unit says a unit. The planner writes units in English; one that no catalogue knows stays so.
func (w words) unit(u string) string {
	key := strings.ReplaceAll(u, w.currency, "money")
	key = "report.unit." + slug(key)
	if u == "" || !w.Has(key) {
		return u
	}
	return w.T(key, "currency", w.currency)
}

// word says one of the planner's own words: a kind, a measure, a week, a place. Names that people
// gave stay as they are.
func (w words) word(s string) string {
	if key := "report.word." + slug(s); s != "" && w.Has(key) {
		return w.T(key)
	}
	return s
}

// reason says a reason. Its figures are f1, f2 and so on with their ranges as f1range, its words w1, w2.
func (w words) reason(r sizing.Reason) string {
	key := "report.reason." + r.Code
	if !w.Has(key) {
		return r.Text
	}
	args := []any{}
	for i, f := range r.Figures {
		n := "f" + strconv.Itoa(i+1)
		value, span := w.short(f.Mid), w.rounded(f)
		if f.Unit == w.currency {
			value = w.money(int64(math.Round(f.Mid * 100)))
		}
		args = append(args, n, value, n+"range", span)
	}
	for i, s := range r.Words {
		said := w.word(s)
		if strings.HasPrefix(r.Code, "compared") {
			said = w.T("report.kind_said." + s)
		}
		args = append(args, "w"+strconv.Itoa(i+1), said)
	}
	said := w.T("report.reason."+r.Code, args...)
	if strings.HasPrefix(said, "[") {
		return r.Text // the planner gave fewer figures than the sentence needs
	}
	return said
}

func (w words) reasons(all []sizing.Reason) []string {
	out := make([]string, len(all))
	for i, r := range all {
		out[i] = w.reason(r)
	}
	return out
}

// source says where a figure comes from. Citations stay in the language that they were written in.
func (w words) source(s string) string {
	switch s {
	case "computed by this plan", "this plan":
		return w.T("report.source.computed")
	case "given in the plan":
		return w.T("report.source.given")
	}
	return s
}

// kind says what an alternative is.
func (w words) kind(k sizing.Kind) string { return w.T("report.kind." + k.String()) }

// yes says whether something holds.
func (w words) yes(holds bool) string {
	if holds {
		return w.T("report.yes")
	}
	return w.T("report.no")
}

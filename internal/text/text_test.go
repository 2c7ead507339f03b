package text_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"cubby/internal/locker"
	"cubby/internal/text"
)

func catalog(t *testing.T) *text.Catalog {
	t.Helper()
	c, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sentence is one key of one language: one form, or one for each plural form.
type sentence map[string]string

// read returns the sentences of a language from the files themselves, so that the test does not
// depend on the library that it checks.
func read(t *testing.T, lang string) (sentences map[string]sentence, file map[string]string) {
	t.Helper()
	sentences, file = map[string]sentence{}, map[string]string{}
	paths, err := filepath.Glob("catalog/*." + lang + ".json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no catalogues of %s: %v", lang, err)
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var entries map[string]any
		if err := json.Unmarshal(raw, &entries); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for key, value := range entries {
			if other, seen := file[key]; seen {
				t.Errorf("%s: %s stands in %s too", path, key, other)
			}
			file[key] = path
			sentences[key] = formsOf(t, path, key, value)
		}
	}
	return sentences, file
}

func formsOf(t *testing.T, path, key string, value any) sentence {
	t.Helper()
	switch v := value.(type) {
	case string:
		return sentence{"": v}
	case map[string]any:
		s := sentence{}
		for form, words := range v {
			text, ok := words.(string)
			if !ok {
				t.Errorf("%s: %s.%s is no text", path, key, form)
			}
			s[form] = text
		}
		return s
	}
	t.Errorf("%s: %s is neither text nor plural forms", path, key)
	return nil
}

func TestCatalogs_HaveTheSameKeysInTheSameFiles(t *testing.T) {
	t.Parallel()
	_, reference := read(t, text.Default)
	for _, l := range text.Languages() {
		_, file := read(t, l.Tag)
		for key, path := range reference {
			want := strings.Replace(path, "."+text.Default+".", "."+l.Tag+".", 1)
			if file[key] != want {
				t.Errorf("%s: key %s is missing (found in %q)", want, key, file[key])
			}
		}
		for key, path := range file {
			if reference[key] == "" {
				t.Errorf("%s: key %s has no English", path, key)
			}
		}
	}
}

func TestCatalogs_HaveTheSamePlaceholders(t *testing.T) {
	t.Parallel()
	hole := regexp.MustCompile(`\{\{\s*\.(\w+)\s*\}\}`)
	holes := func(s sentence) []string {
		var names []string
		for _, words := range s {
			for _, m := range hole.FindAllStringSubmatch(words, -1) {
				names = append(names, m[1])
			}
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	english, _ := read(t, text.Default)
	for _, l := range text.Languages() {
		sentences, _ := read(t, l.Tag)
		for key, s := range sentences {
			if diff := cmp.Diff(holes(english[key]), holes(s)); diff != "" {
				t.Errorf("%s: %s has other placeholders than English:\n%s", l.Tag, key, diff)
			}
			for form, words := range s {
				if strings.TrimSpace(words) == "" {
					t.Errorf("%s: %s %s is empty", l.Tag, key, form)
				}
				if rest := hole.ReplaceAllString(words, ""); strings.ContainsAny(rest, "{}") {
					t.Errorf("%s: %s %s has a malformed placeholder: %s", l.Tag, key, form, words)
				}
			}
		}
	}
}

// formNames are the forms of CLDR in the order of golang.org/x/text/feature/plural.
var formNames = map[plural.Form]string{
	plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other",
}

// formsFor finds the forms that whole numbers need in a language by trying them.
func formsFor(tag language.Tag) []string {
	seen := map[string]bool{}
	numbers := []int{1_000_000, 2_000_000}
	for n := range 1000 {
		numbers = append(numbers, n)
	}
	for _, n := range numbers {
		seen[formNames[plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)]] = true
	}
	var forms []string
	for form := range seen {
		forms = append(forms, form)
	}
	slices.Sort(forms)
	return forms
}

func TestCatalogs_HaveEveryPluralForm(t *testing.T) {
	t.Parallel()
	english, _ := read(t, text.Default)
	for _, l := range text.Languages() {
		want := formsFor(language.MustParse(l.Tag))
		sentences, _ := read(t, l.Tag)
		for key, s := range sentences {
			_, plain := s[""]
			if _, plainEnglish := english[key][""]; plain != plainEnglish {
				t.Errorf("%s: %s counts in one language and not in the other", l.Tag, key)
			}
			if plain {
				continue
			}
			for _, form := range want {
				if s[form] == "" {
					t.Errorf("%s: %s lacks the plural form %q of %v", l.Tag, key, form, want)
				}
			}
		}
	}
	if got := formsFor(language.Arabic); len(got) != 6 {
		t.Fatalf("Arabic has forms %v, want six", got)
	}
}

func TestCatalogs_SpeakPlainly(t *testing.T) {
	t.Parallel()
	for _, l := range text.Languages() {
		sentences, _ := read(t, l.Tag)
		for key, s := range sentences {
			for _, words := range s {
				if strings.Contains(words, "!") || strings.Contains(strings.ToLower(words), "please") {
					t.Errorf("%s: %s shouts or pleads: %s", l.Tag, key, words)
				}
			}
		}
	}
}

func TestErrors_EveryCodeHasASentence(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	for _, l := range text.Languages() {
		p := c.For(l.Tag)
		for _, code := range locker.Codes() {
			if !p.Has("error." + string(code.Code)) {
				t.Errorf("%s: no sentence for error %s", l.Tag, code.Code)
			}
		}
	}
	if got := c.For("en").Error("NO_SUCH_CODE"); !strings.Contains(got, "NO_SUCH_CODE") {
		t.Errorf("an unknown code is not shown: %q", got)
	}
}

func TestPrinter_T(t *testing.T) {
	t.Parallel()
	en := catalog(t).For("en")
	for name, c := range map[string]struct{ got, want string }{
		"plain":            {en.T("common.back"), "Back"},
		"placeholder":      {en.T("common.error_prefix", "title", "Deliver"), "Error: Deliver"},
		"missing key":      {en.T("no.such.key"), "[no.such.key]"},
		"missing argument": {en.T("common.error_prefix"), "[common.error_prefix]"},
		"odd arguments":    {en.T("common.error_prefix", "title"), "[common.error_prefix]"},
		"name is no text":  {en.T("common.error_prefix", 1, 2), "[common.error_prefix]"},
		"markup is plain":  {en.T("common.error_prefix", "title", "<b>"), "Error: <b>"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", name, c.got, c.want)
		}
	}
}

func TestPrinter_N(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	for n, want := range map[int]string{
		0: "0 طرد", 1: "طرد واحد", 2: "طردان", 3: "3 طرود", 10: "10 طرود", 11: "11 طردًا", 99: "99 طردًا",
		100: "100 طرد", 102: "102 طرد", 103: "103 طرود",
	} {
		if got := c.For("ar").N("common.parcels", n); got != want {
			t.Errorf("ar %d: got %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int]string{0: "0 parcels", 1: "1 parcel", 2: "2 parcels", 1234: "1,234 parcels"} {
		if got := c.For("en").N("common.parcels", n); got != want {
			t.Errorf("en %d: got %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int]string{1: "1 paquete", 1234: "1234 paquetes", 1_000_000: "1.000.000 paquetes"} {
		if got := c.For("es").N("common.parcels", n); got != want {
			t.Errorf("es %d: got %q, want %q", n, got, want)
		}
	}
}

func TestPrinter_Numbers(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	for _, v := range []struct {
		lang string
		n    int
		want string
	}{
		{"en", 0, "0"},
		{"en", 999, "999"},
		{"en", 1000, "1,000"},
		{"en", -1234567, "-1,234,567"},
		{"es", 1000, "1000"},
		{"es", 12345, "12.345"},
		{"ar", 1000, "1,000"},
	} {
		if got := c.For(v.lang).Number(v.n); got != v.want {
			t.Errorf("%s %d: got %q, want %q", v.lang, v.n, got, v.want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1400: "1.4 kB", 1_400_000: "1.4 MB", 2_500_000_000: "2.5 GB"} {
		if got := c.For("en").Bytes(n); got != want {
			t.Errorf("%d bytes: got %q, want %q", n, got, want)
		}
	}
	if got := c.For("es").Bytes(1400); got != "1,4 kB" {
		t.Errorf("es bytes: got %q", got)
	}
	if got := c.For("en").List("A", "B", "C"); got != "A, B and C" {
		t.Errorf("list: got %q", got)
	}
	if got := c.For("en").List(); got != "" {
		t.Errorf("empty list: got %q", got)
	}
}

func TestPrinter_Times(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 25, 3, 30, 0, 0, time.UTC) // Tuesday 22:30 in New York
	day := 24 * time.Hour
	for _, v := range []struct{ name, got, want string }{
		{"time", c.For("en").Time(now, newYork), "22:30"},
		{"date", c.For("en").Date(now, newYork), "24 November 2026"},
		{"date es", c.For("es").Date(now, newYork), "24 de noviembre de 2026"},
		{"date ar", c.For("ar").Date(now, newYork), "24 نوفمبر 2026"},
		{"today", c.For("en").Day(now.Add(-time.Hour), now, newYork), "today"},
		{"tomorrow", c.For("en").DayTime(now.Add(2*time.Hour), now, newYork), "tomorrow at 00:30"},
		{"yesterday", c.For("es").Day(now.Add(-day), now, newYork), "ayer"},
		{"weekday", c.For("en").Day(now.Add(4*day), now, newYork), "Saturday"},
		{"week away", c.For("en").Day(now.Add(7*day), now, newYork), "1 December 2026"},
		{"date time", c.For("en").DateTime(now, newYork), "24 November 2026, 22:30"},
		{"seconds", c.For("en").Duration(59 * time.Second), "59 seconds"},
		{"minutes", c.For("en").Duration(-time.Minute), "1 minute"},
		{"hours", c.For("en").Duration(47 * time.Hour), "47 hours"},
		{"days", c.For("en").Duration(48 * time.Hour), "2 days"},
		{"days ar", c.For("ar").Days(7), "7 أيام"},
	} {
		if v.got != v.want {
			t.Errorf("%s: got %q, want %q", v.name, v.got, v.want)
		}
	}
}

func TestDaysBetween_IgnoresClockChanges(t *testing.T) {
	t.Parallel()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	before := time.Date(2026, 10, 31, 23, 59, 0, 0, newYork) // the clock goes back on 1 November
	after := time.Date(2026, 11, 2, 0, 1, 0, 0, newYork)
	if got := text.DaysBetween(before, after, newYork); got != 2 {
		t.Errorf("got %d days, want 2", got)
	}
	if got := text.DaysBetween(after, before, newYork); got != -2 {
		t.Errorf("got %d days, want -2", got)
	}
}

func TestPrinter_Places(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	for _, v := range []struct{ got, want string }{
		{c.For("en").Position(2, text.BandMiddle), "2nd column, middle"},
		{c.For("es").Position(3, text.BandTop), "3.ª columna, arriba"},
		{c.For("ar").Position(1, text.BandBottom), "العمود الأول، في الأسفل"},
		{c.For("en").Position(13, text.BandOf(0.99)), "column 13, bottom"},
		{c.For("en").Size("XL"), "Extra large"},
		{string(text.BandOf(0.1)), "top"},
		{string(text.BandOf(0.5)), "middle"},
	} {
		if v.got != v.want {
			t.Errorf("got %q, want %q", v.got, v.want)
		}
	}
	for _, l := range text.Languages() {
		for n := -1; n < 20; n++ {
			if got := c.For(l.Tag).Column(n); strings.HasPrefix(got, "[") {
				t.Errorf("%s: column %d has no words: %s", l.Tag, n, got)
			}
		}
	}
}

func TestCatalog_Negotiate(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	for _, v := range []struct{ explicit, accept, want string }{
		{"", "", "en"},
		{"ar", "en", "ar"},
		{"", "es-MX,es;q=0.9,en;q=0.8", "es"},
		{"xx", "ar-EG", "ar"},
		{"", "de,fr;q=0.5", "en"},
		{"", "de, ar;q=0.1", "ar"},
		{"", ";;;q=,\x00", "en"},
		{"EN-us", "ar", "en"},
	} {
		if got := c.Negotiate(v.explicit, v.accept); got != v.want {
			t.Errorf("Negotiate(%q, %q) = %s, want %s", v.explicit, v.accept, got, v.want)
		}
	}
	for lang, dir := range map[string]string{"en": "ltr", "es-MX": "ltr", "ar": "rtl", "de": "ltr"} {
		if got := c.For(lang).Dir(); got != dir {
			t.Errorf("For(%q).Dir() = %s, want %s", lang, got, dir)
		}
	}
	if !c.Speaks("es") || c.Speaks("de") {
		t.Error("Speaks is wrong")
	}
}

func FuzzNegotiate(f *testing.F) {
	c, err := text.New()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("ar", "es-MX,es;q=0.9")
	f.Add("", ";;;q=,\x00")
	f.Add("x-y-z", strings.Repeat("a-", 500))
	f.Fuzz(func(t *testing.T, explicit, accept string) {
		if got := c.Negotiate(explicit, accept); !c.Speaks(got) {
			t.Errorf("negotiated %q, which nobody speaks", got)
		}
		if c.For(explicit) == nil {
			t.Error("no printer")
		}
	})
}

// TestNew_Parts reads only what is named, and refuses a part that is not there.
func TestNew_Parts(t *testing.T) {
	t.Parallel()
	c, err := text.New("common", "kiosk")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range text.Languages() {
		p := c.For(l.Tag)
		if !p.Has("kiosk.courier.scan") || p.Has("console.title") {
			t.Errorf("%s: has kiosk %t, console %t", l.Tag, p.Has("kiosk.courier.scan"), p.Has("console.title"))
		}
	}
	if _, err := text.New("kiosk", "nonsense"); err == nil {
		t.Error("a part that is not there was read")
	}
}

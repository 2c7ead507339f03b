package planner_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cubby/internal/web/planner"
)

func decode(t interface{ Fatal(args ...any) }, query string) (planner.State, []planner.Problem) {
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return planner.Decode(q)
}

func TestState_ComesBackFromItsAddress(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := url.Values{}
		put := func(key string, values ...string) {
			if v := rapid.SampledFrom(append(values, "")).Draw(t, key); v != "" {
				q.Set(key, v)
			}
		}
		put("by", "u", "d")
		put("u", "1", "20", "200", "1000", "٢٠٠")
		put("d", "0.1", "43", "12,5")
		put("rl", "0.05", "0.35", "1.5")
		put("pf", "1", "1.81", "2.50")
		put("g", "-20", "5", "30")
		put("h", "0.5", "7")
		put("of", "desk", "room", "redelivery")
		put("wk", "normal", "peak")
		put("w1", "4", "4.20", "9")
		if q.Has("w1") {
			put("o1", "1-1.9", "1 - 1.9, 2-3@0.9")
		}
		put("ca", "generic", "std-4c")
		put("cu", "USD", "EUR")
		put("y", "1", "10", "30")
		first, problems := planner.Decode(q)
		if len(problems) > 0 {
			t.Skip("contradicts itself")
		}
		second, problems := decode(t, first.Query())
		if len(problems) > 0 || second.Query() != first.Query() {
			t.Fatalf("%s came back as %s with %v", first.Query(), second.Query(), problems)
		}
		if len(first.Query()) > 300 {
			t.Errorf("the address is long: %s", first.Query())
		}
	})
}

func TestState_IsShortAndVersioned(t *testing.T) {
	t.Parallel()
	s, problems := decode(t, "v=1&u=200&rm=1.50&cu=USD&w1=4.20")
	if got := s.Query(); len(problems) > 0 || got != "v=1&w1=4.2" {
		t.Errorf("%s, %v", got, problems)
	}
	p := s.Problem("Plan")
	if len(p.Site.Walls) != 1 || p.Site.Walls[0].LengthMM != 4200 || p.Demand.Units != 200 {
		t.Errorf("%+v", p.Site)
	}
}

func TestState_RefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"v=2":                           " version",
		"colour=red":                    " unknown",
		"u=0":                           "u range",
		"u=1001":                        "u range",
		"u=1.5":                         "u whole",
		"u=1e3":                         "u number",
		"u=NaN":                         "u number",
		"u=1&u=2":                       "u unknown",
		"rl=2":                          "rm order",
		"w1=3&o1=2-4":                   "o1 outside",
		"o2=1-2":                        "o2 outside",
		"w1=9&o1=1":                     "o1 span",
		"w1=9&o1=3-4,1-2":               "o1 span",
		"ca=gold":                       "ca choice",
		"u=-3":                          "u range",
		"m=-1":                          "m range",
		"w1=-2":                         "w1 range",
		"rw=4":                          "rd room",
		"rd=3":                          "rw room",
		"of=room":                       "rw room",
		"by=l":                          "by log",
		"wd=1,2":                        "wd list",
		"sh=0,0,0,0":                    "sh list",
		"u=1000&rm=3.5":                 "u week",
		"by=d&d=400&pf=5":               "d week",
		"h=" + strings.Repeat("1", 130): "h long",
	} {
		_, problems := decode(t, query)
		if !slices.ContainsFunc(problems, func(p planner.Problem) bool { return p.Key+" "+p.Code == want }) {
			t.Errorf("%s: %+v, want %s", query, problems, want)
		}
	}
}

func TestState_DefaultsAreThoseOfTheEngine(t *testing.T) {
	t.Parallel()
	s, _ := decode(t, "v=1")
	if err := s.Problem("Plan").Validate(); err != nil {
		t.Error(err)
	}
	if got := s.Problem("Plan").Demand.Rate; !strings.HasPrefix(got.Source, "published figures") || got.Mid != 1.5 {
		t.Errorf("the default lost its source: %+v", got)
	}
	s, _ = decode(t, "by=d&d=40&u=100")
	if got := s.Problem("Plan").Demand.Rate; got.Mid != 2.8 || got.Assumed {
		t.Errorf("40 a day for 100 homes are 2.8 a week, not %+v", got)
	}
}

// FuzzDecode holds that no address breaks the planner, and that what was read reads the same again.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"v=1&u=20", "u=x&rl=9", "w1=4&o1=1-2@0.5", "wd=1,1,1,1,1,1,1&by=l&n=3", "g=-.&m=..", "o1=-@-", "%zz", "u=٣"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Skip()
		}
		s, problems := planner.Decode(q)
		_ = s.Problem("x").Validate() // must not panic
		if len(problems) > 0 {
			return
		}
		again, problems := decode(t, s.Query())
		if len(problems) > 0 || again.Query() != s.Query() {
			t.Errorf("%q: %s came back as %s with %v", query, s.Query(), again.Query(), problems)
		}
	})
}

package credential_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cubby/internal/credential"
)

// The table "Codes: the chance that a stranger opens anything in a year" of the design, to its printed
// digits: 20 guesses a day, each scheme by itself.
func TestSchemes_TableOfTheDesign(t *testing.T) {
	t.Parallel()
	want := [][3]string{
		{"4 digits", "1", "1"},
		{"6 digits", "0.31", "0.77"},
		{"8 digits", "3.6e-3", "1.4e-2"},
		{"unit + 6 digits", "7.3e-3", "7.3e-3"},
		{"unit + 8 digits (one live code in that unit)", "7.3e-5", "7.3e-5"},
		{"unit + 9 digits (ten live codes in that unit)", "7.3e-5", "7.3e-5"},
		{"7 of 20 symbols + check", "2.9e-4", "1.1e-3"},
		{"8 of 20 symbols + check", "1.4e-5", "5.7e-5"},
		{"QR token, 128 bit", "0", "0"},
	}
	var got [][3]string
	for _, s := range credential.Schemes() {
		got = append(got, [3]string{
			s.Name, credential.FormatChance(s.Chance(50, 20)), credential.FormatChance(s.Chance(200, 20)),
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCheck_DefaultHolds(t *testing.T) {
	t.Parallel()
	policy, counts := credential.DefaultPolicy(), credential.DefaultCounts()
	if err := credential.Check(policy, counts); err != nil {
		t.Error(err)
	}
	// The floods' extra streams are counted: the sum is above the site's own stream.
	own := credential.Policy{Symbols: 8, Digits: 9, Limits: credential.Limits{Site: policy.Limits.Site}}
	if all, part := credential.Chance(policy, counts), credential.Chance(own, counts); all <= part || all > credential.MaxChance {
		t.Errorf("chance %.3g, without floods %.3g", all, part)
	}
}

func TestCheck_RefusesWithTheChance(t *testing.T) {
	t.Parallel()
	weak := credential.DefaultPolicy()
	weak.Digits, weak.DigitsAlone = 6, true
	err := credential.Check(weak, credential.Counts{Live: 50})
	if !errors.Is(err, credential.ErrWeak) || !strings.Contains(err.Error(), "is 0.3") {
		t.Errorf("got %v", err)
	}
	if err := credential.Check(credential.Policy{Symbols: 8}, credential.Counts{Live: 1}); !errors.Is(err, credential.ErrLimits) {
		t.Errorf("no limits: %v", err)
	}
	many := credential.Counts{Live: 1000, PerNumber: 10}
	if err := credential.Check(credential.DefaultPolicy(), many); !errors.Is(err, credential.ErrWeak) {
		t.Errorf("a thousand codes: %v", err)
	}
}

func TestFit_LowersTheGuesses(t *testing.T) {
	t.Parallel()
	for _, live := range []int{10, 200, 500, 1000, 2000, 20_000} {
		counts := credential.Counts{Live: live, PerNumber: 10}
		policy, err := credential.Fit(credential.DefaultPolicy(), counts)
		if err != nil {
			t.Fatalf("%d codes: %v", live, err)
		}
		if err := credential.Check(policy, counts); err != nil {
			t.Errorf("%d codes: %v", live, err)
		}
		if unchanged := policy == credential.DefaultPolicy(); unchanged != (live <= 200) {
			t.Errorf("%d codes: limits %+v", live, policy.Limits)
		}
	}
	four := credential.DefaultPolicy()
	four.Digits, four.DigitsAlone = 4, true
	if _, err := credential.Fit(four, credential.Counts{Live: 50}); !errors.Is(err, credential.ErrWeak) {
		t.Errorf("four digits: %v", err)
	}
}

func TestAssess_SaysWhatToChange(t *testing.T) {
	t.Parallel()
	counts := credential.DefaultCounts()
	policy := credential.DefaultPolicy()
	usual := credential.Assess(policy, counts)
	if usual.Wrong != nil || usual.Most < 20 || usual.Chance > credential.MaxChance {
		t.Errorf("the default: %v, at most %d, chance %g", usual.Wrong, usual.Most, usual.Chance)
	}
	many := policy
	many.Limits = policy.Limits.Guesses(100)
	short := credential.Policy{Digits: 4, DigitsAlone: true, Limits: policy.Limits}
	for _, tc := range []struct {
		name   string
		policy credential.Policy
		counts credential.Counts
		say    string
	}{
		{"too many guesses", many, counts, "allow at most 21 wrong codes a day instead of 100"},
		{"short codes", short, counts, "issue longer codes: 8 symbols, or a unit and 9 digits"},
		{"too many codes", policy, credential.Counts{Live: 20_000, PerNumber: 10}, "have fewer codes valid"},
	} {
		a := credential.Assess(tc.policy, tc.counts)
		if !errors.Is(a.Wrong, credential.ErrWeak) || !strings.Contains(a.Wrong.Error(), tc.say) {
			t.Errorf("%s: %v", tc.name, a.Wrong)
		}
		if a.Most > 0 { // the advice is good, and the best there is
			better := tc.policy
			better.Limits = tc.policy.Limits.Guesses(a.Most)
			if err := credential.Check(better, tc.counts); err != nil {
				t.Errorf("%s: after the advice: %v", tc.name, err)
			}
			better.Limits = tc.policy.Limits.Guesses(a.Most + 1)
			if credential.Check(better, tc.counts) == nil {
				t.Errorf("%s: %d guesses would do too", tc.name, a.Most+1)
			}
		}
	}
	if a := credential.Assess(credential.Policy{Symbols: 8}, counts); !errors.Is(a.Wrong, credential.ErrLimits) {
		t.Errorf("no limits: %v", a.Wrong)
	}
}

func TestPolicy_SaysWhatItIssues(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]credential.Policy{
		"8 of 20 symbols + check, or unit + 9 digits, or QR token": credential.DefaultPolicy(),
		"6 digits, or QR token": {Digits: 6, DigitsAlone: true},
		"QR token":              {},
	} {
		if got := p.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

package credential_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cubby/internal/credential"
)

// The table of the design: 20 guesses a day, each scheme by itself.
func TestChance_Table(t *testing.T) {
	t.Parallel()
	limits := credential.Limits{Site: credential.Rate{N: 20, Per: 24 * time.Hour}}
	for _, tc := range []struct {
		name      string
		policy    credential.Policy
		perNumber int
		at50      string
		at200     string
	}{
		{"4 digits", credential.Policy{Digits: 4, DigitsAlone: true}, 1, "1", "1"},
		{"6 digits", credential.Policy{Digits: 6, DigitsAlone: true}, 1, "0.31", "0.77"},
		{"8 digits", credential.Policy{Digits: 8, DigitsAlone: true}, 1, "0.0036", "0.014"},
		{"unit and 6 digits", credential.Policy{Digits: 6}, 1, "0.0073", "0.0073"},
		{"unit and 8 digits", credential.Policy{Digits: 8}, 1, "7.3e-05", "7.3e-05"},
		{"unit and 9 digits", credential.Policy{Digits: 9}, 10, "7.3e-05", "7.3e-05"},
		{"7 symbols", credential.Policy{Symbols: 7}, 1, "0.00029", "0.0011"},
		{"8 symbols", credential.Policy{Symbols: 8}, 1, "1.4e-05", "5.7e-05"},
		{"token only", credential.Policy{}, 1, "0", "0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.policy.Limits = limits
			for live, want := range map[int]string{50: tc.at50, 200: tc.at200} {
				c := credential.Chance(tc.policy, credential.Counts{Live: live, PerNumber: tc.perNumber})
				if got := fmt.Sprintf("%.2g", c); got != want {
					t.Errorf("%d codes: %s, want %s", live, got, want)
				}
			}
		})
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
	for _, live := range []int{10, 200, 500, 1000, 2000} {
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

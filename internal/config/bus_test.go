package config_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cubby/internal/config"
)

func fullOptions() config.BusOptions {
	return config.BusOptions{
		Channels: 16, Polarity: "opening", UnlockReplies: "false", OutputLines: []int{5, 6}, Pulse: 500 * time.Millisecond,
		Accept: "a crash may leave a coil energised",
	}
}

func TestBusOptions_WordsAreSetBack(t *testing.T) {
	t.Parallel()
	want := fullOptions()
	words := want.Words()
	if words["output_lines"] != "5,6" || words["pulse"] != "500ms" || len(words) != len(want.Given()) {
		t.Errorf("got %v", words)
	}
	var got config.BusOptions
	for key, text := range words {
		if err := got.Set(key, text); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for key, c := range map[string]struct{ text, want string }{
		"polarty":      {"closing", "polarty: unknown key, did you mean polarity?"},
		"polarity":     {"both", `polarity: "both" is not one of closing, opening`},
		"channels":     {"many", `channels: "many" is not a whole number`},
		"pulse":        {"2m", "pulse: 2m0s is not between 0s and 1m"},
		"output_lines": {"5,x", `output_lines: "x" is not a whole number`},
	} {
		if err := got.Set(key, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: got %v, want %q", key, c.text, err, c.want)
		}
	}
}

func TestBusOptions_OrFillsOnlyWhatIsUnset(t *testing.T) {
	t.Parallel()
	got := config.BusOptions{Channels: 12, Echo: "on"}.Or(fullOptions())
	want := fullOptions()
	want.Channels, want.Echo = 12, "on"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if given := (config.BusOptions{}).Given(); len(given) != 0 {
		t.Errorf("nothing is set, got %v", given)
	}
}

// The words of the tag families are the words of Bus.Family: a misspelt one would lock an option away.
func TestBusOptionList_NamesFamilies(t *testing.T) {
	t.Parallel()
	var known []string
	for _, s := range config.Settings() {
		if s.Key == "controller.buses[].family" {
			known = s.OneOf
		}
	}
	for _, o := range config.BusOptionList() {
		for _, f := range o.Families {
			if !slices.Contains(known, f) || !o.Takes(f) {
				t.Errorf("%s is for %q, known are %v", o.Key, f, known)
			}
		}
		if o.Takes("nobody") != (len(o.Families) == 0) || !strings.HasSuffix(o.Doc, ".") {
			t.Errorf("%+v", o)
		}
	}
}

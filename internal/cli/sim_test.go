package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// simLine is the line of `cubby sim --json`, as others read it.
type simLine struct {
	Violations *int              `json:"violations"`
	SiteYears  float64           `json:"site_years"`
	Deliveries uint64            `json:"deliveries"`
	Openings   uint64            `json:"openings"`
	Counters   map[string]uint64 `json:"counters"`
	Hash       string            `json:"state_hash"`
	Seconds    float64           `json:"seconds"`
	Rate       float64           `json:"site_years_per_core_hour"`
	Seeds      int               `json:"seeds"`
	Twice      int               `json:"twice"`
}

func runSim(t *testing.T, args ...string) simLine {
	t.Helper()
	code, out, errs := run(t, t.TempDir(), "", append([]string{"sim", "--json"}, args...)...)
	if code != 0 || strings.Count(out, "\n") != 1 || errs != "" {
		t.Fatalf("code %d, %q, %s", code, out, errs)
	}
	var line simLine
	if err := json.Unmarshal([]byte(out), &line); err != nil {
		t.Fatal(err)
	}
	return line
}

func TestSim_OneLine(t *testing.T) {
	t.Parallel()
	args := []string{"--seeds", "3", "--days", "3", "--faults", "none"}
	line := runSim(t, args...)
	if line.Violations == nil || *line.Violations != 0 || line.Deliveries < 100 || line.Openings < line.Deliveries ||
		line.Counters["deliveries"] != line.Deliveries || line.Hash == "" || line.Seconds <= 0 || line.Rate <= 0 {
		t.Errorf("%+v", line)
	}
	if want := 9.0 / 365; line.SiteYears < want-1e-9 || line.SiteYears > want+1e-9 || line.Seeds != 3 || line.Twice != 3 {
		t.Errorf("%v site-years of %d seeds, %d played twice", line.SiteYears, line.Seeds, line.Twice)
	}
	// The same worlds come to the same state, whatever the number of cores; others do not.
	if again := runSim(t, append(args, "--parallel", "1")...); again.Hash != line.Hash {
		t.Errorf("state %s, then %s", line.Hash, again.Hash)
	}
	if other := runSim(t, append(args, "--seed", "2")...); other.Hash == line.Hash {
		t.Error("other seeds came to the same state")
	}
}

func TestSim_Story(t *testing.T) {
	t.Parallel()
	code, out, errs := run(t, t.TempDir(), "", "sim", "--seed", "7", "--days", "2", "--trace")
	if code != 0 {
		t.Fatalf("code %d, %s", code, errs)
	}
	for _, want := range []string{"laid into main/", "parcel_collected", "boot 1", "0 violations"} {
		if !strings.Contains(out, want) {
			t.Errorf("the story does not tell of %q", want)
		}
	}
}

func TestSim_Usage(t *testing.T) {
	t.Parallel()
	for says, args := range map[string][]string{
		"rain":    {"--faults", "rain"},
		"--seeds": {"--seeds", "0"},
		"--days":  {"--days", "0"},
		"--sites": {"--sites", "-1"},
		"--trace": {"--seeds", "2", "--trace"},
	} {
		if code, _, errs := run(t, t.TempDir(), "", append([]string{"sim"}, args...)...); code != 2 || !strings.Contains(errs, says) {
			t.Errorf("%v: code %d, %s", args, code, errs)
		}
	}
}

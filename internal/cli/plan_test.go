package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPlan_Quick(t *testing.T) {
	t.Parallel()
	out, errs, code := runPlan(t, "quick", "--units", "60", "--rate", "1.5", "--json")
	var answer struct {
		Feasible    bool
		Recommended struct{ Doors int }
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || code != 0 || answer.Recommended.Doors < 10 {
		t.Errorf("code %d, %v, %+v, %s", code, err, answer, errs)
	}
}

func TestPlan_ExitCodes(t *testing.T) {
	t.Parallel()
	file := func(body string) string {
		name := filepath.Join(t.TempDir(), "plan.yaml")
		if err := os.WriteFile(name, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	withLog := func(log string) string {
		name := file("demand:\n  units: 40\n  log: log.csv\n")
		if err := os.WriteFile(filepath.Join(filepath.Dir(name), "log.csv"), []byte(log), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	short := "demand:\n  units: 400\nsite:\n  walls:\n    - {name: hall, length_mm: 2000}\n  reach: {required: false}\n"
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no file":       {[]string{"nothing.yaml"}, 2, "nothing.yaml"},
		"wrong":         {[]string{file("demand:\n  units: -4\n")}, 2, "plan.yaml:2"},
		"no log":        {[]string{file("demand:\n  units: 40\n  log: gone.csv\n")}, 2, "demand.log"},
		"missing":       {[]string{file("demand:\n  rate: {value: 2, source: book}\n")}, 2, "plan.yaml:1: demand.units is missing"},
		"contradicting": {[]string{file("demand:\n  units: 40\n  rate: {low: 3, mid: 2, high: 1, source: book}\n")}, 2, "plan.yaml:3"},
		"no module":     {[]string{file("demand:\n  units: 40\nsite:\n  walls:\n    - {name: niche, length_mm: 300}\n")}, 1, "its longest usable stretch is 300 mm"},
		"gap":           {[]string{withLog("arrived\n2025-03-03 10:00\n2025-03-13 10:00\n")}, 2, "log.csv:3: nothing arrived in the 10 days since line 2"},
		"two zones":     {[]string{withLog("arrived\n2025-03-03T10:00:00-05:00\n2025-03-03T11:00:00-08:00\n")}, 2, "log.csv:3: arrived: the offset -08:00 differs"},
		"two forms":     {[]string{file(short), "--json", "--html"}, 2, "--json"},
		"zero units":    {[]string{"quick", "--units", "0"}, 2, "--units"},
		"infeasible":    {[]string{file(short)}, 1, "what would have to give"},
	} {
		out, errs, code := runPlan(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%s: code %d, want %d and %q\n%s\n%.400s", name, code, c.code, c.says, errs, out)
		}
	}
}

// A log is replayed when asked for, and asking without one is a mistake.
func TestPlan_Replay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var log strings.Builder
	log.WriteString("arrived,collected,size,carrier,unit\n")
	start := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	for n := range 40 * 20 { // twenty a day for forty days
		at := start.AddDate(0, 0, n/20).Add(time.Duration(n%20) * 25 * time.Minute)
		fmt.Fprintf(&log, "%s,%s,%s,UPS,%d\n", at.Format(time.RFC3339), at.Add(time.Duration(5+n%30)*time.Hour).Format(time.RFC3339), []string{"S", "M", "S", "L"}[n%4], n%37)
	}
	write(t, dir, "log.csv", log.String())
	plan := write(t, dir, "plan.yaml", "demand:\n  units: 60\n  log: log.csv\n")
	out, errs, code := runPlan(t, plan, "--replay", "--json")
	var answer struct {
		Replay struct {
			Doors  int
			Block  int `json:"block_days"`
			Normal struct{ Loss struct{ Value float64 } }
		}
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || code > 1 || answer.Replay.Doors < 10 || answer.Replay.Block != 7 {
		t.Errorf("code %d, %v, %+v, %s", code, err, answer, errs)
	}
	bare := write(t, dir, "bare.yaml", "demand:\n  units: 60\n")
	if _, errs, code = runPlan(t, bare, "--replay"); code != 2 || !strings.Contains(errs, "demand.log") {
		t.Errorf("code %d, %s", code, errs)
	}
}

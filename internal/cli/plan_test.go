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
		"no module":     {[]string{file("demand:\n  units: 40\nsite:\n  walls:\n    - {name: niche, length_mm: 300}\n")}, 2, "plan.yaml:5: site.walls[0].length_mm: 300 mm is too short for any module"},
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

// Whoever gives a wrong figure reads one sentence with its line or its flag, as it stands here.
func TestPlan_BadInput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "short.csv", "arrived\n2025-03-03 10:00\n2025-03-05 10:00\n")
	const units = "demand:\n  units: 40\n"
	const narrowest, lowest = "the narrowest, 16 S, takes 457 mm", "the lowest, 16 S, is 2020 mm high"
	const instead = "; choose other modules, or name a room with shelves in site.rooms"
	for _, c := range []struct {
		name, plan, says string
	}{
		{"negative", "demand:\n  units: -5\n", "p.yaml:2: demand.units: -5 is not between 1 and 20000"},
		{"missing", "name: x\n", "p.yaml:1: demand.units is missing: give the number of apartments or offices"},
		{
			"contradictory", units + "  rate: 2\n  log: short.csv\n",
			"p.yaml:3: demand.rate: the log of deliveries (demand.log, line 4) is counted for it: leave one of both out",
		},
		{"order", units + "  rate: {low: 3, mid: 2, high: 1}\n", "p.yaml:3: demand.rate: low 3, mid 2, high 1 are out of order"},
		{"no log", units + "  log: none.csv\n", "p.yaml:3: demand.log: open " + filepath.Join(dir, "none.csv") + ": no such file or directory"},
		{"short log", units + "  log: short.csv\n", "short.csv:3: the log covers 3 days, want at least 14: each weekday twice"},
		{
			"catalogue", units + "hardware:\n  catalogue: nope\n",
			"p.yaml:4: hardware.catalogue: no catalogue is called \"nope\", there are generic, inpost-like, oohpod-like, std-4c, tower-3ft",
		},
		{
			"wall", units + "site:\n  walls:\n    - {name: hall, length_mm: 300}\n",
			"p.yaml:5: site.walls[0].length_mm: 300 mm is too short for any module: " + narrowest + instead,
		},
		{
			"obstacles", units + "site:\n  walls:\n    - name: hall\n      length_mm: 800\n      obstacles: [{name: door, from_mm: 100, to_mm: 500}]\n",
			"p.yaml:6: site.walls[0].length_mm: the longest stretch free of obstacles, 300 mm, is too short for any module: " + narrowest + instead,
		},
		{
			"ceiling", units + "site:\n  ceiling_mm: 900\n",
			"p.yaml:4: site.ceiling_mm: 900 mm is too low for any module: " + lowest + instead,
		},
		{
			"obstacle", units + "site:\n  walls:\n    - name: hall\n      length_mm: 4000\n      obstacles: [{name: door, from_mm: 3000, to_mm: 9000}]\n",
			"p.yaml:7: site.walls[0].obstacles[0].to_mm: 9000 lies beyond the wall of 4000 mm",
		},
	} {
		_, errs, code := runPlan(t, write(t, dir, "p.yaml", c.plan))
		if want := "cubby: " + c.says + "\n"; code != 2 || errs != want {
			t.Errorf("%s: code %d\n got %q\nwant %q", c.name, code, errs, want)
		}
	}
	const traffic = "bad figure for a traffic formula: "
	for args, says := range map[string]string{
		"erlang --load -1 --doors 3":                    traffic + "the load is -1; it must be between 0 and 10000000 erlangs",
		"erlang --load 4 --doors -.5":                   traffic + "the number of doors is -0.5; it must be between 0 and 10000000",
		"kaufman --capacity -4 --sizes 1,2 --loads 1,1": traffic + "the capacity is -4; it must be between 1 and 1000000",
		"kaufman --capacity 4 --sizes 1,2 --loads -1,1": traffic + "a load is -1; it must be between 0 and 10000000 erlangs",
		"mix --heights 1,2 --loads -5,2":                traffic + "a load is -5; it must be between 0 and 10000000 erlangs",
		"mix --heights -1,2 --loads 5,2":                "2 heights and 2 loads: give one of each for every size, heights above 0",
		"mix --heights 1,2 --loads 5,2 --loss -1":       "--loss -1 and --height 0: the loss lies between 0 and 1, both excluded, and a height is above 0",
		"mix --heights 1,2 --loads 5,2 --height -1":     "--loss 0.01 and --height -1: the loss lies between 0 and 1, both excluded, and a height is above 0",
		"columns --heights -1 --column 5":               "list column patterns: size 1 is -1 high, it must be above 0",
		"quick --units -3":                              "--units: -3 is not between 1 and 20000",
		"quick --units 20 --rate -1":                    "--rate: -1 is below 0 parcels per unit and week",
		"quick --units 20 --dwell-hours -1":             "--dwell-hours: -1 is below 0.1 h",
	} {
		if _, errs, code := runPlan(t, strings.Fields(args)...); code != 2 || errs != "cubby: "+says+"\n" {
			t.Errorf("%s: code %d\n got %q\nwant %q", args, code, errs, "cubby: "+says+"\n")
		}
	}
}

// A figure without a source is its giver's own: the report does not call it cited.
func TestPlan_OwnFigure(t *testing.T) {
	t.Parallel()
	out, errs, code := runPlan(t, write(t, t.TempDir(), "p.yaml", "demand:\n  units: 30\n  rate: 1.7\n"))
	if code != 0 {
		t.Fatalf("code %d: %s", code, errs)
	}
	at := strings.Index(out, "demand.rate ")
	if at < 0 || !strings.Contains(out[at:min(at+100, len(out))], "OWN FIGURE") {
		t.Errorf("the rate is not marked as an own figure: %.300s", out[max(at, 0):])
	}
}

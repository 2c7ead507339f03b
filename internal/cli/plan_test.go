package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
	short := "demand:\n  units: 400\nsite:\n  walls:\n    - {name: hall, length_mm: 2000}\n  reach: {required: false}\n"
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"missing":    {[]string{"nothing.yaml"}, 2, "nothing.yaml"},
		"wrong":      {[]string{file("demand:\n  units: -4\n")}, 2, "plan.yaml:2"},
		"no log":     {[]string{file("demand:\n  units: 40\n  log: gone.csv\n")}, 2, "demand.log"},
		"two forms":  {[]string{file(short), "--json", "--html"}, 2, "--json"},
		"zero units": {[]string{"quick", "--units", "0"}, 2, "--units"},
		"infeasible": {[]string{file(short)}, 1, "what would have to give"},
	} {
		out, errs, code := runPlan(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%s: code %d, want %d and %q\n%s\n%.400s", name, code, c.code, c.says, errs, out)
		}
	}
}

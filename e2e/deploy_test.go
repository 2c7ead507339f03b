package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// madeMetrics are the names of the metrics that the server makes, out of its sources: a scrape shows
// only those that have a value by now.
func madeMetrics(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../internal/api/*.go")
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	name := regexp.MustCompile(`"(cubby_[a-z_]+)"`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range name.FindAllStringSubmatch(readText(t, file), -1) {
			made[m[1]] = true
		}
	}
	if len(made) < 15 {
		t.Fatalf("only %d metrics were found: is the pattern still right?", len(made))
	}
	return made
}

func readText(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Every metric that a dashboard, an alert or the documents name is one that the server makes.
func TestDeploy_NamesMetricsThatExist(t *testing.T) {
	t.Parallel()
	made := madeMetrics(t)
	used := regexp.MustCompile(`\bcubby_[a-z_]+`)
	for _, file := range []string{
		"../deploy/monitoring/grafana.json", "../deploy/monitoring/alerts.yaml", "../docs/operate.md",
	} {
		found := used.FindAllString(readText(t, file), -1)
		if len(found) == 0 {
			t.Errorf("%s names no metric", file)
		}
		for _, name := range found {
			base := name
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				if trimmed := strings.TrimSuffix(name, suffix); made[trimmed] {
					base = trimmed
				}
			}
			if !made[base] {
				t.Errorf("%s names %s, which nothing makes", file, name)
			}
		}
	}
}

// Every alert has a line in docs/operate.md that says what to do, and the dashboard can be read.
func TestDeploy_AlertsHaveARunbook(t *testing.T) {
	t.Parallel()
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr, For string }
		}
	}
	if err := yaml.Unmarshal([]byte(readText(t, "../deploy/monitoring/alerts.yaml")), &rules); err != nil {
		t.Fatal(err)
	}
	manual, alerts := readText(t, "../docs/operate.md"), 0
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			alerts++
			if rule.Expr == "" || rule.For == "" || !strings.Contains(manual, "| `"+rule.Alert+"` |") {
				t.Errorf("alert %q has no line in docs/operate.md, or no expression", rule.Alert)
			}
		}
	}
	if alerts < 8 {
		t.Errorf("only %d alerts", alerts)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(readText(t, "../deploy/monitoring/grafana.json")), &board); err != nil {
		t.Fatal(err)
	}
	for _, panel := range board.Panels {
		if panel.Title == "" || len(panel.Targets) == 0 || panel.Targets[0].Expr == "" {
			t.Errorf("panel %q shows nothing", panel.Title)
		}
	}
}

// The image is held to what it promises: the Go version of go.mod, nothing run as root, no secret in it.
func TestDeploy_Dockerfile(t *testing.T) {
	t.Parallel()
	text := readText(t, "../deploy/docker/Dockerfile")
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readText(t, "../go.mod"))
	for _, want := range []string{"FROM golang:" + version[1] + "-", "USER 65532:65532", "CGO_ENABLED=0", "-trimpath", `CMD ["serve"]`} {
		if !strings.Contains(text, want) {
			t.Errorf("the Dockerfile has no %q", want)
		}
	}
	if strings.Contains(text, ":latest") || strings.Contains(text, "ADD ") {
		t.Error("the Dockerfile takes whatever is there today")
	}
	var compose map[string]any
	if err := yaml.Unmarshal([]byte(readText(t, "../deploy/docker/compose.yaml")), &compose); err != nil {
		t.Error(err)
	}
}

package api_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Operators copy names from the documents into their alerts: a name that no program serves would
// never fire.
func TestMetrics_AreThoseOfTheDocuments(t *testing.T) {
	t.Parallel()
	var served strings.Builder
	for _, file := range []string{"metrics.go", "metrics_audit.go", "stats.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		served.Write(source)
	}
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "operate.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`cubby_[a-z_]+`)
	for _, name := range names.FindAllString(string(doc), -1) {
		if !strings.Contains(served.String(), `"`+name+`"`) {
			t.Errorf("docs/operate.md names %s, which is not served", name)
		}
	}
	for _, name := range names.FindAllString(served.String(), -1) {
		if !strings.Contains(string(doc), "`"+name) {
			t.Errorf("docs/operate.md does not explain %s", name)
		}
	}
}

package api_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/openapi.json")

const golden = "testdata/openapi.json"

// TestOpenAPI_Golden holds the description: a change of the API is seen in review.
func TestOpenAPI_Golden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.api.OpenAPI()
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(golden, got, 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the API changed; when that is meant, run go test ./internal/api -update:\n%s", diff)
	}
	again := newWorld(t).api.OpenAPI()
	if string(again) != string(got) {
		t.Error("two servers describe themselves differently")
	}
}

func TestOpenAPI_Served(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.ask(asked{method: "GET", path: "/openapi.json"})
	first.want(http.StatusOK)
	if first.body != string(w.api.OpenAPI()) || strings.Contains(first.body, "example.com") {
		t.Error("the description that is served is another one, or echoes the host")
	}
	r := w.ask(asked{method: "GET", path: "/openapi.json", header: map[string]string{"If-None-Match": first.header.Get("ETag")}})
	if r.status != http.StatusNotModified || r.body != "" {
		t.Errorf("status %d, %d bytes", r.status, len(r.body))
	}
	docs := w.ask(asked{method: "GET", path: "/docs"})
	if docs.status != http.StatusOK || !strings.Contains(docs.body, "/openapi.json") || strings.Contains(docs.body, "https://") {
		t.Errorf("docs page: status %d: %s", docs.status, docs.body)
	}
	if policy := docs.header.Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self'") {
		t.Errorf("policy %q", policy)
	}
}

// TestOpenAPI_Words checks what a reader of the description needs of every operation.
func TestOpenAPI_Words(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Summary     string
			Tags        []string
			Security    []map[string][]string
			Responses   map[string]any
		}
		Components struct{ Schemas map[string]any }
	}
	must(t, json.Unmarshal(w.api.OpenAPI(), &doc))
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("version %s", doc.OpenAPI)
	}
	seen := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.OperationID == "" || seen[op.OperationID] || op.Summary == "" || len(op.Tags) != 1 || len(op.Security) != 1 ||
				op.Responses["default"] == nil {
				t.Errorf("%s %s is not described: %+v", method, path, op)
			}
			seen[op.OperationID] = true
			for _, avoid := range []string{"box", "slot", "package ", "tenant", "command", "booking"} {
				if strings.Contains(strings.ToLower(op.Summary), avoid) {
					t.Errorf("%s: %q uses a word that docs/glossary.md avoids: %s", op.OperationID, op.Summary, avoid)
				}
			}
		}
	}
	if len(seen) != len(w.api.Routes()) || len(seen) < 50 {
		t.Errorf("%d operations are described, %d served", len(seen), len(w.api.Routes()))
	}
	for _, theirs := range []string{"ErrorModel", "ErrorDetail"} {
		if doc.Components.Schemas[theirs] != nil || strings.Contains(string(w.api.OpenAPI()), theirs) {
			t.Errorf("%s is in the description", theirs)
		}
	}
}

package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"cubby/internal/store"
)

// large tables grow with the number of parcels or people: nothing reads all of one.
func large() []string {
	return []string{
		"operations", "stays", "parcels", "custody", "places", "recipients", "units", "incidents", "incident_notes",
		"notices", "intents", "directory_changes", "heads", "acts", "drop_refusals", "stay_orders", "idempotency_keys",
		"web_sessions", "epochs",
	}
}

// TestPlans asks the engine how it would run every query. A scan of a large table without an index
// fails.
func TestPlans(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cubby.db")
	s, err := store.Open(t.Context(), options(path))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn := raw(t, path)
	queries := written(t)
	for name, text := range store.ListsForTest() {
		queries[name] = text
	}
	if len(queries) < 100 {
		t.Fatalf("only %d queries were found", len(queries))
	}
	partial := partialIndexes(t, conn)
	if len(fullScans(t, conn, partial, "SELECT t.size FROM stays t WHERE t.size = 'M'")) == 0 {
		t.Fatal("the test does not see a full scan")
	}
	for name, text := range queries {
		for _, scan := range fullScans(t, conn, partial, text) {
			t.Errorf("%s reads all of %s", name, scan)
		}
	}
}

// fullScans returns the large tables that a query would read from end to end.
func fullScans(t *testing.T, conn *sql.DB, partial map[string]bool, text string) []string {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	scan := regexp.MustCompile(`^SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?`)
	var found []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		m := scan.FindStringSubmatch(detail)
		if m == nil || partial[m[2]] { // a partial index holds few rows: what waits, what is broken
			continue
		}
		if table := aliased(text, m[1]); slices.Contains(large(), table) {
			found = append(found, table)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

func partialIndexes(t *testing.T, conn *sql.DB) map[string]bool {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	partial := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		partial[name] = true
	}
	if err := rows.Err(); err != nil || len(partial) == 0 {
		t.Fatalf("%d partial indexes, %v", len(partial), err)
	}
	return partial
}

// aliased returns the table that a query calls by a name.
func aliased(query, name string) string {
	m := regexp.MustCompile(`(?i)(?:FROM|JOIN)\s+(\w+)\s+(?:AS\s+)?` + name + `\b`).FindStringSubmatch(query)
	if m != nil {
		return m[1]
	}
	return name
}

// written returns the text of every generated query, by name, with 1 for each parameter.
func written(t *testing.T) map[string]string {
	t.Helper()
	queries := sources(t, "db/*.sql.go")
	for name, text := range queries {
		queries[name] = regexp.MustCompile(`\$\d+`).ReplaceAllString(text, "1")
	}
	return queries
}

// generated returns the text of generated files.
func generated(t *testing.T, globs ...string) []string {
	t.Helper()
	var texts []string
	for _, glob := range globs {
		files, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(text))
		}
	}
	return texts
}

package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/store/storetest"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// TestPlans_PostgreSQL compiles every query on PostgreSQL and asks how it would run. With scans made
// dear, one that remains, or one over a whole index, means that no index serves the query.
func TestPlans_PostgreSQL(t *testing.T) {
	t.Parallel()
	conn := connect(t, storetest.DatabaseOn(t, store.PostgreSQL))
	exec(t, conn, "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
	queries := sources(t, "db/*.sql.go", "native/*.sql.go")
	lists := store.ListsForTest()
	if len(queries) < 100 || len(lists) == 0 {
		t.Fatalf("only %d queries and %d lists were found", len(queries), len(lists))
	}
	partial := partialIndexesOf(t, conn)
	if len(planScans(t, conn, partial, "SELECT t.size FROM stays t WHERE t.size = $1")) == 0 {
		t.Fatal("the test does not see a full scan")
	}
	for name, text := range queries {
		for _, scan := range planScans(t, conn, partial, text) {
			t.Errorf("%s reads all of %s", name, scan)
		}
	}
	for name, text := range store.ListTextsForTest() {
		for _, scan := range planScans(t, conn, partial, text) {
			t.Errorf("%s reads all of %s", name, scan)
		}
	}
}

func exec(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// planNode is what the test reads of a plan of PostgreSQL.
type planNode struct {
	Type  string     `json:"Node Type"`
	Table string     `json:"Relation Name"`
	Index string     `json:"Index Name"`
	Cond  string     `json:"Index Cond"`
	Plans []planNode `json:"Plans"`
}

// planScans returns the large tables that a query would read from end to end.
func planScans(t *testing.T, conn *pgx.Conn, partial []string, text string) []string {
	t.Helper()
	ctx := t.Context()
	described, err := conn.Prepare(ctx, "asked", text)
	if err != nil {
		t.Errorf("%s: %v", text, err)
		return nil
	}
	if err := conn.Deallocate(ctx, "asked"); err != nil {
		t.Fatal(err)
	}
	exec(t, conn, "PREPARE planned AS "+text)
	defer exec(t, conn, "DEALLOCATE planned")
	call := "planned"
	if n := len(described.ParamOIDs); n > 0 {
		call += "(" + strings.TrimSuffix(strings.Repeat("NULL,", n), ",") + ")"
	}
	var plan []byte
	if err := conn.QueryRow(ctx, "EXPLAIN (FORMAT JSON) EXECUTE "+call).Scan(&plan); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var answer []struct{ Plan planNode }
	if err := json.Unmarshal(plan, &answer); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, a := range answer {
		found = append(found, a.Plan.scans(partial, nil)...)
	}
	return found
}

func (n planNode) scans(partial, found []string) []string {
	whole := n.Type == "Seq Scan" || strings.Contains(n.Type, "Index") && n.Cond == "" && !slices.Contains(partial, n.Index)
	if whole && slices.Contains(large(), n.Table) {
		found = append(found, n.Table)
	}
	for _, child := range n.Plans {
		found = child.scans(partial, found)
	}
	return found
}

// partialIndexesOf returns the indexes that hold few rows: what waits, what is broken. Their conditions do
// the work.
func partialIndexesOf(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT indexname::TEXT FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE '% WHERE %'")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) == 0 {
		t.Fatalf("%d partial indexes, %v", len(names), err)
	}
	return names
}

// sources returns the text of every generated query, by name, with its parameters.
func sources(t *testing.T, globs ...string) map[string]string {
	t.Helper()
	queries := map[string]string{}
	for _, text := range generated(t, globs...) {
		for _, m := range regexp.MustCompile("(?s)const (\\w+) = `(.*?)`").FindAllStringSubmatch(text, -1) {
			queries[m[1]] = m[2]
		}
	}
	return queries
}

// Workers of two processes take each job once.
func TestOutbox_LeasesOnceOverProcesses(t *testing.T) {
	t.Parallel()
	storetest.Both(t, func(t *testing.T, engine store.Engine) {
		t.Helper()
		clock := storetest.NewClock()
		url := storetest.DatabaseOn(t, engine)
		const jobs = 60
		ran := make(chan string, 2*jobs)
		var first *store.Store
		var workers []*store.Worker
		for range 3 {
			s, err := store.Open(t.Context(), store.Options{URL: url, Logger: slog.New(slog.DiscardHandler), Now: clock.Now})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if first == nil {
				first = s
			}
			workers = append(workers, worker(t, s, func(_ context.Context, j store.Job) error { ran <- j.Key; return nil }, nil))
		}
		for n := range jobs {
			enqueue(t, first, store.Job{Kind: "mail", Key: strconv.Itoa(n), Body: "{}"})
		}
		var done sync.WaitGroup
		for _, w := range workers {
			done.Go(func() {
				if _, err := w.Run(t.Context(), "mail"); err != nil {
					t.Error(err)
				}
			})
		}
		done.Wait()
		close(ran)
		times := map[string]int{}
		for key := range ran {
			times[key]++
		}
		if len(times) != jobs {
			t.Errorf("%d of %d jobs ran", len(times), jobs)
		}
		for key, n := range times {
			if n != 1 {
				t.Errorf("job %s ran %d times", key, n)
			}
		}
	})
}

// What was read still holds when it is written, on both engines and over processes.
func TestTx_IsAlone(t *testing.T) {
	t.Parallel()
	storetest.Both(t, func(t *testing.T, engine store.Engine) {
		t.Helper()
		clock := storetest.NewClock()
		url := storetest.DatabaseOn(t, engine)
		var stores []*store.Store
		for range 2 {
			s, err := store.Open(t.Context(), store.Options{URL: url, Logger: slog.New(slog.DiscardHandler), Now: clock.Now})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			stores = append(stores, s)
		}
		b := storetest.Build(t, stores[0])
		site := b.Site(b.Property(b.Organization("")))
		const each = 25
		var done sync.WaitGroup
		for _, s := range stores {
			for range 2 {
				done.Go(func() {
					for range each {
						if err := s.Tx(t.Context(), func(q *db.Queries) error { return addToName(t.Context(), q, site) }); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		done.Wait()
		row, err := stores[0].Read().FindSite(t.Context(), site)
		if err != nil || len(row.Name) != len("Harbour")+4*each {
			t.Errorf("%d letters were added, want %d: %v", len(row.Name)-len("Harbour"), 4*each, err)
		}
	})
}

// addToName reads, thinks and writes: two at once would lose a letter.
func addToName(ctx context.Context, q *db.Queries, site string) error {
	row, err := q.FindSite(ctx, site)
	if err != nil {
		return err
	}
	return q.SetSiteSettings(ctx, db.SetSiteSettingsParams{ID: site, Name: row.Name + "x", Settings: row.Settings})
}

func TestClassify(t *testing.T) {
	t.Parallel()
	storetest.Both(t, func(t *testing.T, engine store.Engine) {
		t.Helper()
		s := storetest.OpenOn(t, engine, storetest.NewClock().Now)
		b := storetest.Build(t, s)
		id := b.Organization("")
		err := s.Tx(t.Context(), func(q *db.Queries) error {
			return q.CreateOrganization(t.Context(), db.CreateOrganizationParams{ID: id, Name: "again"})
		})
		if !errors.Is(err, store.ErrDuplicate) {
			t.Errorf("the same id twice: %v", err)
		}
	})
	if _, err := store.Open(t.Context(), store.Options{
		URL: "postgres://cubby@127.0.0.1:1/none?connect_timeout=1", Logger: slog.New(slog.DiscardHandler), Now: storetest.NewClock().Now,
	}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("nobody listens: %v", err)
	}
}

// A controller may send what PostgreSQL cannot hold as text: it must not stop the tables of its site.
func TestPostgres_HoldsAnyText(t *testing.T) {
	t.Parallel()
	s := storetest.OpenOn(t, store.PostgreSQL, storetest.NewClock().Now)
	err := s.Tx(t.Context(), func(q *db.Queries) error {
		return q.CreateOrganization(t.Context(), db.CreateOrganizationParams{ID: "o", Name: "a\x00b\xffc"})
	})
	if err != nil {
		t.Fatal(err)
	}
	row, err := s.Read().FindOrganization(t.Context(), "o")
	if err != nil || row.Name != "a\uFFFDb\uFFFDc" {
		t.Errorf("%q, %v", row.Name, err)
	}
}

func TestPostgres_Refuses(t *testing.T) {
	t.Parallel()
	p := storetest.Server(t)
	open := func(name string) error {
		s, err := store.Open(t.Context(), store.Options{
			URL: p.URL(name), Logger: slog.New(slog.DiscardHandler), Now: storetest.NewClock().Now,
		})
		if err != nil {
			return err
		}
		return s.Close()
	}
	for name, statement := range map[string]string{
		"sorts_otherwise": "CREATE DATABASE sorts_otherwise TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'",
		"no_utf8":         "CREATE DATABASE no_utf8 TEMPLATE template0 ENCODING 'LATIN1'",
	} {
		if err := p.Exec(t.Context(), "postgres", statement); err != nil {
			t.Fatal(err)
		}
		if err := open(name); err == nil || !strings.Contains(err.Error(), "LC_COLLATE 'C'") {
			t.Errorf("%s: %v", name, err)
		}
	}
	const newer = "newer"
	if err := p.CreateDatabase(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	if err := open(newer); err != nil {
		t.Fatal(err)
	}
	if err := p.Exec(t.Context(), newer, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)"); err != nil {
		t.Fatal(err)
	}
	if err := open(newer); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("a newer schema: %v", err)
	}
}

// Several processes that start at once migrate an empty database together.
func TestPostgres_MigratesOnce(t *testing.T) {
	t.Parallel()
	p := storetest.Server(t)
	if err := p.CreateDatabase(t.Context(), "together"); err != nil {
		t.Fatal(err)
	}
	opts := store.Options{URL: p.URL("together"), Logger: slog.New(slog.DiscardHandler), Now: storetest.NewClock().Now}
	never := opts
	never.Migrate = store.MigrateNever
	if _, err := store.Open(t.Context(), never); !errors.Is(err, store.ErrOlderSchema) {
		t.Errorf("an empty database is met with %v", err)
	}
	var done sync.WaitGroup
	for range 3 {
		done.Go(func() {
			s, err := store.Open(t.Context(), opts)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	at, err := store.SchemaOf(t.Context(), opts)
	if err != nil || at.Have != at.Want || at.Want == 0 {
		t.Errorf("schema %+v, %v", at, err)
	}
}

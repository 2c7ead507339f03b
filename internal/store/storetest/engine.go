package storetest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cubby/internal/store"
)

// EngineVariable names the environment variable that says on which engine tests run that do not say it
// themselves: "postgres" for one that this process starts and that does not sync,
// "postgres://USER@HOST:PORT" for one that is there, e.g. to measure, or nothing for SQLite.
const EngineVariable = "CUBBY_TEST_DATABASE"

// Default returns the engine that the environment asks for.
func Default() store.Engine {
	if strings.HasPrefix(variable(), "postgres") {
		return store.PostgreSQL
	}
	return store.SQLite
}

func variable() string {
	return os.Getenv(EngineVariable) //nolint:forbidigo // it chooses among tests, nothing else
}

// Both runs a test on each engine.
func Both(t *testing.T, test func(t *testing.T, engine store.Engine)) {
	t.Helper()
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(engine.String(), func(t *testing.T) {
			t.Parallel()
			test(t, engine)
		})
	}
}

// Database returns the URL of an empty database of the test's own, with tables, on the engine that the
// environment asks for.
func Database(tb testing.TB) string {
	tb.Helper()
	return DatabaseOn(tb, Default())
}

// DatabaseOn returns the URL of an empty database of the test's own. It goes with the test.
func DatabaseOn(tb testing.TB, engine store.Engine) string {
	tb.Helper()
	if engine == store.SQLite {
		return "sqlite:" + filepath.Join(tb.TempDir(), "cubby.db")
	}
	NeedPostgres(tb)
	p, err := common.get()
	if err != nil {
		tb.Fatal(err)
	}
	name := fmt.Sprintf("test_%d", common.made.Add(1))
	if err := p.Exec(tb.Context(), "postgres", "CREATE DATABASE "+name+" TEMPLATE "+templateName); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { // FORCE: a test that failed may have left connections
		if err := p.Exec(context.WithoutCancel(tb.Context()), "postgres", "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			tb.Error(err)
		}
	})
	return p.URL(name)
}

// Server returns the server of PostgreSQL that the tests of this process share. It does not sync.
func Server(tb testing.TB) *Postgres {
	tb.Helper()
	NeedPostgres(tb)
	p, err := common.get()
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// templateName is the database that those of tests are copies of.
const templateName = "cubby_template"

// commonServer is started by the first test that wants it.
type commonServer struct {
	once sync.Once
	made atomic.Int64
	p    *Postgres
	err  error
}

var common commonServer //nolint:gochecknoglobals // one server for a whole test binary

func (c *commonServer) get() (*Postgres, error) {
	c.once.Do(func() { c.p, c.err = startTemplate() })
	return c.p, c.err
}

func startTemplate() (*Postgres, error) {
	ctx := context.Background()
	var p *Postgres
	var err error
	if there := variable(); strings.Contains(there, "://") {
		p = &Postgres{there: there}
		err = p.Exec(ctx, "postgres", "DROP DATABASE IF EXISTS "+templateName+" WITH (FORCE)")
	} else {
		p, err = StartPostgres(PostgresOptions{NoSync: true})
	}
	if err != nil {
		return nil, err
	}
	if err := p.CreateDatabase(ctx, templateName); err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, store.Options{
		URL: p.URL(templateName), Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.UnixMilli(1) },
	})
	if err != nil {
		return nil, fmt.Errorf("make the template: %w", err)
	}
	return p, s.Close()
}

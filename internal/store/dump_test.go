package store_test

import (
	"bytes"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/store/storetest"
)

// furnished is a store with rows in many tables, among them what is awkward to copy.
func furnished(t *testing.T, engine store.Engine) *store.Store {
	t.Helper()
	s := storetest.OpenOn(t, engine, storetest.NewClock().Now)
	b := storetest.Build(t, s)
	organization := b.Organization("")
	property := b.Property(organization)
	site, unit := b.Site(property), b.Unit(property, "4B")
	recipient := b.Recipient(property, unit, "Ana \"<García>\" \u2028 \\ \t مرحبا")
	b.Stay(site, "main/A01", recipient, unit)
	ctx := t.Context()
	err := s.Tx(ctx, func(q *db.Queries) error {
		// a child whose id comes before its parent's
		child := db.CreateOrganizationParams{ID: "a-child", Name: "", Parent: sql.NullString{String: organization, Valid: true}}
		return errors.Join(q.CreateOrganization(ctx, child), q.InsertOperation(ctx, db.InsertOperationParams{
			Site: site, Epoch: 1 << 60, Number: -1, Body: []byte{0, 1, 0xff}, Annex: []byte{}, Chain: []byte("x"),
		}))
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func dump(t *testing.T, s *store.Store) ([]byte, store.Sums) {
	t.Helper()
	var text bytes.Buffer
	sums, err := s.Dump(t.Context(), &text)
	if err != nil {
		t.Fatal(err)
	}
	return text.Bytes(), sums
}

func loadInto(t *testing.T, url string, text []byte) (store.Sums, error) {
	t.Helper()
	return store.Load(t.Context(), store.Options{
		URL: url, Logger: slog.New(slog.DiscardHandler), Now: storetest.NewClock().Now,
	}, bytes.NewReader(text), nil)
}

// What one engine dumps, each engine loads and dumps again as the same bytes.
func TestDump_IsTheSameOnBothEngines(t *testing.T) {
	t.Parallel()
	storetest.Both(t, func(t *testing.T, from store.Engine) {
		t.Helper()
		text, sums := dump(t, furnished(t, from))
		if sums.Rows() < 8 {
			t.Fatalf("only %d rows", sums.Rows())
		}
		storetest.Both(t, func(t *testing.T, to store.Engine) {
			t.Helper()
			url := storetest.DatabaseOn(t, to)
			got, err := loadInto(t, url, text)
			if err != nil {
				t.Fatal(err)
			}
			if err := sums.Compare(got); err != nil {
				t.Error(err)
			}
			s, err := store.Open(t.Context(), store.Options{URL: url, Logger: slog.New(slog.DiscardHandler), Now: storetest.NewClock().Now})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			again, _ := dump(t, s)
			if !bytes.Equal(again, text) {
				t.Error("the second dump differs")
			}
			if _, err := loadInto(t, url, text); !errors.Is(err, store.ErrNotEmpty) {
				t.Errorf("a database that holds something is met with %v", err)
			}
			err = s.Tx(t.Context(), func(q *db.Queries) error { // foreign keys hold again
				return q.CreateOrganization(t.Context(), db.CreateOrganizationParams{
					ID: "orphan", Name: "O", Parent: sql.NullString{String: "nobody", Valid: true},
				})
			})
			if err == nil {
				t.Error("an orphan was taken")
			}
		})
	})
}

func TestLoad_RefusesWhatIsDamaged(t *testing.T) {
	t.Parallel()
	text, _ := dump(t, furnished(t, store.SQLite))
	whole := string(text)
	for name, bad := range map[string]string{
		"empty":        "",
		"no dump":      "{}\n",
		"cut off":      whole[:len(whole)/2],
		"no end":       whole[:strings.LastIndex(strings.TrimSpace(whole), "\n")],
		"changed":      strings.Replace(whole, "Harbour House", "Harbour Mouse", 1),
		"row left out": leaveOut(whole, `["a-child"`),
		"newer":        strings.Replace(whole, `"schema":`, `"schema":9`, 1),
	} {
		url := storetest.DatabaseOn(t, store.SQLite)
		if _, err := loadInto(t, url, []byte(bad)); err == nil {
			t.Errorf("%s: was taken", name)
		} else if name != "no dump" && name != "newer" && !errors.Is(err, store.ErrDump) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := loadInto(t, url, text); err != nil {
			t.Errorf("%s: something was left behind: %v", name, err)
		}
	}
}

func leaveOut(text, prefix string) string {
	var kept []string
	for _, line := range strings.SplitAfter(text, "\n") {
		if !strings.HasPrefix(line, prefix) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"cubby_dump":1,"schema":11,"tables":45}`))
	f.Add([]byte(`{"cubby_dump":1,"schema":-1}[]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := loadInto(t, storetest.DatabaseOn(t, store.SQLite), text); err == nil {
			t.Error("it was taken")
		}
	})
}

package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"cubby/internal/app"
	"cubby/internal/auth"
	"cubby/internal/cloud/evidence"
	"cubby/internal/cloud/publish"
	"cubby/internal/journal"
	"cubby/internal/notify/email"
	"cubby/internal/store"
	"cubby/internal/text"
)

// mails keeps what was sent.
type mails struct{ sent []email.Message }

func (m *mails) Send(_ context.Context, msg email.Message) error {
	m.sent = append(m.sent, msg)
	return nil
}

// press is a publisher over the tables of a server that runs, with a clock of its own.
type press struct {
	*publish.Publisher
	store *store.Store
	now   time.Time
	mails *mails
	dir   string // where files are put
}

func newPress(t *testing.T, s *app.Server, dir string) *press {
	t.Helper()
	p := &press{now: time.Now().AddDate(1, 0, 0), mails: &mails{}, dir: filepath.Join(t.TempDir(), "out")}
	now := func() time.Time { return p.now }
	var err error
	p.store, err = store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "cubby.db"), Logger: slog.New(slog.DiscardHandler), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.store.Close(); err != nil {
			t.Error(err)
		}
	})
	id, err := app.ServerIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := journal.NewSigner(app.ServerKeyName, id.Private())
	if err != nil {
		t.Fatal(err)
	}
	texts, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	p.Publisher, err = publish.New(publish.Options{
		Store: p.store, Sites: s.Cloud, Signer: signer, Texts: texts, Logger: slog.New(slog.DiscardHandler), Now: now,
		PublicURL: "https://cubby.example", Language: "ar", Brand: "Dock", Mailer: p.mails,
		Mail: []string{"Keeper@elsewhere.example", "two@elsewhere.example"}, Folder: p.dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// publish publishes the next day, twice, and returns the file.
func (p *press) publish(t *testing.T) []byte {
	t.Helper()
	p.now = p.now.AddDate(0, 0, 1)
	for range 2 { // the second finds it done
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(filepath.Join(p.dir, publish.FileName(p.day())))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func (p *press) day() string { return p.now.UTC().Format(time.DateOnly) }

// Each day is published once: as a page for anybody, as a file, by mail and by the API. Whoever kept two days finds a
// history that the operator itself has rewritten and signed anew.
func TestPublish_EachDay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, who, _ := logTwo(t, dir)
	p := newPress(t, s, dir)
	first := p.publish(t)
	logOne(t, s, who, "1Z777")
	signHead(t, s, dir)
	second := p.publish(t)

	secret, err := s.Cloud.CreateAPIToken(t.Context(), who, "heads", []auth.Scope{auth.ScopeRead}, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	token := string(secret)
	_, public := fetch(t, s, "", app.KeyPath)
	key, err := evidence.ParsePublic(public)
	if err != nil {
		t.Fatal(err)
	}
	server, err := journal.NewVerifier(app.ServerKeyName, key)
	if err != nil {
		t.Fatal(err)
	}
	// What anybody sees names no site.
	code, index := fetch(t, s, "", publish.Path)
	if code != http.StatusOK || !strings.Contains(string(index), p.day()+" ") {
		t.Errorf("the list: %d\n%s", code, index)
	}
	code, bare := fetch(t, s, "", publish.Path+"/"+p.day())
	if code != http.StatusOK || strings.Contains(string(bare), "mailroom") || !bytes.HasPrefix(second, bare) {
		t.Errorf("the day: %d\n%s\nthe file:\n%s", code, bare, second)
	}
	if code, _ := fetch(t, s, "", publish.Path+"/2020-01-01"); code != http.StatusNotFound {
		t.Errorf("a day without: %d", code)
	}
	if code, file := fetch(t, s, token, "/api/v1/publications/"+p.day()); code != http.StatusOK || !bytes.Equal(file, second) {
		t.Errorf("by the API: %d\n%s", code, file)
	}
	if code, list := fetch(t, s, token, "/api/v1/publications"); code != http.StatusOK || !strings.Contains(string(list), p.day()) {
		t.Errorf("the list of the API: %d\n%s", code, list)
	}
	if code, _ := fetch(t, s, "", "/api/v1/publications/"+p.day()); code != http.StatusUnauthorized {
		t.Errorf("the API without a token: %d", code)
	}
	p.checkMail(t, second)
	p.now = p.now.AddDate(0, 0, -3)
	if err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "clock") {
		t.Errorf("with a clock that went back: %v", err)
	}
	p.now = p.now.AddDate(0, 0, 3)

	days := []journal.Published{openDay(t, first, server), openDay(t, second, server)}
	bareDays := []journal.Published{openDay(t, bare, server)}
	_, export := fetch(t, s, token, "/api/v1/sites/mailroom/record")
	if f, n := verifyExport(t, export, key, days); f != nil || n != 2 {
		t.Errorf("the record: %v, %d days", f, n)
	}
	rewrite(t, dir)
	_, export = fetch(t, s, token, "/api/v1/sites/mailroom/record")
	if f, _ := verifyExport(t, export, key, nil); f != nil {
		t.Errorf("the operator rewrites so that nothing shows: %v", f)
	}
	if f, _ := verifyExport(t, export, key, days); f == nil || f.Kind != journal.KindRewritten {
		t.Errorf("with the files of two days: %v", f)
	}
	if f, _ := verifyExport(t, export, key, bareDays); f == nil || f.Kind != journal.KindUnpublished || f.Detail != p.day() {
		t.Errorf("with the hashes of one day: %v", f)
	}
}

// checkMail runs the jobs: each address gets each day once, byte for byte.
func (p *press) checkMail(t *testing.T, file []byte) {
	t.Helper()
	w, err := store.NewWorker(store.WorkerOptions{Store: p.store, Logger: slog.New(slog.DiscardHandler), Handlers: p.Handlers()})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := w.Run(t.Context(), publish.JobMail); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.mails.sent) != 4 {
		t.Fatalf("%d mails", len(p.mails.sent))
	}
	last := p.mails.sent[3]
	if len(last.Files) != 1 || !bytes.Equal(last.Files[0].Data, file) || last.Files[0].Name != publish.FileName(p.day()) {
		t.Errorf("the mail holds %+v", last.Files)
	}
	if last.Lang != "ar" || !strings.Contains(last.Text, "cubby verify") || !strings.Contains(last.Text, "https://cubby.example/heads") {
		t.Errorf("the mail says:\n%s", last.Text)
	}
}

func openDay(t *testing.T, file []byte, v note.Verifier) journal.Published {
	t.Helper()
	p, err := journal.OpenPublication(file, v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func verifyExport(t *testing.T, export, key []byte, days []journal.Published) (*journal.Fault, int) {
	t.Helper()
	report, err := journal.VerifyExport(bytes.NewReader(export), journal.VerifyOptions{Site: key, Published: days})
	if err != nil {
		t.Fatal(err)
	}
	return report.Fault(), report.Published
}

// rewrite changes the last record of the hosted site and makes chain, tree and heads anew with the operator's own
// key, as an operator could.
func rewrite(t *testing.T, dir string) {
	t.Helper()
	id, err := app.ServerIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "cubby.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer tables.Close()
	bodies, sizes := recordOf(t, tables)
	bodies[len(bodies)-1] = bytes.Replace(bodies[len(bodies)-1], []byte("shelf/1"), []byte("shelf/9"), 1)
	memory := journal.NewMemory()
	log, err := journal.New(t.Context(), memory, journal.LogOptions{Site: "mailroom", Signer: id.Private(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	set := func(text string, args ...any) {
		if _, err := tables.ExecContext(t.Context(), text, args...); err != nil {
			t.Fatal(err)
		}
	}
	for i, body := range bodies {
		if err := log.Append(t.Context(), uint64(i+1), []journal.Entry{{Body: body}}); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(sizes, i+1) {
			continue
		}
		head, err := log.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		set("UPDATE heads SET note = ?, frontier = ? WHERE site = 'mailroom' AND size = ?", head.Note, head.Frontier, i+1)
	}
	rows, err := memory.Read(t.Context(), 1, 1, len(bodies))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		set("UPDATE operations SET body = ?, chain = ? WHERE site = 'mailroom' AND number = ?", r.Body, r.Chain[:], r.Number)
	}
	epochs, err := memory.Epochs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tip := epochs[0].Tip
	set("UPDATE epochs SET chain = ?, frontier = ? WHERE site = 'mailroom'", tip.Chain[:], tip.Frontier)
}

// recordOf reads the record of the hosted site as it stands in the tables, and the sizes of its heads.
func recordOf(t *testing.T, tables *sql.DB) (bodies [][]byte, sizes []int) {
	t.Helper()
	read := func(query string, each func(*sql.Rows) error) {
		rows, err := tables.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			if err := each(rows); err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	read("SELECT body FROM operations WHERE site = 'mailroom' ORDER BY epoch, number", func(r *sql.Rows) error {
		var body []byte
		bodies = append(bodies, nil)
		err := r.Scan(&body)
		bodies[len(bodies)-1] = body
		return err
	})
	read("SELECT size FROM heads WHERE site = 'mailroom'", func(r *sql.Rows) error {
		sizes = append(sizes, 0)
		return r.Scan(&sizes[len(sizes)-1])
	})
	return bodies, sizes
}

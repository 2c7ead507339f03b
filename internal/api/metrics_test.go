package api_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"cubby/internal/api"
	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

func scrape(t *testing.T, from prometheus.Gatherer) string {
	t.Helper()
	rec := httptest.NewRecorder()
	api.MetricsHandler(from).ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	body, err := io.ReadAll(rec.Body)
	must(t, err)
	if rec.Code != http.StatusOK {
		t.Fatalf("status %d: %s", rec.Code, body)
	}
	return string(body)
}

func wantLines(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %q in\n%s", line, regexp.MustCompile(`(?m)^(go_|process_|promhttp_|#).*\n`).ReplaceAllString(text, ""))
		}
	}
}

func TestMetrics_Requests(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	m, err := api.NewMetrics(api.MetricsOptions{Registerer: reg, Now: (&clock{}).now})
	must(t, err)
	w := newWorldWith(t, api.Options{Metrics: m})
	token := w.token(auth.ScopeRead)
	for _, p := range []string{"/api/v1/sites/harbour", "/api/v1/sites/none", "/api/v1/whatever"} {
		w.ask(asked{method: "GET", path: p, token: token})
	}
	w.ask(asked{method: "BREW", path: "/api/v1/sites/harbour", token: token})
	text := scrape(t, reg)
	wantLines(t, text,
		`cubby_http_requests_total{face="api",method="GET",route="/api/v1/sites/{site}",status="200"} 1`,
		`cubby_http_requests_total{face="api",method="GET",route="/api/v1/sites/{site}",status="404"} 1`,
		`cubby_http_requests_total{face="api",method="GET",route="/",status="404"} 1`,
		`cubby_http_requests_total{face="api",method="other",route="/",status="405"} 1`,
		`cubby_http_request_duration_seconds_count{face="api",route="/api/v1/sites/{site}"} 2`,
		`cubby_http_requests_in_flight{face="api"} 0`,
	)
	if strings.Contains(text, "harbour") {
		t.Error("an id is a label")
	}
}

// hub answers as it is told.
type hub struct{ err error }

func (h hub) Ingest(context.Context, locker.SiteID, []wire.Upload) (wire.Position, error) {
	return wire.Position{Epoch: 1}, h.err
}

func (h hub) Directory(context.Context, locker.SiteID, wire.DirectoryAck, int) (wire.DirectoryBatch, error) {
	return wire.DirectoryBatch{}, h.err
}
func (h hub) Intents(context.Context, locker.SiteID) ([]wire.Intent, error) { return nil, h.err }
func (h hub) Status(context.Context, locker.SiteID, wire.Status) error      { return h.err }
func (h hub) Head(context.Context, locker.SiteID, string) (string, error)   { return "signed", h.err }

func (h hub) Recall(context.Context, locker.SiteID, wire.Position, int) ([]wire.Upload, error) {
	return nil, h.err
}

func TestMetrics_Link(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	m, err := api.NewMetrics(api.MetricsOptions{Registerer: reg, Now: (&clock{}).now})
	must(t, err)
	for _, cause := range []error{nil, errors.New("disk"), locker.Errorf(locker.CodeJournalFork, "fork")} {
		h := m.Hub(hub{cause})
		if at, err := h.Ingest(t.Context(), "s", make([]wire.Upload, 20)); at.Epoch != 1 || !errors.Is(err, cause) {
			t.Errorf("%v, %v", at, err)
		}
		_, _ = h.Directory(t.Context(), "s", wire.DirectoryAck{}, 1)
		_, _ = h.Intents(t.Context(), "s")
		_ = h.Status(t.Context(), "s", wire.Status{})
		if signed, err := h.Head(t.Context(), "s", ""); signed != "signed" || !errors.Is(err, cause) {
			t.Errorf("%s, %v", signed, err)
		}
	}
	wantLines(t, scrape(t, reg),
		`cubby_link_messages_total{message="upload",result="ok"} 1`,
		`cubby_link_messages_total{message="upload",result="failed"} 1`,
		`cubby_link_messages_total{message="head",result="refused"} 1`,
		`cubby_ingest_operations_total 20`,
		`cubby_ingest_batch_operations_sum 60`,
		`cubby_ingest_duration_seconds_count 1`,
	)
	var none *api.Metrics
	if none.Hub(hub{}) != (hub{}) {
		t.Error("without metrics the hub is another one")
	}
}

func TestMetrics_Stats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reg := prometheus.NewRegistry()
	must(t, api.RegisterStats(api.StatsOptions{
		Registerer: reg, Logger: slog.New(slog.DiscardHandler), Now: w.clock.now, Stats: w.cloud.Stats,
	}))
	wantLines(t, scrape(t, reg), `cubby_sites{link="never"} 1`, `cubby_sites{link="up"} 0`, `cubby_database_up 1`)
	w.enrol()
	w.store("s1", "main/A01", w.ana)
	w.record(nil, locker.FaultRaised{Fault: locker.FaultBusLost, Part: "a"})
	wantLines(t, scrape(t, reg),
		`cubby_sites{link="never"} 0`, `cubby_sites{link="down"} 1`, `cubby_incidents_open{severity="urgent"} 1`,
		`cubby_operations_stored 4`, `cubby_facts_stored 4`, `cubby_sites_stale 0`,
		`cubby_outbox_jobs{kind="`+cloud.JobFirstNotice+`",state="live"} 1`, `cubby_notices{state="sent"} 0`,
	)
	must(t, w.db.Close())
	text := scrape(t, reg)
	wantLines(t, text, `cubby_database_up 0`)
	if strings.Contains(text, "cubby_sites{") {
		t.Error("counts of a database that does not answer")
	}
}

func TestMetrics_Boards(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	m, err := api.NewMetrics(api.MetricsOptions{Registerer: reg, Now: (&clock{}).now})
	must(t, err)
	h := m.Hub(hub{})
	for _, requests := range []uint64{10, 25} { // the newest counts
		must(t, h.Status(t.Context(), "harbour", wire.Status{
			Buses: []wire.BusStatus{{Name: "left", Counters: map[string]uint64{"requests": requests, "reconnects": 2}}},
			Boards: []wire.BoardStatus{
				{Bus: "left", Address: 1, State: wire.BoardOK, Counters: map[string]uint64{"timeouts": 1}},
				{Bus: "left", Address: 2, State: wire.BoardSilent},
			},
		}))
	}
	text := scrape(t, reg)
	wantLines(t, text,
		`cubby_bus_events_total{bus="left",event="requests",site="harbour"} 25`,
		`cubby_bus_events_total{bus="left",event="reconnects",site="harbour"} 2`,
		`cubby_board_events_total{board="1",bus="left",event="timeouts",site="harbour"} 1`,
		`cubby_boards{state="ok"} 1`, `cubby_boards{state="silent"} 1`, `cubby_boards{state="missing"} 0`,
	)
	for i := range 600 {
		must(t, h.Status(t.Context(), locker.SiteID("s"+strconv.Itoa(i)), wire.Status{
			Buses: []wire.BusStatus{{Name: "left", Counters: map[string]uint64{"requests": 1}}},
		}))
	}
	if n := strings.Count(scrape(t, reg), "cubby_bus_events_total{"); n > 600 {
		t.Errorf("%d series: the limit does not hold", n)
	}
}

// TestMetrics_BoardsOfAnOddSite: what one site says twice, or in words that nobody knows, must not hide
// the metrics of all.
func TestMetrics_BoardsOfAnOddSite(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	m, err := api.NewMetrics(api.MetricsOptions{Registerer: reg, Now: (&clock{}).now})
	must(t, err)
	h := m.Hub(hub{})
	odd := wire.Status{
		Buses: []wire.BusStatus{
			{Name: "left", Counters: map[string]uint64{"requests": 1, "bad\xff": 1}},
			{Name: "left", Counters: map[string]uint64{"requests": 2}},
		},
		Boards: []wire.BoardStatus{
			{Bus: "left", Address: 1, State: wire.BoardOK, Counters: map[string]uint64{"late": 3}},
			{Bus: "left", Address: 1, State: "odd", Counters: map[string]uint64{"late": 4}},
		},
	}
	must(t, h.Status(t.Context(), "odd", odd))
	for i := range 600 {
		must(t, h.Status(t.Context(), locker.SiteID("s"+strconv.Itoa(i)), odd))
	}
	for range 3 { // the same sites each time
		wantLines(t, scrape(t, reg),
			`cubby_bus_events_total{bus="left",event="requests",site="odd"} 1`,
			`cubby_board_events_total{board="1",bus="left",event="late",site="odd"} 3`,
			`cubby_bus_events_total{bus="left",event="requests",site="s498"} 1`,
			`cubby_boards{state="ok"} 601`,
		)
	}
}

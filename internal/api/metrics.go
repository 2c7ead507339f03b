package api

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// MetricsOptions configure [NewMetrics]. Registerer and Now are needed.
type MetricsOptions struct {
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Metrics counts what happens in this process. A nil *Metrics counts nothing. It is safe for
// concurrent use.
type Metrics struct {
	now      func() time.Time
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec

	messages   *prometheus.CounterVec
	uploads    prometheus.Histogram
	operations prometheus.Counter
	ingest     prometheus.Histogram

	boards *boardMetrics
}

// NewMetrics registers the counters, and those of the Go runtime and of the process.
func NewMetrics(opts MetricsOptions) (*Metrics, error) {
	if opts.Registerer == nil || opts.Now == nil {
		return nil, errors.New("api: metrics need a registerer and a clock")
	}
	m := &Metrics{
		now: opts.Now, boards: newBoardMetrics(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cubby_http_requests_total", Help: "Requests that were answered.",
		}, []string{"face", "route", "method", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cubby_http_request_duration_seconds", Help: "From the request to the end of its answer; live streams last.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"face", "route"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "cubby_http_requests_in_flight", Help: "Requests that are being answered, live streams too.",
		}, []string{"face"}),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cubby_link_messages_total", Help: "What sites sent or asked, by kind and by how it went.",
		}, []string{"message", "result"}),
		uploads: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "cubby_ingest_batch_operations", Help: "Operations of one upload.", Buckets: prometheus.ExponentialBuckets(1, 2, 11),
		}),
		operations: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cubby_ingest_operations_total", Help: "Operations that sites uploaded and the server committed, repeats too.",
		}),
		ingest: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "cubby_ingest_duration_seconds", Help: "From an upload to its commit.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{
		m.requests, m.took, m.inFlight, m.messages, m.uploads, m.operations, m.ingest, m.boards,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		errs = append(errs, opts.Registerer.Register(c))
	}
	return m, errors.Join(errs...)
}

// MetricsHandler serves what a registry gathers, for a listener that is not public.
func MetricsHandler(from prometheus.Gatherer) http.Handler {
	return promhttp.HandlerFor(from, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: maxScrapes})
}

// maxScrapes bounds the scrapes at once: each asks the database.
const maxScrapes = 4

// HTTP counts the requests of a face, e.g. "api" or "console". Routes are patterns of the
// http.ServeMux below, never paths: ids would make a series each.
func (m *Metrics) HTTP(face string, next http.Handler) http.Handler {
	if m == nil {
		return next
	}
	inFlight := m.inFlight.WithLabelValues(face)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := m.now()
		seen := &watched{ResponseWriter: w}
		inFlight.Inc()
		defer func() {
			inFlight.Dec()
			route := routeOf(r)
			m.requests.WithLabelValues(face, route, methodOf(r.Method), strconv.Itoa(seen.code())).Inc()
			m.took.WithLabelValues(face, route).Observe(m.now().Sub(began).Seconds())
		}()
		next.ServeHTTP(seen, r)
	})
}

func routeOf(r *http.Request) string {
	pattern := r.Pattern
	if _, path, ok := strings.Cut(pattern, " "); ok {
		pattern = path
	}
	if pattern == "" {
		return "unmatched"
	}
	return pattern
}

// methodOf bounds the label: anybody can send any word as a method.
func methodOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions:
		return method
	}
	return "other"
}

// watched remembers the status of an answer. It lets flushing and hijacking through: pages stream
// and sites connect by WebSocket.
type watched struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *watched) WriteHeader(status int) {
	if w.status < http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find what the writer can do.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush implements http.Flusher for those who do not use http.ResponseController.
func (w *watched) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() } // as http.Flusher: it cannot say

// Hijack implements http.Hijacker.
func (w *watched) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status = http.StatusSwitchingProtocols
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

func (w *watched) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// Hub counts what sites send through a hub.
func (m *Metrics) Hub(next link.Hub) link.Hub {
	if m == nil {
		return next
	}
	return &countedHub{m: m, next: next}
}

type countedHub struct {
	m    *Metrics
	next link.Hub
}

var _ link.Hub = (*countedHub)(nil)

func (h *countedHub) count(message string, err error) {
	result := "ok"
	var known *locker.Error
	switch {
	case errors.As(err, &known):
		result = "refused"
	case err != nil:
		result = "failed"
	}
	h.m.messages.WithLabelValues(message, result).Inc()
}

// Ingest implements link.Hub.
func (h *countedHub) Ingest(ctx context.Context, site locker.SiteID, uploads []wire.Upload) (wire.Position, error) {
	began := h.m.now()
	at, err := h.next.Ingest(ctx, site, uploads)
	h.count("upload", err)
	h.m.uploads.Observe(float64(len(uploads)))
	if err == nil {
		h.m.operations.Add(float64(len(uploads)))
		h.m.ingest.Observe(h.m.now().Sub(began).Seconds())
	}
	return at, err
}

// Directory implements link.Hub.
func (h *countedHub) Directory(ctx context.Context, site locker.SiteID, have wire.DirectoryAck, limit int) (wire.DirectoryBatch, error) {
	batch, err := h.next.Directory(ctx, site, have, limit)
	h.count("directory", err)
	return batch, err
}

// Intents implements link.Hub.
func (h *countedHub) Intents(ctx context.Context, site locker.SiteID) ([]wire.Intent, error) {
	intents, err := h.next.Intents(ctx, site)
	h.count("intents", err)
	return intents, err
}

// Status implements link.Hub.
func (h *countedHub) Status(ctx context.Context, site locker.SiteID, status wire.Status) error {
	err := h.next.Status(ctx, site, status)
	h.count("status", err)
	if err == nil {
		h.m.boards.keep(site, status)
	}
	return err
}

// Recall implements link.Hub.
func (h *countedHub) Recall(ctx context.Context, site locker.SiteID, after wire.Position, limit int) ([]wire.Upload, error) {
	items, err := h.next.Recall(ctx, site, after, limit)
	h.count("recall", err)
	return items, err
}

// Head implements link.Hub.
func (h *countedHub) Head(ctx context.Context, site locker.SiteID, note string) (string, error) {
	signed, err := h.next.Head(ctx, site, note)
	h.count("head", err)
	return signed, err
}

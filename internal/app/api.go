package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"cubby/internal/api"
	"cubby/internal/link"
	"cubby/internal/text"
)

// measures are the figures of one server process.
type measures struct {
	registry *prometheus.Registry
	metrics  *api.Metrics
	server   *http.Server // nil: metrics are not served
	listen   net.Listener
}

// buildMetrics makes the registry and returns the hub with its traffic counted.
func (s *Server) buildMetrics(ctx context.Context, hub link.Hub) (link.Hub, error) {
	m := &s.measures
	m.registry = prometheus.NewRegistry()
	var err error
	m.metrics, err = api.NewMetrics(api.MetricsOptions{Registerer: m.registry, Now: s.opts.Now})
	if err != nil {
		return nil, fmt.Errorf("build metrics: %w", err)
	}
	err = api.RegisterStats(api.StatsOptions{
		Registerer: m.registry, Logger: s.opts.Logger, Now: s.opts.Now, Stats: s.Cloud.Stats,
	})
	if err != nil {
		return nil, fmt.Errorf("build metrics: %w", err)
	}
	if s.opts.Config.MetricsListen == "" {
		return m.metrics.Hub(hub), nil
	}
	var lc net.ListenConfig
	if m.listen, err = lc.Listen(ctx, "tcp", s.opts.Config.MetricsListen); err != nil {
		return nil, fmt.Errorf("listen for metrics at %s: %w", s.opts.Config.MetricsListen, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", api.MetricsHandler(m.registry))
	m.server = &http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout, ErrorLog: quiet(s.opts.Logger)}
	return m.metrics.Hub(hub), nil
}

// buildAPI adds the API, its description and its page, and health, to the routes.
func (s *Server) buildAPI(mux *http.ServeMux, catalog *text.Catalog) error {
	face, err := api.New(api.Options{
		Cloud: s.Cloud, Hooks: s.faces.hooks, Text: catalog, Logger: s.opts.Logger, Now: s.opts.Now, NewID: s.opts.NewID,
		Metrics: s.measures.metrics, Audits: s.faces.auditor, Rounds: s.faces.rounds, Desk: s.faces.desk, Holders: s.faces.holders, Advise: s.faces.advise,
		Evidence: s.faces.proofs, Published: s.faces.heads,
	})
	if err != nil {
		return fmt.Errorf("build the API: %w", err)
	}
	health, err := api.NewHealth(s.opts.Logger, api.Check{Name: "server", Run: s.Cloud.Ready}, api.Check{Name: "writes", Run: s.Cloud.Writable})
	if err != nil {
		return fmt.Errorf("build health: %w", err)
	}
	for _, path := range []string{api.Prefix + "/", api.SpecPath, api.DocsPath} {
		mux.Handle(path, face.Handler())
	}
	for _, path := range []string{api.LivePath, api.ReadyPath} {
		mux.Handle(path, health.Handler())
	}
	return nil
}

func (s *Server) startMetrics() {
	m := &s.measures
	if m.server == nil {
		return
	}
	s.done.Go(func() {
		if err := m.server.Serve(m.listen); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.fail(fmt.Errorf("serve metrics: %w", err))
		}
	})
}

func (s *Server) stopMetrics() error {
	m := &s.measures
	switch {
	case m.server != nil:
		return m.server.Close()
	case m.listen != nil:
		return m.listen.Close()
	}
	return nil
}

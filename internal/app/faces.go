package app

import (
	"context"
	"net/http"

	"cubby/internal/locker"
)

// faces are what people and programs reach.
type faces struct {
	public http.Handler
	host   *host
}

func (s *Server) buildFaces(_ context.Context) error {
	mux := http.NewServeMux()
	mux.Handle("/link/v1/", s.Link.Handler())
	s.faces.public = mux
	s.faces.host = &host{hub: s.Cloud.Hub(), cloud: s.Cloud, opts: s.opts, key: s.identity, sites: map[locker.SiteID]chan struct{}{}, sitesOf: s.Cloud.HostedSites}
	s.Cloud.OnWake(s.faces.host.wake)
	return nil
}

func (s *Server) startFaces(ctx context.Context) error {
	s.done.Go(func() { s.faces.host.run(ctx) })
	return nil
}

func (s *Server) stopFaces() {}

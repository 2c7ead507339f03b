package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/cloud/replan"
	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/text"
	"cubby/internal/web/console"
	"cubby/internal/web/planner"
)

// buildPlanner adds the public planner to the routes, unless the settings switch it off.
func (s *Server) buildPlanner(mux *http.ServeMux) {
	if s.faces.planner == nil {
		return
	}
	counted := s.measures.metrics.HTTP("planner", s.faces.planner.Handler())
	mux.Handle(planner.Prefix, counted)
	mux.Handle(planner.Prefix+"/", counted)
}

// newPlanner returns the planner, or nil when the settings switch it off.
func (s *Server) newPlanner(catalog *text.Catalog) (*planner.Face, error) {
	c := s.opts.Config
	if c.Planner != "on" {
		return nil, nil //nolint:nilnil // off is no error
	}
	face, err := planner.New(planner.Options{
		Text: catalog, Logger: s.opts.Logger, Now: s.opts.Now, Public: strings.TrimRight(c.PublicURL, "/"), Name: c.Branding.Name,
	})
	if err != nil {
		return nil, fmt.Errorf("build the planner: %w", err)
	}
	return face, nil
}

// planSite lets the console turn a plan into a site; nil when there is no planner.
func (s *Server) planSite() func(context.Context, url.Values, *text.Printer) (console.PlannedSite, error) {
	if s.faces.planner == nil {
		return nil
	}
	return func(ctx context.Context, q url.Values, t *text.Printer) (console.PlannedSite, error) {
		p, err := s.faces.planner.Site(ctx, q, t)
		if err != nil {
			return console.PlannedSite{}, err
		}
		v := console.PlannedSite{Query: p.Query, Lead: p.Lead, Layout: p.Layout, Planner: planner.Prefix}
		for _, b := range p.Boards {
			v.Boards += b
		}
		for _, d := range p.Doors {
			v.Doors = append(v.Doors, console.PlannedDoors{Size: d.Size, N: d.Doors})
		}
		for i, scene := range p.Fronts {
			v.Fronts = append(v.Fronts, planner.Picture(scene, fmt.Sprintf("front-%d", i+1)))
		}
		return v, nil
	}
}

// advisePages returns what pages and the API ask for advice on a site: fewer simulated years than the command, for
// an answer in a second or two.
func (s *Server) advisePages() (func(context.Context, cloud.Principal, locker.SiteID) (sizing.Advice, error), error) {
	again, err := replan.New(replan.Options{Sites: s.Cloud, Store: s.store, Now: s.opts.Now})
	if err != nil {
		return nil, fmt.Errorf("build the advice on sites: %w", err)
	}
	return func(ctx context.Context, p cloud.Principal, site locker.SiteID) (sizing.Advice, error) {
		return again.Advise(ctx, p, site, sizing.ReplanOptions{Seed: 1, Quick: true, Workers: 1})
	}, nil
}

// AdviseSite plans an installed site again from its own record, on the server's tables. It may run beside the
// server. Owner is the e-mail address of the owner in whose name it asks; the first when empty.
func AdviseSite(ctx context.Context, opts ServerOptions, owner string, site locker.SiteID, o sizing.ReplanOptions) (a sizing.Advice, err error) {
	st, c, _, err := openCloud(ctx, opts)
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	p, err := c.Operator(ctx, owner)
	if err != nil {
		return a, err
	}
	again, err := replan.New(replan.Options{Sites: c, Store: st, Now: opts.Now})
	if err != nil {
		return a, err
	}
	return again.Advise(ctx, p, site, o)
}

package api

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/audit"
	"cubby/internal/cloud/desk"
	"cubby/internal/cloud/holder"
	"cubby/internal/cloud/hook"
	"cubby/internal/cloud/round"
	"cubby/internal/text"
)

// Prefix is the path of version 1. Within a version, fields and operations are only added.
const Prefix = "/api/v1"

// Version is the version of the API's description.
const Version = "1.0.0"

// Options configure [New]. Cloud, Hooks, Audits, Rounds, Desk, Holders, Text, Logger, Now and NewID are needed.
type Options struct {
	Cloud   *cloud.Cloud
	Hooks   *hook.Hooks // programs that are told
	Audits  *audit.Auditor
	Rounds  *round.Desk   // guided audits
	Desk    *desk.Desk    // the front desk
	Holders *holder.Desk  // what residents say
	Text    *text.Catalog // titles of problems
	Logger  *slog.Logger
	Now     func() time.Time
	// Advise says whether other doors would help a site; nil: the operation answers NOT_FOUND.
	Advise Adviser
	// Evidence makes what anybody can verify; nil: those operations are NOT_FOUND.
	Evidence Evidence
	// Published gives out what was published of the records; nil: those operations are NOT_FOUND.
	Published Publisher
	// NewID makes the ids of requests that bring none.
	NewID func() string
	// Every and Burst limit the requests of one token: Burst at once, then one in each Every. Zero:
	// DefaultEvery and DefaultBurst.
	Every time.Duration
	Burst int
	// Metrics counts requests; nil: nobody counts.
	Metrics *Metrics
}

// Limits of one token, when Options say nothing: twenty requests a second, a hundred at once.
const (
	DefaultEvery = 50 * time.Millisecond
	DefaultBurst = 100
)

// API serves the operations. It is safe for concurrent use.
type API struct {
	cloud     *cloud.Cloud
	hooks     *hook.Hooks
	audits    *audit.Auditor
	rounds    *round.Desk
	desk      *desk.Desk
	holders   *holder.Desk
	proofs    Evidence
	published Publisher
	text      *text.Catalog
	log       *slog.Logger
	now       func() time.Time
	newID     func() string
	advise    Adviser
	limiter   *auth.Limiter
	huma      huma.API
	routes    []Route
	openAPI   []byte
	handler   http.Handler
}

// New returns the API over a Cloud.
func New(opts Options) (*API, error) {
	if opts.Cloud == nil || opts.Audits == nil || opts.Rounds == nil || opts.Desk == nil || opts.Holders == nil || opts.Hooks == nil || opts.Text == nil || opts.Logger == nil || opts.Now == nil || opts.NewID == nil {
		return nil, errors.New("api: a cloud, webhooks, audits, a front desk, a desk of residents, texts, a logger, a clock and ids are needed")
	}
	if opts.Every == 0 {
		opts.Every = DefaultEvery
	}
	if opts.Burst == 0 {
		opts.Burst = DefaultBurst
	}
	limiter, err := auth.NewLimiter(auth.LimiterOptions{Now: opts.Now, Every: opts.Every, Burst: opts.Burst})
	if err != nil {
		return nil, err
	}
	a := &API{
		cloud: opts.Cloud, hooks: opts.Hooks, text: opts.Text, log: opts.Logger, now: opts.Now, newID: opts.NewID, limiter: limiter,
		audits: opts.Audits, rounds: opts.Rounds, desk: opts.Desk, holders: opts.Holders, advise: opts.Advise, proofs: opts.Evidence, published: opts.Published,
	}
	mux := http.NewServeMux()
	a.huma = humago.New(mux, a.config())
	a.register()
	if a.openAPI, err = document(a.huma.OpenAPI()); err != nil {
		return nil, err
	}
	mux.HandleFunc("GET "+SpecPath, a.serveSpec)
	mux.Handle("GET "+DocsPath, docsHandler())
	mux.HandleFunc("/", a.nothingHere(mux))
	a.handler = a.identify(opts.Metrics.HTTP("api", a.contain(mux)))
	return a, nil
}

// Handler serves Prefix, SpecPath and DocsPath.
func (a *API) Handler() http.Handler { return a.handler }

// OpenAPI returns the description of the API: the same bytes for the same program.
func (a *API) OpenAPI() []byte { return bytes.Clone(a.openAPI) }

// Route is one operation.
type Route struct {
	Method    string
	Path      string // with Prefix, e.g. "/api/v1/sites/{site}"
	Operation string // id in the description, e.g. "get-site"
	Scopes    []auth.Scope
}

// Routes lists every operation in the order of routes.go.
func (a *API) Routes() []Route { return append([]Route(nil), a.routes...) }

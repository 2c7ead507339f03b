package kiosk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"cubby/internal/controller"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// site is what the pages need of a controller.
type site interface {
	Home(ctx context.Context, panel controller.PanelID) (controller.Home, error)
	Enter(ctx context.Context, panel controller.PanelID, in controller.Input) (controller.Turn, error)
	Turn(ctx context.Context, panel controller.PanelID) (controller.Turn, error)
	Act(ctx context.Context, panel controller.PanelID, act controller.Act) (controller.Turn, error)
	Watch(ctx context.Context, panel controller.PanelID, after uint64) (controller.Turn, error)
}

var _ site = (*controller.Controller)(nil)

// Texts names the parts of the catalogues that the pages need, for text.New.
func Texts() []string { return []string{"common", "error", "kiosk"} }

// Options is what New needs.
type Options struct {
	Site    site               // the controller; required
	Text    *text.Catalog      // required
	Logger  *slog.Logger       // required
	Now     func() time.Time   // required
	Panel   ui.PanelView       // zero: 10.1 inch, 1280x800
	Default controller.PanelID // where "/" leads; "" is "main"
	Contact string             // whom to call while the site has no directory yet; may be ""
	Tick    time.Duration      // how often an open page looks for a new proof and the link; zero: 5 s
}

// Handler serves the pages of all panels of a site. It may be used from many goroutines.
type Handler struct {
	opts  Options
	looks looks
	serve http.Handler
}

const (
	defaultTick  = 5 * time.Second // below the 15 s after which a dead connection must show
	defaultPanel = "main"
	maxBody      = 8 << 10 // bytes of a form: the longest field has 200 characters
)

// New returns the handler, or an error when something that it needs is missing.
func New(opts Options) (*Handler, error) {
	switch {
	case opts.Site == nil:
		return nil, errors.New("serve kiosk: no site")
	case opts.Text == nil:
		return nil, errors.New("serve kiosk: no catalogues")
	case opts.Logger == nil:
		return nil, errors.New("serve kiosk: no logger")
	case opts.Now == nil:
		return nil, errors.New("serve kiosk: no clock")
	}
	if opts.Tick <= 0 {
		opts.Tick = defaultTick
	}
	if opts.Default == "" {
		opts.Default = defaultPanel
	}
	h := &Handler{opts: opts, looks: looks{of: map[controller.PanelID]look{}}}
	routes, err := h.routes()
	if err != nil {
		return nil, fmt.Errorf("serve kiosk: %w", err)
	}
	h.serve = routes
	return h, nil
}

// ServeHTTP serves /kiosk/, the assets of the pages, and leads from "/" to the default panel.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.serve.ServeHTTP(w, r) }

// panelName keeps what comes as part of an address out of everything else.
var panelName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// panelOf returns the panel that the address names; ok is false after a 404 was sent.
func panelOf(w http.ResponseWriter, r *http.Request) (panel controller.PanelID, ok bool) {
	name := r.PathValue("panel")
	if !panelName.MatchString(name) {
		http.NotFound(w, r)
		return "", false
	}
	return controller.PanelID(name), true
}

func base(panel controller.PanelID) string { return "/kiosk/" + string(panel) }

// ruleOf returns the error of the rules in err, for the person at the panel.
func ruleOf(err error) (*controller.Failure, bool) {
	var rule *locker.Error
	if !errors.As(err, &rule) {
		return nil, false
	}
	return &controller.Failure{Code: rule.Code, Number: rule.Code.Number()}, true
}

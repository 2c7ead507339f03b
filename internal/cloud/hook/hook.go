package hook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/entry"
	"cubby/internal/cloud/rows"
	"cubby/internal/integration/webhook"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// Limits.
const (
	MaxHooks = 20 // of one organization
	// OldSecret is how long a secret that was replaced signs beside the new one.
	OldSecret = 24 * time.Hour
	// Keep is how long deliveries stay in the log, and how far back they can be sent again.
	Keep = 30 * 24 * time.Hour
)

// Sender sends one message; webhook.Client does.
type Sender interface {
	Check(address string) error
	Send(ctx context.Context, address string, secrets []webhook.Secret, m webhook.Message) (webhook.Answer, error)
}

// Options are what [New] needs: all of it.
type Options struct {
	Store  *store.Store
	Sender Sender
	Logger *slog.Logger
	Now    func() time.Time
	NewID  func() string // ids that sort by time
	Random io.Reader     // of secrets
}

// Hooks keeps the list of hooks and sends to them. It is safe for concurrent use, also by several
// processes over one store.
type Hooks struct {
	opts   Options
	mu     sync.Mutex
	busy   map[string]bool // hooks that this process is sending to
	swept  time.Time
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// New returns Hooks that send nothing until Start.
func New(opts Options) (*Hooks, error) {
	if opts.Store == nil || opts.Sender == nil || opts.Logger == nil || opts.Now == nil || opts.NewID == nil || opts.Random == nil {
		return nil, errors.New("hook: a store, a sender, a logger, a clock, ids and a source of chance are needed")
	}
	return &Hooks{opts: opts, busy: map[string]bool{}}, nil
}

// View is a hook as people see it, without its secret.
type View struct {
	ID      string
	Name    string
	URL     string
	Kinds   []Kind // empty: all
	Active  bool
	Stopped string    // why nothing is sent any more: "gone", "failing"; empty: it is
	Failing time.Time // since when no message was taken; zero: all is well
	Created time.Time
	Waiting int // messages
	Dead    int // messages that were given up
}

// Draft is a hook to add or to change.
type Draft struct {
	Name   string
	URL    string
	Kinds  []Kind // empty: all
	Active bool
}

func (h *Hooks) check(d *Draft) error {
	name, err := entry.Text("name", d.Name, 1, 100)
	if err != nil {
		return err //nolint:wrapcheck // says what is wrong with the entry
	}
	d.Name, d.URL = name, strings.TrimSpace(d.URL)
	if err := h.opts.Sender.Check(d.URL); err != nil {
		return locker.Errorf(locker.CodeInputInvalid, "url: %s", strings.TrimPrefix(err.Error(), webhook.ErrAddress.Error()+": "))
	}
	slices.Sort(d.Kinds)
	d.Kinds = slices.Compact(d.Kinds)
	for _, k := range d.Kinds {
		if !slices.Contains(Kinds(), k) {
			return locker.Errorf(locker.CodeInputInvalid, "kinds: there is no %q", rows.Shorten(string(k)))
		}
	}
	return nil
}

// may returns NOT_ALLOWED for whoever may not see or change hooks: they tell of a whole organization.
func may(p cloud.Principal, scope auth.Scope) error { return p.Need(cloud.RoleManager, scope) }

// List returns the hooks of the principal's organization by name.
func (h *Hooks) List(ctx context.Context, p cloud.Principal) ([]View, error) {
	if err := may(p, auth.ScopeRead); err != nil {
		return nil, err
	}
	q := h.opts.Store.Read()
	found, err := q.ListHooks(ctx, p.Organization)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	views := make([]View, 0, len(found))
	for _, row := range found {
		v, err := view(ctx, q, row)
		if err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, nil
}

func view(ctx context.Context, q *db.Queries, row db.Hook) (View, error) {
	v := View{
		ID: row.ID, Name: row.Name, URL: row.Url, Active: row.Active, Stopped: row.Stopped,
		Failing: moment(row.FailingSince), Created: moment(row.CreatedAt),
	}
	if err := rows.Decode(row.Kinds, &v.Kinds); err != nil {
		return v, err //nolint:wrapcheck // names the column
	}
	counts, err := q.CountHookDeliveries(ctx, row.ID)
	if err != nil {
		return v, fmt.Errorf("count deliveries: %w", err)
	}
	for _, c := range counts {
		switch c.State {
		case stateWaiting:
			v.Waiting = int(c.Count)
		case stateDead:
			v.Dead = int(c.Count)
		}
	}
	return v, nil
}

// Get returns one hook. It is NOT_FOUND for one of another organization.
func (h *Hooks) Get(ctx context.Context, p cloud.Principal, id string) (View, error) {
	if err := may(p, auth.ScopeRead); err != nil {
		return View{}, err
	}
	q := h.opts.Store.Read()
	row, err := find(ctx, q, p, id)
	if err != nil {
		return View{}, err
	}
	return view(ctx, q, row)
}

func find(ctx context.Context, q *db.Queries, p cloud.Principal, id string) (db.Hook, error) {
	row, err := q.FindHook(ctx, id)
	if err == nil && row.Organization != p.Organization {
		err = store.ErrNone
	}
	if err != nil {
		return db.Hook{}, rows.NotFound(err, "webhook") //nolint:wrapcheck // names what was looked for
	}
	return row, nil
}

// Create adds a hook and returns its id and its secret, which is shown once. The hook is told of what
// happens from now on at all sites that the organization sees.
func (h *Hooks) Create(ctx context.Context, p cloud.Principal, d Draft) (string, webhook.Secret, error) {
	if err := may(p, auth.ScopeWrite); err != nil {
		return "", webhook.Secret{}, err
	}
	if err := h.check(&d); err != nil {
		return "", webhook.Secret{}, err
	}
	secret, err := webhook.NewSecret(h.opts.Random)
	if err != nil {
		return "", secret, err //nolint:wrapcheck // says what it could not do
	}
	kinds, err := rows.Encode(kindsOf(d))
	if err != nil {
		return "", secret, err //nolint:wrapcheck // names what it could not encode
	}
	id := h.opts.NewID()
	err = h.opts.Store.Tx(ctx, func(q *db.Queries) error {
		n, err := q.CountHooks(ctx, p.Organization)
		if err != nil {
			return fmt.Errorf("count webhooks: %w", err)
		}
		if n >= MaxHooks {
			return locker.Errorf(locker.CodeConflict, "there are %d webhooks already: remove one first", n)
		}
		if err := q.CreateHook(ctx, db.CreateHookParams{
			ID: id, Organization: p.Organization, Name: d.Name, Url: d.URL, Kinds: kinds, Secret: secret.Bytes(), Active: d.Active,
			ToldIncidents: h.opts.Now().UnixMilli(), CreatedBy: p.User, Empty: []byte{},
		}); err != nil {
			return fmt.Errorf("add a webhook: %w", err)
		}
		if err := h.skipPast(ctx, q, id, p.Organization); err != nil {
			return err
		}
		return h.act(ctx, q, p, "create_webhook", id)
	})
	return id, secret, err
}

func kindsOf(d Draft) []Kind {
	if d.Kinds == nil {
		return []Kind{}
	}
	return d.Kinds
}

// skipPast puts the cursors of a new hook to where each site is now.
func (h *Hooks) skipPast(ctx context.Context, q *db.Queries, id, organization string) error {
	sites, err := q.ListHookSites(ctx, db.ListHookSitesParams{Hook: id, Whole: true, Organization: organization})
	if err != nil {
		return fmt.Errorf("list the sites of a webhook: %w", err)
	}
	for _, s := range sites {
		err := q.PutHookCursor(ctx, db.PutHookCursorParams{Hook: id, Site: s.Site, Epoch: s.ProjectedEpoch, Number: s.ProjectedNumber})
		if err != nil {
			return fmt.Errorf("begin the webhook at site %s: %w", s.Site, err)
		}
	}
	return nil
}

// Update changes a hook. One that was stopped is tried again, with all that waited.
func (h *Hooks) Update(ctx context.Context, p cloud.Principal, id string, d Draft) error {
	if err := may(p, auth.ScopeWrite); err != nil {
		return err
	}
	if err := h.check(&d); err != nil {
		return err
	}
	kinds, err := rows.Encode(kindsOf(d))
	if err != nil {
		return err //nolint:wrapcheck // names what it could not encode
	}
	return h.change(ctx, p, id, "update_webhook", func(q *db.Queries) error {
		return q.UpdateHook(ctx, db.UpdateHookParams{
			Name: d.Name, Url: d.URL, Kinds: kinds, Active: d.Active, ChangedAt: h.opts.Now().UnixMilli(), ID: id,
		})
	})
}

// Rotate gives a hook a new secret and returns it. For a day messages are signed with both, so that a
// receiver can be changed without a gap.
func (h *Hooks) Rotate(ctx context.Context, p cloud.Principal, id string) (webhook.Secret, error) {
	if err := may(p, auth.ScopeWrite); err != nil {
		return webhook.Secret{}, err
	}
	secret, err := webhook.NewSecret(h.opts.Random)
	if err != nil {
		return secret, err //nolint:wrapcheck // says what it could not do
	}
	now := h.opts.Now()
	return secret, h.change(ctx, p, id, "rotate_webhook", func(q *db.Queries) error {
		return q.RotateHook(ctx, db.RotateHookParams{
			OldUntil: now.Add(OldSecret).UnixMilli(), Secret: secret.Bytes(), ChangedAt: now.UnixMilli(), ID: id,
		})
	})
}

// Remove ends a hook with its log.
func (h *Hooks) Remove(ctx context.Context, p cloud.Principal, id string) error {
	if err := may(p, auth.ScopeWrite); err != nil {
		return err
	}
	return h.change(ctx, p, id, "remove_webhook", func(q *db.Queries) error { return q.DropHook(ctx, id) })
}

func (h *Hooks) change(ctx context.Context, p cloud.Principal, id, kind string, f func(*db.Queries) error) error {
	return h.opts.Store.Tx(ctx, func(q *db.Queries) error {
		if _, err := find(ctx, q, p, id); err != nil {
			return err
		}
		var refusal *locker.Error
		if err := f(q); errors.As(err, &refusal) {
			return err // says what to do
		} else if err != nil {
			return fmt.Errorf("change webhook %s: %w", id, err)
		}
		return h.act(ctx, q, p, kind, id)
	})
}

// act writes down who did what.
func (h *Hooks) act(ctx context.Context, q *db.Queries, p cloud.Principal, kind, id string) error {
	err := q.CreateAct(ctx, db.CreateActParams{
		ID: h.opts.NewID(), At: h.opts.Now().UnixMilli(), UserID: p.User, Via: p.Via, Kind: kind, Subject: id,
	})
	if err != nil {
		return fmt.Errorf("write down the act: %w", err)
	}
	return nil
}

func moment(ms int64) time.Time { return locker.Millis(ms).Time() }

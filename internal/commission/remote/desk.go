package remote

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/commission"
	"cubby/internal/controller/governor"
	"cubby/internal/locker"
	"cubby/internal/store"
)

// reason stands in the record beside every opening.
const reason = "test of all doors"

// Options are what a Desk needs.
type Options struct {
	Cloud *cloud.Cloud
	Store *store.Store
	Now   func() time.Time
	NewID func() string
}

// Desk leads people through tests of banks. It is safe for concurrent use and holds no state.
type Desk struct{ opts Options }

// New returns a Desk.
func New(opts Options) (*Desk, error) {
	if opts.Cloud == nil || opts.Store == nil || opts.Now == nil || opts.NewID == nil {
		return nil, errors.New("testing banks from afar needs a cloud, a store, a clock and ids")
	}
	return &Desk{opts: opts}, nil
}

// Begin starts a new test of all doors of a site and drops the one before. It returns
// commission.ErrBoards, or SITE_OFFLINE while the site is not connected: the boards are as it reports
// them.
func (d *Desk) Begin(ctx context.Context, p cloud.Principal, site locker.SiteID) error {
	if err := allowed(p); err != nil {
		return err
	}
	x, err := d.load(ctx, p, site)
	if err != nil {
		return err
	}
	if x.health.Site.Link != cloud.LinkUp {
		return locker.Errorf(locker.CodeSiteOffline, "the site is not connected: doors cannot be tested")
	}
	layout := x.site.Layout
	x.walk, err = commission.New(commission.Plan{Boards: x.boards(), Layout: &layout, Rest: x.readings(), Only: true}, d.opts.Now())
	if err != nil {
		return err //nolint:wrapcheck // says what it could not do
	}
	x.state = state{}
	return d.keep(ctx, x, step{fresh: true, by: p, act: "begin"})
}

// Open asks for the door of the step at hand. name is View.Step's: CONFLICT says that somebody else took
// the step. A door with something in it is not opened: the next step asks to confirm that first.
// REMOTE_LIMIT says that the site takes no further opening yet.
func (d *Desk) Open(ctx context.Context, p cloud.Principal, site locker.SiteID, name string) error {
	x, next, err := d.turn(ctx, p, site, name)
	if err != nil {
		return err
	}
	if next.Kind != commission.StepOpen {
		return stale()
	}
	if d.wait(x) > 0 {
		return locker.Errorf(locker.CodeRemoteLimit, "at most %d remote openings a minute", governor.RemoteLimit)
	}
	if err := x.walk.Begin(d.opts.Now()); err != nil {
		return stale()
	}
	if x.doors[next.Place].full && !next.Confirm {
		if err := x.walk.Occupied(); err != nil {
			return stale()
		}
		return d.keep(ctx, x, step{by: p, act: "full", subject: next.Door})
	}
	x.state.Trouble = ""
	x.state.Opening = &opening{Output: next.Output, Place: next.Place, At: d.opts.Now(), Cursor: x.cursor}
	if err := d.keep(ctx, x, step{by: p, act: "open", subject: next.Door}); err != nil {
		return err
	}
	intent, err := d.opts.Cloud.RemoteOpen(ctx, p, site, next.Place, reason)
	if err != nil {
		x.dropped(codeOf(err))
		return errors.Join(err, d.keep(ctx, x, step{}))
	}
	x.state.Opening.Intent = intent
	return d.keep(ctx, x, step{})
}

// Answer takes what the person saw of the step at hand, see Open for name. It returns
// commission.ErrLabel.
func (d *Desk) Answer(ctx context.Context, p cloud.Principal, site locker.SiteID, name string, a commission.Answer) error {
	x, next, err := d.turn(ctx, p, site, name)
	if err != nil {
		return err
	}
	if x.state.Opening != nil {
		if x.end(x.sight, d.opts.Now()) {
			return d.keep(ctx, x, step{})
		}
	}
	switch err := x.walk.Answer(a, d.opts.Now()); {
	case errors.Is(err, commission.ErrStep):
		return stale()
	case err != nil:
		return err //nolint:wrapcheck // says what it wants
	}
	x.state.answered(p.User)
	detail := string(a.Kind)
	for _, l := range a.Labels {
		detail += " " + l
	}
	return d.keep(ctx, x, step{by: p, act: "answer", subject: next.Door, detail: detail})
}

// Undo takes the last answer back.
func (d *Desk) Undo(ctx context.Context, p cloud.Principal, site locker.SiteID) error {
	x, err := d.standing(ctx, p, site)
	if err != nil {
		return err
	}
	x.state.Opening = nil
	if err := x.walk.Undo(); err != nil {
		return locker.Errorf(locker.CodeConflict, "no answer to take back")
	}
	return d.keep(ctx, x, step{by: p, act: "undo"})
}

// Repeat tests one door again, next. It returns NOT_FOUND for a label that the test does not know.
func (d *Desk) Repeat(ctx context.Context, p cloud.Principal, site locker.SiteID, label string) error {
	x, err := d.standing(ctx, p, site)
	if err != nil {
		return err
	}
	doors := x.walk.Doors()
	i := slices.IndexFunc(doors, func(door commission.Door) bool { return door.Label == label })
	if i < 0 {
		return locker.Errorf(locker.CodeNotFound, "no door %s in this test", label)
	}
	again := []locker.Output{doors[i].Output}
	for _, r := range x.walk.Records() { // the output that was planned, too: another door may hang there
		if r.Door == label && r.Output != doors[i].Output {
			again = append(again, r.Output)
		}
	}
	x.walk.Repeat(again...)
	return d.keep(ctx, x, step{by: p, act: "repeat", subject: label})
}

// Apply makes the wiring that the test found the site's layout. It is CONFLICT when the layout changed
// since the test began, and when a door with another output holds something: whoever came for that
// would stand before another door.
func (d *Desk) Apply(ctx context.Context, p cloud.Principal, site locker.SiteID) error {
	if !p.May(cloud.RoleManager) {
		return locker.Errorf(locker.CodeNotAllowed, "this needs the role %q", string(cloud.RoleManager))
	}
	x, err := d.standing(ctx, p, site)
	if err != nil {
		return err
	}
	from, to := *x.walk.Plan().Layout, x.walk.Layout()
	if !sameLayout(x.site.Layout, from) {
		return locker.Errorf(locker.CodeConflict, "the layout was changed since the test began: test again")
	}
	for _, c := range changes(from, to) {
		if now := x.doors[c.Place]; now.full || now.pending {
			return locker.Errorf(locker.CodeConflict, "door %s holds a parcel or is being opened: empty it before its wiring is changed", c.Label)
		}
	}
	if err := d.opts.Cloud.SetLayout(ctx, p, site, to); err != nil {
		return err
	}
	x.state.Applied = d.opts.Now()
	return d.keep(ctx, x, step{by: p, act: "apply"})
}

// turn loads the test for a step of it.
func (d *Desk) turn(ctx context.Context, p cloud.Principal, site locker.SiteID, name string) (*loaded, commission.Step, error) {
	x, err := d.standing(ctx, p, site)
	if err != nil {
		return nil, commission.Step{}, err
	}
	next := x.step()
	if StepName(next) != name || x.state.Opening != nil && !x.asked {
		return nil, next, stale()
	}
	return x, next, nil
}

// standing loads a test that somebody may change.
func (d *Desk) standing(ctx context.Context, p cloud.Principal, site locker.SiteID) (*loaded, error) {
	if err := allowed(p); err != nil {
		return nil, err
	}
	x, err := d.follow(ctx, p, site)
	if err != nil {
		return nil, err
	}
	if x.walk == nil {
		return nil, locker.Errorf(locker.CodeNotFound, "no test of the doors was begun")
	}
	return x, nil
}

func allowed(p cloud.Principal) error {
	if !p.May(cloud.RoleStaff) || !p.Allows(auth.ScopeOpen) {
		return locker.Errorf(locker.CodeNotAllowed, "testing doors needs the role %q and the scope %q", string(cloud.RoleStaff), string(auth.ScopeOpen))
	}
	return nil
}

func stale() error {
	return locker.Errorf(locker.CodeConflict, "the test went on in the meantime: look again")
}

func codeOf(err error) locker.Code {
	var rule *locker.Error
	if errors.As(err, &rule) {
		return rule.Code
	}
	return locker.CodeInternal
}

// StepName tells one step of a test from another.
func StepName(s commission.Step) string {
	return fmt.Sprintf("%s %s %s", s.Kind, s.Output, strconv.Itoa(s.Done))
}

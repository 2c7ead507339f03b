package round

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/rows"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// listed is how many guided audits a list shows.
const listed = 20

// loaded is a guided audit at one version.
type loaded struct {
	site locker.SiteID
	row  db.Round
	body body
}

func (d *Desk) load(ctx context.Context, p cloud.Principal, site locker.SiteID, id string) (*loaded, error) {
	if _, err := d.opts.Cloud.Site(ctx, p, site); err != nil {
		return nil, err
	}
	x := &loaded{site: site}
	var err error
	if x.row, err = d.opts.Store.Read().FindRound(ctx, db.FindRoundParams{ID: id, Site: string(site)}); err != nil {
		return nil, rows.NotFound(err, "guided audit")
	}
	return x, rows.Decode(x.row.Body, &x.body)
}

func (d *Desk) create(ctx context.Context, p cloud.Principal, site locker.SiteID, b body) (string, error) {
	text, err := rows.Encode(b)
	if err != nil {
		return "", err
	}
	id, now := d.opts.NewID(), d.opts.Now().UnixMilli()
	err = d.opts.Store.Tx(ctx, func(q *db.Queries) error {
		if err := q.CreateRound(ctx, db.CreateRoundParams{ID: id, Site: string(site), Body: text, StartedBy: p.User, StartedAt: now}); err != nil {
			return err
		}
		return q.CreateAct(ctx, db.CreateActParams{
			ID: d.opts.NewID(), At: now, UserID: p.User, Via: p.Via, Kind: "begin_audit", Site: string(site), Subject: id, Reason: b.Reason,
		})
	})
	if err != nil {
		return "", fmt.Errorf("begin a guided audit: %w", err)
	}
	return id, nil
}

// keep writes a guided audit. CONFLICT says that another phone was faster.
func (d *Desk) keep(ctx context.Context, x *loaded) error {
	text, err := rows.Encode(x.body)
	if err != nil {
		return err
	}
	return d.opts.Store.Tx(ctx, func(q *db.Queries) error {
		n, err := q.KeepRound(ctx, db.KeepRoundParams{
			Body: text, ChangedAt: d.opts.Now().UnixMilli(), EndedAt: x.row.EndedAt, ID: x.row.ID, Site: string(x.site), Version: x.row.Version,
		})
		switch {
		case err != nil:
			return fmt.Errorf("keep a guided audit: %w", err)
		case n == 0:
			return locker.Errorf(locker.CodeConflict, "somebody else went on with this audit: look again")
		}
		x.row.Version++
		return nil
	})
}

// List returns the latest guided audits of a site, newest first.
func (d *Desk) List(ctx context.Context, p cloud.Principal, site locker.SiteID) ([]Summary, error) {
	if err := p.NeedScope(auth.ScopeRead); err != nil {
		return nil, err
	}
	if _, err := d.opts.Cloud.Site(ctx, p, site); err != nil {
		return nil, err
	}
	found, err := d.opts.Store.Read().ListRounds(ctx, db.ListRoundsParams{Site: string(site), Page: listed})
	if err != nil {
		return nil, fmt.Errorf("list guided audits: %w", err)
	}
	var list []Summary
	for _, row := range found {
		x := &loaded{site: site, row: row}
		if err := rows.Decode(row.Body, &x.body); err != nil {
			return nil, err
		}
		list = append(list, d.summary(ctx, x))
	}
	return list, nil
}

func (d *Desk) summary(ctx context.Context, x *loaded) Summary {
	s := Summary{
		ID: x.row.ID, Scope: x.body.Scope, Bank: x.body.Bank, Reason: x.body.Reason, By: d.nameOf(ctx, x.row.StartedBy),
		Began: time.UnixMilli(x.row.StartedAt).UTC(), Of: len(x.body.Steps),
	}
	if x.row.EndedAt != 0 {
		s.Ended = time.UnixMilli(x.row.EndedAt).UTC()
	}
	for _, step := range x.body.Steps {
		if step.over() {
			s.Done++
		}
		if step.Amiss() {
			s.Amiss++
		}
	}
	return s
}

// nameOf returns the name of a user; of one who is not there any more the id.
func (d *Desk) nameOf(ctx context.Context, id string) string {
	user, err := d.opts.Store.Read().FindUser(ctx, id)
	if err != nil {
		return id
	}
	return user.Name
}

// View returns a guided audit as it stands, at a place of it; empty: the first that is not over.
func (d *Desk) View(ctx context.Context, p cloud.Principal, site locker.SiteID, id string, place locker.PlaceID) (View, error) {
	if err := p.NeedScope(auth.ScopeRead); err != nil {
		return View{}, err
	}
	x, err := d.load(ctx, p, site, id)
	if err != nil {
		return View{}, err
	}
	if err := d.catchUp(ctx, p, x); err != nil {
		return View{}, err
	}
	v := View{Summary: d.summary(ctx, x), Steps: x.body.Steps, People: map[string]string{}}
	for i := range v.Steps {
		step := &v.Steps[i]
		if step.By != "" && v.People[step.By] == "" {
			v.People[step.By] = d.nameOf(ctx, step.By)
		}
		if v.Current == nil && (place == "" && !step.over() || place != "" && step.Place == place) {
			v.Current = step
		}
	}
	if v.Current == nil || !v.Ended.IsZero() {
		v.Current = nil
		return v, nil
	}
	v.Sheet, err = d.opts.Cloud.DoorSheet(ctx, p, site, v.Current.Place)
	if err != nil && !errors.Is(err, &locker.Error{Code: locker.CodePlaceUnknown}) { // else it was taken out of the layout since: skip it
		return v, err
	}
	err = nil
	if v.Current.Open != "" {
		v.Opening, err = d.opts.Cloud.Intent(ctx, p, v.Current.Open)
	}
	return v, err
}

// catchUp takes the answers that came after whoever asked had gone.
func (d *Desk) catchUp(ctx context.Context, p cloud.Principal, x *loaded) error {
	changed := false
	for i := range x.body.Steps {
		step := &x.body.Steps[i]
		if step.State != Sent {
			continue
		}
		answer, err := d.opts.Cloud.Intent(ctx, p, step.Intent)
		if err != nil {
			return err
		}
		changed = step.answered(answer) || changed
	}
	if !changed {
		return nil
	}
	err := d.keep(ctx, x)
	if errors.Is(err, &locker.Error{Code: locker.CodeConflict}) {
		return nil // another phone took the same answers
	}
	return err
}

package round

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/audit"
	"cubby/internal/cloud/intake"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/wire"
)

// Options configure [New]. All are needed.
type Options struct {
	Cloud   *cloud.Cloud
	Store   *store.Store
	Auditor *audit.Auditor // says which places are doubtful, and looks again when something was amiss
	Now     func() time.Time
	NewID   func() string
}

// Desk leads guided audits. It is safe for concurrent use.
type Desk struct{ opts Options }

// New returns a desk.
func New(opts Options) (*Desk, error) {
	if opts.Cloud == nil || opts.Store == nil || opts.Auditor == nil || opts.Now == nil || opts.NewID == nil {
		return nil, errors.New("guided audits need a cloud, a store, an auditor, a clock and ids")
	}
	return &Desk{opts: opts}, nil
}

func allowed(p cloud.Principal) error {
	if !p.May(cloud.RoleStaff) || !p.Allows(auth.ScopeWrite) {
		return locker.Errorf(locker.CodeNotAllowed, "a guided audit needs the role %q and the scope %q", string(cloud.RoleStaff), string(auth.ScopeWrite))
	}
	return nil
}

// Begin starts a guided audit and returns its id. NOT_FOUND says that there is no place to look into: nothing is in doubt, or
// no such bank.
func (d *Desk) Begin(ctx context.Context, p cloud.Principal, site locker.SiteID, draft Draft) (string, error) {
	if err := allowed(p); err != nil {
		return "", err
	}
	reason := strings.TrimSpace(draft.Reason)
	if n := utf8.RuneCountInString(reason); n < minReason || n > maxReason {
		return "", locker.Errorf(locker.CodeInputInvalid, "the reason has %d to %d letters", minReason, maxReason)
	}
	if !draft.Scope.Valid() {
		return "", locker.Errorf(locker.CodeInputInvalid, "the scope is %q or %q", string(All), string(Doubtful))
	}
	b := body{Scope: draft.Scope, Bank: draft.Bank, Reason: reason}
	places, err := d.places(ctx, p, site, draft)
	if err != nil {
		return "", err
	}
	for _, place := range places {
		b.Steps = append(b.Steps, Step{Place: place.ID, Name: place.Name, Kind: place.Kind, State: Todo})
	}
	if len(b.Steps) == 0 {
		return "", locker.Errorf(locker.CodeNotFound, "there is no place to look into")
	}
	return d.create(ctx, p, site, b)
}

// places lists what a draft covers, in the layout's order.
func (d *Desk) places(ctx context.Context, p cloud.Principal, site locker.SiteID, draft Draft) ([]locker.Place, error) {
	view, err := d.opts.Cloud.Site(ctx, p, site)
	if err != nil {
		return nil, err
	}
	doubtful := map[locker.PlaceID]bool{}
	if draft.Scope == Doubtful {
		if doubtful, err = d.doubtful(ctx, p, site); err != nil {
			return nil, err
		}
	}
	var places []locker.Place
	for _, place := range view.Layout.Places() {
		elsewhere := draft.Bank != "" && place.Bank != draft.Bank && string(place.Room) != string(draft.Bank)
		if elsewhere || draft.Scope == Doubtful && !doubtful[place.ID] || len(places) == maxPlaces {
			continue
		}
		places = append(places, place)
	}
	return places, nil
}

func (d *Desk) doubtful(ctx context.Context, p cloud.Principal, site locker.SiteID) (map[locker.PlaceID]bool, error) {
	wall, err := d.opts.Cloud.Wall(ctx, p, site)
	if err != nil {
		return nil, err
	}
	found := map[locker.PlaceID]bool{}
	add := func(w cloud.WallPlace) {
		if w.Doubt != "" || w.Held > 0 {
			found[w.Place] = true
		}
	}
	for _, bank := range wall.Banks {
		for _, column := range bank.Columns {
			for _, door := range column.Doors {
				add(door)
			}
		}
	}
	for _, room := range wall.Rooms {
		for _, shelf := range room.Shelves {
			add(shelf)
		}
	}
	if wall.Desk != nil {
		add(*wall.Desk)
	}
	report, ok, err := d.opts.Auditor.Last(ctx, p, site)
	if err != nil {
		return nil, err
	}
	for _, difference := range report.Differences {
		if ok && difference.Place != "" {
			found[difference.Place] = true
		}
	}
	return found, nil
}

// Open asks for the door of a place. The reason is the audit's.
func (d *Desk) Open(ctx context.Context, p cloud.Principal, site locker.SiteID, id string, place locker.PlaceID) error {
	x, step, err := d.turn(ctx, p, site, id, place)
	if err != nil {
		return err
	}
	if step.Kind != locker.PlaceCompartment {
		return locker.Errorf(locker.CodeInputInvalid, "%s has no door", step.Name)
	}
	intent, err := d.opts.Cloud.RemoteOpen(ctx, p, site, place, x.body.Reason)
	if err != nil {
		return err
	}
	step.Open = intent
	if err := d.keep(ctx, x); err != nil {
		return err
	}
	answer, err := d.opts.Cloud.Await(ctx, p, intent)
	switch {
	case err != nil:
		return err
	case answer.State == cloud.IntentRefused:
		return locker.Errorf(answer.Code, "the site did not open %s", step.Name)
	case answer.State == cloud.IntentDone:
		return nil
	}
	return locker.Errorf(locker.CodeSiteOffline, "the site has not answered yet")
}

// Answer takes what a person saw in a place and tells the site. An error of the site is returned with its code, and can be
// answered again; SITE_OFFLINE says that the site has not answered yet.
func (d *Desk) Answer(ctx context.Context, p cloud.Principal, site locker.SiteID, id string, place locker.PlaceID, a Answer) error { //nolint:revive // context and principal lead every use case; where and what follow
	x, step, err := d.turn(ctx, p, site, id, place)
	if err != nil {
		return err
	}
	sheet, err := d.opts.Cloud.DoorSheet(ctx, p, site, place)
	if err != nil {
		return err
	}
	intent, err := d.said(ctx, sheet, step, &a)
	if err != nil {
		return err
	}
	step.Intent, err = d.opts.Cloud.Act(ctx, p, cloud.IntentDraft{Site: site, Reason: a.Note, Intent: intent})
	if err != nil {
		return err
	}
	step.State, step.Code, step.By, step.At = Sent, "", p.User, d.opts.Now()
	if err := d.keep(ctx, x); err != nil {
		return err
	}
	return d.settle(ctx, p, x, step)
}

// settle waits for the site's word about what was said.
func (d *Desk) settle(ctx context.Context, p cloud.Principal, x *loaded, step *Step) error {
	answer, err := d.opts.Cloud.Await(ctx, p, step.Intent)
	if err != nil {
		return err
	}
	if !step.answered(answer) {
		return locker.Errorf(locker.CodeSiteOffline, "the site has not answered yet")
	}
	if err := d.keep(ctx, x); err != nil {
		return err
	}
	if step.State == Refused {
		return locker.Errorf(step.Code, "the site did not take what was seen in %s", step.Name)
	}
	if step.Amiss() {
		_, err = d.opts.Auditor.Run(ctx, p, x.site)
	}
	return err
}

// answered takes the site's word; false: there is none yet.
func (s *Step) answered(i cloud.IntentView) bool {
	switch i.State {
	case cloud.IntentDone:
		s.State = Done
	case cloud.IntentRefused, cloud.IntentExpired:
		s.State, s.Code = Refused, i.Code
		if s.Code == "" {
			s.Code = locker.CodeIntentExpired
		}
	case cloud.IntentPending:
		return false
	}
	return true
}

// said turns an answer into what the site is told, and notes it in the step.
func (d *Desk) said(ctx context.Context, sheet cloud.DoorSheet, step *Step, a *Answer) (wire.Intent, error) {
	none := wire.Intent{}
	a.Note = strings.TrimSpace(a.Note)
	if !a.Said.Valid() || utf8.RuneCountInString(a.Note) > maxNote {
		return none, locker.Errorf(locker.CodeInputInvalid, "say what is in %s, with a note of at most %d letters", step.Name, maxNote)
	}
	step.Said, step.Note, step.Booked = a.Said, a.Note, len(sheet.Parcels)
	step.Seen, step.Missing, step.Found, step.Strangers, step.Tails = 0, nil, nil, 0, nil
	intent := wire.Intent{Kind: wire.IntentVerify, Place: step.Place}
	switch a.Said {
	case Unseen:
		return wire.Intent{Kind: wire.IntentAudit, Place: step.Place, Unseen: true}, nil
	case Empty:
		for _, parcel := range sheet.Parcels {
			step.Missing = append(step.Missing, string(parcel.Parcel))
		}
		return intent, nil
	case AsBooked:
		step.Seen, intent.Occupied = len(sheet.Parcels), len(sheet.Parcels) > 0
		return intent, nil
	case Differs:
	}
	intent = wire.Intent{Kind: wire.IntentAudit, Place: step.Place, Stays: a.Seen, Found: a.Found}
	for _, parcel := range sheet.Parcels {
		if slices.Contains(a.Seen, parcel.Stay) {
			step.Seen++
		} else {
			step.Missing = append(step.Missing, string(parcel.Parcel))
		}
	}
	if err := d.strangers(step, a, &intent); err != nil {
		return none, err
	}
	return intent, d.found(ctx, sheet, step, a)
}

func (d *Desk) strangers(step *Step, a *Answer, intent *wire.Intent) error {
	if a.More < 0 || a.More > locker.MaxStrangers || len(a.Labels) > maxLabels {
		return locker.Errorf(locker.CodeInputInvalid, "at most %d labels and %d parcels without one", maxLabels, locker.MaxStrangers)
	}
	for _, label := range a.Labels {
		label = strings.TrimSpace(label)
		if n := utf8.RuneCountInString(label); n == 0 || n > maxLabel {
			return locker.Errorf(locker.CodeInputInvalid, "a label has 1 to %d letters", maxLabel)
		}
		intent.Labels = append(intent.Labels, label)
		step.Tails = append(step.Tails, intake.Tail(intake.TrackingKey(label)))
	}
	step.Strangers = len(intent.Labels) + a.More
	intent.Strangers = step.Strangers
	return nil
}

// found looks up the parcels that are booked somewhere else.
func (d *Desk) found(ctx context.Context, sheet cloud.DoorSheet, step *Step, a *Answer) error {
	for _, id := range a.Found {
		row, ok, err := d.opts.Store.FindDelivery(ctx, string(sheet.Site.ID), string(id))
		if err != nil {
			return err
		}
		if !ok || !row.Live || row.Place == string(step.Place) {
			return locker.Errorf(locker.CodeConflict, "a parcel is not booked somewhere else any more: look again")
		}
		step.Found = append(step.Found, row.Parcel)
	}
	return nil
}

// Skip leaves a place out.
func (d *Desk) Skip(ctx context.Context, p cloud.Principal, site locker.SiteID, id string, place locker.PlaceID) error {
	x, step, err := d.turn(ctx, p, site, id, place)
	if err != nil {
		return err
	}
	*step = Step{Place: step.Place, Name: step.Name, Kind: step.Kind, State: Skipped, By: p.User, At: d.opts.Now()}
	return d.keep(ctx, x)
}

// Finish ends a guided audit; places that nobody looked into stay so.
func (d *Desk) Finish(ctx context.Context, p cloud.Principal, site locker.SiteID, id string) error {
	if err := allowed(p); err != nil {
		return err
	}
	x, err := d.load(ctx, p, site, id)
	if err != nil {
		return err
	}
	if x.row.EndedAt != 0 {
		return nil
	}
	x.row.EndedAt = d.opts.Now().UnixMilli()
	if err := d.keep(ctx, x); err != nil {
		return err
	}
	_, err = d.opts.Auditor.Run(ctx, p, site)
	return err
}

// Scan finds the waiting parcels of a site whose label, unit or name begins like a text.
func (d *Desk) Scan(ctx context.Context, p cloud.Principal, site locker.SiteID, text string) ([]cloud.Delivery, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	page, err := d.opts.Cloud.Deliveries(ctx, p, cloud.DeliveryFilter{Site: site, Query: text, State: "waiting", Limit: maxScan})
	return page.Items, err
}

// maxScan is how many parcels one scan may fit.
const maxScan = 20

// turn loads a guided audit for something to do at one of its places.
func (d *Desk) turn(ctx context.Context, p cloud.Principal, site locker.SiteID, id string, place locker.PlaceID) (*loaded, *Step, error) {
	if err := allowed(p); err != nil {
		return nil, nil, err
	}
	x, err := d.load(ctx, p, site, id)
	if err != nil {
		return nil, nil, err
	}
	if x.row.EndedAt != 0 {
		return nil, nil, locker.Errorf(locker.CodeConflict, "this audit was finished")
	}
	for i := range x.body.Steps {
		if step := &x.body.Steps[i]; step.Place == place {
			return x, step, nil
		}
	}
	return nil, nil, locker.Errorf(locker.CodePlaceUnknown, "this audit does not go to place %s", place)
}

package consoletest

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/web/console"
)

// Password is the one that the Fake takes.
const Password = "correct horse battery"

// Fake answers like a cloud.Cloud over the sample property. It changes nothing; what was asked of it
// is in Calls. It is safe for concurrent use.
type Fake struct {
	now    time.Time
	secret auth.Secret

	mu      sync.Mutex
	calls   []string
	errs    map[string]error
	answer  cloud.IntentView
	changes []chan cloud.Change
	wall    cloud.Wall
	signed  bool
	empty   bool
	stage   Stage // of the test of a bank
}

var _ console.Backend = (*Fake)(nil)

// New returns a Fake at a moment.
func New(now time.Time) (*Fake, error) {
	_, secret, err := auth.NewSession(strings.NewReader(strings.Repeat("cubby", 20)), "u1", "test", now)
	if err != nil {
		return nil, err
	}
	f := &Fake{now: now, secret: secret, errs: map[string]error{}, signed: true}
	f.wall = sampleWall(now)
	f.answer = cloud.IntentView{ID: "i1", State: cloud.IntentDone, Place: "desk"}
	return f, nil
}

// Cookie is that of somebody who is signed in over plain HTTP.
func (f *Fake) Cookie() *http.Cookie { return auth.SessionCookie(f.secret, false) }

// Fail lets a method fail from now on; nil lets it work again.
func (f *Fake) Fail(method string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs[method] = err
}

// Empty makes every list empty from now on.
func (f *Fake) Empty() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.empty = true
}

// EndSession lets the session be over from now on.
func (f *Fake) EndSession() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.signed = false
}

// Answer sets what a site answers to the next wishes.
func (f *Fake) Answer(a cloud.IntentView) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = a
}

// Change replaces the wall and tells everybody who follows it.
func (f *Fake) Change(edit func(*cloud.Wall), c cloud.Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wall = cloneWall(f.wall) // readers keep the one that they were given
	edit(&f.wall)
	for _, ch := range f.changes {
		ch <- c
	}
}

// cloneWall copies what an edit may change: banks, columns, doors and rooms.
func cloneWall(w cloud.Wall) cloud.Wall {
	w.Banks = slices.Clone(w.Banks)
	for i := range w.Banks {
		w.Banks[i].Columns = slices.Clone(w.Banks[i].Columns)
		for j := range w.Banks[i].Columns {
			w.Banks[i].Columns[j].Doors = slices.Clone(w.Banks[i].Columns[j].Doors)
		}
	}
	w.Rooms = slices.Clone(w.Rooms)
	return w
}

// Calls lists what was asked that changes something, in order, e.g. "RemoteOpen main/B07 stuck".
func (f *Fake) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.calls...)
}

func (f *Fake) call(method string, args ...string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, strings.Join(append([]string{method}, args...), " "))
	return f.errs[method]
}

func (f *Fake) read(method string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.errs[method]
}

func page[T any](f *Fake, method string, items []T) (cloud.Page[T], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.empty {
		items = nil
	}
	return cloud.Page[T]{Items: items, Next: nextOf(items)}, f.errs[method]
}

func nextOf[T any](items []T) string {
	const many = 3
	if len(items) > many {
		return "next"
	}
	return ""
}

// SignIn takes Password for any address.
func (f *Fake) SignIn(_ context.Context, _, password, _ string) (auth.Secret, error) {
	if err := f.call("SignIn"); err != nil {
		return "", err
	}
	if password != Password {
		return "", locker.Errorf(locker.CodeSignInWrong, "wrong")
	}
	return f.secret, nil
}

// SignOut ends the session.
func (f *Fake) SignOut(context.Context, auth.Secret) error {
	f.EndSession()
	return f.call("SignOut")
}

// Session knows the secret of Cookie.
func (f *Fake) Session(_ context.Context, secret auth.Secret) (cloud.Principal, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if secret != f.secret || !f.signed {
		return cloud.Principal{}, locker.Errorf(locker.CodeSessionEnded, "no session")
	}
	return cloud.Principal{User: "u1", Name: "Ana", Organization: "o1", Roles: []cloud.Role{cloud.RoleOwner}, Via: "console"}, nil
}

// Wall is the bank of the pictures, or the package room.
func (f *Fake) Wall(_ context.Context, _ cloud.Principal, site locker.SiteID) (cloud.Wall, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if site == RoomSite {
		return sampleRoom(f.now), f.errs["Wall"]
	}
	if f.empty {
		return cloud.Wall{Site: f.wall.Site}, nil
	}
	return f.wall, f.errs["Wall"]
}

// Subscribe follows Change.
func (f *Fake) Subscribe(ctx context.Context, _ cloud.Principal, _ locker.SiteID) (<-chan cloud.Change, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	const waiting = 8
	in, out := make(chan cloud.Change, waiting), make(chan cloud.Change)
	f.changes = append(f.changes, in)
	go func() {
		defer close(out)
		for {
			select {
			case <-ctx.Done():
				return
			case c := <-in:
				select {
				case out <- c:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return out, f.errs["Subscribe"]
}

// DoorSheet is the sheet of any place of the wall.
func (f *Fake) DoorSheet(_ context.Context, _ cloud.Principal, site locker.SiteID, id locker.PlaceID) (cloud.DoorSheet, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	wall := f.wall
	if site == RoomSite {
		wall = sampleRoom(f.now)
	}
	place, ok := findPlace(wall, id)
	if !ok {
		return cloud.DoorSheet{}, locker.Errorf(locker.CodeNotFound, "no place %q", string(id))
	}
	return sampleSheet(f.now, wall, place), f.errs["DoorSheet"]
}

// Await answers as Answer says.
func (f *Fake) Await(_ context.Context, _ cloud.Principal, id locker.IntentID) (cloud.IntentView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.answer
	a.ID = id
	return a, f.errs["Await"]
}

// RemoteOpen notes the wish.
func (f *Fake) RemoteOpen(_ context.Context, _ cloud.Principal, _ locker.SiteID, place locker.PlaceID, reason string) (locker.IntentID, error) {
	return "i1", f.call("RemoteOpen", string(place), reason)
}

// SetService notes the wish.
func (f *Fake) SetService(_ context.Context, _ cloud.Principal, _ locker.SiteID, place locker.PlaceID, out bool, reason string) (locker.IntentID, error) { //nolint:revive // as cloud.Cloud has it
	word := "back"
	if out {
		word = "out"
	}
	return "i1", f.call("SetService", string(place), word, reason)
}

// Verify notes the wish.
func (f *Fake) Verify(_ context.Context, _ cloud.Principal, _ locker.SiteID, place locker.PlaceID, occupied bool) (locker.IntentID, error) {
	word := "empty"
	if occupied {
		word = "occupied"
	}
	return "i1", f.call("Verify", string(place), word)
}

// CancelReservation notes the wish.
func (f *Fake) CancelReservation(_ context.Context, _ cloud.Principal, _ locker.SiteID, id locker.ReservationID) (locker.IntentID, error) {
	return "i1", f.call("CancelReservation", string(id))
}

// ReissueCode notes the wish.
func (f *Fake) ReissueCode(_ context.Context, _ cloud.Principal, _ locker.SiteID, stay locker.StayID, reason string) (locker.IntentID, error) {
	return "i1", f.call("ReissueCode", string(stay), reason)
}

// Reboot notes the wish.
func (f *Fake) Reboot(_ context.Context, _ cloud.Principal, site locker.SiteID, reason string) (locker.IntentID, error) {
	return "i1", f.call("Reboot", string(site), reason)
}

// ReassignStay notes the order.
func (f *Fake) ReassignStay(_ context.Context, _ cloud.Principal, _ locker.SiteID, stay locker.StayID, to locker.RecipientID, reason string) error { //nolint:revive // as cloud.Cloud has it
	return f.call("ReassignStay", string(stay), string(to), reason)
}

// RevokeStay notes the order.
func (f *Fake) RevokeStay(_ context.Context, _ cloud.Principal, _ locker.SiteID, stay locker.StayID, reason string) error {
	return f.call("RevokeStay", string(stay), reason)
}

// RestoreStay notes the order.
func (f *Fake) RestoreStay(_ context.Context, _ cloud.Principal, _ locker.SiteID, stay locker.StayID, reason string) error {
	return f.call("RestoreStay", string(stay), reason)
}

// HoldStay notes the order.
func (f *Fake) HoldStay(_ context.Context, _ cloud.Principal, _ locker.SiteID, stay locker.StayID, until time.Time, reason string) error { //nolint:revive // as cloud.Cloud has it
	return f.call("HoldStay", string(stay), until.Format(time.RFC3339), reason)
}

// StayCode gives a code.
func (f *Fake) StayCode(_ context.Context, _ cloud.Principal, _ locker.SiteID, stay locker.StayID, reason string) (cloud.Code, error) {
	return SampleCode(), f.call("StayCode", string(stay), reason)
}

// Activity is that of the sample.
func (f *Fake) Activity(_ context.Context, _ cloud.Principal, site locker.SiteID, limit int) ([]cloud.ActivityEntry, error) {
	var all []cloud.ActivityEntry
	if site == BankSite {
		all = sampleActivity(f.now)
	}
	found, err := page(f, "Activity", all)
	return found.Items[:min(len(found.Items), limit)], err
}

// Deliveries are those of the sample; only the state is filtered.
func (f *Fake) Deliveries(_ context.Context, _ cloud.Principal, filter cloud.DeliveryFilter) (cloud.Page[cloud.Delivery], error) {
	var items []cloud.Delivery
	for _, d := range sampleDeliveries(f.now) {
		waiting := !d.State.Ended()
		if filter.State == "waiting" && !waiting || filter.State == "ended" && waiting || filter.State == "overdue" && !d.Overdue {
			continue
		}
		if filter.Site == "" || filter.Site == d.Site {
			items = append(items, d)
		}
	}
	return page(f, "Deliveries", items)
}

// Parcel is one of the sample.
func (f *Fake) Parcel(_ context.Context, _ cloud.Principal, _ locker.SiteID, id locker.ParcelID) (cloud.ParcelView, error) {
	for _, d := range sampleDeliveries(f.now) {
		if d.Parcel == id {
			return sampleParcel(f.now, d), f.read("Parcel")
		}
	}
	return cloud.ParcelView{}, locker.Errorf(locker.CodeNotFound, "no parcel")
}

// Incidents are those of the sample.
func (f *Fake) Incidents(_ context.Context, _ cloud.Principal, filter cloud.IncidentFilter) (cloud.Page[cloud.IncidentView], error) {
	var items []cloud.IncidentView
	for _, i := range sampleIncidents(f.now) {
		if i.Resolved == filter.Resolved {
			items = append(items, i)
		}
	}
	return page(f, "Incidents", items)
}

// Incident is one of the sample.
func (f *Fake) Incident(_ context.Context, _ cloud.Principal, id string) (cloud.IncidentView, error) {
	for _, i := range sampleIncidents(f.now) {
		if i.ID == id {
			return i, f.read("Incident")
		}
	}
	return cloud.IncidentView{}, locker.Errorf(locker.CodeNotFound, "no incident")
}

// OpenIncidents counts two.
func (f *Fake) OpenIncidents(context.Context, cloud.Principal) (int, error) {
	return 2, f.read("OpenIncidents")
}

// AssignIncident notes it.
func (f *Fake) AssignIncident(_ context.Context, _ cloud.Principal, id, user string) error {
	return f.call("AssignIncident", id, user)
}

// NoteIncident notes it.
func (f *Fake) NoteIncident(_ context.Context, _ cloud.Principal, id, text string) error {
	return f.call("NoteIncident", id, text)
}

// ResolveIncident notes it.
func (f *Fake) ResolveIncident(_ context.Context, _ cloud.Principal, id, resolution string) error {
	return f.call("ResolveIncident", id, resolution)
}

// Recipients are those of the sample.
func (f *Fake) Recipients(context.Context, cloud.Principal, cloud.RecipientFilter) (cloud.Page[cloud.RecipientView], error) {
	return page(f, "Recipients", sampleRecipients(f.now))
}

// Recipient is one of the sample.
func (f *Fake) Recipient(_ context.Context, _ cloud.Principal, id locker.RecipientID) (cloud.RecipientView, error) {
	for _, r := range sampleRecipients(f.now) {
		if r.ID == id {
			return r, f.read("Recipient")
		}
	}
	return cloud.RecipientView{}, locker.Errorf(locker.CodeNotFound, "no recipient")
}

// FindRecipients finds units by name and people by the beginning of their names.
func (f *Fake) FindRecipients(_ context.Context, _ cloud.Principal, _ locker.SiteID, text string) ([]cloud.RecipientView, error) {
	const letters = 3
	var found []cloud.RecipientView
	for _, r := range sampleRecipients(f.now) {
		byName := len(text) >= letters && strings.Contains(" "+strings.ToLower(r.Name), " "+strings.ToLower(text))
		if r.UnitName == text || byName {
			found = append(found, r)
		}
	}
	return found, f.read("FindRecipients")
}

// Units are those of the sample's recipients.
func (f *Fake) Units(context.Context, cloud.Principal, locker.SiteID, string, int) (cloud.Page[cloud.UnitView], error) {
	var units []cloud.UnitView
	for _, r := range sampleRecipients(f.now) {
		units = append(units, cloud.UnitView{ID: r.Unit, Kind: locker.UnitApartment, Name: r.UnitName})
	}
	return cloud.Page[cloud.UnitView]{Items: units}, f.read("Units")
}

// PutUnit notes it.
func (f *Fake) PutUnit(_ context.Context, _ cloud.Principal, _ string, d cloud.UnitDraft) (locker.UnitID, error) {
	return locker.UnitID("unit-" + d.Name), f.call("PutUnit", d.Name)
}

// PutRecipient notes it.
func (f *Fake) PutRecipient(_ context.Context, _ cloud.Principal, property string, d cloud.RecipientDraft) (locker.RecipientID, error) {
	return "r9", f.call("PutRecipient", property, string(d.ID), d.Name, string(d.Unit), d.Email)
}

// RecipientLink gives an address.
func (f *Fake) RecipientLink(_ context.Context, _ cloud.Principal, id locker.RecipientID) (string, error) {
	return "https://parcels.example.org/p/abcdefghijklmnop", f.call("RecipientLink", string(id))
}

// RenewRecipientLink gives another address.
func (f *Fake) RenewRecipientLink(_ context.Context, _ cloud.Principal, id locker.RecipientID) (string, error) {
	return "https://parcels.example.org/p/qrstuvwxyzabcdef", f.call("RenewRecipientLink", string(id))
}

// GuessMapping finds three columns.
func (f *Fake) GuessMapping(_ context.Context, _ cloud.Principal, data []byte) (cloud.ImportGuess, error) {
	if !strings.Contains(string(data), ",") {
		return cloud.ImportGuess{}, locker.Errorf(locker.CodeImportInvalid, "no list")
	}
	return sampleGuess(), f.read("GuessMapping")
}

// PlanImport plans the sample import; rows with problems must be skipped.
func (f *Fake) PlanImport(_ context.Context, _ cloud.Principal, in cloud.ImportInput) (cloud.ImportPlan, error) {
	var fields []string
	for _, m := range in.Mapping {
		fields = append(fields, string(m))
	}
	plan := samplePlan(f.now)
	if in.SkipFaulty {
		plan.ID = "plan-1"
	}
	return plan, f.call("PlanImport", string(in.Site), strings.Join(fields, "|"))
}

// ApplyImport notes it.
func (f *Fake) ApplyImport(_ context.Context, _ cloud.Principal, id string) (cloud.ImportResult, error) {
	return cloud.ImportResult{Added: 2}, f.call("ApplyImport", id)
}

// Carriers are three.
func (f *Fake) Carriers(context.Context) ([]cloud.CarrierView, error) {
	return []cloud.CarrierView{{ID: "dhl", Name: "DHL"}, {ID: "fedex", Name: "FedEx"}, {ID: "ups", Name: "UPS"}}, f.read("Carriers")
}

// PutCarrier notes it.
func (f *Fake) PutCarrier(_ context.Context, _ cloud.Principal, v cloud.CarrierView) error {
	return f.call("PutCarrier", string(v.ID), v.Name)
}

// Couriers are those of the sample.
func (f *Fake) Couriers(context.Context, cloud.Principal, locker.SiteID) ([]cloud.CourierView, error) {
	list, err := page(f, "Couriers", sampleCouriers(f.now))
	return list.Items, err
}

// PutCourier notes it.
func (f *Fake) PutCourier(_ context.Context, _ cloud.Principal, _ locker.SiteID, d cloud.CourierDraft) (locker.CourierID, error) {
	word := "active"
	if d.Revoked {
		word = "revoked"
	}
	return "c1", f.call("PutCourier", string(d.ID), string(d.Carrier), d.Name, word)
}

// CourierCode gives a code.
func (f *Fake) CourierCode(_ context.Context, _ cloud.Principal, id locker.CourierID) (cloud.Code, error) {
	return SampleCode(), f.call("CourierCode", string(id))
}

// Sites are the bank and the package room.
func (f *Fake) Sites(context.Context, cloud.Principal) ([]cloud.SiteSummary, error) {
	list, err := page(f, "Sites", []cloud.SiteSummary{f.wallSite(), sampleRoom(f.now).Site})
	return list.Items, err
}

func (f *Fake) wallSite() cloud.SiteSummary {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wall.Site
}

// Site is one of the sample.
func (f *Fake) Site(_ context.Context, _ cloud.Principal, site locker.SiteID) (cloud.SiteView, error) {
	return sampleSite(f.now, site), f.read("Site")
}

// SiteHealth is that of the sample.
func (f *Fake) SiteHealth(_ context.Context, _ cloud.Principal, site locker.SiteID) (cloud.SiteHealth, error) {
	return sampleHealth(f.now, site), f.read("SiteHealth")
}

// CreateEnrolToken gives a token.
func (f *Fake) CreateEnrolToken(_ context.Context, _ cloud.Principal, site locker.SiteID) (auth.Secret, error) {
	return "cubby-enrol1-aaaabbbbccccddddeeeeffffgggghhhhiiiijjjjkkkk", f.call("CreateEnrolToken", string(site))
}

// Codes are strong at the bank, and in the room, with far too many parcels, weak.
func (f *Fake) Codes(_ context.Context, _ cloud.Principal, site locker.SiteID) (credential.Assessment, error) {
	counts := credential.Counts{Live: 58, PerNumber: 10}
	if site == RoomSite {
		counts.Live = 20_000
	}
	return credential.Assess(credential.DefaultPolicy(), counts), f.read("Codes")
}

// SetPolicy refuses more guesses than the bank could bear.
func (f *Fake) SetPolicy(_ context.Context, _ cloud.Principal, site locker.SiteID, pol locker.Policy) error {
	if err := f.call("SetPolicy", string(site), strconv.Itoa(pol.Guesses)); err != nil {
		return err
	}
	if pol.Guesses > 26 {
		return locker.Errorf(locker.CodeInputInvalid, "too many")
	}
	return nil
}

package api_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"cubby/client"
	"cubby/internal/api"
	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/holder"
	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/wire"
)

// direct hands a client's requests to the API and remembers them.
type direct struct {
	api  http.Handler
	mu   sync.Mutex
	seen []string
}

func (d *direct) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	d.seen = append(d.seen, r.Method+" "+r.URL.EscapedPath())
	d.mu.Unlock()
	rec := httptest.NewRecorder()
	in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.RequestURI(), r.Body)
	in.Header = r.Header.Clone()
	d.api.ServeHTTP(rec, in)
	return rec.Result(), nil
}

// TestClient_EveryOperation drives each operation by the Go client, against the real thing.
func TestClient_EveryOperation(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, api.Options{Every: time.Millisecond, Burst: 10_000, Advise: advise})
	w.enrol()
	w.store("s1", "main/A01", w.ana)
	w.record(wire.Annex{}, locker.FaultRaised{Fault: locker.FaultLock, Place: "main/A02"})
	wire := &direct{api: w.api.Handler()}
	c, err := client.New(client.Options{
		URL: "https://cubby.example", Token: w.token(auth.Scopes()...), HTTP: &http.Client{Transport: wire}, Tries: 1,
	})
	must(t, err)
	ctx := t.Context()
	clientOfSites(ctx, t, w, c)
	clientOfPlaces(ctx, t, w, c)
	clientOfPeople(ctx, t, w, c)
	clientOfParcels(ctx, t, w, c)
	clientOfWebhooks(ctx, t, w, c)
	clientOfAudits(ctx, t, w, c)
	clientOfEvidence(ctx, t, c)
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond) // direct answers when the stream is over
	defer cancel()
	for _, err := range c.FollowFacts(short, site, "") {
		must(t, err)
		break
	}
	for _, route := range w.api.Routes() {
		pattern := regexp.MustCompile("^" + route.Method + " " + regexp.MustCompile(`\{\w+\}`).ReplaceAllString(route.Path, "[^/]+") + "$")
		found := false
		for _, seen := range wire.seen {
			found = found || pattern.MatchString(seen)
		}
		if !found {
			t.Errorf("the client has no way to %s: add a method, and a call here", route.Operation)
		}
	}
}

// clientOfEvidence asks a server that makes none: what it gives is tested with the real composition, in
// internal/app.
func clientOfEvidence(ctx context.Context, t *testing.T, c *client.Client) {
	t.Helper()
	_, pack := c.Evidence(ctx, site, "parcel", "es")
	_, heads := c.Heads(ctx)
	_, record := c.Record(ctx, site)
	_, days := c.Publications(ctx, "2026-11-25")
	_, day := c.Publication(ctx, "2026-11-25")
	for what, err := range map[string]error{"evidence": pack, "heads": heads, "record": record, "days": days, "day": day} {
		if !client.HasCode(err, "NOT_FOUND") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func clientOfSites(ctx context.Context, t *testing.T, w *world, c *client.Client) {
	t.Helper()
	property, err := c.CreateProperty(ctx, client.PropertyDraft{Name: "Mill", TimeZone: "Europe/Paris"})
	must(t, err)
	properties, err := client.Collect(c.Properties(ctx), 0)
	if must(t, err); len(properties) != 2 {
		t.Errorf("properties %v", properties)
	}
	mill, err := c.CreateSite(ctx, client.SiteDraft{Property: property, Name: "Mill", Hosted: true, Layout: client.Layout{
		Rooms: []client.LayoutRoom{{ID: "r", Name: "R", Shelves: []client.LayoutShelf{{ID: "r/1", Name: "1"}}}},
	}})
	must(t, err)
	sites, err := client.Collect(c.Sites(ctx), 0)
	if must(t, err); len(sites) != 2 {
		t.Errorf("sites %v", sites)
	}
	must(t, c.SetSettings(ctx, mill, "Old Mill", client.Settings{Languages: []string{"fr"}}))
	v, err := c.Site(ctx, mill)
	if must(t, err); v.Name != "Old Mill" || v.Link != "hosted" || v.Settings.Languages[0] != "fr" {
		t.Errorf("site %+v", v)
	}
	v.Policy.HoldHours = 24
	must(t, c.SetPolicy(ctx, mill, v.Policy))
	codes, err := c.Codes(ctx, mill)
	if must(t, err); codes.Wrong != "" || codes.Chance <= 0 || codes.Chance > codes.MaxChance || codes.Guesses != 20 {
		t.Errorf("codes %+v", codes)
	}
	v.Policy.Guesses = 1000
	if err := c.SetPolicy(ctx, mill, v.Policy); err == nil || !strings.Contains(err.Error(), "allow at most") {
		t.Errorf("a thousand guesses a day: %v", err)
	}
	l, err := c.Layout(ctx, mill)
	must(t, err)
	must(t, c.SetLayout(ctx, mill, l))
	if token, err := c.CreateEnrolment(ctx, site); err != nil || !strings.HasPrefix(token, "cubby-enrol") {
		t.Errorf("%v", err)
	}
	health, err := c.Health(ctx, site)
	if must(t, err); health.Record.Operations != 4 || health.Controller != nil {
		t.Errorf("health %+v", health)
	}
	advice, err := c.Advice(ctx, site)
	if must(t, err); !advice.Helps || advice.Best != "mix" || advice.Remedies[1].Saved.Low != 5 || advice.Remedies[1].Price.Currency != "USD" {
		t.Errorf("advice %+v", advice)
	}
	var refused *client.Error
	if _, err = c.Advice(ctx, mill); !errors.As(err, &refused) || refused.Code != "CONFLICT" || !strings.Contains(refused.Detail, "wait 5 more") {
		t.Errorf("a record that is too short: %v", err)
	}
	facts, next, err := c.Facts(ctx, site, "", 2)
	must(t, err)
	more, _, err := c.Facts(ctx, site, next, 0)
	if must(t, err); len(facts) != 2 || len(more) != 2 || facts[0].Kind != "deposit_begun" || more[1].Kind != "fault_raised" {
		t.Errorf("facts %v, %v", facts, more)
	}
	if acts, err := client.Collect(c.Acts(ctx, mill), 0); err != nil || len(acts) == 0 || acts[0].Via != "api" {
		t.Errorf("acts %v, %v", acts, err)
	}
}

func clientOfPlaces(ctx context.Context, t *testing.T, w *world, c *client.Client) {
	t.Helper()
	wall, err := c.Wall(ctx, site)
	if must(t, err); len(wall.Banks) != 1 || wall.Tiles.Waiting != 1 {
		t.Errorf("wall %+v", wall)
	}
	banks, err := client.Collect(c.Banks(ctx, site), 0)
	if must(t, err); banks[0].Statuses["occupied"] != 1 {
		t.Errorf("banks %v", banks)
	}
	doors, err := client.Collect(c.Compartments(ctx, site, "free"), 0)
	must(t, err)
	shelves, err := client.Collect(c.Places(ctx, site, "shelf", ""), 0)
	if must(t, err); len(doors) == 0 || len(shelves) != 2 {
		t.Errorf("%v, %v", doors, shelves)
	}
	door, err := c.Compartment(ctx, site, "main/A01")
	if must(t, err); len(door.Stays) != 1 || door.Stays[0].Tracking == "" {
		t.Errorf("door %+v", door)
	}
	_, err = c.Place(ctx, site, "desk")
	must(t, err)
	_, err = c.OpenPlace(ctx, site, "attic", "look around")
	if !client.HasCode(err, client.CodePlaceUnknown) {
		t.Errorf("%v", err)
	}
	opened, err := c.OpenPlace(client.WithIdempotencyKey(ctx, "once"), site, "main/A03", "courier stuck")
	must(t, err)
	again, err := c.OpenPlace(client.WithIdempotencyKey(ctx, "once"), site, "main/A03", "courier stuck")
	if must(t, err); again != opened {
		t.Errorf("%v, %v", opened, again)
	}
	for name, ask := range map[string]func() (client.Asked, error){
		"service": func() (client.Asked, error) { return c.SetService(ctx, site, "main/A03", true, "hinge bent") },
		"verify":  func() (client.Asked, error) { return c.Verify(ctx, site, "main/A03", false) },
		"reserve": func() (client.Asked, error) {
			return c.Reserve(ctx, site, client.ReservationDraft{Size: "S", Unit: string(w.unit), Until: w.clock.now().Add(time.Hour)})
		},
		"cancel": func() (client.Asked, error) { return c.CancelReservation(ctx, site, "r1") },
		"reboot": func() (client.Asked, error) { return c.Reboot(ctx, site, "new version") },
	} {
		if asked, err := ask(); err != nil || asked.ID == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.record(nil, locker.IntentAnswered{Intent: locker.IntentID(opened.ID), Done: true})
	i, err := c.Await(ctx, opened)
	if must(t, err); i.State != "done" || i.Place != "main/A03" {
		t.Errorf("intent %+v", i)
	}
	_, err = c.Intent(ctx, opened.ID)
	must(t, err)
}

func clientOfPeople(ctx context.Context, t *testing.T, w *world, c *client.Client) {
	t.Helper()
	unit, err := c.CreateUnit(ctx, site, client.UnitDraft{Name: "7C"})
	must(t, err)
	must(t, c.UpdateUnit(ctx, site, unit, client.UnitDraft{Kind: "office", Name: "7C", Number: "703"}))
	if units, err := client.Collect(c.Units(ctx, site), 0); err != nil || len(units) != 3 {
		t.Errorf("units %v, %v", units, err)
	}
	id, err := c.CreateResident(ctx, site, client.ResidentDraft{Unit: unit, Name: "Cleo Dahl", Email: "cleo@example.org"})
	must(t, err)
	must(t, c.UpdateResident(ctx, id, client.Edit{"email": nil, "low_door": true}))
	r, err := c.Resident(ctx, id)
	if must(t, err); r.Email != "" || !r.LowDoor || r.UnitName != "7C" {
		t.Errorf("resident %+v", r)
	}
	must(t, c.DeactivateResident(ctx, id))
	if found, err := client.Collect(c.Residents(ctx, site, "cleo", true), 0); err != nil || len(found) != 1 || !found[0].Inactive {
		t.Errorf("%v, %v", found, err)
	}
	first, err := c.ResidentLink(ctx, id)
	must(t, err)
	if second, err := c.RenewResidentLink(ctx, id); err != nil || first == second {
		t.Errorf("%v", err)
	}
	plan, err := c.PlanImport(ctx, site, client.ImportDraft{List: []byte("unit,name\n4B,Dora Ek\n")})
	must(t, err)
	if done, err := c.ApplyImport(ctx, plan.ID); err != nil || done.Added != 1 {
		t.Errorf("%v, %v", done, err)
	}
	must(t, c.PutCarrier(ctx, "dhl", "DHL"))
	if carriers, err := client.Collect(c.Carriers(ctx), 0); err != nil || len(carriers) != 2 {
		t.Errorf("%v, %v", carriers, err)
	}
	courier, err := c.CreateCourier(ctx, site, client.CourierDraft{Carrier: "dhl", Name: "Route 12"})
	must(t, err)
	must(t, c.UpdateCourier(ctx, site, courier, client.Edit{"until": w.clock.now().Add(time.Hour)}))
	if couriers, err := client.Collect(c.Couriers(ctx, site), 0); err != nil || couriers[0].Name != "Route 12" {
		t.Errorf("%v, %v", couriers, err)
	}
	if code, err := c.CourierCode(ctx, site, courier); err != nil || code.Symbols == "" {
		t.Errorf("%v, %v", code, err)
	}
}

func clientOfParcels(ctx context.Context, t *testing.T, w *world, c *client.Client) {
	t.Helper()
	for _, f := range []client.ParcelFilter{{}, {Site: site, Text: "6784", State: "waiting"}} {
		if parcels, err := client.Collect(c.Parcels(ctx, f), 0); err != nil || len(parcels) != 1 || parcels[0].Stay != "s1" {
			t.Errorf("%+v: %v, %v", f, parcels, err)
		}
	}
	_, err := c.Refusals(ctx, site, 5)
	must(t, err)
	_, err = c.LogDelivery(ctx, site, client.DeliveryDraft{Place: "room/1", Resident: string(w.ana), Tracking: "1Z"})
	must(t, err)
	clientOfDesk(ctx, t, w, c)
	_, err = c.Clear(ctx, site, []string{"s8"}, "returned", "carrier took it")
	must(t, err)
	if code, err := c.StayCode(ctx, site, "s1", "read to Ana"); err != nil || code.Token == "" || code.Digits == "" {
		t.Errorf("%v", err)
	}
	must(t, c.Revoke(ctx, site, "s1", "wrong person"))
	must(t, c.Restore(ctx, site, "s1", "was right"))
	must(t, c.Reassign(ctx, site, "s1", string(w.ben), "label misread"))
	must(t, c.Hold(ctx, site, "s1", w.clock.now().Add(100*time.Hour), "travels"))
	clientOfReports(ctx, t, w, c)
	_, err = c.ReissueCode(ctx, site, "s1", "read aloud")
	must(t, err)
	p, err := c.Parcel(ctx, site, "p-s1")
	if must(t, err); p.Resident != string(w.ben) || len(p.Timeline) == 0 || p.ResidentName != "Ben Smith" {
		t.Errorf("parcel %+v", p)
	}
	incidents, err := client.Collect(c.Incidents(ctx, site, false), 1)
	must(t, err)
	id := incidents[0].ID
	must(t, c.AssignIncident(ctx, id, ""))
	must(t, c.NoteIncident(ctx, id, "Lock ordered."))
	must(t, c.ResolveIncident(ctx, id, "Lock replaced."))
	i, err := c.Incident(ctx, id)
	if must(t, err); !i.Resolved || len(i.Notes) == 0 {
		t.Errorf("incident %+v", i)
	}
}

// clientOfReports reads what Ben says of s1 with a picture, and what strangers see of it: nothing.
func clientOfReports(ctx context.Context, t *testing.T, w *world, c *client.Client) {
	t.Helper()
	link, err := w.cloud.RecipientLink(ctx, w.owner, w.ben)
	must(t, err)
	var box bytes.Buffer
	must(t, png.Encode(&box, image.NewGray(image.Rect(0, 0, 20, 10))))
	must(t, w.holders.Report(ctx, link[strings.LastIndex(link, "/")+1:], holder.Complaint{
		Stay: "s1", Problem: locker.ProblemDamaged, Note: "The box is wet.", Photo: box.Bytes(),
	}))
	said, err := c.Reports(ctx, site, "s1")
	if must(t, err); len(said) != 1 || said[0].Problem != "damaged" || said[0].Note != "The box is wet." || !said[0].Photo || said[0].At.IsZero() {
		t.Fatalf("reports %+v", said)
	}
	picture, err := c.ReportPhoto(ctx, site, said[0].ID)
	if must(t, err); !bytes.HasPrefix(picture, []byte("\xff\xd8\xff")) {
		t.Errorf("a picture begins with %x", picture[:3])
	}
	address := "/api/v1/sites/" + site + "/reports/" + said[0].ID + "/photo"
	for _, who := range []struct {
		token string
		want  int
	}{
		{w.token(auth.ScopePII), http.StatusOK},
		{w.token(auth.ScopeRead, auth.ScopeWrite, auth.ScopeOpen), http.StatusForbidden},
		{w.tokenOf(w.ownerOf("Other Homes", "Otto"), auth.Scopes()...), http.StatusNotFound},
	} {
		for _, of := range []string{address, "/api/v1/sites/" + site + "/stays/s1/reports"} {
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, of, http.NoBody)
			r.Header.Set("Authorization", "Bearer "+who.token)
			got := httptest.NewRecorder()
			w.api.Handler().ServeHTTP(got, r)
			if got.Code != who.want {
				t.Errorf("%s: %d, want %d", of, got.Code, who.want)
			}
			if h := got.Header(); of == address && got.Code == http.StatusOK && (h.Get("Cache-Control") != "no-store" ||
				h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") == "" || h.Get("Content-Type") != "image/jpeg") {
				t.Errorf("the picture is served with %v", h)
			}
		}
	}
}

// clientOfDesk stands at the front desk; s1 waits behind a door.
func clientOfDesk(ctx context.Context, t *testing.T, w *world, c *client.Client) {
	t.Helper()
	must(t, c.SetDesk(ctx, site, client.DeskSettings{Signature: "others", Printer: "10.0.0.7"}))
	if s, err := c.Desk(ctx, site); err != nil || s.Printer != "10.0.0.7:9100" || s.Signature != "others" {
		t.Errorf("%+v, %v", s, err)
	}
	_, err := c.HandOver(ctx, site, client.HandOverDraft{Stays: []string{"s8"}, To: "Max", Taker: "household"})
	if problem := (*client.Error)(nil); !errors.As(err, &problem) || problem.Code != "SIGNATURE_NEEDED" {
		t.Errorf("without a signature: %v", err)
	}
	for _, draft := range []client.HandOverDraft{
		{Stays: []string{"s8"}, To: "Ana"},
		{Stays: []string{"s8"}, To: "Max", Taker: "household", Signature: "100 40;1,2 3,4;9,9"},
		{Stays: []string{"s8"}, To: "Max", Taker: "other", Signature: "=Max Torres"},
	} {
		_, err = c.HandOver(ctx, site, draft)
		must(t, err)
	}
	_, err = c.LogDelivery(ctx, site, client.DeliveryDraft{Door: true, Resident: string(w.ana), Size: "S", Undo: true})
	must(t, err)
	_, err = c.UndoDelivery(ctx, site, "s8")
	must(t, err)
	_, err = c.SetBankService(ctx, site, "main", true, "floor is wet")
	must(t, err)
	code, err := c.StayCode(ctx, site, "s1", "read to Ana")
	must(t, err)
	for _, form := range []string{code.Symbols, strings.ToLower(code.Token), code.Unit + " " + code.Digits} {
		if found, err := c.FindByCode(ctx, site, form); err != nil || len(found) != 1 || found[0].Stay != "s1" {
			t.Errorf("by %d characters: %v, %v", len(form), found, err)
		}
	}
	slip := client.PrintDraft{Kind: "slip", Stays: []string{"s1"}, Language: "es"}
	if paper, err := c.Labels(ctx, site, slip); err != nil || !bytes.HasPrefix(paper, []byte("%PDF")) {
		t.Errorf("%.20s, %v", paper, err)
	}
	if err := c.PrintLabels(ctx, site, slip); err == nil { // nobody dials here
		t.Error("it printed without a printer")
	}
	must(t, c.SlipsPrinted(ctx, site, []string{"s1"}))
	if due, err := c.Returns(ctx, site, ""); err != nil || len(due) != 0 {
		t.Errorf("nothing is overdue: %v, %v", due, err)
	}
	taken, err := c.TakeReturns(ctx, site, client.ReturnRound{Courier: "UPS route 12", Labels: []string{"1Z 999", "1z999"}})
	if err != nil || taken.Intent != "" || len(taken.Unknown) != 1 {
		t.Errorf("%+v, %v", taken, err)
	}
}

// advise has advice on one site, and a record that is too short of every other.
func advise(_ context.Context, _ cloud.Principal, of locker.SiteID) (sizing.Advice, error) {
	if of != site {
		return sizing.Advice{}, &sizing.ThinRecord{Days: 9, MissingDays: 5, Parcels: 80}
	}
	price := sizing.Figure{Low: 1, Mid: 2, High: 3, Source: "a catalogue"}
	week := sizing.RemedyWeek{Saved: sizing.Interval{Value: 7, Low: 5, High: 9}}
	return sizing.Advice{
		Helps: true, Best: sizing.OtherMix, Currency: "USD", Warnings: []sizing.Reason{{Text: "a gap"}}, Remedies: []sizing.Remedy{
			{Code: sizing.AsItIs, Verdict: sizing.VerdictBasis},
			{
				Code: sizing.OtherMix, Verdict: sizing.VerdictHelps, Normal: week, Price: &price, Mix: []sizing.DoorCount{{Size: locker.SizeS, Doors: 12}},
				Columns: []sizing.ColumnChange{{Columns: 1, To: []sizing.DoorCount{{Size: locker.SizeS, Doors: 12}}}},
			},
		},
	}, nil
}

package cloud_test

import (
	"context"
	"testing"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// TestIsolation asks for everything of one organization as somebody of another: each answer is
// NOT_FOUND, whether the object exists or not.
func TestIsolation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stored("s1", "main/A02", w.ana)
	w.ingest(w.operation(locker.DoorOpened{Place: "main/A02", Evidence: locker.EvidenceDoor}))
	incident := w.wantIncident(cloud.IncidentUnexpectedOpen).ID
	intent, err := w.RemoteOpen(w.ctx, w.owner, w.site, "main/A01", "because")
	must(t, err)
	stranger := w.owner
	stranger.Organization, stranger.User = "another", "stranger"
	ctx, site := w.ctx, w.site
	ignore := func(_ any, err error) error { return err }
	for name, err := range map[string]error{
		"wall":       ignore(w.Wall(ctx, stranger, site)),
		"place":      ignore(w.WallPlace(ctx, stranger, site, "main/A02")),
		"door":       ignore(w.DoorSheet(ctx, stranger, site, "main/A02")),
		"tiles":      ignore(w.Tiles(ctx, stranger, site)),
		"parcel":     ignore(w.Parcel(ctx, stranger, site, "p-s1")),
		"activity":   ignore(w.Activity(ctx, stranger, site, 8)),
		"deliveries": ignore(w.Deliveries(ctx, stranger, cloud.DeliveryFilter{Site: site})),
		"code":       ignore(w.StayCode(ctx, stranger, site, "s1", "because")),
		"site":       ignore(w.Site(ctx, stranger, site)),
		"health":     ignore(w.SiteHealth(ctx, stranger, site)),
		"incident":   ignore(w.Incident(ctx, stranger, incident)),
		"incidents":  ignore(w.Incidents(ctx, stranger, cloud.IncidentFilter{Site: site})),
		"assign":     w.AssignIncident(ctx, stranger, incident, ""),
		"resolve":    w.ResolveIncident(ctx, stranger, incident, "done"),
		"recipients": ignore(w.Recipients(ctx, stranger, cloud.RecipientFilter{Site: site})),
		"recipient":  ignore(w.Recipient(ctx, stranger, w.ana)),
		"find":       ignore(w.FindRecipients(ctx, stranger, site, "4B")),
		"link":       ignore(w.RecipientLink(ctx, stranger, w.ana)),
		"units":      ignore(w.Units(ctx, stranger, site, "", 0)),
		"unit":       ignore(w.PutUnit(ctx, stranger, w.property, cloud.UnitDraft{Name: "9"})),
		"put":        ignore(w.PutRecipient(ctx, stranger, w.property, cloud.RecipientDraft{Unit: w.unit, Name: "X"})),
		"open":       ignore(w.RemoteOpen(ctx, stranger, site, "main/A01", "because")),
		"await":      ignore(w.Await(ctx, stranger, intent)),
		"revoke":     w.RevokeStay(ctx, stranger, site, "s1", "because"),
		"reassign":   w.ReassignStay(ctx, stranger, site, "s1", w.ben, "because"),
		"layout":     w.SetLayout(ctx, stranger, site, testLayout()),
		"policy":     w.SetPolicy(ctx, stranger, site, locker.Policy{}),
		"enrol":      ignore(w.CreateEnrolToken(ctx, stranger, site)),
		"couriers":   ignore(w.Couriers(ctx, stranger, site)),
		"facts":      ignore(w.Facts(ctx, stranger, site, "", 0)),
		"subscribe":  ignore(w.Subscribe(ctx, stranger, site)),
		"acts":       ignore(w.Acts(ctx, stranger, site, "", 0)),
		"refusals":   ignore(w.Refusals(ctx, stranger, site, 0)),
		"staff code": ignore(w.StaffCode(ctx, stranger, site, w.owner.User)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantCode(t, err, locker.CodeNotFound)
		})
	}
	wantCode(t, w.PutCarrier(ctx, stranger, cloud.CarrierView{ID: "ups", Name: "Pay at evil.example"}), locker.CodeNotAllowed)
	must(t, w.PutCarrier(ctx, stranger, cloud.CarrierView{ID: "ups", Name: "UPS"})) // as it is
	for _, list := range []func() int{
		func() int { v, err := w.Sites(ctx, stranger); must(t, err); return len(v) },
		func() int {
			v, err := w.Deliveries(ctx, stranger, cloud.DeliveryFilter{})
			must(t, err)
			return len(v.Items)
		},
		func() int { v, err := w.OpenIncidents(ctx, stranger); must(t, err); return v },
		func() int { v, err := w.Users(ctx, stranger); must(t, err); return len(v) },
	} {
		if n := list(); n != 0 {
			t.Errorf("a stranger sees %d", n)
		}
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	staff := w.owner
	staff.Roles = []cloud.Role{cloud.RoleStaff}
	wantCode(t, w.SetLayout(w.ctx, staff, w.site, testLayout()), locker.CodeNotAllowed)
	_, err := w.PutUser(w.ctx, staff, cloud.UserDraft{Name: "X", Email: "x@example.org", Password: "correct horse battery", Roles: []cloud.Role{cloud.RoleOwner}})
	wantCode(t, err, locker.CodeNotAllowed)
	_, err = w.CreateAPIToken(w.ctx, staff, "x", []auth.Scope{auth.ScopeRead}, time.Time{})
	wantCode(t, err, locker.CodeNotAllowed)
	if _, err := w.RemoteOpen(w.ctx, staff, w.site, "main/A01", "because"); err != nil {
		t.Error(err)
	}
	nobody := w.owner
	nobody.Roles = nil
	_, err = w.RemoteOpen(w.ctx, nobody, w.site, "main/A01", "because")
	wantCode(t, err, locker.CodeNotAllowed)
}

func TestEnrol_TokenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text, err := w.CreateEnrolToken(w.ctx, w.owner, w.site)
	must(t, err)
	token, err := auth.ParseEnrolmentToken(string(text))
	must(t, err)
	one, err := auth.NewIdentity(nil)
	must(t, err)
	two, err := auth.NewIdentity(nil)
	must(t, err)
	request := link.EnrolRequest{Secret: token.Secret, Key: one.Public()}
	for range 2 { // the same controller again: its answer got lost
		_, err = w.Hub().Enrol(w.ctx, request)
		must(t, err)
	}
	request.Key = two.Public()
	_, err = w.Hub().Enrol(w.ctx, request)
	wantCode(t, err, locker.CodeTokenUsed)
	controller, err := w.Hub().Identify(w.ctx, one.Fingerprint())
	must(t, err)
	if controller.Site != w.site {
		t.Errorf("identified %s", controller.Site)
	}
	_, err = w.Hub().Identify(w.ctx, two.Fingerprint())
	wantCode(t, err, locker.CodeNotFound)

	text, err = w.CreateEnrolToken(w.ctx, w.owner, w.site)
	must(t, err)
	token, err = auth.ParseEnrolmentToken(string(text))
	must(t, err)
	w.clock.add(auth.EnrolmentLife + time.Second)
	_, err = w.Hub().Enrol(w.ctx, link.EnrolRequest{Secret: token.Secret, Key: two.Public()})
	wantCode(t, err, locker.CodeTokenExpired)
}

func TestSilentSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrol()
	w.Hub().Present(w.ctx, w.site, link.Presence{Connected: true, Via: link.ViaSocket})
	w.clock.add(4 * time.Minute)
	must(t, w.Sweep(w.ctx))
	if n := len(w.incidents()); n != 0 {
		t.Fatalf("%d incidents after four minutes", n)
	}
	w.clock.add(2 * time.Minute)
	must(t, w.Sweep(w.ctx))
	must(t, w.Sweep(w.ctx))
	if i := w.wantIncident(cloud.IncidentSiteSilent); i.Count != 1 {
		t.Errorf("reported %d times", i.Count)
	}
	sites, err := w.Sites(w.ctx, w.owner)
	must(t, err)
	if sites[0].Link != cloud.LinkSilent {
		t.Errorf("link is %s", sites[0].Link)
	}
	must(t, w.Hub().Status(w.ctx, w.site, wire.Status{Version: "1"}))
	if n := len(w.incidents()); n != 0 {
		t.Errorf("%d incidents after it was heard again", n)
	}
}

func TestDirectory_Revisions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.directory()
	d, keys := w.replica()
	if d.Site.Name != "Harbour" || len(d.Recipients) != 2 || len(d.Staff) != 1 || len(keys.Code) != 1 || len(keys.Proof) != 1 {
		t.Errorf("directory is %+v", d)
	}
	if found := d.FindRecipients("402"); len(found) != 1 || found[0].Name != "Ana García" {
		t.Errorf("found %+v", found)
	}
	have := wire.DirectoryAck{Epoch: before.Epoch, Rev: before.To}
	none, err := w.Hub().Directory(w.ctx, w.site, have, 10)
	must(t, err)
	if none.From != none.To || len(none.Changes) != 0 {
		t.Errorf("without news: %+v", none)
	}
	for _, name := range []string{"Ana G", "Ana Garcia Lopez"} {
		_, err := w.PutRecipient(w.ctx, w.owner, w.property, cloud.RecipientDraft{ID: w.ana, Unit: w.unit, Name: name})
		must(t, err)
	}
	news, err := w.Hub().Directory(w.ctx, w.site, have, 10)
	must(t, err)
	if news.From != before.To || news.To != before.To+2 || len(news.Changes) != 1 {
		t.Errorf("news are %+v", news)
	}
	have.Epoch++
	again, err := w.Hub().Directory(w.ctx, w.site, have, 3)
	must(t, err)
	if again.From != 0 || !again.More || len(again.Changes) != 3 || again.To != again.Changes[2].Rev {
		t.Errorf("from the start: %+v", again)
	}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	calls := 0
	do := func(body string) (cloud.Reply, error) {
		return w.Once(w.ctx, w.owner, "key-1", []byte(body), func(_ context.Context) (cloud.Reply, error) {
			calls++
			return cloud.Reply{Status: 201, Body: []byte("made")}, nil
		})
	}
	for range 3 {
		reply, err := do("a")
		must(t, err)
		if reply.Status != 201 || string(reply.Body) != "made" {
			t.Errorf("reply is %+v", reply)
		}
	}
	if calls != 1 {
		t.Errorf("done %d times", calls)
	}
	_, err := do("b")
	wantCode(t, err, locker.CodeConflict)
}

func TestFacts_Pages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stored("s1", "main/A02", w.ana)
	var kinds []string
	cursor := ""
	for {
		page, err := w.Facts(w.ctx, w.owner, w.site, cursor, 2)
		must(t, err)
		if len(page.Items) == 0 {
			break
		}
		for _, f := range page.Items {
			kinds = append(kinds, f.Kind)
		}
		cursor = page.Next
	}
	if len(kinds) != 6 || kinds[0] != "deposit_begun" || kinds[5] != "deposit_settled" {
		t.Errorf("facts are %v", kinds)
	}
}

package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"cubby/internal/api"
	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

func items(v map[string]any) []map[string]any {
	var out []map[string]any
	for _, i := range v["items"].([]any) {
		out = append(out, i.(map[string]any))
	}
	return out
}

func TestSites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(auth.ScopeRead, auth.ScopeWrite)
	sites := items(w.get(token, "/sites"))
	if len(sites) != 1 || sites[0]["id"] != site || sites[0]["link"] != "never" || sites[0]["property_name"] != "Harbour House" {
		t.Errorf("sites %v", sites)
	}
	w.ask(asked{
		method: "PUT", path: "/api/v1/sites/harbour/settings", token: token,
		body: `{"name":"Quay","phone":"+34 1","languages":["es"],"on_duty":["duty@example.org"],"holidays":["12-25"]}`,
	}).want(http.StatusNoContent)
	v := w.get(token, "/sites/harbour")
	settings := v["settings"].(map[string]any)
	if v["name"] != "Quay" || settings["phone"] != "+34 1" || settings["on_duty"] != nil || fmt.Sprint(settings["holidays"]) != "[12-25]" {
		t.Errorf("site %v", v)
	}
	if duty := w.get(w.token(auth.ScopeRead, auth.ScopePII), "/sites/harbour")["settings"].(map[string]any)["on_duty"]; fmt.Sprint(duty) != "[duty@example.org]" {
		t.Errorf("on duty %v", duty)
	}
	layout := w.ask(asked{method: "GET", path: "/api/v1/sites/harbour/layout", token: token})
	layout.want(http.StatusOK)
	w.ask(asked{method: "PUT", path: "/api/v1/sites/harbour/layout", token: token, body: layout.body}).want(http.StatusNoContent)
	broken := strings.Replace(layout.body, `"size":"S"`, `"size":"Q"`, 1)
	w.ask(asked{method: "PUT", path: "/api/v1/sites/harbour/layout", token: token, body: broken}).
		refused(http.StatusUnprocessableEntity, locker.CodeLayoutInvalid)
	health := w.get(token, "/sites/harbour/health")
	if health["controller"] != nil || health["record"].(map[string]any)["operations"] != 0.0 {
		t.Errorf("health %v", health)
	}
}

func TestSites_CreateHosted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(auth.ScopeRead, auth.ScopeWrite)
	property := w.ask(asked{
		method: "POST", path: "/api/v1/properties", token: token, body: `{"name":"Mill","time_zone":"Europe/Paris"}`,
	}).want(http.StatusCreated)["id"].(string)
	r := w.ask(asked{
		method: "POST", path: "/api/v1/sites", token: token,
		body: `{"id":"mill","property":"` + property + `","name":"Mill","hosted":true,
			"layout":{"banks":null,"rooms":[{"id":"r","name":"R","shelves":[{"id":"r/1","name":"1","features":{}}]}]}}`,
	})
	r.want(http.StatusCreated)
	if r.header.Get("Location") != "/api/v1/sites/mill" {
		t.Errorf("Location %s", r.header.Get("Location"))
	}
	if v := w.get(token, "/sites/mill"); v["link"] != "hosted" || v["policy"].(map[string]any)["hold_hours"] != 72.0 {
		t.Errorf("site %v", v)
	}
	w.ask(asked{method: "POST", path: "/api/v1/sites/mill/enrolments", token: token}).
		refused(http.StatusUnprocessableEntity, locker.CodeInputInvalid)
	w.ask(asked{method: "POST", path: "/api/v1/sites/harbour/enrolments", token: token}).want(http.StatusCreated)
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrol()
	w.store("s1", "main/A02", w.ana)
	token := w.token(auth.ScopeRead, auth.ScopeWrite, auth.ScopeOpen)
	if wall := w.get(token, "/sites/harbour/wall"); wall["tiles"].(map[string]any)["occupied"] != 1.0 || wall["desk"] == nil {
		t.Errorf("wall %v", wall)
	}
	bank := items(w.get(token, "/sites/harbour/banks"))[0]
	if bank["compartments"] != 3.0 || fmt.Sprint(bank["statuses"]) != "map[free:2 occupied:1]" {
		t.Errorf("bank %v", bank)
	}
	if all := items(w.get(token, "/sites/harbour/places")); len(all) != 6 {
		t.Errorf("%d places", len(all))
	}
	free := items(w.get(token, "/sites/harbour/compartments?status=free"))
	if len(free) != 2 || free[0]["id"] != "main/A01" || free[0]["column"] != 1.0 || free[1]["row"] != 3.0 {
		t.Errorf("free %v", free)
	}
	sheet := w.get(token, "/sites/harbour/compartments/main%2FA02")
	stays := sheet["stays"].([]any)
	if len(stays) != 1 || stays[0].(map[string]any)["stay"] != "s1" || len(sheet["timeline"].([]any)) == 0 {
		t.Errorf("sheet %v", sheet)
	}
	w.ask(asked{method: "GET", path: "/api/v1/sites/harbour/compartments/desk", token: token}).
		refused(http.StatusNotFound, locker.CodePlaceUnknown)
	w.get(token, "/sites/harbour/places/desk")
	w.ask(asked{method: "GET", path: "/api/v1/sites/harbour/places/attic", token: token}).
		refused(http.StatusNotFound, locker.CodePlaceUnknown)
}

func TestIntents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrol()
	token := w.token(auth.Scopes()...)
	r := w.ask(asked{
		method: "POST", path: "/api/v1/sites/harbour/places/main%2FA01/open", token: token, body: `{"reason":"courier stuck"}`,
	})
	id := r.want(http.StatusAccepted)["id"].(string)
	if r.header.Get("Location") != "/api/v1/intents/"+id {
		t.Errorf("Location %s", r.header.Get("Location"))
	}
	if i := w.get(token, "/intents/"+id); i["state"] != "pending" || i["kind"] != "open" || i["reason"] != "courier stuck" {
		t.Errorf("intent %v", i)
	}
	w.record(nil, locker.IntentAnswered{Intent: locker.IntentID(id), Reason: locker.CodeDoorBusy})
	if i := w.get(token, "/intents/"+id+"?wait=10"); i["state"] != "refused" || i["code"] != "DOOR_BUSY" {
		t.Errorf("intent %v", i)
	}
	if i := w.get(w.token(auth.ScopeRead), "/intents/"+id); i["reason"] != nil || i["user_name"] != nil {
		t.Errorf("people are told without the scope: %v", i)
	}
	for _, q := range []asked{
		{method: "PATCH", path: "/compartments/main%2FA01", body: `{"out_of_service":true,"reason":"hinge bent"}`},
		{method: "POST", path: "/places/main%2FA01/verify", body: `{"occupied":false}`},
		{method: "POST", path: "/reboot", body: `{"reason":"new version"}`},
		{method: "POST", path: "/reservations", body: `{"size":"M","unit":"` + string(w.unit) + `","until":"2026-03-02T10:00:00Z"}`},
		{method: "DELETE", path: "/reservations/r1"},
		{method: "POST", path: "/parcels", body: `{"place":"room/1","tracking":"1Z","resident":"` + string(w.ana) + `"}`},
		{method: "POST", path: "/hand-overs", body: `{"stays":["s9"],"to":"Ana"}`},
		{method: "POST", path: "/clearances", body: `{"stays":["s9"],"outcome":"returned","reason":"carrier took it"}`},
	} {
		q.path, q.token = "/api/v1/sites/harbour"+q.path, token
		if got := w.ask(q).want(http.StatusAccepted); got["id"] == "" {
			t.Errorf("%s: %v", q.path, got)
		}
	}
	intents, err := w.cloud.Hub().Intents(t.Context(), site)
	must(t, err)
	var kinds []string
	for _, i := range intents {
		kinds = append(kinds, string(i.Kind))
	}
	if len(kinds) != 8 {
		t.Errorf("the site is asked for %v", kinds)
	}
}

func TestInput_EveryProblemNamesItsField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(auth.Scopes()...)
	for _, tc := range []struct {
		name, method, path, body, field string
		status                          int
	}{
		{"short reason", "POST", "/places/desk/open", `{"reason":"x"}`, "body.reason", http.StatusUnprocessableEntity},
		{"unknown field", "POST", "/places/desk/open", `{"reason":"long enough","force":true}`, "body.force", http.StatusUnprocessableEntity},
		{"no body", "POST", "/places/desk/open", ``, "", http.StatusBadRequest},
		{"not JSON", "POST", "/places/desk/open", `{`, "", http.StatusBadRequest},
		{"limit", "GET", "/places?limit=201", ``, "query.limit", http.StatusUnprocessableEntity},
		{"unknown parameter", "GET", "/places?colour=red", ``, "query.colour", http.StatusUnprocessableEntity},
		{"status", "GET", "/places?status=blue", ``, "query.status", http.StatusUnprocessableEntity},
		{"null reason", "POST", "/places/desk/open", `{"reason":null}`, "body.reason", http.StatusUnprocessableEntity},
	} {
		r := w.ask(asked{method: tc.method, path: "/api/v1/sites/harbour" + tc.path, body: tc.body, token: token})
		p := r.refused(tc.status, locker.CodeInputInvalid)
		if tc.field != "" && !strings.Contains(fmt.Sprint(p["errors"]), "location:"+tc.field) {
			t.Errorf("%s: %v", tc.name, p)
		}
		if strings.Contains(r.body, "blue") || strings.Contains(r.body, "\"value\"") {
			t.Errorf("%s: the input is repeated: %s", tc.name, r.body)
		}
	}
	w.ask(asked{method: "GET", path: "/api/v1/sites/harbour/places?cursor=%21", token: token}).
		refused(http.StatusUnprocessableEntity, locker.CodeInputInvalid)
}

func TestParcels_PeopleNeedTheirScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrol()
	w.store("s1", "main/A01", w.ana)
	plain, people := w.token(auth.ScopeRead), w.token(auth.ScopeRead, auth.ScopePII)
	personal := []string{"García", "1Z", "ana@"}
	for _, p := range []string{
		"/parcels", "/sites/harbour/parcels", "/sites/harbour/parcels/p-s1", "/sites/harbour/places/main%2FA01",
		"/sites/harbour/facts", "/sites/harbour/wall",
	} {
		r := w.ask(asked{method: "GET", path: api.Prefix + p, token: plain})
		r.want(http.StatusOK)
		for _, word := range personal {
			if strings.Contains(r.body, word) {
				t.Errorf("%s tells %q without the scope pii: %s", p, word, r.body)
			}
		}
	}
	p := w.get(people, "/sites/harbour/parcels/p-s1")
	if p["resident_name"] != "Ana García" || !strings.Contains(fmt.Sprint(p["tracking"]), "1Z") || p["state"] != "stored" {
		t.Errorf("parcel %v", p)
	}
	if found := items(w.get(people, "/parcels?q="+url.QueryEscape("Garc"))); len(found) != 1 {
		t.Errorf("found %v", found)
	}
	w.ask(asked{method: "GET", path: "/api/v1/parcels?q=Garc", token: plain}).refused(http.StatusForbidden, locker.CodeNotAllowed)
	if found := items(w.get(plain, "/parcels?state=ended")); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}

func TestStays_Orders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrol()
	w.store("s1", "main/A01", w.ana)
	token := w.token(auth.Scopes()...)
	order := func(what, body string) reply {
		return w.ask(asked{method: "POST", path: "/api/v1/sites/harbour/stays/s1/" + what, token: token, body: body})
	}
	order("revoke", `{"reason":"wrong person"}`).want(http.StatusNoContent)
	if p := w.get(token, "/sites/harbour/parcels/p-s1"); p["revoked"] != true {
		t.Errorf("parcel %v", p)
	}
	order("restore", `{"reason":"was right"}`).want(http.StatusNoContent)
	order("reassign", `{"resident":"`+string(w.ben)+`","reason":"label misread"}`).want(http.StatusNoContent)
	order("hold", `{"until":"2026-03-20T10:00:00Z","reason":"travels"}`).want(http.StatusNoContent)
	p := w.get(token, "/sites/harbour/parcels/p-s1")
	if p["resident"] != string(w.ben) || p["revoked"] != false || p["collect_by"] != "2026-03-20T10:00:00Z" {
		t.Errorf("parcel %v", p)
	}
	order("hold", `{"until":"2027-03-20T10:00:00Z","reason":"travels"}`).refused(http.StatusUnprocessableEntity, locker.CodeInputInvalid)
	order("reissue", `{"reason":"code was read aloud"}`).want(http.StatusAccepted)
	w.ask(asked{method: "POST", path: "/api/v1/sites/harbour/stays/none/revoke", token: token, body: `{"reason":"wrong person"}`}).
		refused(http.StatusNotFound, locker.CodeNotFound)
}

func TestResidents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(auth.ScopePII)
	made := w.ask(asked{
		method: "POST", path: "/api/v1/sites/harbour/residents", token: token,
		body: `{"unit":"` + string(w.unit) + `","name":"Cleo Dahl","email":"cleo@example.org","vacation_until":"2026-04-01T00:00:00Z"}`,
	}).want(http.StatusCreated)
	at := "/residents/" + made["id"].(string)
	w.ask(asked{method: "PATCH", path: api.Prefix + at, token: token, body: `{"email":null,"vacation_until":null,"low_door":true}`}).
		want(http.StatusNoContent)
	r := w.get(token, at)
	if r["name"] != "Cleo Dahl" || r["email"] != nil || r["vacation_until"] != nil || r["low_door"] != true || r["kind"] != "resident" {
		t.Errorf("resident %v", r)
	}
	w.ask(asked{method: "PATCH", path: api.Prefix + at, token: token, body: `{"name":7}`}).
		refused(http.StatusUnprocessableEntity, locker.CodeInputInvalid)
	w.ask(asked{method: "POST", path: api.Prefix + at + "/deactivate", token: token}).want(http.StatusNoContent)
	if found := items(w.get(token, "/sites/harbour/residents?q=cleo")); len(found) != 0 {
		t.Errorf("found %v", found)
	}
	if found := items(w.get(token, "/sites/harbour/residents?q=cleo&inactive=true")); len(found) != 1 {
		t.Errorf("found %v", found)
	}
	link := w.ask(asked{method: "POST", path: api.Prefix + at + "/link", token: token}).want(http.StatusOK)["url"].(string)
	renewed := w.ask(asked{method: "POST", path: api.Prefix + at + "/link/renew", token: token}).want(http.StatusOK)["url"].(string)
	if !strings.HasPrefix(link, "https://parcels.example.org/") || link == renewed {
		t.Errorf("links %s, %s", link, renewed)
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(auth.ScopePII)
	plan := func(query, list string) reply {
		return w.ask(asked{
			method: "POST", path: "/api/v1/sites/harbour/residents/imports?" + query, token: token, body: list,
			header: map[string]string{"Content-Type": "text/csv"},
		})
	}
	p := plan("source=yardi", "Unit;Name;E-mail\n4B;Dora Ek;dora@example.org\n9X;Emil Fox;\n").want(http.StatusCreated)
	if p["add"] != 2.0 || p["units_add"] != 1.0 || fmt.Sprint(p["mapping"]) != "[unit name email]" || p["id"] == nil {
		t.Fatalf("plan %v", p)
	}
	if found := items(w.get(token, "/sites/harbour/residents?q=dora")); len(found) != 0 {
		t.Errorf("a plan wrote %v", found)
	}
	apply := asked{method: "POST", path: "/api/v1/imports/" + p["id"].(string) + "/apply", token: token}
	if done := w.ask(apply).want(http.StatusOK); done["added"] != 2.0 || done["units_added"] != 1.0 {
		t.Errorf("result %v", done)
	}
	if found := items(w.get(token, "/sites/harbour/residents?q=dora")); len(found) != 1 || found[0]["source"] != "yardi" {
		t.Errorf("found %v", found)
	}
	w.ask(apply).refused(http.StatusNotFound, locker.CodeNotFound)
	faulty := plan("mapping=unit,name,email", "Flat,Who,Mail\n4B,Fay Gale,not-an-address\n").want(http.StatusCreated)
	if problems := faulty["problems"].([]any); faulty["id"] != nil || len(problems) != 1 || problems[0].(map[string]any)["line"] != 2.0 {
		t.Errorf("plan %v", faulty)
	}
	plan("mapping=unit,shoe_size", "Flat,Shoe\n").refused(http.StatusUnprocessableEntity, locker.CodeInputInvalid)
	plan("", "\x00\x01\x02").refused(http.StatusUnprocessableEntity, locker.CodeImportInvalid)
}

func TestLists_PageByCursor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(auth.ScopeRead, auth.ScopePII)
	for _, list := range []string{"/sites/harbour/residents", "/sites/harbour/units", "/sites/harbour/compartments", "/sites/harbour/places"} {
		whole := items(w.get(token, list))
		var paged []map[string]any
		for next := ""; ; {
			page := w.get(token, list+"?limit=1&cursor="+url.QueryEscape(next))
			paged = append(paged, items(page)...)
			if next, _ = page["next"].(string); next == "" {
				break
			}
			if strings.ContainsAny(next, " |/") || strings.Contains(next, "GARC") {
				t.Errorf("%s: the cursor %q is not opaque", list, next)
			}
		}
		if fmt.Sprint(paged) != fmt.Sprint(whole) || len(whole) < 2 {
			t.Errorf("%s: %d by pages, %d at once", list, len(paged), len(whole))
		}
	}
}

func TestCouriers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(auth.ScopeRead, auth.ScopeWrite)
	w.ask(asked{method: "PUT", path: "/api/v1/carriers/dhl", token: token, body: `{"name":"DHL"}`}).want(http.StatusNoContent)
	if all := items(w.get(token, "/carriers")); len(all) != 2 {
		t.Errorf("carriers %v", all)
	}
	id := w.ask(asked{
		method: "POST", path: "/api/v1/sites/harbour/couriers", token: token, body: `{"carrier":"dhl","name":"Route 12"}`,
	}).want(http.StatusCreated)["id"].(string)
	code := func() map[string]any {
		return w.ask(asked{method: "POST", path: "/api/v1/sites/harbour/couriers/" + id + "/code", token: token}).want(http.StatusOK)
	}
	before := code()
	w.ask(asked{
		method: "PATCH", path: "/api/v1/sites/harbour/couriers/" + id, token: token, body: `{"new_code":true,"until":"2027-01-01T00:00:00Z"}`,
	}).want(http.StatusNoContent)
	if after := code(); after["token"] == before["token"] || before["symbols"] == "" {
		t.Errorf("codes %v, %v", before, after)
	}
	c := items(w.get(token, "/sites/harbour/couriers"))[0]
	if c["name"] != nil || c["carrier_name"] != "DHL" || c["until"] != "2027-01-01T00:00:00Z" || c["revoked"] != false {
		t.Errorf("courier %v", c)
	}
	if c := items(w.get(w.token(auth.ScopeRead, auth.ScopePII), "/sites/harbour/couriers"))[0]; c["name"] != "Route 12" {
		t.Errorf("courier %v", c)
	}
	w.ask(asked{method: "PATCH", path: "/api/v1/sites/harbour/couriers/none", token: token, body: `{}`}).
		refused(http.StatusNotFound, locker.CodeNotFound)
}

func TestIncidents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrol()
	w.record(wire.Annex{}, locker.FaultRaised{Fault: locker.FaultLock, Place: "main/A01"})
	token := w.token(auth.ScopeRead, auth.ScopeWrite, auth.ScopePII)
	open := items(w.get(token, "/incidents?site=harbour"))
	if len(open) != 1 || open[0]["kind"] != "fault" || open[0]["detail"] != "lock" {
		t.Fatalf("incidents %v", open)
	}
	at := "/incidents/" + open[0]["id"].(string)
	post := func(what, body string) {
		w.ask(asked{method: "POST", path: api.Prefix + at + what, token: token, body: body}).want(http.StatusNoContent)
	}
	post("/assign", `{}`)
	post("/notes", `{"text":"Ask Lena about the key."}`)
	post("/resolve", `{"resolution":"Lock replaced."}`)
	i := w.get(token, at)
	if i["resolved"] != true || i["owner"] != w.owner.User || i["resolution"] != "Lock replaced." || !strings.Contains(fmt.Sprint(i["notes"]), "Lena") {
		t.Errorf("incident %v", i)
	}
	if r := w.ask(asked{method: "GET", path: api.Prefix + at, token: w.token(auth.ScopeRead)}); strings.Contains(r.body, "Lena") || strings.Contains(r.body, "Olga") {
		t.Errorf("people are told without the scope: %s", r.body)
	}
	if open := items(w.get(token, "/incidents")); len(open) != 0 {
		t.Errorf("still open: %v", open)
	}
	if over := items(w.get(token, "/incidents?resolved=true")); len(over) != 1 {
		t.Errorf("resolved: %v", over)
	}
}

func TestActsAndRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrol()
	w.record(wire.Annex{"t": "1Z9"}, locker.DropRefused{
		Actor: locker.Actor{Kind: locker.ActorCourier, ID: "c1"}, Carrier: "ups", Reason: locker.CodeBankFull, Size: locker.SizeL, Tracking: "t",
	})
	token := w.token(auth.Scopes()...)
	w.ask(asked{
		method: "POST", path: "/api/v1/sites/harbour/reboot", token: token, body: `{"reason":"Lena asked for it"}`,
	}).want(http.StatusAccepted)
	acts := items(w.get(token, "/sites/harbour/acts"))
	if acts[0]["kind"] != "intent_reboot" || acts[0]["via"] != "api" || acts[0]["reason"] != "Lena asked for it" {
		t.Errorf("acts %v", acts)
	}
	plain := w.token(auth.ScopeRead)
	if act := items(w.get(plain, "/sites/harbour/acts"))[0]; act["reason"] != nil || act["user_name"] != nil {
		t.Errorf("people are told without the scope: %v", act)
	}
	refused := items(w.get(token, "/sites/harbour/refusals"))
	if len(refused) != 1 || refused[0]["reason"] != "BANK_FULL" || refused[0]["tracking"] != "1Z9" || refused[0]["size"] != "L" {
		t.Errorf("refusals %v", refused)
	}
	if r := items(w.get(plain, "/sites/harbour/refusals"))[0]; r["tracking"] != nil {
		t.Errorf("people are told without the scope: %v", r)
	}
}

func TestFacts_Since(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrol()
	w.store("s1", "main/A01", w.ana)
	token := w.token(auth.ScopeRead)
	var kinds []string
	after := ""
	for {
		page := w.get(token, "/sites/harbour/facts?limit=2&after="+after)
		for _, f := range items(page) {
			kinds = append(kinds, f["kind"].(string))
		}
		after = page["next"].(string)
		if len(items(page)) == 0 {
			break
		}
	}
	if fmt.Sprint(kinds) != "[deposit_begun parcel_stored deposit_settled]" {
		t.Errorf("facts %v", kinds)
	}
	w.record(nil, locker.DoorClosed{Place: "main/A01"})
	if news := items(w.get(token, "/sites/harbour/facts?after="+after)); len(news) != 1 || news[0]["kind"] != "door_closed" {
		t.Errorf("news %v", news)
	}
	w.ask(asked{method: "GET", path: "/api/v1/sites/harbour/facts?after=x", token: token}).
		refused(http.StatusUnprocessableEntity, locker.CodeInputInvalid)
}

func TestETag(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrol()
	token := w.token(auth.ScopeRead)
	q := asked{method: "GET", path: "/api/v1/sites/harbour/wall", token: token}
	first := w.ask(q)
	first.want(http.StatusOK)
	q.header = map[string]string{"If-None-Match": `"x", W/` + first.header.Get("ETag")}
	if r := w.ask(q); r.status != http.StatusNotModified || r.body != "" || r.header.Get("ETag") != first.header.Get("ETag") {
		t.Errorf("status %d: %s", r.status, r.body)
	}
	w.store("s1", "main/A01", w.ana)
	w.ask(q).want(http.StatusOK)
}

package console_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/web/console/consoletest"
)

const doorPath = "/sites/harbour/doors/main~1B04"

func TestDoor_OpensWithAReasonOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	wantStatus(t, b.post(doorPath+"/open", "reason", " x "), http.StatusUnprocessableEntity)
	wantCalls(t, b)
	wantRedirect(t, b.post(doorPath+"/open", "reason", "  phone is flat "), doorPath+"?intent=i1")
	wantCalls(t, b, "RemoteOpen main/B04 phone is flat")
	b.fake.Answer(cloud.IntentView{State: cloud.IntentRefused, Code: locker.CodeDoorJammed})
	w := b.get(doorPath + "?intent=i1")
	wantStatus(t, w, http.StatusOK)
	wantText(t, w, "The door did not open.")
}

func TestDoor_AnswersInTheSheet(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, v := range []struct {
		answer cloud.IntentView
		says   string
	}{
		{cloud.IntentView{State: cloud.IntentDone}, "Done. The site answered."},
		{cloud.IntentView{State: cloud.IntentExpired}, "The site did not answer in time. Nothing happened."},
		{cloud.IntentView{State: cloud.IntentPending}, "The site has not answered yet."},
	} {
		b.fake.Answer(v.answer)
		w := b.do(consoletest.Fixture{
			Method: "POST", Path: doorPath + "/out", Form: url.Values{"reason": {"broken hinge"}}, Partial: true,
		}.Request(b.fake, "en", ""))
		wantStatus(t, w, http.StatusOK)
		wantText(t, w, v.says, `id="sheet-title"`)
		if strings.Contains(w.Body.String(), "<html") {
			t.Error("the sheet got a whole page")
		}
	}
	b.fake.Fail("SetService", locker.Errorf(locker.CodeSiteOffline, "off"))
	w := b.do(consoletest.Fixture{
		Method: "POST", Path: doorPath + "/out", Form: url.Values{"reason": {"broken hinge"}}, Partial: true,
	}.Request(b.fake, "en", ""))
	wantStatus(t, w, http.StatusUnprocessableEntity)
	wantText(t, w, "This site is not connected now.", `value="broken hinge"`)
}

func TestDoor_Acts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.post(doorPath+"/back", "reason", "hinge is new")
	b.post(doorPath+"/verify", "seen", "occupied")
	b.post(doorPath+"/verify", "seen", "empty")
	wantStatus(t, b.post(doorPath+"/verify"), http.StatusUnprocessableEntity)
	b.post("/sites/harbour/doors/main~1F04/unreserve")
	wantStatus(t, b.get(doorPath+"/explode"), http.StatusNotFound)
	wantCalls(t, b, "SetService main/B04 back hinge is new", "Verify main/B04 occupied", "Verify main/B04 empty", "CancelReservation res1")
}

func TestConfirm_FocusesTheSafeButton(t *testing.T) {
	t.Parallel()
	w := newBench(t).get(doorPath + "/open")
	wantStatus(t, w, http.StatusOK)
	if !regexp.MustCompile(`<a class="btn ghost"[^>]* autofocus[^>]*>Cancel`).MatchString(w.Body.String()) {
		t.Error("Cancel has no focus")
	}
}

func TestLog_BooksSeveralInARow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.post("/sites/room/log", "tracking", " 1Z1 ", "who", "704", "size", "L", "place", "room/S4", "carrier", "dhl")
	wantRedirect(t, w, "/sites/room/log?carrier=dhl&intent=i1&just=&place=room%2FS4&size=L")
	wantCalls(t, b, "LogDelivery 1Z1 r3 L room/S4")
	b.fake.Answer(cloud.IntentView{State: cloud.IntentDone, Place: "room/S4"})
	w = b.get(w.Header().Get("Location"))
	wantText(t, w, "Booked: Shelf 4.", `value="room/S4" selected`, `value="L" checked`, `value="dhl" selected`)
	if strings.Contains(w.Body.String(), "1Z1") {
		t.Error("the last tracking number stayed")
	}
	w = b.do(consoletest.Fixture{
		Method: "POST", Path: "/sites/room/log", Partial: true,
		Form: url.Values{"who": {"310"}, "size": {"S"}, "place": {"desk"}},
	}.Request(b.fake, "en", ""))
	wantStatus(t, w, http.StatusOK)
	if !strings.HasPrefix(w.Body.String(), `<section class="card stack" id="log">`) {
		t.Errorf("htmx got %.60s", w.Body)
	}
}

func TestLog_AsksWhenItIsNotClear(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, v := range []struct{ who, recipient, unknown, says string }{
		{"", "", "", "Enter the unit or three letters of the name"},
		{"smith", "", "", "Choose who it is for"},
		{"zzz", "", "", "Nobody found. Check the unit or the name"},
		{"zzz", "", "", "Keep it without a recipient"},
	} {
		w := b.post("/sites/room/log", "who", v.who, "size", "S", "place", "desk")
		wantStatus(t, w, http.StatusUnprocessableEntity)
		wantText(t, w, v.says)
	}
	wantCalls(t, b)
	wantStatus(t, b.post("/sites/room/log", "who", "smith", "recipient", "r8", "size", "S", "place", "desk"), http.StatusSeeOther)
	wantStatus(t, b.post("/sites/room/log", "who", "zzz", "unknown", "yes", "size", "M", "place", "desk"), http.StatusSeeOther)
	wantStatus(t, b.post("/sites/room/log", "who", "310", "size", "huge", "place", "desk"), http.StatusUnprocessableEntity)
	b.fake.Fail("LogDelivery", locker.Errorf(locker.CodeSiteOffline, "off"))
	wantStatus(t, b.post("/sites/room/log", "who", "310", "size", "M", "place", "desk"), http.StatusUnprocessableEntity)
	wantCalls(t, b, "LogDelivery  r8 S desk", "LogDelivery   M desk", "LogDelivery  r4 M desk")
}

func TestLog_FindsPeopleAsOneTypes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.do(consoletest.Fixture{Path: "/sites/room/log/recipients?who=smi", Partial: true}.Request(b.fake, "en", ""))
	wantStatus(t, w, http.StatusOK)
	wantText(t, w, "Jane Smith", "Paul Smith", `name="recipient"`)
	w = b.do(consoletest.Fixture{Path: "/sites/room/log/recipients?who=", Partial: true}.Request(b.fake, "en", ""))
	if body := strings.TrimSpace(w.Body.String()); body != "" {
		t.Errorf("nothing typed finds %q", body)
	}
}

func TestHandOver_NeedsParcelsAndATaker(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.post("/sites/room/hand-over", "q", "310")
	wantStatus(t, w, http.StatusUnprocessableEntity)
	wantText(t, w, "Choose at least one parcel", "Enter who took it")
	w = b.post("/sites/room/hand-over", "q", "310", "stay", "s6", "stay", "s7", "who", "Peter Novak")
	wantRedirect(t, w, "/sites/room/hand-over?intent=i1")
	wantCalls(t, b, "HandOver s6,s7 Peter Novak")
	wantText(t, b.get("/sites/room/hand-over?intent=i1"), "Handed over.")
	// At the bank everything stands behind doors: there is nothing to hand over.
	w = b.get("/sites/harbour/hand-over?q=310")
	wantText(t, w, "Behind doors")
	if strings.Contains(w.Body.String(), `name="stay"`) {
		t.Error("a parcel behind a door can be handed over")
	}
}

func TestParcel_Orders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := "/sites/harbour/parcels/p4"
	for _, v := range []struct {
		act  string
		form []string
	}{
		{"reissue", nil},
		{"revoke", nil},
		{"restore", nil},
		{"extend", []string{"until", "2026-11-30"}},
		{"reassign", []string{"who", "704"}},
		{"reassign", []string{"who", "smith", "recipient", "r1"}},
		{"clear", []string{"outcome", "returned"}},
	} {
		wantStatus(t, b.post(path+"/"+v.act, v.form...), http.StatusUnprocessableEntity) // no reason
		w := b.post(path+"/"+v.act, append(v.form, "reason", "because")...)
		wantStatus(t, w, http.StatusSeeOther)
		if !strings.HasPrefix(w.Header().Get("Location"), path) {
			t.Errorf("%s leads to %s", v.act, w.Header().Get("Location"))
		}
	}
	wantCalls(t, b, "ReissueCode s4 because", "RevokeStay s4 because", "RestoreStay s4 because",
		"HoldStay s4 2026-11-30T23:59:00-05:00 because", "ReassignStay s4 r3 because", "ReassignStay s4 r1 because", "Clear s4 returned because")
	wantStatus(t, b.post(path+"/extend", "until", "soon", "reason", "because"), http.StatusUnprocessableEntity)
	wantStatus(t, b.post(path+"/reassign", "who", "nobody", "reason", "because"), http.StatusUnprocessableEntity)
}

func TestParcel_ShowsItsCodeForAReason(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := "/sites/harbour/parcels/p4"
	if strings.Contains(b.get(path).Body.String(), "4F7") {
		t.Error("the parcel page shows the code unasked")
	}
	wantStatus(t, b.post(path+"/code", "reason", ""), http.StatusUnprocessableEntity)
	w := b.post(path+"/code", "reason", "at the desk")
	wantStatus(t, w, http.StatusOK)
	wantText(t, w, "<span>4F7</span>", "For its holder only")
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Error("a cache may keep the code")
	}
	wantCalls(t, b, "StayCode s4 at the desk")
}

func TestParcel_SendsAMessageAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const path = "/sites/harbour/parcels/p4"
	did := func(w *httptest.ResponseRecorder) string {
		t.Helper()
		wantRedirect(t, w, path)
		r := consoletest.Fixture{Path: path}.Request(b.fake, "en", "")
		r.AddCookie(w.Result().Cookies()[0])
		return b.do(r).Body.String()
	}
	wantText(t, b.get(path), path+"/notices/n2/retry", "Send again: Reminder 1")
	if strings.Contains(b.get(path).Body.String(), "/notices/n1/retry") {
		t.Error("a message that was sent is offered again")
	}
	if strings.Contains(b.get("/sites/harbour/parcels/p3").Body.String(), "/retry") {
		t.Error("a reminder of a parcel that is gone is offered again")
	}
	if !strings.Contains(did(b.post(path+"/notices/n2/retry")), "The message is on its way again.") {
		t.Error("the page does not say that it is sent")
	}
	b.stale = locker.Errorf(locker.CodeConflict, "sent")
	if !strings.Contains(did(b.post(path+"/notices/n2/retry")), "Nothing was sent") {
		t.Error("the page does not say that nothing is sent")
	}
	b.stale = locker.Errorf(locker.CodeNotFound, "no message")
	wantStatus(t, b.post(path+"/notices/zz/retry"), http.StatusNotFound)
	if got := fmt.Sprint(b.again); got != "[n2 n2 zz]" {
		t.Errorf("sent again: %s", got)
	}
}

func TestToast_ShowsOnceAfterTheForm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.post("/incidents/n1/assign")
	wantRedirect(t, w, "/incidents/n1")
	r := consoletest.Fixture{Path: "/incidents/n1"}.Request(b.fake, "en", "")
	r.AddCookie(w.Result().Cookies()[0])
	w = b.do(r)
	wantText(t, w, "It is yours now.")
	if c := w.Result().Cookies(); len(c) == 0 || c[0].MaxAge >= 0 {
		t.Errorf("the toast stays: %v", c)
	}
	r = consoletest.Fixture{Path: "/incidents/n1"}.Request(b.fake, "en", "")
	r.AddCookie(&http.Cookie{Name: "cubby-did", Value: "<b>x"})
	if strings.Contains(b.do(r).Body.String(), "data-toast") {
		t.Error("an unknown word was shown")
	}
}

func TestIncident_NamesItsPart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	wantText(t, b.get("/incidents"), "rs485/2")
	wantText(t, b.get("/incidents/n4"), "<dt>Part</dt>", "rs485/2")
	if strings.Contains(b.get("/incidents/n1").Body.String(), "<dt>Part</dt>") {
		t.Error("the fault of a door has an empty part")
	}
}

func TestIncident_IsWorkedOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	wantRedirect(t, b.post("/incidents/n1/note", "note", " key is here "), "/incidents/n1")
	wantStatus(t, b.post("/incidents/n1/note", "note", " "), http.StatusUnprocessableEntity)
	wantStatus(t, b.post("/incidents/n1/resolve", "resolution", ""), http.StatusUnprocessableEntity)
	wantRedirect(t, b.post("/incidents/n1/resolve", "resolution", "new lock"), "/incidents")
	wantCalls(t, b, "NoteIncident n1 key is here", "ResolveIncident n1 new lock")
	if strings.Contains(b.get("/incidents/n3").Body.String(), `name="resolution"`) {
		t.Error("a resolved incident can be resolved")
	}
}

func TestDeliveries_KeepTheirFilterInTheAddress(t *testing.T) {
	t.Parallel()
	w := newBench(t).get("/deliveries?q=310&state=waiting&site=harbour&cursor=abc")
	wantText(t, w, `href="?cursor=next&amp;q=310&amp;site=harbour&amp;state=waiting"`, `href="?q=310&amp;site=harbour&amp;state=waiting"`,
		`href="/deliveries?q=310&amp;site=harbour&amp;state=overdue"`, `name="state" value="waiting"`, `value="310"`)
}

func TestResident_IsSaved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := "/sites/harbour/residents"
	w := b.post(path+"/new", "name", "Kim Lo", "unit", "704", "kind", "resident", "email", "kim@example.org", "mark", "low")
	wantRedirect(t, w, path)
	wantCalls(t, b, "PutRecipient p1  Kim Lo u704 kim@example.org")
	for _, form := range [][]string{
		{"name", "", "unit", "704"},
		{"name", "Kim", "unit", ""},
		{"name", "Kim", "unit", "704", "email", "kim"},
		{"name", "Kim", "unit", "704", "phone", "555"},
		{"name", "Kim", "unit", "704", "vacation", "soon"},
		{"name", "Kim", "unit", "704", "quiet_from", "22:00"},
	} {
		wantStatus(t, b.post(path+"/new", form...), http.StatusUnprocessableEntity)
	}
	wantStatus(t, b.post(path+"/r4", "name", "Peter Novak", "unit", "999", "kind", "resident"), http.StatusUnprocessableEntity)
	wantStatus(t, b.post(path+"/r4", "name", "Peter Novak", "unit", "999", "kind", "resident", "add_unit", "yes"), http.StatusSeeOther)
	wantCalls(t, b, "PutRecipient p1  Kim Lo u704 kim@example.org", "PutUnit 999", "PutRecipient p1 r4 Peter Novak unit-999 ")
	wantText(t, b.post(path+"/r4/link", "do", "renew"), "qrstuvwxyzabcdef")
}

func upload(t *testing.T, b *bench, path string, file []byte, fields ...string) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		if err := form.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if file != nil {
		part, err := form.CreateFormFile("file", "residents.csv")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.AddCookie(b.fake.Cookie())
	return b.do(r)
}

func TestImport_WritesNothingBeforeItIsConfirmed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := "/sites/harbour/residents/import"
	w := upload(t, b, path, []byte("Apt,Resident,Mail,Pet\n101,Ann Lee,ann@,cat\n"))
	wantStatus(t, w, http.StatusOK)
	wantText(t, w, "Some rows have problems.", "No e-mail address", "Repeats line 2", "Jane Smith", `value="unit" selected`)
	if strings.Contains(w.Body.String(), `name="plan"`) {
		t.Error("a plan with problems can be applied")
	}
	data := regexp.MustCompile(`name="data" value="([^"]+)"`).FindStringSubmatch(w.Body.String())[1]
	w = upload(t, b, path, nil, "mapped", "yes", "data", data, "column_0", "unit", "column_1", "last_name", "column_2", "", "column_3", "first_name", "option", "skip")
	wantStatus(t, w, http.StatusOK)
	wantText(t, w, `name="plan" value="plan-1"`, `value="last_name" selected`)
	wantRedirect(t, b.post(path+"/apply", "plan", "plan-1"), "/sites/harbour/residents")
	wantCalls(t, b, "PlanImport harbour unit|name|email|", "PlanImport harbour unit|last_name||first_name", "ApplyImport plan-1")
	b.fake.Fail("ApplyImport", locker.Errorf(locker.CodeConflict, "changed"))
	w = b.post(path+"/apply", "plan", "plan-1")
	wantStatus(t, w, http.StatusUnprocessableEntity)
	wantText(t, w, "Choose the file again")
}

func TestImport_RefusesWhatIsNoList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := "/sites/harbour/residents/import"
	for _, v := range []struct {
		file   []byte
		fields []string
		says   string
	}{
		{nil, nil, "Choose a file"},
		{[]byte("no list"), nil, "This file cannot be read as a list."},
		{bytes.Repeat([]byte("a,b\n"), cloud.MaxImportBytes/4+1), nil, "The file is larger than"},
		{nil, []string{"mapped", "yes", "data", "%%%"}, "Choose a file"},
	} {
		w := upload(t, b, path, v.file, v.fields...)
		wantStatus(t, w, http.StatusUnprocessableEntity)
		wantText(t, w, v.says)
	}
	wantCalls(t, b)
}

func TestCourier_AccessIsGivenAndEnded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := "/sites/harbour/couriers"
	w := b.post(path, "new_carrier", "Post & Co", "name", "Route 9", "until", "2026-12-31")
	wantStatus(t, w, http.StatusOK)
	wantText(t, w, "<span>4F7</span>")
	wantStatus(t, b.post(path, "carrier", "ups", "name", "Old", "until", "2026-11-24"), http.StatusUnprocessableEntity)
	wantStatus(t, b.post(path, "carrier", "", "name", ""), http.StatusUnprocessableEntity)
	wantRedirect(t, b.post(path+"/c1/revoke"), path)
	wantStatus(t, b.post(path+"/c9/revoke"), http.StatusNotFound)
	wantCalls(t, b, "PutCarrier post-co Post & Co", "PutCourier  post-co Route 9 active", "CourierCode c1", "PutCourier c1 ups Route 7 revoked")
}

func TestSite_EnrolsAndRestarts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	wantText(t, b.post("/sites/harbour/enrol"), "cubby-enrol1-", "This is shown once.")
	if strings.Contains(b.get("/sites/harbour/health").Body.String(), "cubby-enrol1-") {
		t.Error("the token shows again")
	}
	wantStatus(t, b.post("/sites/harbour/reboot"), http.StatusUnprocessableEntity)
	wantRedirect(t, b.post("/sites/harbour/reboot", "reason", "stuck"), "/sites/harbour/health")
	wantCalls(t, b, "CreateEnrolToken harbour", "Reboot harbour stuck")
}

func TestSettings_SendATestMail(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	wantRedirect(t, b.post("/settings/test-mail", "to", "ana@example.org"), "/settings")
	wantStatus(t, b.post("/settings/test-mail", "to", "ana"), http.StatusUnprocessableEntity)
	b.mail = locker.Errorf(locker.CodeMailUnreachable, "no route")
	w := b.post("/settings/test-mail", "to", "ben@example.org")
	wantStatus(t, w, http.StatusUnprocessableEntity)
	wantText(t, w, "The mail server does not answer.")
	if got := fmt.Sprint(b.mails); got != "[ana@example.org ben@example.org]" {
		t.Errorf("mails to %s", got)
	}
}

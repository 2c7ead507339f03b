package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/web/console/consoletest"
)

func TestLog_OpensAFreeDoorAndTakesBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Answer(cloud.IntentView{State: cloud.IntentDone, Stay: "new"})
	form := url.Values{"who": {"310"}, "size": {"M"}, "place": {"door"}, "just": {"s4"}}
	w := b.do(consoletest.Fixture{Method: "POST", Path: "/sites/harbour/log", Form: form, Partial: true}.Request(b.fake, "en", ""))
	wantStatus(t, w, http.StatusOK)
	wantText(t, w, "put the parcel in and shut it", `id="just-new"`, `id="just-s4"`, `value="new,s4"`, "every 2s", "data-fresh")
	wantCalls(t, b, "LogDelivery  r4 M door")
	// What the site did not take stays in the form, for another place.
	b.fake.Answer(cloud.IntentView{State: cloud.IntentRefused, Code: locker.CodeBankFull})
	w = b.do(consoletest.Fixture{Method: "POST", Path: "/sites/harbour/log", Form: url.Values{
		"tracking": {"1Z999"}, "who": {"310"}, "size": {"M"}, "place": {"door"},
	}, Partial: true}.Request(b.fake, "en", ""))
	wantText(t, w, `value="1Z999"`, `value="310"`)
	if strings.Contains(w.Body.String(), "data-fresh") {
		t.Error("the form of a refused parcel begins anew")
	}
	// The label of a shelf names the place, wherever it was scanned.
	b.fake.Answer(cloud.IntentView{State: cloud.IntentDone})
	w = b.post("/sites/room/log", "tracking", "room/S4", "who", "", "size", "M", "place", "desk")
	wantStatus(t, w, http.StatusUnprocessableEntity)
	wantText(t, w, `value="room/S4" selected`)
	w = b.post("/sites/harbour/log/undo", "stay", "s4", "just", "s4")
	wantStatus(t, w, http.StatusOK)
	wantText(t, w, "Taken back")
	wantCalls(t, b, "LogDelivery  r4 M door", "LogDelivery 1Z999 r4 M door", "UndoDelivery s4")
}

func TestHandOver_ByCodeWithASignature(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.post("/sites/room/hand-over/find", "q", consoletest.Code)
	wantStatus(t, w, http.StatusOK)
	wantText(t, w, `name="known"`, "checked")
	if strings.Contains(w.Body.String(), consoletest.Code) || w.Header().Get("Cache-Control") != "no-store" {
		t.Error("the page keeps the code")
	}
	b.fake.Fail("HandOver", locker.Errorf(locker.CodeSignatureNeeded, "sign"))
	w = b.post("/sites/room/hand-over", "known", "s7", "stay", "s7", "who", "Max", "taker", "household")
	wantStatus(t, w, http.StatusUnprocessableEntity)
	wantText(t, w, "A signature is needed here.")
	b.fake.Fail("HandOver", nil)
	wantStatus(t, b.post("/sites/room/hand-over", "stay", "s7", "who", "Max", "taker", "household", "signed", "Max Lo"), http.StatusSeeOther)
	wantStatus(t, b.post("/sites/room/hand-over", "stay", "s7", "who", "Max", "signature", "9 9;1,1", "signed", "x"), http.StatusSeeOther)
	wantCalls(t, b, "HandOver s7 Max household", "HandOver s7 Max household =Max Lo", "HandOver s7 Max 9 9;1,1")
}

func TestLabels_PrintsAndTells(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if w := b.get("/sites/harbour/labels?kind=slip&stay=s4"); strings.Contains(w.Body.String(), consoletest.Code) {
		t.Error("an address shows a code")
	}
	wantText(t, b.post("/sites/harbour/labels", "kind", "slip", "stay", "s4"), consoletest.Code)
	w := b.post("/sites/harbour/labels/pdf", "kind", "parcel", "stay", "s4")
	if w.Header().Get("Content-Type") != "application/pdf" {
		t.Errorf("a PDF of type %s", w.Header().Get("Content-Type"))
	}
	wantText(t, b.post("/sites/harbour/labels/print", "kind", "parcel", "stay", "s4"), "Sent to the label printer.")
	b.fake.Fail("Print", locker.Errorf(locker.CodePrinterOffline, "off"))
	wantText(t, b.post("/sites/harbour/labels/print", "kind", "parcel", "stay", "s4"), "The label printer does not answer.")
	wantText(t, b.post("/sites/harbour/labels/printed", "kind", "slip", "stay", "s4"), "counts as told")
	wantStatus(t, b.post("/sites/harbour/desk", "signature", "always", "printer", "10.0.0.7", "width", "102", "height", "76", "dots", "8"), http.StatusSeeOther)
	wantCalls(t, b, "PDF parcel", "Print parcel", "Print parcel", "Printed s4", "SetDesk always 10.0.0.7:9100")
}

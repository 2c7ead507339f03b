package console_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cubby/internal/commission"
	"cubby/internal/locker"
	"cubby/internal/web/console/consoletest"
)

const bankTest = "/sites/harbour/test"

// at posts a form of the test while it is at a stage.
func (b *bench) at(stage consoletest.Stage, path string, form map[string][]string) *httptest.ResponseRecorder {
	return b.do(consoletest.Fixture{Method: http.MethodPost, Path: bankTest + path, Form: form, Stage: stage}.Request(b.fake, "en", ""))
}

func TestBankTest_OneTapAnswersAndOpensTheNext(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		stage consoletest.Stage
		form  map[string][]string
		calls []string
	}{
		"yes, the next": {
			consoletest.StageOpen,
			map[string][]string{"step": {"s"}, "kind": {"yes"}, "next": {"yes"}, "labels": {"A01"}},
			[]string{"TestAnswer yes", "TestOpen open left/1/3 2"},
		},
		"yes, and the site takes no more yet": {
			consoletest.StageWait,
			map[string][]string{"step": {"s"}, "kind": {"yes"}, "next": {"yes"}},
			[]string{"TestAnswer yes"},
		},
		"the next holds a parcel": {
			consoletest.StageFull,
			map[string][]string{"step": {"s"}, "kind": {"yes"}, "next": {"yes"}},
			[]string{"TestAnswer yes"},
		},
		"another":  {consoletest.StageAsked, map[string][]string{"step": {"s"}, "kind": {"other"}, "labels": {"A04"}}, []string{"TestAnswer other A04"}},
		"two":      {consoletest.StageAsked, map[string][]string{"step": {"s"}, "kind": {"several"}, "labels": {"A03, A04"}}, []string{"TestAnswer several A03 A04"}},
		"nothing":  {consoletest.StageAsked, map[string][]string{"step": {"s"}, "kind": {"nothing"}}, []string{"TestAnswer nothing"}},
		"confirms": {consoletest.StageFull, map[string][]string{"step": {"s"}, "kind": {"confirm"}}, []string{"TestAnswer confirm"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			wantRedirect(t, b.at(x.stage, "/answer", x.form), bankTest)
			wantCalls(t, b, x.calls...)
		})
	}
}

func TestBankTest_Steps(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	wantRedirect(t, b.post(bankTest+"/begin"), bankTest)
	wantRedirect(t, b.post(bankTest+"/open", "step", "open left/1/3 2"), bankTest)
	wantRedirect(t, b.post(bankTest+"/undo"), bankTest)
	wantRedirect(t, b.post(bankTest+"/repeat", "door", "A03"), bankTest)
	wantRedirect(t, b.post(bankTest+"/apply"), bankTest+"/doors")
	wantCalls(t, b, "TestBegin", "TestOpen open left/1/3 2", "TestUndo", "TestRepeat A03", "TestApply")
}

// What a step can explain is said at the step, and what the person may not do is a page of its own.
func TestBankTest_SaysWhyNot(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		err    error
		status int
		text   string
	}{
		"another phone": {locker.Errorf(locker.CodeConflict, "x"), http.StatusUnprocessableEntity, "at another step by now"},
		"the limit":     {locker.Errorf(locker.CodeRemoteLimit, "x"), http.StatusUnprocessableEntity, "six remote openings a minute"},
		"no link":       {locker.Errorf(locker.CodeSiteOffline, "x"), http.StatusUnprocessableEntity, "This site is not connected now"},
		"no board":      {commission.ErrBoards, http.StatusUnprocessableEntity, "No board answers"},
		"label":         {commission.ErrLabel, http.StatusUnprocessableEntity, "at most 16 characters"},
		"not allowed":   {locker.Errorf(locker.CodeNotAllowed, "x"), http.StatusForbidden, "Test"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.fake.Fail("TestOpen", x.err)
			w := b.post(bankTest+"/open", "step", "s")
			wantStatus(t, w, x.status)
			if name != "not allowed" {
				wantText(t, w, x.text)
			}
		})
	}
}

// Without scripts a page that waits comes again by itself, as a page that can be asked for.
func TestBankTest_ComesAgainWithoutScripts(t *testing.T) {
	t.Parallel()
	for stage, want := range map[consoletest.Stage]string{
		consoletest.StagePending: "2; url=" + bankTest, consoletest.StageWait: "24; url=" + bankTest,
		consoletest.StageOpen: "", consoletest.StageAsked: "", consoletest.StageNone: "",
	} {
		b := newBench(t)
		w := b.do(consoletest.Fixture{Path: bankTest, Stage: stage}.Request(b.fake, "en", ""))
		if got := w.Header().Get("Refresh"); got != want {
			t.Errorf("%s: %q, want %q", stage, got, want)
		}
	}
	b := newBench(t)
	b.fake.Fail("TestOpen", locker.Errorf(locker.CodeRemoteLimit, "x"))
	w := b.at(consoletest.StageWait, "/open", map[string][]string{"step": {"s"}})
	if got := w.Header().Get("Refresh"); !strings.HasSuffix(got, "url="+bankTest) {
		t.Errorf("a refused form comes again at %q", got)
	}
}

func TestBankTest_RefusesWiringOfAFullDoor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Fail("TestApply", locker.Errorf(locker.CodeConflict, "x"))
	w := b.at(consoletest.StageDone, "/apply", map[string][]string{})
	wantStatus(t, w, http.StatusConflict)
	wantText(t, w, "The wiring was not changed")
}

func TestBankTest_HandsOver(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.do(consoletest.Fixture{Path: bankTest + "/sheet?save=yes", Stage: consoletest.StageDone}.Request(b.fake, "en", ""))
	wantStatus(t, w, http.StatusOK)
	wantText(t, w, "Crossed doors", "Ana Lima", "1 Quay Street", "up to number 412")
	if got := w.Header().Get("Content-Disposition"); !strings.Contains(got, "hand-over.html") {
		t.Errorf("saved as %q", got)
	}
	w = b.do(consoletest.Fixture{Path: bankTest + "/layout.yaml", Stage: consoletest.StageDone}.Request(b.fake, "en", ""))
	wantStatus(t, w, http.StatusOK)
	l, err := commission.ParseLayout(w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if at := l.Places()[2].Compartment.Output; at.Channel != 4 {
		t.Errorf("A03 is at %s", at)
	}
	w = b.do(consoletest.Fixture{Path: bankTest + "/doors", Stage: consoletest.StageNone}.Request(b.fake, "en", ""))
	wantRedirect(t, w, bankTest)
}

// An open page is sent the step again when it has changed, and not otherwise.
func TestBankTest_Stream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		w := watch(t, b, bankTest+"/stream", "en")
		defer w.leave()
		w.take()
		b.fake.Stage(consoletest.StagePending)
		time.Sleep(time.Second)
		if got := w.take(); !strings.Contains(got, "Opening") {
			t.Errorf("the stream says %q", got)
		}
		time.Sleep(time.Second)
		if got := w.take(); got != "" {
			t.Errorf("nothing changed, and the stream says %q", got)
		}
		b.fake.Stage(consoletest.StageAsked)
		time.Sleep(time.Second)
		if got := w.take(); !strings.Contains(got, "A04\u2069 opened instead") {
			t.Errorf("the stream says %q", got)
		}
		b.fake.EndSession()
		time.Sleep(20 * time.Second)
		select {
		case <-w.done:
		default:
			t.Error("the stream outlives its session")
		}
	})
}

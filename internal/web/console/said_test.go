package console_test

import (
	"net/http"
	"strings"
	"testing"

	"cubby/internal/locker"
)

// What a resident said stands on both pages, and their picture is kept by nobody.
func TestSaid_WordsAndPicture(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const photo = "/sites/harbour/reports/w1/photo"
	for _, path := range []string{"/incidents/n1", "/sites/harbour/parcels/p4"} {
		w := b.get(path)
		wantStatus(t, w, http.StatusOK)
		wantText(t, w, "What the resident said", "Damaged", "wet &amp; torn at &lt;one&gt; corner", `src="`+photo+`"`, `alt="Photo from the resident: Damaged, `, "Too high")
	}
	if strings.Contains(b.get("/incidents/n2").Body.String(), "What the resident said") {
		t.Error("an empty part is shown")
	}
	w := b.get(photo)
	wantStatus(t, w, http.StatusOK)
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; sandbox", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	wantStatus(t, b.get("/sites/harbour/reports/w2/photo"), http.StatusNotFound)
	wantStatus(t, b.get("/sites/elsewhere/reports/w1/photo"), http.StatusNotFound)
	b.fake.Fail("Photo", locker.Errorf(locker.CodeNotAllowed, "not yours"))
	wantStatus(t, b.get(photo), http.StatusForbidden)
	b.fake.EndSession()
	wantRedirect(t, b.get(photo), "/sign-in?next=%2Fsites%2Fharbour%2Freports%2Fw1%2Fphoto")
}

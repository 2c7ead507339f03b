package e2e_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"cubby/internal/locker"
)

// The mail itself and the page of the demo that shows it.
func TestMailPages(t *testing.T) {
	webShare(t)
	t.Parallel()
	h := webStart(t)
	h.bring(webParcel{"1Z0000000000333333", "102", locker.SizeS})
	mail := h.mailTo(journeyMail, nil)
	pages, err := h.Mail.Handler("")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /plain", func(w http.ResponseWriter, _ *http.Request) {
		picture := "data:image/png;base64," + base64.StdEncoding.EncodeToString(mail.Inline[0].Data)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, strings.ReplaceAll(mail.HTML, "cid:"+mail.Inline[0].ContentID, picture))
	})
	mux.Handle("/", pages)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	tab := webOpen(t, "mail")
	tab.allow("favicon.ico")
	tab.size(1000, 800)
	tab.visit(server.URL + "/")
	tab.sees(mail.Subject)
	tab.accessible("list")
	tab.click(`a[href="/` + strconv.Itoa(mail.ID) + `"]`)
	tab.until(`document.querySelector('iframe')`)
	tab.accessible("mail")
	for _, width := range []int64{800, 320} {
		tab.size(width, 900)
		tab.visit(server.URL + "/plain")
		tab.until(`document.images.length > 0 && [...document.images].every((i) => i.complete && i.naturalWidth > 100)`)
		// A mail is shown inside a page that has the landmarks.
		_ = webEval[bool](tab, webAxe+`;axe.configure({rules: [{id: 'region', enabled: false}, {id: 'landmark-one-main', enabled: false}]}), true`)
		tab.accessible(fmt.Sprintf("html-%d", width))
	}
}

package mailcatch

import (
	"bytes"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

//go:embed page.html.tmpl
var pageFiles embed.FS

const (
	pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'none'; " +
		"base-uri 'none'; frame-ancestors 'none'"
	// A caught mail runs nothing and loads nothing: its pictures are put into it.
	mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)

// Handler returns the pages: "GET {prefix}/" lists the mails, "GET {prefix}/{id}" shows one. The
// prefix is "" or a path such as "/mail" under which the handler is mounted, without StripPrefix.
func (s *Server) Handler(prefix string) (http.Handler, error) {
	pages, err := template.ParseFS(pageFiles, "page.html.tmpl")
	if err != nil {
		return nil, fmt.Errorf("read the mail page: %w", err)
	}
	show := func(w http.ResponseWriter, status int, name string, view any) {
		var out bytes.Buffer
		if err := pages.ExecuteTemplate(&out, name, view); err != nil {
			http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
			return
		}
		writeHTML(w, status, pagePolicy, out.Bytes())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix+"/{$}", func(w http.ResponseWriter, _ *http.Request) {
		show(w, http.StatusOK, "list", listView{Prefix: prefix, Mails: s.List(), Keep: s.opts.Keep})
	})
	mux.HandleFunc("GET "+prefix+"/{id}", func(w http.ResponseWriter, r *http.Request) {
		m, ok := s.fromPath(r)
		if !ok {
			show(w, http.StatusNotFound, "missing", listView{Prefix: prefix})
			return
		}
		show(w, http.StatusOK, "mail", mailView{Prefix: prefix, Mail: m})
	})
	mux.HandleFunc("GET "+prefix+"/{id}/html", func(w http.ResponseWriter, r *http.Request) {
		m, ok := s.fromPath(r)
		if !ok || m.HTML == "" {
			http.NotFound(w, r)
			return
		}
		writeHTML(w, http.StatusOK, mailPolicy, []byte(withPictures(m)))
	})
	return mux, nil
}

type listView struct {
	Prefix string
	Mails  []Mail
	Keep   int
}

type mailView struct {
	Prefix string
	Mail   Mail
}

func (s *Server) fromPath(r *http.Request) (Mail, bool) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		return Mail{}, false
	}
	return s.Mail(id)
}

func writeHTML(w http.ResponseWriter, status int, policy string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // a mail is shown in a sandbox that runs nothing; errors: the reader went away
}

// withPictures returns a mail's HTML with its inline pictures as data addresses.
func withPictures(m Mail) string {
	html := m.HTML
	for _, p := range m.Inline {
		if p.ContentID == "" || !slices.Contains([]string{"image/png", "image/jpeg", "image/gif"}, p.Type) {
			continue
		}
		data := "data:" + p.Type + ";base64," + base64.StdEncoding.EncodeToString(p.Data)
		html = strings.ReplaceAll(html, `"cid:`+p.ContentID+`"`, `"`+data+`"`)
	}
	return html
}

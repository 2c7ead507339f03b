package api

import (
	"net/http"

	"cubby/internal/web/ui"
)

// Where the description of the API is.
const (
	SpecPath = "/openapi.json" // OpenAPI 3.1
	DocsPath = "/docs"         // the same for people; needs the assets of ui.Handler
)

// specType is what the document is. Source: OpenAPI 3.1 media types, as registered drafts have it.
const specType = "application/vnd.oai.openapi+json;version=3.1"

func (a *API) serveSpec(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	tag := tagOf(a.openAPI)
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache")
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", specType)
	w.Write(a.openAPI)
}

// docsHandler serves the page that draws the description. It is in English, as the description is.
func docsHandler() http.Handler {
	page := ui.APIReference(ui.APIReferenceView{
		Document: ui.DocumentView{Title: "Cubby API", Lang: "en", Dir: "ltr"},
		SpecURL:  SpecPath,
		NoScript: "This page needs JavaScript. The description itself is at",
	})
	return ui.Secure(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := ui.Write(w, r, http.StatusOK, page); err != nil {
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		}
	}), ui.DocsPolicy)
}

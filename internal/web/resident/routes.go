package resident

import "net/http"

// Route is one address of the pages. The link is the right: none needs a sign-in, and none acts by a
// cookie, so a form that another site's page sends has no more power than whoever knows the link.
type Route struct {
	Method string
	Path   string // as net/http's ServeMux reads it
	serve  http.Handler
}

// Routes lists every address.
func (f *Face) Routes() []Route {
	return []Route{
		{Method: "GET", Path: "/p/sw.js", serve: http.HandlerFunc(f.serveWorker)},
		{Method: "GET", Path: "/p/{token}", serve: f.known(f.parcels)},
		{Method: "GET", Path: "/p/{token}/help", serve: f.known(f.help)},
		{Method: "GET", Path: "/p/{token}/app.webmanifest", serve: f.known(f.manifest)},
		{Method: "POST", Path: "/p/{token}/language", serve: http.HandlerFunc(f.language)},
		{Method: "POST", Path: "/p/{token}/wishes", serve: f.known(f.wishes)},
		{Method: "GET", Path: "/p/{token}/open", serve: f.known(f.openForm)},
		{Method: "POST", Path: "/p/{token}/open", serve: f.known(f.open)},
		{Method: "GET", Path: "/p/{token}/opened/{intent}", serve: f.known(f.opened)},
	}
}

func (f *Face) mux() http.Handler {
	mux := http.NewServeMux()
	for _, r := range f.Routes() {
		mux.Handle(r.Method+" "+r.Path, r.serve)
	}
	return mux
}

func (f *Face) serveWorker(w http.ResponseWriter, r *http.Request) {
	f.workers[f.stranger(r).t.Lang()].ServeHTTP(w, r)
}

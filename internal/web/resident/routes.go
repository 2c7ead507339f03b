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
		{Method: "GET", Path: "/p/{token}", serve: f.anybody(f.parcels)},
		{Method: "GET", Path: "/p/{token}/help", serve: f.anybody(f.help)},
		{Method: "GET", Path: "/p/{token}/app.webmanifest", serve: f.anybody(f.manifest)},
		{Method: "POST", Path: "/p/{token}/language", serve: http.HandlerFunc(f.language)},
		{Method: "GET", Path: "/p/{token}/wrong", serve: f.known(f.wrongForm)},
		{Method: "POST", Path: "/p/{token}/wrong", serve: f.picture(f.wrong)},
		{Method: "GET", Path: "/p/{token}/send", serve: f.known(f.sendForm)},
		{Method: "POST", Path: "/p/{token}/send", serve: f.known(f.send)},
		{Method: "POST", Path: "/p/{token}/send/{sent}/end", serve: f.known(f.endSent)},
		{Method: "GET", Path: "/p/{token}/keep", serve: f.known(f.keepForm)},
		{Method: "POST", Path: "/p/{token}/keep", serve: f.known(f.keep)},
		{Method: "POST", Path: "/p/{token}/away", serve: f.known(f.away)},
		{Method: "GET", Path: "/p/{token}/wishes", serve: f.known(f.wishesForm)},
		{Method: "POST", Path: "/p/{token}/wishes", serve: f.known(f.setWishes)},
		{Method: "POST", Path: "/p/{token}/browser", serve: f.known(f.browser)},
		{Method: "GET", Path: "/p/{token}/lost", serve: f.known(f.lostForm)},
		{Method: "POST", Path: "/p/{token}/lost", serve: f.known(f.lost)},
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

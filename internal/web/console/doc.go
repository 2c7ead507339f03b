// Package console is the face for the people who look after a site: the live wall, parcels, the
// staffed room, incidents, residents, couriers and the health of sites.
//
// Every page is two files, door.go (view, handler) and door.templ. Handlers decode a form, call a
// use case of internal/cloud as the person who is signed in, and encode a view; they hold no
// rules. routes.go lists every address. What a page shows is in views made of translated texts,
// built by functions that read no clock and ask nobody.
//
// The live wall is drawn once for each language and form when something changed and sent to
// everybody who looks at it; see live.go.
package console

// Package cloud is the server half of Cubby: the use cases behind the pages and the API, the intake
// of what the sites record, and what follows from it.
//
// The cloud owns permission: organizations, people, couriers, layout, policy. Each change writes the
// tables and, in the same transaction, the directory changes that carry it to the sites. Matter
// belongs to the sites: they send operations, which are stored byte for byte and folded into
// tables that can be built again at any time. Asking a site for something is an intent: a row with
// an expiry that the site answers by a fact.
//
// Three kinds of methods. Those with a [Principal] are for people and programs that signed in; they
// see only the sites of their organization and what lies below it, everything else is NOT_FOUND.
// Those with a token are for whoever holds a resident's link. Those of [Hub] are for the sites.
// A Cloud is safe for concurrent use.
//
// The package knows nothing of HTTP, sockets, SQL text or languages: it returns codes and values,
// and faces turn them into pages. Times come in as Options.Now.
package cloud

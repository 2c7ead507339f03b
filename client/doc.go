// Package client is the Go client of Cubby's API, version 1.
//
// A [Client] is safe for concurrent use. Each method is one operation of the API; lists are
// iterators that fetch page after page as they are read. Every POST carries an idempotency key, so
// that it can be tried again without happening twice: the client does so when the network or the
// server is briefly away. Errors of the API are an [*Error] with a stable [Code].
//
// Whatever asks something of a site returns an [Asked]: the site decides, and [Client.Await] waits
// for its answer.
//
// The package imports nothing else of this module. Within a major version things are only added.
package client

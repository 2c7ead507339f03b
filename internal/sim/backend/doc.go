// Package backend is the server half of a simulation: the production's cloud, intake, outbox, notices and audit over
// SQLite, in virtual time, with ids and keys that come from a seed. Whoever uses it calls it from one goroutine and says when
// the background work is done, so that the same calls always come to the same tables.
//
// It knows nothing of people, doors and faults, and judges nothing: it hands out what the server said, sent and found.
package backend

// Package sitestore is the controller's own database beside the journal: the replica of the
// directory that the server sends, a snapshot of derived state, and a few values that outlive a
// restart (acknowledged numbers, boot counter, last trusted time). It also keeps the controller's
// private key, in a file of its own.
//
// Nothing in the database is the only copy of anything: the directory comes again from the server,
// the derived state from the journal. So a damaged file is moved aside, reported, and an empty one
// started. What must not be lost stands in internal/journal.
//
// The package must not know what an object's body means, nor what a snapshot holds.
package sitestore

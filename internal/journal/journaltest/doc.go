// Package journaltest is the suite that every journal.Storage passes: one meaning of conflict,
// order and erasure, whatever holds the rows. Call Exercise from the test of an implementation.
package journaltest

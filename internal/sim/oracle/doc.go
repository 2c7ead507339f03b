// Package oracle knows the truth of a simulated world and judges what the program did in it.
//
// An Oracle is told events: what doors, parcels and people really did, which records became durable,
// what the server committed, what people were told. It keeps its own truth from them and hands every
// event to its checkers, one file for each promise of the specification. A checker counts how often
// its condition was exercised, so that a promise that was never put to the test is not taken for kept.
//
// The package imports nothing of the code that it checks: names are strings, moments are milliseconds
// of the true time, hashes are bytes. Rules that both must know, such as how many retries there are,
// are written down here a second time, from the specification.
package oracle

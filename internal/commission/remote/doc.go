// Package remote tests a bank from afar: an installer with a phone stands before it, signed in to the
// console, and the site opens door after door because the server asks it to.
//
// It joins a commission.Walk with the use cases of the cloud. Unlike a commission.Session it keeps
// nothing in memory: every step is a row with a version, so that a test goes on at another phone and
// through any server process, and two phones never take the same step. What the sensors showed
// is read from the facts that the site sent after the opening was asked for. Each step of a person is an
// act on record: who, when, which door, what was answered.
//
// Openings are remote ones: the site's governor allows six a minute, and the person is told
// how long to wait. Two of the staff who begin a service session at the kiosk lift that.
//
// The package must not know HTTP or pages.
package remote

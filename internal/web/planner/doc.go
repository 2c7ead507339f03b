// Package planner is the sizing assistant in the browser: how many doors a building needs, of which
// size, where, and at what cost. Anybody may use it, without an account or a cookie.
//
// The whole state of a page stands in its address, so that it can be sent to a colleague; nothing is
// kept. An answer costs seconds of a processor, so a few run at once, others wait a little, and each
// address has an allowance.
//
// The package must not know how a plan is solved (package sizing) nor how an answer is said (package
// report).
package planner

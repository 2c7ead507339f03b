// Package controller is the on-site half of Cubby: it decides who may open what, pulses locks,
// watches doors, serves the kiosk, and keeps working while the network is gone.
//
// Machine is the application as a step function: an event and a moment give operations for the
// journal and effects. It has no goroutine, timer, clock or I/O, so that the simulator drives the
// same code. Controller is its run loop: it takes the events that wait, steps through them, appends
// all operations in one durable transaction, and only then runs the effects and the replies. One
// goroutine per bus owns the boards; exactly one function can pulse a lock, and it takes a proof
// that the request for it is durable.
//
// Governor limits pulses below everything that a remote message can reach. The kiosk's turns are
// part of the machine, see Turn; pages live in internal/web/kiosk. A hosted site is the same
// Controller without a bus and with another journal.
//
// The package must not know SQL, HTTP, pages or how the link carries messages. Codes never leave it
// but to their holder, and people only as the masked echo of Match.
package controller

// Package commission tests a new bank: door after door is opened, somebody looks which one it was,
// and out come the true wiring, a list of what is wrong, and a sheet to hand over.
//
// How data flows:
//
//	probe  -> []Board ------------------+
//	plan   -> locker.Layout, or none ---+-> Walk (pure; the clock is passed in)
//	                                          |  ^
//	            Step: open, confirm, ask, done |  | Sight: what the board said, which sensors moved
//	                                          v  | Answer: what the person saw
//	                                       Session (one step at a time, kept after each)
//	                                          |  ^
//	                                          v  |
//	                                       Opener: records, pulses once, watches
//
// Walk knows no I/O. It chooses the next output, takes what sensors showed and what the person said,
// and derives Findings, the corrected layout and the progress from the records alone, so that a step
// can be undone, repeated, or taken up after a restart. Crossed doors are a question of which label
// the person read; crossed sensors of which channel moved; both are named with their outputs.
//
// Session joins a Walk with an Opener. The console's wizard, the service page and `cubby board walk`
// are faces of it. There are two openers:
//
//   - Direct drives the buses itself, before enrolment or without a server. Each opening is durable in
//     a journal of its own before the pulse, and its end after it; a governor keeps one pulse in flight
//     and a second between two of a bus. Only Direct.pulse touches a lock.
//   - Enrolled asks the running controller, which records and pulses as for everybody else, keeps
//     couriers out of the doors under test, and refuses one with a parcel in it until that is confirmed.
//
// Facts hold a session and a random reference of the installer, never a name: the name stands on the
// sheet only. Code is the one-time code that lets somebody on the local network in.
//
// The package must not know HTTP, pages, the settings file or how a bus is opened.
package commission

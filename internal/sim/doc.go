// Package sim is a deterministic world around the production code: sites with doors, parcels and
// people, a server, a link between them, and everything that can go wrong.
//
// Run plays one seed: one goroutine, one queue of events, virtual time, one source of randomness, so
// that a seed gives the same world, the same record and the same state hash each time. The controllers
// are the real controller.Machine over the real journal; their disks, clocks, boards, links and people
// are models. The package oracle, which imports nothing of the code that it checks, is told the truth
// and judges it by the promises of the specification. DESIGN.md beside this file says what is inside
// the simulation, what is not, and why.
package sim

// Package boardtest is the conformance suite of lock board families. A family's test describes
// itself as a Family and calls Exercise: the driver is then run against the family's own virtual
// boards over a pipe in virtual time, a TCP port and a pseudo terminal, with every fault that the
// virtual line knows. Goroutines are checked by the family's TestMain (goleak).
//
// The suite counts pulses in virtual.World, never in the driver.
package boardtest

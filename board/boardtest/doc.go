// Package boardtest is the conformance suite of lock board families. A family's test describes
// itself as a Family and calls Exercise: the driver is then run against the family's own virtual
// boards over a pipe in virtual time, a TCP port and a pseudo terminal, with every fault that the
// virtual line knows. On the pipe a goroutine that is left hangs the test; for the other links the
// family's TestMain calls goleak.
//
// Beside it, PollRatio measures how much of a line's speed a poll uses, and BitErrors how many bit
// errors the family's frames let through.
//
// The suite counts pulses in virtual.World, never in the driver.
package boardtest

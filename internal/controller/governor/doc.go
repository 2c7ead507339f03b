// Package governor bounds the pulses of a site. It stands below everything that a remote message can reach, and is a
// pure value: it knows no doors, no clock and no wire.
package governor

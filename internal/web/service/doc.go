// Package service is the page on which an installer tests the doors of a new bank, with a phone in one
// hand: look for the boards, walk from door to door, hand over. The controller serves it on the local
// network to whoever has its one-time code, before enrolment too; it needs no uplink and no script.
//
// It also draws the hand-over sheet, which `cubby board walk` and the console use as well.
//
// The package knows internal/commission, which decides; it must not know buses, journals or settings.
package service

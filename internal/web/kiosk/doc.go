// Package kiosk is the face of a locker's own panel: every page that a resident, a courier or a
// person of the staff sees there, by touch, keyboard or scanner, with the network down.
//
// A panel has one turn at a time, and the controller says at which step it is. One address,
// /kiosk/{panel}, shows that step; what a person does is posted to act, code or scan beside it and
// answered by a redirect to the address. A stream sends the page again when the turn changes by
// itself: a door shut. The package holds no rules and knows no cloud: it reads the controller
// through five methods and says what it finds in the catalogue's words.
//
// No page names a person, a carrier or a tracking number, but for the masked echo that a courier
// confirms before a door opens.
package kiosk

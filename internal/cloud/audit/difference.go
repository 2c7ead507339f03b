package audit

import (
	"time"

	"cubby/internal/cloud/incident"
	"cubby/internal/locker"
)

// Kind says what contradicts what. The zero value is invalid.
type Kind string

// The kinds of difference.
const (
	Sum        Kind = "sum"        // what came in is not what is there and what left
	Tables     Kind = "tables"     // the server's tables say something else than the record
	Controller Kind = "controller" // the controller believes something else than its record says
	Unasked    Kind = "unasked"    // a door opened and nobody asked, and nobody looked since
	NoDoor     Kind = "no_door"    // a parcel counts as stored, and its door was never open for it
	Ghost      Kind = "ghost"      // a parcel is booked where it can hardly be
	Stray      Kind = "stray"      // something lies where nothing is booked
	Misplaced  Kind = "misplaced"  // a parcel was seen somewhere else than it is booked
	MovedOut   Kind = "moved_out"  // a parcel waits for somebody who moved out
	Replaced   Kind = "replaced"   // another controller took over, and nobody looked into its doors
	Doubt      Kind = "doubt"      // nobody looked into a place in doubt for too long
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{Sum, Tables, Controller, Unasked, NoDoor, Ghost, Stray, Misplaced, MovedOut, Replaced, Doubt}
}

// incident returns the kind and the severity of the incident that a difference becomes. Zero for no kind.
func (k Kind) incident() (incident.Kind, incident.Severity) {
	switch k {
	case Sum:
		return incident.AuditSum, incident.Urgent
	case Tables:
		return incident.AuditTables, incident.High
	case Controller:
		return incident.AuditController, incident.High
	case Unasked:
		return incident.AuditUnasked, incident.High
	case NoDoor:
		return incident.AuditNoDoor, incident.High
	case Ghost:
		return incident.AuditGhost, incident.High
	case Stray:
		return incident.AuditStray, incident.High
	case Misplaced:
		return incident.AuditMisplaced, incident.Urgent
	case MovedOut:
		return incident.AuditMovedOut, incident.Low
	case Replaced:
		return incident.AuditReplaced, incident.High
	case Doubt:
		return incident.AuditDoubt, incident.High
	}
	return "", ""
}

// covered lists the kinds of incident that, open at the same place, say the same already.
func (k Kind) covered() []incident.Kind {
	switch k {
	case Unasked, Doubt:
		return []incident.Kind{incident.UnexpectedOpen, incident.PlaceDoubted, incident.OpenUnconfirmed, incident.Problem}
	case Replaced:
		return []incident.Kind{incident.JournalSealed}
	case Sum, Tables, Controller, NoDoor, Ghost, Stray, Misplaced, MovedOut:
	}
	return nil
}

// Difference is one contradiction.
type Difference struct {
	Kind   Kind            `json:"kind"`
	Place  locker.PlaceID  `json:"place,omitempty"`
	Stay   locker.StayID   `json:"stay,omitempty"`
	Parcel locker.ParcelID `json:"parcel,omitempty"`
	Detail string          `json:"detail,omitempty"` // a word that says more, or figures
	// Raised is when an incident was last opened for it; zero: another incident says it already.
	Raised time.Time `json:"raised,omitzero"`
}

// key names the cause: the same difference has the same key in each audit. The detail of sums changes with each
// parcel, so it is no part of it.
func (d Difference) key() string {
	return string(d.Place) + "|" + string(d.Stay)
}

func (d Difference) incident(site string) incident.Incident {
	kind, severity := d.Kind.incident()
	return incident.Incident{
		Site: site, Kind: kind, Severity: severity, Place: string(d.Place), Stay: string(d.Stay), Detail: d.Detail, Key: d.key(),
	}
}

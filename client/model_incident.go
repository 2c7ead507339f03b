package client

import (
	"time"
)

// Incident is something that a person must look at.
type Incident struct {
	ID         string    `json:"id"`                    // id
	Site       string    `json:"site"`                  // id of the site
	Kind       string    `json:"kind"`                  // what it is
	Severity   string    `json:"severity"`              // how soon a person must look
	Place      string    `json:"place,omitempty"`       // id of the place
	Stay       string    `json:"stay,omitempty"`        // id of the stay
	Parcel     string    `json:"parcel,omitempty"`      // id of the parcel
	Detail     string    `json:"detail,omitempty"`      // a code or word that says more
	Resolved   bool      `json:"resolved"`              // it is over
	Owner      string    `json:"owner,omitempty"`       // id of the user who looks after it
	OwnerName  string    `json:"owner_name,omitempty"`  // with the scope pii
	Count      int       `json:"count"`                 // how often it happened while it was open
	OpenedAt   time.Time `json:"opened_at"`             // when it began
	LastAt     time.Time `json:"last_at,omitzero"`      // when it last happened
	DueAt      time.Time `json:"due_at,omitzero"`       // when it should be resolved
	ResolvedAt time.Time `json:"resolved_at,omitzero"`  // when it was
	ResolvedBy string    `json:"resolved_by,omitempty"` // by whom; with the scope pii
	Resolution string    `json:"resolution,omitempty"`  // what was done; with the scope pii
	Actions    []string  `json:"actions"`               // next steps at its place
}

// IncidentDetail is an incident with its notes.
type IncidentDetail struct {
	Incident
	Notes []IncidentNote `json:"notes"` // oldest first
}

// IncidentNote is what somebody wrote to an incident.
type IncidentNote struct {
	At   time.Time `json:"at"`             // when
	User string    `json:"user,omitempty"` // who; with the scope pii
	Text string    `json:"text,omitempty"` // what; with the scope pii
}

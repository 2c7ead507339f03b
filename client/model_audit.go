package client

import "time"

// Audit is what an audit found.
type Audit struct {
	At          time.Time    `json:"at"`          // when it was
	Epoch       uint64       `json:"epoch"`       // up to where the record was compared: epoch
	Number      uint64       `json:"number"`      // up to where the record was compared: number
	Entered     int64        `json:"entered"`     // parcels that the record ever began
	Stored      int64        `json:"stored"`      // there now, but for those in incident
	Collected   int64        `json:"collected"`   // collected by their recipients
	Returned    int64        `json:"returned"`    // taken out by staff, or back by whoever brought them
	Held        int64        `json:"held"`        // in incident
	Differences []Difference `json:"differences"` // none: nothing is amiss
	Skipped     []string     `json:"skipped"`     // what could not be compared: tables, controller
}

// Difference is one contradiction of the books.
type Difference struct {
	Kind   string `json:"kind"`             // what contradicts what
	Place  string `json:"place,omitempty"`  // id of the place
	Stay   string `json:"stay,omitempty"`   // id of the stay
	Parcel string `json:"parcel,omitempty"` // id of the parcel
	Detail string `json:"detail,omitempty"` // a word or figures that say more
}

// Round is a guided audit in a list.
type Round struct {
	ID      string    `json:"id"`                // id
	Scope   string    `json:"scope"`             // which places: all, doubtful
	Bank    string    `json:"bank,omitempty"`    // id of the bank or room; empty: the whole site
	Reason  string    `json:"reason,omitempty"`  // why; with the scope pii
	By      string    `json:"by,omitempty"`      // who began it; with the scope pii
	Began   time.Time `json:"began"`             // when
	EndedAt time.Time `json:"ended_at,omitzero"` // when it was finished
	Done    int       `json:"done"`              // places that are over
	Of      int       `json:"of"`                // places
	Amiss   int       `json:"amiss"`             // places that were not as booked, or could not be seen
}

// Rounds are the latest guided audits.
type Rounds struct {
	Items []Round `json:"items"` // newest first
}

// RoundDraft is a guided audit to begin.
type RoundDraft struct {
	Scope  string `json:"scope"`          // which places: all, doubtful
	Bank   string `json:"bank,omitempty"` // id of a bank or room; empty: the whole site
	Reason string `json:"reason"`         // why: it stands beside each opening
}

// RoundDetail is a guided audit with its places.
type RoundDetail struct {
	Round
	Places []RoundPlace `json:"places"` // in the order in which they are looked into
}

// RoundPlace is one place of a guided audit.
type RoundPlace struct {
	Place     string    `json:"place"`          // id of the place
	Name      string    `json:"name"`           // what stands on it
	State     string    `json:"state"`          // how far it is: todo, sent, done, refused, skipped
	Said      string    `json:"said,omitempty"` // what was said: empty, as_booked, differs, unseen
	Booked    int       `json:"booked"`         // parcels in the books when it was said
	Seen      int       `json:"seen"`           // of them, seen
	Missing   []string  `json:"missing"`        // ids of parcels that were booked and not seen
	Found     []string  `json:"found"`          // ids of parcels that are booked somewhere else
	Strangers int       `json:"strangers"`      // parcels that are booked nowhere
	Code      string    `json:"code,omitempty"` // why the site did not take it
	At        time.Time `json:"at,omitzero"`    // when it was said
}

// RoundAnswer is what is in a place: Seen, Found, Labels and More go with Said differs.
type RoundAnswer struct {
	Said   string   `json:"said"`             // empty, as_booked, differs, unseen
	Seen   []string `json:"seen,omitempty"`   // of what is booked here, what is here: stays
	Found  []string `json:"found,omitempty"`  // what is here and booked somewhere else: stays
	Labels []string `json:"labels,omitempty"` // labels of parcels that are booked nowhere
	More   int      `json:"more,omitempty"`   // parcels that are booked nowhere and have no label
	Note   string   `json:"note,omitempty"`   // what there is to say
}

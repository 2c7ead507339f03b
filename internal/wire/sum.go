package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"

	"cubby/internal/locker"
)

// Sum is custody in short: whoever folded the same facts has the same Sum. Both halves make it, and
// the audit compares them.
type Sum struct {
	Live   int    `json:"live"`   // stays that are not over
	Held   int    `json:"held"`   // of these, in incident
	Digest string `json:"digest"` // SHA-256 in hex over stays and places
}

// sumStay and sumPlace are what a digest covers, in this order for ever: a change would make halves
// of different versions disagree about the same facts.
type sumStay struct {
	Stay       locker.StayID    `json:"stay"`
	Parcel     locker.ParcelID  `json:"parcel"`
	Place      locker.PlaceID   `json:"place"`
	State      locker.StayState `json:"state"`
	Settled    bool             `json:"settled"`
	Key        locker.KeyID     `json:"key"`
	Generation uint32           `json:"generation"`
}

type sumPlace struct {
	Place locker.PlaceID `json:"place"`
	Out   bool           `json:"out"`
	Doubt string         `json:"doubt"`
}

// doubtAudit is the doubt about every compartment as an epoch in audit mode begins. Which compartments
// there are then stands in the directory, not in the record, so a Sum leaves it out.
const doubtAudit = "audit"

// SumOf returns custody in short: the stays that are not over, and the places that are out of service
// or in doubt.
func SumOf(m *locker.Matter) (Sum, error) {
	var sum Sum
	var all struct {
		Stays  []sumStay  `json:"stays"`
		Places []sumPlace `json:"places"`
	}
	for _, st := range m.Live() {
		sum.Live++
		if st.State == locker.StayHeld {
			sum.Held++
		}
		all.Stays = append(all.Stays, sumStay{st.ID, st.Parcel, st.Place, st.State, st.Settled, st.Key, st.Generation})
	}
	for _, id := range slices.Sorted(maps.Keys(m.Places)) {
		p := sumPlace{Place: id, Out: m.Places[id].Out, Doubt: m.Places[id].Doubt}
		if p.Doubt == doubtAudit {
			p.Doubt = ""
		}
		if p.Out || p.Doubt != "" {
			all.Places = append(all.Places, p)
		}
	}
	data, err := json.Marshal(all)
	if err != nil {
		return sum, err
	}
	digest := sha256.Sum256(data)
	sum.Digest = hex.EncodeToString(digest[:])
	return sum, nil
}

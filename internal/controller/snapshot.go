package controller

import (
	"encoding/json"
	"fmt"

	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Snapshot is a machine's memory at one position of the journal, so that a start need not read the
// whole record. It is advice: without one, or with a broken one, everything is replayed.
type Snapshot struct {
	Position wire.Position          `json:"position"`
	Matter   *locker.Matter         `json:"matter"`
	Budget   credential.BudgetState `json:"budget"`
	Pace     waited                 `json:"pace,omitzero"`    // of the budget
	Remote   []locker.Millis        `json:"remote,omitempty"` // last remote openings
	OffsetMS int64                  `json:"offset_ms,omitempty"`
}

func (s Snapshot) matter() *locker.Matter { return s.Matter.Whole() }

// Snapshot returns the machine's memory as bytes. Call it only when everything up to Position is
// durable.
func (m *Machine) Snapshot() ([]byte, error) {
	data, err := json.Marshal(Snapshot{
		Position: m.pos, Matter: m.state.Matter, Budget: m.budget.State(), Pace: m.pace, Remote: m.recall, OffsetMS: m.clock.offset,
	})
	if err != nil {
		return nil, fmt.Errorf("encode snapshot at %s: %w", m.pos, err)
	}
	return data, nil
}

// DecodeSnapshot reads what Snapshot wrote.
func DecodeSnapshot(data []byte) (Snapshot, error) {
	var s Snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return Snapshot{}, fmt.Errorf("decode snapshot: %w", err)
	}
	return s, nil
}

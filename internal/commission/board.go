package commission

import (
	"slices"
	"time"

	"cubby/board"
	"cubby/internal/locker"
)

// Board is one lock board as a probe found it. Nothing was opened to find it.
type Board struct {
	Bus      string         `json:"bus"`
	Address  uint8          `json:"address"`
	Family   string         `json:"family"`
	Channels int            `json:"channels"`
	Sees     bool           `json:"sees"` // it tells open doors from shut ones
	Presence board.Presence `json:"presence"`
	// Polarity is the setting of the feedback's sense as it stands, and Other its opposite; both empty
	// when the family has no such setting.
	Polarity string `json:"polarity,omitempty"`
	Other    string `json:"other,omitempty"`
}

// Answers reports whether something answered at the address.
func (b Board) Answers() bool { return b.Presence != board.PresenceNone }

// output returns one of the board's outputs; channels count from 1.
func (b Board) output(channel int) locker.Output {
	return locker.Output{Bus: b.Bus, Board: b.Address, Channel: uint8(channel)}
}

// Result is what a board said to a pulse. The zero value is invalid.
type Result uint8

// The results of a pulse. None says that a door opened.
const (
	ResultSent    Result = iota + 1 // written, perhaps acknowledged
	ResultRefused                   // the board said no
	ResultSilent                    // no valid answer: it may have happened
	ResultRange                     // the board has no such channel: nothing was sent
)

// String returns the result in lower case.
func (r Result) String() string {
	switch r {
	case ResultSent:
		return "sent"
	case ResultRefused:
		return "refused"
	case ResultSilent:
		return "silent"
	case ResultRange:
		return "range"
	}
	return "invalid"
}

// Move is a sensor that changed after a pulse.
type Move struct {
	Output locker.Output `json:"output"`
	To     board.State   `json:"to"`
	After  time.Duration `json:"after"` // from the pulse
}

// Sight is what followed from one pulse, as far as boards can tell.
type Sight struct {
	Request locker.RequestID `json:"request,omitempty"` // as it stands in the record
	Result  Result           `json:"result"`
	Heard   bool             `json:"heard"`         // the board answered after the pulse
	Was     board.State      `json:"was,omitempty"` // of the output's own sensor, before the pulse
	Moves   []Move           `json:"moves,omitempty"`
}

// Reading is the state of one channel's sensor.
type Reading struct {
	Output locker.Output `json:"output"`
	State  board.State   `json:"state"`
}

// stateAt returns the state of one channel, StateUnknown when it was not read.
func stateAt(readings []Reading, o locker.Output) board.State {
	for _, r := range readings {
		if r.Output == o {
			return r.State
		}
	}
	return board.StateUnknown
}

// moves returns what changed between two readings of the same channels.
func moves(before, after []Reading, at time.Duration) []Move {
	var found []Move
	for _, a := range after {
		i := slices.IndexFunc(before, func(b Reading) bool { return b.Output == a.Output })
		if i >= 0 && before[i].State != a.State && a.State != board.StateUnknown && before[i].State != board.StateUnknown {
			found = append(found, Move{Output: a.Output, To: a.State, After: at})
		}
	}
	return found
}

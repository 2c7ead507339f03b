package commission

import (
	"errors"
	"strings"
	"unicode/utf8"

	"cubby/internal/locker"
)

// AnswerKind is what a person said after a pulse. The zero value is invalid.
type AnswerKind string

// The answers.
const (
	AnswerYes     AnswerKind = "yes"     // the door that was asked for opened
	AnswerOther   AnswerKind = "other"   // another door opened: Labels names it
	AnswerNothing AnswerKind = "nothing" // no door opened
	AnswerSeveral AnswerKind = "several" // two or more doors opened: Labels names them, as far as they could be read
	AnswerSkip    AnswerKind = "skip"    // not now
	AnswerAgain   AnswerKind = "again"   // pulse once more, I did not look
	AnswerConfirm AnswerKind = "confirm" // open it although something lies in it
)

// Answer is what a person said.
type Answer struct {
	Kind   AnswerKind  `json:"kind"`
	Labels []string    `json:"labels,omitempty"` // as painted on the doors
	Size   locker.Size `json:"size,omitempty"`   // of a door that no plan knows; empty: M
}

// Errors of a Walk. They leave it as it was.
var (
	// ErrStep means that the step at hand does not take this.
	ErrStep = errors.New("this is not what the walk is waiting for: look at the step again")
	// ErrLabel means that a door's label is missing or too long.
	ErrLabel = errors.New("write what is painted on the door, at most 16 characters, e.g. A03")
	// ErrUndo means that there is nothing to undo.
	ErrUndo = errors.New("no step to take back")
	// ErrBoards means that there is nothing to open.
	ErrBoards = errors.New("no board answers: check the power of the boards, both wires of the bus, and the addresses")
)

// maxLabel is the most characters of a label: no door has more painted on it.
const maxLabel = 16

// clean trims labels and checks them.
func (a Answer) clean() (Answer, error) {
	labels := make([]string, 0, len(a.Labels))
	for _, l := range a.Labels {
		l = strings.TrimSpace(l)
		switch {
		case l == "":
			continue
		case utf8.RuneCountInString(l) > maxLabel || strings.ContainsFunc(l, func(r rune) bool { return r < ' ' }):
			return a, ErrLabel
		}
		labels = append(labels, l)
	}
	a.Labels = labels
	if a.Kind == AnswerOther && len(labels) != 1 {
		return a, ErrLabel
	}
	if a.Size != "" && !a.Size.Valid() {
		return a, ErrLabel
	}
	return a, nil
}

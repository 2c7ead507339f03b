package commission

import (
	"context"
	"fmt"

	"cubby/internal/locker"
)

// Opener opens doors one at a time and says what boards saw. Direct and Enrolled are the two. An
// Opener is for one caller at a time; Session sees to that.
type Opener interface {
	// Boards looks for the boards. It opens nothing.
	Boards(ctx context.Context) ([]Board, error)
	// Look reads all sensors. A board that does not answer is left out.
	Look(ctx context.Context) ([]Reading, error)
	// Open puts the wish on record, pulses once, and watches. It returns an *OccupiedError and opens
	// nothing when something lies behind the door and o.Confirm is false.
	Open(ctx context.Context, o Opening) (Sight, error)
	// Conclude puts on record what a person saw of an opening.
	Conclude(ctx context.Context, c Conclusion) error
	// Close ends the session on record and brings the boards to rest.
	Close(ctx context.Context) error
}

// Header is an Opener that can name its record, signed as it stands now. It is found by type assertion.
type Header interface {
	Head(ctx context.Context) (RecordHead, error)
}

// Opening is one wish to pulse an output.
type Opening struct {
	Output  locker.Output
	Place   locker.PlaceID // as planned; empty: no door is planned there
	Confirm bool           // open it although something lies in it
}

// Conclusion is what came of an opening, by the word of a person and the sensors together.
type Conclusion struct {
	Request locker.RequestID
	Place   locker.PlaceID // that opened, else that was asked for
	Ending  Ending
	Sensor  bool   // the door's own sensor saw it
	Reason  string // of EndingFailed: refused, silent, not_opened
}

// Ending is how an opening ended. The zero value is invalid.
type Ending uint8

// The endings.
const (
	EndingOpened  Ending = iota + 1
	EndingFailed         // no door opened
	EndingUnknown        // nobody said
)

// String returns the ending in lower case.
func (e Ending) String() string {
	switch e {
	case EndingOpened:
		return "opened"
	case EndingFailed:
		return "failed"
	case EndingUnknown:
		return "unknown"
	}
	return "invalid"
}

// OccupiedError says that a door was not opened because something lies behind it.
type OccupiedError struct{ Door string }

// Error names the door and what would open it.
func (e *OccupiedError) Error() string {
	return fmt.Sprintf("a parcel lies in door %s: confirm that it is to be opened all the same, or skip it", e.Door)
}

// placeOf names an output where no door is planned, for the record.
func placeOf(o locker.Output, planned locker.PlaceID) locker.PlaceID {
	if planned != "" {
		return planned
	}
	return locker.PlaceID("output:" + o.String())
}

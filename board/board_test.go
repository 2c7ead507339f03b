package board_test

import (
	"fmt"
	"testing"

	"cubby/board"
)

func TestString(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value fmt.Stringer
		want  string
	}{
		{board.StateUnknown, "unknown"},
		{board.StateClosed, "closed"},
		{board.StateOpen, "open"},
		{board.State(9), "invalid"},
		{board.OccupancyUnknown, "unknown"},
		{board.OccupancyEmpty, "empty"},
		{board.OccupancyOccupied, "occupied"},
		{board.Occupancy(9), "invalid"},
		{board.AckNone, "none"},
		{board.AckAccepted, "accepted"},
		{board.AckRefused, "refused"},
		{board.Ack(9), "invalid"},
	} {
		if got := c.value.String(); got != c.want {
			t.Errorf("%T(%d): %s, want %s", c.value, c.value, got, c.want)
		}
	}
}

package gpio

import (
	"time"

	"cubby/board"
)

// NewConn joins pins of a test to a Conn, as Open does with those of a chip.
func NewConn(pins interface {
	Pins
	Close() error
}, now func() time.Time,
) board.Conn {
	return newConn(pins, now)
}

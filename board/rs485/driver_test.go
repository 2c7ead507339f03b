package rs485_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"cubby/board"
	"cubby/board/boardtest"
	"cubby/board/rs485"
	"cubby/board/virtual"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func family(tb testing.TB) boardtest.Family {
	tb.Helper()
	codec, err := rs485.NewCodec(rs485.Options{Polarity: rs485.PolarityOpening})
	if err != nil {
		tb.Fatal(err)
	}
	return boardtest.Family{
		Name: "rs485", Now: time.Now, Addr: 1, Other: 2, Channels: 24, Codec: codec,
		Acks: true, Latch: true, Checksum: true, Echoes: true,
		NewDriver: func(s boardtest.Setup) (board.Driver, error) {
			return rs485.New(rs485.Options{
				Conn: s.Conn, Now: s.Now, Polarity: rs485.PolarityOpening,
				Deadline: s.Deadline, StatusDeadline: s.Deadline,
			})
		},
		NewSlave: func(w *virtual.World, l *virtual.Line) (virtual.Boards, error) {
			return rs485.NewSlave(rs485.SlaveOptions{World: w, Line: l, Polarity: rs485.PolarityOpening})
		},
	}
}

func TestDriver_Conformance(t *testing.T) {
	t.Parallel()
	boardtest.Exercise(t, family(t))
}

// bank is 64 doors on four boards.
func bank() boardtest.Poll {
	return boardtest.Poll{Addrs: []board.Address{1, 2, 3, 4}, Channels: 16, BaudRate: 9600}
}

// all is every address of a bus.
func all() []board.Address {
	var addrs []board.Address
	for addr := board.Address(rs485.MinAddress); addr <= rs485.MaxAddress; addr++ {
		addrs = append(addrs, addr)
	}
	return addrs
}

func TestDriver_PollSpeed(t *testing.T) {
	t.Parallel()
	boardtest.PollSpeed(t, family(t), bank())
}

func TestDriver_BitErrors(t *testing.T) {
	t.Parallel()
	boardtest.BitErrors(t, family(t), all())
	boardtest.BitErrors(t, family(t), all()[:1])
}

package winnsen_test

import (
	"testing"

	"cubby/board"
	"cubby/board/boardtest"
	"cubby/board/exchange"
	"cubby/board/winnsen"
)

// The errors of a million frames are not drawn here: TestSlave_WrongBits tries every one there is.

func BenchmarkDriver_Poll(b *testing.B) {
	boardtest.BenchmarkPoll(b, family(b, 16, winnsen.OrderLockFirst, winnsen.PolarityOpening), bank())
}

// bank is 64 doors on four boards.
func bank() boardtest.Poll {
	return boardtest.Poll{Addrs: []board.Address{0, 1, 2, 3}, Channels: 16, BaudRate: 9600}
}

func BenchmarkScanner_Next(b *testing.B) {
	raw := pulsed(lock{2, 5})
	scan := exchange.NewScanner(winnsen.Split(winnsen.OrderLockFirst))
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		_, _ = scan.Write(raw)
		if _, ok := scan.Next(false); !ok {
			b.Fatal("no frame")
		}
	}
}

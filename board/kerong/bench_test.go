package kerong_test

import (
	"testing"

	"cubby/board/boardtest"
	"cubby/board/exchange"
	"cubby/board/kerong"
)

func BenchmarkDriver_BitErrors(b *testing.B) { boardtest.BenchmarkBitErrors(b, family(b), all()) }

func BenchmarkDriver_Poll(b *testing.B) { boardtest.BenchmarkPoll(b, family(b), bank()) }

func BenchmarkScanner_Next(b *testing.B) {
	raw := kerong.Frame{Command: kerong.CommandStates, Addr: 1, Channel: 1, Data: []byte{1, 2, 3, 4}}.Encode()
	scan := exchange.NewScanner(kerong.Split)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		_, _ = scan.Write(raw)
		if _, ok := scan.Next(false); !ok {
			b.Fatal("no frame")
		}
	}
}

package wkly_test

import (
	"testing"

	"cubby/board/boardtest"
	"cubby/board/exchange"
	"cubby/board/wkly"
)

func BenchmarkDriver_BitErrors(b *testing.B) {
	boardtest.BenchmarkBitErrors(b, family(b, wkly.PollAll, wkly.PolarityClosing), all())
}

func BenchmarkDriver_Poll(b *testing.B) {
	boardtest.BenchmarkPoll(b, family(b, wkly.PollAll, wkly.PolarityClosing), bank(16))
}

func BenchmarkScanner_Next(b *testing.B) {
	raw := frame(0, wkly.CommandQueryAll, append([]byte{0, 24}, make([]byte, 24)...)...)
	scan := exchange.NewScanner(wkly.Split)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		_, _ = scan.Write(raw)
		if _, ok := scan.Next(false); !ok {
			b.Fatal("no frame")
		}
	}
}

package rs485_test

import (
	"testing"
	"time"

	"cubby/board"
	"cubby/board/boardtest"
	"cubby/board/port"
	"cubby/board/rs485"
	"cubby/board/virtual"
)

// BenchmarkDriver_Unlock is one whole unlock over a real port: the look for late bytes (1 ms), the
// request, the virtual board, the answer.
func BenchmarkDriver_Unlock(b *testing.B) {
	world := newWorld(b, map[board.Address]int{1: 24})
	slave, err := rs485.NewSlave(rs485.SlaveOptions{World: world, Polarity: rs485.PolarityOpening})
	if err != nil {
		b.Fatal(err)
	}
	listener, err := virtual.ListenTCP(b.Context(), "127.0.0.1:0", slave.Serve)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := port.Open(b.Context(), listener.Spec(), port.Options{Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	d, err := rs485.New(rs485.Options{Conn: conn, Now: time.Now, Polarity: rs485.PolarityOpening})
	if err != nil {
		b.Fatal(err)
	}
	unlocks := 0
	for b.Loop() {
		if ack, err := d.Unlock(b.Context(), 1, board.Channel(unlocks%24+1)); err != nil || ack != board.AckAccepted {
			b.Fatal(ack, err)
		}
		unlocks++
	}
	if got := len(world.Pulses()); got != unlocks {
		b.Fatalf("%d pulses for %d unlocks", got, unlocks)
	}
	if err := conn.Close(); err != nil {
		b.Fatal(err)
	}
	if err := listener.Stop(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkScanner_Next(b *testing.B) {
	frame := rs485.Frame{Kind: rs485.KindAll, Addr: 1, Status: []byte{1, 2, 3}}.Encode()
	dec := scanner(false, 0)
	b.SetBytes(int64(len(frame)))
	for b.Loop() {
		write(b, dec, frame)
		if _, ok := dec.Next(false); !ok {
			b.Fatal("no frame")
		}
	}
}

func BenchmarkDriver_Poll(b *testing.B) { boardtest.BenchmarkPoll(b, family(b), bank()) }

func BenchmarkDriver_BitErrors(b *testing.B) { boardtest.BenchmarkBitErrors(b, family(b), all()) }

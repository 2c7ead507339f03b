package exchange_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"cubby/board"
	"cubby/board/exchange"
)

// FuzzExchange lets the line bring any bytes at any time, to a conversation of questions and unlocks.
// No request is written twice, none takes longer than its deadline and the drain before it, and no
// answer is made of bytes that were all there before its request.
func FuzzExchange(f *testing.F) {
	f.Add([]byte{5, 0, 7}, byte(0))
	f.Add([]byte{120, 0, 7, 130, 1, 8, 0, 3, 0, 5, 0, 1}, byte(1))
	f.Add([]byte{0, 3, 0, 5, 4, 9, 10, 5, 2, 11, 6, 2, 0, 2, 0, 3, 2, 0, 240, 7, 3}, byte(2+5<<3))
	f.Fuzz(func(t *testing.T, noise []byte, mode byte) {
		line := &listening{tape: newTape(scripts(noise)...)}
		x, err := exchange.New(exchange.Options[toy]{
			Conn: line, Now: line.Now, Split: splitToy, Echo: exchange.Echo(mode%3) + exchange.EchoAuto,
			Unasked: func(f toy) bool { return f.kind == toyReport },
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 6 {
			r := askToy(1)
			if mode>>3>>i&1 == 1 {
				r = openToy(1, 2)
			}
			start := line.now
			got, err := x.Do(t.Context(), r)
			if len(line.written) != i+1 {
				t.Fatalf("%d frames for %d requests", len(line.written), i+1)
			}
			if took := line.now.Sub(start); took > within+65*exchange.QuietTime {
				t.Fatalf("took %v", took)
			}
			switch {
			case err == nil:
				// The frame may have begun before the request, but not ended.
				fresh := line.all[max(0, line.before-toyLength+1):]
				if !bytes.Contains(fresh, got.bytes()) {
					t.Fatalf("%+v was not heard after the request: % X", got, fresh)
				}
			case !errors.Is(err, board.ErrSilent) && !errors.Is(err, board.ErrGarbled):
				t.Fatal(err)
			}
		}
		if c := x.Counts(); c.Requests != 6 || c != x.BoardCounts(1) {
			t.Fatalf("counts %+v, of the board %+v", c, x.BoardCounts(1))
		}
	})
}

// listening keeps what was heard, and how much of it before the last request.
type listening struct {
	*tape
	all    []byte
	before int
}

func (l *listening) Read(p []byte) (int, error) {
	n, err := l.tape.Read(p)
	l.all = append(l.all, p[:n]...)
	return n, err
}

func (l *listening) Write(p []byte) (int, error) {
	l.before = len(l.all)
	return l.tape.Write(p)
}

// scripts makes three pieces for each request of three bytes each: when it comes in milliseconds, what
// it is, and data. Pure noise would hardly ever have a good checksum.
func scripts(noise []byte) [][]piece {
	var all [][]piece
	var script []piece
	for ; len(noise) >= 3; noise = noise[3:] {
		data := noise[2]
		var p []byte
		switch noise[1] % 8 {
		case 0, 1:
			p = toy{toyStates, 1, data}.bytes()
		case 2:
			p = toy{toyOpen, 1, 2}.bytes() // also the echo
		case 3:
			p = toy{toyAsk, 1, 0xFF}.bytes()
		case 4:
			p = toy{toyReport, 1, data}.bytes()
		case 5:
			p = toy{toyStates, 1, data}.bytes()[:1+data%3]
		case 6:
			p = toy{toyStates, 1, data}.bytes()[1+data%3:]
		case 7:
			p = []byte{toyHeader, data, data}
		}
		script = append(script, at(time.Duration(noise[0])*time.Millisecond, p))
		if len(script) == 3 {
			all, script = append(all, script), nil
		}
	}
	return append(all, script)
}

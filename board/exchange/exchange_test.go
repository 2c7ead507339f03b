package exchange_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"cubby/board"
	"cubby/board/exchange"
)

// TestExchange_Do plays one request against what the line may bring.
func TestExchange_Do(t *testing.T) {
	t.Parallel()
	const on, off, auto = exchange.EchoOn, exchange.EchoOff, exchange.EchoAuto
	states := toy{toyStates, 1, 7}
	opened, ask := toy{toyOpen, 1, 2}, toy{toyAsk, 1, 0xFF}
	bad := toy{toyStates, 1, 7}.bytes()
	bad[3] ^= 1
	for name, c := range map[string]struct {
		echo    exchange.Echo
		request exchange.Request[toy]
		script  []piece
		want    toy
		err     error
		took    time.Duration
		counts  board.Counts
		knows   exchange.Echo
	}{
		"answer": {
			echo: auto, request: askToy(1), script: []piece{at(5*time.Millisecond, states.bytes())},
			want: states, took: 6 * time.Millisecond, knows: off,
		},
		"answer in pieces": {
			echo: auto, request: askToy(1), want: states, took: 11 * time.Millisecond, knows: off,
			script: []piece{at(5*time.Millisecond, states.bytes()[:1]), at(10*time.Millisecond, states.bytes()[1:])},
		},
		"echo and answer": {
			echo: auto, request: askToy(1), script: []piece{at(0, join(ask, states))},
			want: states, took: time.Millisecond, counts: board.Counts{Echoes: 1}, knows: on,
		},
		"echo alone": {
			echo: auto, request: askToy(1), script: []piece{at(0, ask.bytes())}, err: board.ErrSilent,
			took: 101 * time.Millisecond, counts: board.Counts{Echoes: 1, Timeouts: 1}, knows: on,
		},
		"an echo that is not expected": {
			echo: off, request: askToy(1), script: []piece{at(0, join(ask, states))},
			want: states, took: time.Millisecond, knows: off,
		},
		"silence": {
			echo: auto, request: askToy(1), err: board.ErrSilent, took: 101 * time.Millisecond,
			counts: board.Counts{Timeouts: 1}, knows: auto,
		},
		"noise": {
			echo: auto, request: askToy(1), script: []piece{at(0, []byte{1, 2, 3})}, err: board.ErrGarbled,
			took: 101 * time.Millisecond, counts: board.Counts{Timeouts: 1}, knows: auto,
		},
		"half a frame": {
			echo: auto, request: askToy(1), script: []piece{at(0, states.bytes()[:2])}, err: board.ErrGarbled,
			took: 101 * time.Millisecond, counts: board.Counts{Timeouts: 1}, knows: auto,
		},
		"noise, then the answer": { // what an echo has become is not known
			echo: auto, request: askToy(1), script: []piece{at(0, append([]byte{1, 2, 3}, states.bytes()...))},
			want: states, took: time.Millisecond, knows: auto,
		},
		"half a frame, then the answer": {
			echo: off, request: askToy(1), script: []piece{at(0, append([]byte{toyHeader, 0x51}, states.bytes()...))},
			want: states, took: time.Millisecond, counts: board.Counts{Checksums: 1}, knows: off,
		},
		"bad checksum": {
			echo: auto, request: askToy(1), script: []piece{at(0, bad)}, err: board.ErrGarbled,
			took: 101 * time.Millisecond, counts: board.Counts{Timeouts: 1, Checksums: 1}, knows: auto,
		},
		"another board's answer": {
			echo: auto, request: askToy(1), script: []piece{at(0, toy{toyStates, 2, 7}.bytes())}, err: board.ErrSilent,
			took: 101 * time.Millisecond, counts: board.Counts{Timeouts: 1}, knows: auto,
		},
		"two frames glued": {
			echo: off, request: askToy(1), script: []piece{at(0, join(toy{toyStates, 2, 1}, states))},
			want: states, took: time.Millisecond, knows: off,
		},
		"an unlock does not look at an idle line": {
			echo: off, request: openToy(1, 2), script: []piece{at(5*time.Millisecond, opened.bytes())},
			want: opened, took: 5 * time.Millisecond, knows: off,
		},
		"refused": {
			echo: off, request: openToy(1, 2), script: []piece{at(0, toy{toyNo, 1, 2}.bytes())},
			want: toy{toyNo, 1, 2}, counts: board.Counts{Refused: 1}, knows: off,
		},
		"one twin where nobody knows": {
			echo: auto, request: openToy(1, 2), script: []piece{at(0, opened.bytes())}, err: board.ErrSilent,
			took: 100 * time.Millisecond, counts: board.Counts{Timeouts: 1}, knows: auto,
		},
		"two twins where nobody knows": {
			echo: auto, request: openToy(1, 2), script: []piece{at(0, join(opened, opened))}, want: opened, knows: auto,
		},
		"no twin where nobody knows": {
			echo: auto, request: openToy(1, 2), script: []piece{at(0, toy{toyOpen, 1, 0}.bytes())},
			want: toy{toyOpen, 1, 0}, knows: auto,
		},
		"one twin with an echo": {
			echo: on, request: openToy(1, 2), script: []piece{at(0, opened.bytes())}, err: board.ErrSilent,
			took: 100 * time.Millisecond, counts: board.Counts{Timeouts: 1, Echoes: 1}, knows: on,
		},
		"two twins with an echo": {
			echo: on, request: openToy(1, 2), script: []piece{at(0, join(opened, opened))}, want: opened,
			counts: board.Counts{Echoes: 1}, knows: on,
		},
		"one twin without an echo": {
			echo: off, request: openToy(1, 2), script: []piece{at(0, opened.bytes())}, want: opened, knows: off,
		},
	} {
		line := newTape(c.script)
		x := newExchange(t, line, c.echo)
		start := line.now
		got, err := x.Do(t.Context(), c.request)
		if got != c.want || !errors.Is(err, c.err) || c.err == nil && err != nil {
			t.Errorf("%s: %+v, %v, want %+v, %v", name, got, err, c.want, c.err)
		}
		if took := line.now.Sub(start); took != c.took {
			t.Errorf("%s: took %v, want %v", name, took, c.took)
		}
		c.counts.Requests = 1
		if x.Counts() != c.counts || x.BoardCounts(1) != c.counts || x.BoardCounts(2) != (board.Counts{}) {
			t.Errorf("%s: counts %+v, of the board %+v, want %+v", name, x.Counts(), x.BoardCounts(1), c.counts)
		}
		if x.Echo() != c.knows {
			t.Errorf("%s: echo %v, want %v", name, x.Echo(), c.knows)
		}
		if len(line.written) != 1 {
			t.Errorf("%s: %d frames were sent", name, len(line.written))
		}
	}
}

// TestExchange_Late: an answer that misses its deadline satisfies nothing, whenever it comes.
func TestExchange_Late(t *testing.T) {
	t.Parallel()
	stale, fresh := toy{toyStates, 1, 1}, toy{toyStates, 1, 2}
	for name, c := range map[string]struct {
		late  time.Duration // after the first request
		fresh time.Duration // after the second one; negative for never
		want  toy
		err   error
		count uint64
	}{
		"before the next request":        {late: 110 * time.Millisecond, fresh: 5 * time.Millisecond, want: fresh, count: 1},
		"just before the next request":   {late: 125 * time.Millisecond, fresh: 5 * time.Millisecond, want: fresh, count: 1},
		"before the fresh answer":        {late: 130 * time.Millisecond, fresh: 10 * time.Millisecond, want: fresh, count: 1},
		"before the fresh answer, alone": {late: 110 * time.Millisecond, fresh: -1, err: board.ErrSilent, count: 1},
		"never":                          {late: time.Hour, fresh: 5 * time.Millisecond, want: fresh},
	} {
		second := []piece{at(c.fresh, fresh.bytes())}
		if c.fresh < 0 {
			second = nil
		}
		line := newTape([]piece{at(c.late, stale.bytes())}, second)
		x := newExchange(t, line, exchange.EchoOff)
		if _, err := x.Do(t.Context(), askToy(1)); !errors.Is(err, board.ErrSilent) {
			t.Fatalf("%s: %v, want silence", name, err)
		}
		got, err := x.Do(t.Context(), askToy(1))
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %+v, %v, want %+v, %v", name, got, err, c.want, c.err)
		}
		if late := x.BoardCounts(1).Late; late != c.count {
			t.Errorf("%s: %d late answers counted, want %d", name, late, c.count)
		}
	}
}

// TestExchange_LateUnlock: the late answer to an unlock is no answer to the same unlock asked again.
func TestExchange_LateUnlock(t *testing.T) {
	t.Parallel()
	opened := toy{toyOpen, 1, 2}
	line := newTape([]piece{at(115*time.Millisecond, opened.bytes())})
	x := newExchange(t, line, exchange.EchoOff)
	for range 2 {
		if _, err := x.Do(t.Context(), openToy(1, 2)); !errors.Is(err, board.ErrSilent) {
			t.Errorf("%v, want silence", err)
		}
	}
	if c := x.Counts(); c.Late != 1 || c.Timeouts != 2 || len(line.written) != 2 {
		t.Errorf("counts %+v, %d frames", c, len(line.written))
	}
}

// statesToy is an unlock whose answer carries states, as KERONG boards give them.
func statesToy(addr board.Address, data byte) exchange.Request[toy] {
	r := openToy(addr, data)
	r.Twin, r.State, r.Match = false, true, askToy(addr).Match
	return r
}

// TestExchange_UnlockOwed: while an answer is owed that looks like that to an unlock, one such answer
// acknowledges nothing, since it may be the owed one; a second one can only be fresh.
func TestExchange_UnlockOwed(t *testing.T) {
	t.Parallel()
	stale, fresh := toy{toyStates, 1, 1}, toy{toyStates, 1, 2}
	for name, c := range map[string]struct {
		owed   exchange.Request[toy]
		script []piece // after the unlock
		want   toy
		err    error
	}{
		"late answer to a poll, alone":        {askToy(1), []piece{at(5*time.Millisecond, stale.bytes())}, toy{}, board.ErrSilent},
		"late answer to an unlock, alone":     {statesToy(1, 1), []piece{at(5*time.Millisecond, stale.bytes())}, toy{}, board.ErrSilent},
		"late answer, the fresh one at once":  {askToy(1), []piece{at(5*time.Millisecond, join(stale, fresh))}, fresh, nil},
		"late answer, the fresh one after it": {askToy(1), []piece{at(5*time.Millisecond, stale.bytes()), at(95*time.Millisecond, fresh.bytes())}, fresh, nil},
		"of another board":                    {askToy(2), []piece{at(5*time.Millisecond, fresh.bytes())}, fresh, nil},
	} {
		line := newTape(nil, c.script, []piece{at(0, fresh.bytes())}, []piece{at(0, fresh.bytes())})
		x := newExchange(t, line, exchange.EchoOff)
		if _, err := x.Do(t.Context(), c.owed); !errors.Is(err, board.ErrSilent) {
			t.Fatalf("%s: %v, want silence", name, err)
		}
		got, err := x.Do(t.Context(), statesToy(1, 2))
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %+v, %v, want %+v, %v", name, got, err, c.want, c.err)
		}
		if got, err := x.Do(t.Context(), askToy(1)); got != fresh || err != nil {
			t.Errorf("%s: the poll afterwards: %+v, %v", name, got, err)
		}
		if got, err := x.Do(t.Context(), statesToy(1, 3)); got != fresh || err != nil {
			t.Errorf("%s: the unlock after a good poll: %+v, %v", name, got, err)
		}
	}
}

// TestExchange_LateAfterCancel: whoever gives up on a question is owed its answer all the same.
func TestExchange_LateAfterCancel(t *testing.T) {
	t.Parallel()
	stale, fresh := toy{toyStates, 1, 1}, toy{toyStates, 1, 2}
	line := newTape([]piece{at(40*time.Millisecond, stale.bytes())}, []piece{at(10*time.Millisecond, fresh.bytes())})
	x := newExchange(t, line, exchange.EchoOff)
	ctx, cancel := context.WithCancel(t.Context())
	line.onRead = func() {
		if line.now.Sub(line.start) > 0 && len(line.written) == 1 {
			cancel()
		}
	}
	line.scripts[0] = append([]piece{at(5*time.Millisecond, []byte{0})}, line.scripts[0]...)
	if _, err := x.Do(ctx, askToy(1)); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want cancelled", err)
	}
	if got, err := x.Do(t.Context(), askToy(1)); got != fresh || err != nil {
		t.Errorf("%+v, %v, want the fresh answer", got, err)
	}
}

// TestExchange_EchoAfterLoss: a line that was lost may come back with another adapter.
func TestExchange_EchoAfterLoss(t *testing.T) {
	t.Parallel()
	for _, setting := range []exchange.Echo{exchange.EchoAuto, exchange.EchoOff} {
		line := newTape([]piece{at(0, toy{toyStates, 1, 1}.bytes())})
		x := newExchange(t, line, setting)
		if _, err := x.Do(t.Context(), askToy(1)); err != nil || x.Echo() != exchange.EchoOff {
			t.Fatalf("%v, echo %v", err, x.Echo())
		}
		line.fail = io.EOF
		if _, err := x.Do(t.Context(), askToy(1)); !errors.Is(err, board.ErrLost) {
			t.Fatal(err)
		}
		if x.Echo() != setting {
			t.Errorf("echo %v after the line was lost, want %v", x.Echo(), setting)
		}
	}
}

// TestExchange_LateHalf: half of a late answer and its rest, with a request in between, are no answer.
func TestExchange_LateHalf(t *testing.T) {
	t.Parallel()
	opened := toy{toyOpen, 1, 2}.bytes()
	line := newTape([]piece{at(115*time.Millisecond, opened[:2]), at(145*time.Millisecond, opened[2:])})
	x := newExchange(t, line, exchange.EchoOff)
	for range 2 {
		if _, err := x.Do(t.Context(), openToy(1, 2)); err == nil {
			t.Error("an unlock was answered by a late answer to the one before")
		}
	}
}

// TestExchange_SureEcho: where the setting says that the adapter echoes, bytes that begin like the
// request are the echo even when they could be a longer answer.
func TestExchange_SureEcho(t *testing.T) {
	t.Parallel()
	for echo, want := range map[exchange.Echo]string{
		exchange.EchoOn: "one", exchange.EchoOff: "three", exchange.EchoAuto: "three",
	} {
		line := newTape([]piece{at(0, []byte{2, 2, 2, 1})})
		if echo == exchange.EchoOn {
			line = newTape([]piece{at(0, []byte{2, 2, 1})})
		}
		x, err := exchange.New(exchange.Options[string]{Conn: line, Now: line.Now, Split: words, Echo: echo})
		if err != nil {
			t.Fatal(err)
		}
		got, err := x.Do(t.Context(), exchange.Request[string]{
			Frame: []byte{2, 2}, Within: within, Match: func(string) exchange.Fit { return exchange.Answer },
		})
		if err != nil || got != want {
			t.Errorf("echo %v: %q, %v, want %q", echo, got, err, want)
		}
	}
}

// TestExchange_OwedIsForgotten: after one good round the next answer is taken at once again.
func TestExchange_OwedIsForgotten(t *testing.T) {
	t.Parallel()
	answer := []piece{at(5*time.Millisecond, toy{toyStates, 1, 1}.bytes())}
	line := newTape(nil, answer, answer)
	x := newExchange(t, line, exchange.EchoOff)
	_, _ = x.Do(t.Context(), askToy(1)) // silence
	for _, want := range []time.Duration{(25 + 5 + 60) * time.Millisecond, 6 * time.Millisecond} {
		start := line.now
		if _, err := x.Do(t.Context(), askToy(1)); err != nil {
			t.Fatal(err)
		}
		if took := line.now.Sub(start); took != want {
			t.Errorf("took %v, want %v", took, want)
		}
	}
}

// TestExchange_NoReply: the echo, or an answer after all, is drained before the next request.
func TestExchange_NoReply(t *testing.T) {
	t.Parallel()
	for _, echo := range []exchange.Echo{exchange.EchoOn, exchange.EchoOff} {
		mute := openToy(1, 2)
		mute.NoReply, mute.Match = true, nil
		line := newTape([]piece{at(0, toy{toyOpen, 1, 2}.bytes())}, []piece{at(0, toy{toyOpen, 1, 2}.bytes())})
		x := newExchange(t, line, echo)
		if _, err := x.Do(t.Context(), mute); err != nil || line.now != line.start {
			t.Fatalf("%v after %v, want no wait", err, line.now.Sub(line.start))
		}
		second := openToy(1, 2)
		_, err := x.Do(t.Context(), second)
		c := x.Counts()
		if echo == exchange.EchoOn && (c.Echoes != 2 || c.Late != 0 || !errors.Is(err, board.ErrSilent)) {
			t.Errorf("with an echo: %+v, %v", c, err)
		}
		if echo == exchange.EchoOff && (c.Echoes != 0 || c.Late != 1 || err != nil) {
			t.Errorf("without an echo: %+v, %v", c, err)
		}
	}
}

func TestExchange_Unasked(t *testing.T) {
	t.Parallel()
	report := func(data byte) toy { return toy{toyReport, 2, data} }
	line := newTape(
		[]piece{at(0, join(report(1), toy{toyStates, 1, 7}, report(2))), at(50*time.Millisecond, report(3).bytes())},
		[]piece{at(5*time.Millisecond, join(report(4), toy{toyStates, 1, 7}))},
	)
	var got []byte
	x, err := exchange.New(exchange.Options[toy]{
		Conn: line, Now: line.Now, Split: splitToy,
		Unasked: func(f toy) bool {
			if f.kind == toyReport {
				got = append(got, f.data)
			}
			return f.kind == toyReport
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := x.Do(t.Context(), askToy(1)); err != nil {
			t.Fatal(err)
		}
		line.now = line.now.Add(time.Second)
	}
	if want := []byte{1, 2, 3, 4}; !slices.Equal(got, want) || x.Counts().Late != 0 {
		t.Errorf("reports %v, %d late, want %v", got, x.Counts().Late, want)
	}
}

// TestExchange_Split: a request may read the bytes in its own way, and only while it runs.
func TestExchange_Split(t *testing.T) {
	t.Parallel()
	answer := []piece{at(0, []byte{9})}
	line := newTape(answer, answer)
	x := newExchange(t, line, exchange.EchoOff)
	own := exchange.Request[toy]{
		Addr: 1, Frame: []byte{1}, Within: within,
		Match: func(f toy) exchange.Fit { return exchange.Answer },
		Split: func(p []byte, _ bool) (toy, int, exchange.Verdict) {
			if p[0] == 9 {
				return toy{data: 9}, 1, exchange.Valid
			}
			return toy{}, 0, exchange.Garbage
		},
	}
	if got, err := x.Do(t.Context(), own); err != nil || got.data != 9 {
		t.Errorf("%+v, %v", got, err)
	}
	own.Split = nil
	if _, err := x.Do(t.Context(), own); !errors.Is(err, board.ErrGarbled) {
		t.Errorf("%v, want garbled", err)
	}
}

// TestExchange_Babble: a line that never falls silent is used all the same.
func TestExchange_Babble(t *testing.T) {
	t.Parallel()
	var noise []piece
	for i := range 10_000 {
		noise = append(noise, at(time.Duration(i)*time.Millisecond, []byte{0x00}))
	}
	line := newTape(noise, []piece{at(0, toy{toyStates, 1, 7}.bytes())})
	x := newExchange(t, line, exchange.EchoOff)
	if _, err := x.Do(t.Context(), askToy(1)); !errors.Is(err, board.ErrGarbled) {
		t.Errorf("%v, want garbled", err)
	}
	start := line.now
	if _, err := x.Do(t.Context(), askToy(1)); err != nil {
		t.Error(err)
	}
	if took := line.now.Sub(start); took > 200*time.Millisecond {
		t.Errorf("took %v on a line that babbles", took)
	}
}

// TestExchange_SlowBabble: a byte now and then, just too often for quiet, holds up nobody for long.
func TestExchange_SlowBabble(t *testing.T) {
	t.Parallel()
	var noise []piece
	for i := range 1000 {
		noise = append(noise, at(time.Duration(i)*20*time.Millisecond, []byte{0x00}))
	}
	line := newTape(noise, []piece{at(0, toy{toyStates, 1, 7}.bytes())})
	x := newExchange(t, line, exchange.EchoOff)
	if _, err := x.Do(t.Context(), askToy(1)); !errors.Is(err, board.ErrGarbled) {
		t.Errorf("%v, want garbled", err)
	}
	start := line.now
	if _, err := x.Do(t.Context(), askToy(1)); err != nil {
		t.Error(err)
	}
	if took := line.now.Sub(start); took > 300*time.Millisecond {
		t.Errorf("took %v on a line that babbles", took)
	}
}

func TestExchange_Lost(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, cause := range []error{broken, io.EOF, errors.Join(board.ErrLost, broken)} {
		for _, r := range []exchange.Request[toy]{askToy(1), openToy(1, 2)} {
			line := newTape()
			line.fail = cause
			x := newExchange(t, line, exchange.EchoOff)
			if _, err := x.Do(t.Context(), r); !errors.Is(err, board.ErrLost) || !errors.Is(err, cause) {
				t.Errorf("%v, want lost and %v", err, cause)
			}
		}
	}
}

// TestExchange_Context uses a real pipe: the context must end a wait on a line that brings nothing.
func TestExchange_Context(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer near.Close()
		sent := 0
		go func() {
			buf := make([]byte, 64)
			for {
				if _, err := far.Read(buf); err != nil {
					return
				}
				sent++
			}
		}()
		x, err := exchange.New(exchange.Options[toy]{Conn: near, Now: time.Now, Split: splitToy})
		if err != nil {
			t.Fatal(err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for _, r := range []exchange.Request[toy]{askToy(1), openToy(1, 2)} {
			if _, err := x.Do(gone, r); !errors.Is(err, context.Canceled) || sent != 0 {
				t.Errorf("%v and %d frames, want cancelled before anything is sent", err, sent)
			}
		}
		// The second one ends while the line is still emptied after the first.
		for _, wait := range []time.Duration{30 * time.Millisecond, 10 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			start := time.Now()
			_, err := x.Do(ctx, askToy(1))
			if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > exchange.QuietTime+wait {
				t.Errorf("%v after %v, want the context's end at %v", err, took, wait)
			}
			cancel()
		}
		synctest.Wait()
		if sent != 1 {
			t.Errorf("%d frames sent, want only the first", sent)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, cancel)
		start := time.Now()
		slow := askToy(1)
		slow.Within = time.Hour
		if _, err := x.Do(ctx, slow); !errors.Is(err, context.Canceled) || time.Since(start) > 60*time.Millisecond {
			t.Errorf("%v after %v, want the cancel noticed within a slice", err, time.Since(start))
		}
	})
}

func TestExchange_Census(t *testing.T) {
	t.Parallel()
	answer := func(data byte) []byte { return toy{toyStates, 1, data}.bytes() }
	one := []piece{at(5*time.Millisecond, answer(1))}
	two := []piece{at(5*time.Millisecond, answer(1)), at(20*time.Millisecond, answer(2))}
	clash := []piece{at(5*time.Millisecond, []byte{0x5A, 0x10, 0x03})}
	other := []piece{at(5*time.Millisecond, toy{toyStates, 2, 1}.bytes()), at(9*time.Millisecond, answer(1))}
	echo := []piece{at(0, toy{toyAsk, 1, 0xFF}.bytes()), at(5*time.Millisecond, answer(1))}
	for name, c := range map[string]struct {
		scripts [][]piece
		want    board.Presence
		asks    int
	}{
		"nobody":                        {[][]piece{nil}, board.PresenceNone, 1},
		"one":                           {[][]piece{one, one, one}, board.PresenceOne, 2},
		"one behind an echo":            {[][]piece{echo, echo}, board.PresenceOne, 2},
		"one beside another board":      {[][]piece{other, other}, board.PresenceOne, 2},
		"two in turn":                   {[][]piece{two, two}, board.PresenceSeveral, 2},
		"two that clash":                {[][]piece{clash, clash}, board.PresenceSeveral, 2},
		"two that clash now and then":   {[][]piece{one, clash, two}, board.PresenceSeveral, 3},
		"one and a burst of noise":      {[][]piece{clash, one, one}, board.PresenceOne, 3},
		"one that misses the last asks": {[][]piece{one, nil, nil}, board.PresenceOne, 3},
		"noise only once":               {[][]piece{clash, nil, nil}, board.PresenceNone, 3},
	} {
		line := newTape(c.scripts...)
		x := newExchange(t, line, exchange.EchoAuto)
		got, err := x.Census(t.Context(), askToy(1))
		if err != nil || got != c.want {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
		if len(line.written) != c.asks {
			t.Errorf("%s: asked %d times, want %d", name, len(line.written), c.asks)
		}
		if took := line.now.Sub(line.start); took > 3*(within+150*time.Millisecond) {
			t.Errorf("%s: took %v", name, took)
		}
	}
	line := newTape()
	line.fail = io.EOF
	if _, err := newExchange(t, line, exchange.EchoOff).Census(t.Context(), askToy(1)); !errors.Is(err, board.ErrLost) {
		t.Errorf("%v, want lost", err)
	}
}

// TestExchange_CensusAfterSilence: an answer that is still on its way is no second board.
func TestExchange_CensusAfterSilence(t *testing.T) {
	t.Parallel()
	one := []piece{at(5*time.Millisecond, toy{toyStates, 1, 1}.bytes())}
	line := newTape([]piece{at(130*time.Millisecond, toy{toyStates, 1, 1}.bytes())}, one, one, one)
	x := newExchange(t, line, exchange.EchoOff)
	_, _ = x.Do(t.Context(), askToy(1)) // silence
	if got, err := x.Census(t.Context(), askToy(1)); err != nil || got != board.PresenceOne {
		t.Errorf("%v, %v, want one", got, err)
	}
}

// TestExchange_LateAfterCensus: an answer that a census did not wait for is no answer to the next poll.
func TestExchange_LateAfterCensus(t *testing.T) {
	t.Parallel()
	stale, fresh := toy{toyStates, 1, 1}, toy{toyStates, 1, 2}
	line := newTape([]piece{at(130*time.Millisecond, stale.bytes())}, []piece{at(10*time.Millisecond, fresh.bytes())})
	x := newExchange(t, line, exchange.EchoOff)
	if presence, err := x.Census(t.Context(), askToy(1)); presence != board.PresenceNone || err != nil {
		t.Fatalf("%v, %v, want nobody", presence, err)
	}
	if got, err := x.Do(t.Context(), askToy(1)); got != fresh || err != nil {
		t.Errorf("%+v, %v, want the fresh answer", got, err)
	}
}

func TestNew_Invalid(t *testing.T) {
	t.Parallel()
	line := newTape()
	good := exchange.Options[toy]{Conn: line, Now: line.Now, Split: splitToy}
	for name, change := range map[string]func(*exchange.Options[toy]){
		"Conn":  func(o *exchange.Options[toy]) { o.Conn = nil },
		"Now":   func(o *exchange.Options[toy]) { o.Now = nil },
		"Split": func(o *exchange.Options[toy]) { o.Split = nil },
		"Echo":  func(o *exchange.Options[toy]) { o.Echo = 9 },
	} {
		opts := good
		change(&opts)
		if _, err := exchange.New(opts); err == nil {
			t.Errorf("options with a bad %s are accepted", name)
		}
	}
}

func TestExchange_NoMatch(t *testing.T) {
	t.Parallel()
	line := newTape()
	r := askToy(1)
	r.Match = nil
	if _, err := newExchange(t, line, exchange.EchoOff).Do(t.Context(), r); err == nil || len(line.written) != 0 {
		t.Errorf("%v, want a request without Match refused before it is sent", err)
	}
}

func TestEcho(t *testing.T) {
	t.Parallel()
	for _, e := range []exchange.Echo{exchange.EchoAuto, exchange.EchoOn, exchange.EchoOff} {
		if got, err := exchange.ParseEcho(e.String()); got != e || err != nil {
			t.Errorf("%v: %v, %v", e, got, err)
		}
	}
	if _, err := exchange.ParseEcho("invalid"); err == nil {
		t.Error("invalid is accepted")
	}
}

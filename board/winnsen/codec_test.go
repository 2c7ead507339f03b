package winnsen_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cubby/board"
	"cubby/board/exchange"
	"cubby/board/winnsen"
)

// reference is one line of testdata/frames.hex.
type reference struct {
	bytes []byte
	frame winnsen.Frame
	order winnsen.Order
}

func references(tb testing.TB) []reference {
	tb.Helper()
	text, err := os.ReadFile("testdata/frames.hex")
	if err != nil {
		tb.Fatal(err)
	}
	var refs []reference
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		data, words, _ := strings.Cut(line[1:], "|")
		ref := reference{bytes: unhex(tb, strings.TrimSpace(data)), order: winnsen.OrderLockFirst}
		ref.frame.Reply = line[0] == '<'
		for i, word := range strings.Fields(words) {
			key, value, _ := strings.Cut(word, "=")
			if i == 0 {
				key, value = "function", word
			}
			ref.set(tb, key, value)
		}
		refs = append(refs, ref)
	}
	if len(refs) != 11 {
		tb.Fatalf("%d reference frames, want all 11", len(refs))
	}
	return refs
}

func (r *reference) set(tb testing.TB, key, value string) {
	tb.Helper()
	var err error
	var n int
	switch key {
	case "function":
		r.frame.Function = map[string]winnsen.Function{
			"unlock": winnsen.FunctionUnlock, "status": winnsen.FunctionStatus,
		}[value]
	case "addr":
		n, err = strconv.Atoi(value)
		r.frame.Addr = board.Address(n)
	case "ch":
		n, err = strconv.Atoi(value)
		r.frame.Channel = board.Channel(n)
	case "result":
		r.frame.Result = map[string]winnsen.Result{
			"yes": winnsen.ResultYes, "no": winnsen.ResultNo, "early": winnsen.ResultEarly,
		}[value]
	case "order":
		r.order, err = winnsen.ParseOrder(value)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

func unhex(tb testing.TB, text string) []byte {
	tb.Helper()
	p, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestFrame_Reference(t *testing.T) {
	t.Parallel()
	for _, ref := range references(t) {
		if got := ref.frame.Encode(ref.order); !bytes.Equal(got, ref.bytes) {
			t.Errorf("%+v: % X, want % X", ref.frame, got, ref.bytes)
		}
		f, n, v := winnsen.Split(ref.order)(ref.bytes, false)
		if v != exchange.Valid || n != len(ref.bytes) || f != ref.frame {
			t.Errorf("% X: %+v, %d, %v, want %+v", ref.bytes, f, n, v, ref.frame)
		}
		encoders := map[winnsen.Function]func(board.Address, board.Channel) []byte{
			winnsen.FunctionUnlock: winnsen.EncodeUnlock, winnsen.FunctionStatus: winnsen.EncodeStatus,
		}
		if got := encoders[f.Function](f.Addr, f.Channel); !f.Reply && !bytes.Equal(got, ref.bytes) {
			t.Errorf("%v: % X, want % X", f.Function, got, ref.bytes)
		}
	}
}

func TestScanner_Next(t *testing.T) {
	t.Parallel()
	const reply = "90 07 85 00 01 01 03"
	for _, c := range []struct {
		name  string
		input string // pieces separated by a comma
		want  string // hex of what follows each other
	}{
		{name: "whole", input: reply, want: reply},
		{name: "in pieces", input: "90, 07 85, 00 01 01, 03", want: reply},
		{name: "noise before", input: "90 90 07 00 FF " + reply, want: reply},
		{name: "half, then whole", input: "90 07 85 00 " + reply, want: reply},
		{name: "two glued", input: reply + "90 07 92 00 02 00 03", want: reply + "90 07 92 00 02 00 03"},
		{name: "request and reply", input: "90 06 05 00 01 03" + reply, want: "90 06 05 00 01 03" + reply},
		{name: "wrong header", input: "91 07 85 00 01 01 03", want: ""},
		{name: "wrong end", input: "90 07 85 00 01 01 02", want: ""},
		{name: "length of a request", input: "90 06 85 00 01 03", want: ""},
		{name: "length of a reply", input: "90 07 05 00 01 01 03", want: ""},
		{name: "unknown function", input: "90 07 86 00 01 01 03", want: ""},
		{name: "station 5", input: "90 07 85 05 01 01 03", want: ""},
		{name: "lock 0", input: "90 07 85 00 00 01 03", want: ""},
		{name: "lock 17", input: "90 07 85 00 11 01 03", want: ""},
		{name: "result 3", input: "90 07 85 00 01 03 03", want: ""},
		{name: "a state that has to cool down", input: "90 07 92 00 01 02 03", want: ""},
	} {
		scan := exchange.NewScanner(winnsen.Split(winnsen.OrderLockFirst))
		var got []byte
		next := func(quiet bool) {
			for found, ok := scan.Next(quiet); ok; found, ok = scan.Next(quiet) {
				got = append(got, found.Frame.Encode(winnsen.OrderLockFirst)...)
			}
		}
		for piece := range strings.SplitSeq(c.input, ",") {
			if _, err := scan.Write(unhex(t, strings.TrimSpace(piece))); err != nil {
				t.Fatal(err)
			}
			next(false)
		}
		next(true)
		if want := unhex(t, c.want); !bytes.Equal(got, want) {
			t.Errorf("%s: % X, want % X", c.name, got, want)
		}
	}
}

func orders() *rapid.Generator[winnsen.Order] {
	return rapid.SampledFrom([]winnsen.Order{winnsen.OrderLockFirst, winnsen.OrderStateFirst})
}

func frames() *rapid.Generator[winnsen.Frame] {
	return rapid.Custom(func(t *rapid.T) winnsen.Frame {
		f := winnsen.Frame{
			Function: rapid.SampledFrom([]winnsen.Function{winnsen.FunctionUnlock, winnsen.FunctionStatus}).Draw(t, "function"),
			Addr:     board.Address(rapid.IntRange(0, winnsen.MaxAddress+1).Draw(t, "addr")),
			Channel:  board.Channel(rapid.IntRange(1, winnsen.MaxChannels).Draw(t, "channel")),
			Reply:    rapid.Bool().Draw(t, "reply"),
		}
		if f.Reply {
			results := []winnsen.Result{winnsen.ResultNo, winnsen.ResultYes}
			if f.Function == winnsen.FunctionUnlock {
				results = append(results, winnsen.ResultEarly)
			}
			f.Result = rapid.SampledFrom(results).Draw(t, "result")
		}
		return f
	})
}

// TestSplit_RoundTrip: what is encoded is read back the same, and a part of it is no frame.
func TestSplit_RoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, order := frames().Draw(t, "frame"), orders().Draw(t, "order")
		raw := f.Encode(order)
		if got, n, v := winnsen.Split(order)(raw, false); v != exchange.Valid || n != len(raw) || got != f {
			t.Fatalf("% X: %+v, %d, %v, want %+v", raw, got, n, v, f)
		}
		short := raw[:rapid.IntRange(1, len(raw)-1).Draw(t, "length")]
		if _, _, v := winnsen.Split(order)(short, false); v != exchange.Incomplete {
			t.Fatalf("% X is %v, want incomplete", short, v)
		}
	})
}

// TestScanner_Resync: any frame is found behind any noise that cannot start a frame, in any pieces.
func TestScanner_Resync(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, order := frames().Draw(t, "frame"), orders().Draw(t, "order")
		scan := exchange.NewScanner(winnsen.Split(order))
		noise := rapid.SliceOfN(rapid.ByteRange(0, 0x8F), 0, 40).Draw(t, "noise")
		line := append(noise, f.Encode(order)...)
		var got []winnsen.Frame
		for len(line) > 0 {
			n := rapid.IntRange(1, len(line)).Draw(t, "piece")
			_, _ = scan.Write(line[:n])
			line = line[n:]
			for found, ok := scan.Next(len(line) == 0); ok; found, ok = scan.Next(len(line) == 0) {
				got = append(got, found.Frame)
			}
		}
		if !slices.Equal(got, []winnsen.Frame{f}) || scan.Dropped != uint64(len(noise)) {
			t.Fatalf("%+v and %d bytes dropped, want %+v and %d", got, scan.Dropped, f, len(noise))
		}
	})
}

// FuzzSplit: no bytes may panic, grow without bound, or give a frame whose bytes never came.
func FuzzSplit(f *testing.F) {
	for _, ref := range references(f) {
		f.Add(ref.bytes, byte(3), ref.order == winnsen.OrderStateFirst)
		f.Add(append([]byte{0x90, 0x07, 0x85}, ref.bytes...), byte(1), false)
	}
	f.Fuzz(func(t *testing.T, line []byte, size byte, stateFirst bool) {
		order := winnsen.OrderLockFirst
		if stateFirst {
			order = winnsen.OrderStateFirst
		}
		scan := exchange.NewScanner(winnsen.Split(order))
		var taken uint64
		for rest := line; ; {
			n := min(len(rest), int(size)%7+1)
			if _, err := scan.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
			for found, ok := scan.Next(len(rest) == 0); ok; found, ok = scan.Next(len(rest) == 0) {
				if !bytes.Equal(found.Raw, found.Frame.Encode(order)) || !bytes.Contains(line, found.Raw) {
					t.Fatalf("%+v from % X is not in % X", found.Frame, found.Raw, line)
				}
				taken += uint64(len(found.Raw))
			}
			if len(rest) == 0 {
				break
			}
		}
		if taken+scan.Dropped+uint64(scan.Buffered()) != uint64(len(line)) {
			t.Fatalf("%d taken, %d dropped, %d left of %d bytes", taken, scan.Dropped, scan.Buffered(), len(line))
		}
		explainAll(t, order, line)
	})
}

// explainAll requires that every byte is explained once, in order.
func explainAll(t *testing.T, order winnsen.Order, line []byte) {
	t.Helper()
	codec, err := winnsen.NewCodec(winnsen.Options{Order: order})
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, e := range codec.Explain(line) {
		if e.Text == "" || len(e.Bytes) == 0 {
			t.Fatalf("%+v explains nothing", e)
		}
		all = append(all, e.Bytes...)
	}
	if !bytes.Equal(all, line) {
		t.Fatalf("% X explained of % X", all, line)
	}
}

func TestCodec_Frames(t *testing.T) {
	t.Parallel()
	codec, err := winnsen.NewCodec(winnsen.Options{Channels: 12})
	if err != nil {
		t.Fatal(err)
	}
	from1, err := winnsen.NewCodec(winnsen.Options{FirstStation: 1})
	if err != nil {
		t.Fatal(err)
	}
	for want, frame := range map[string]func() ([]byte, error){
		"90 06 05 00 01 03": func() ([]byte, error) { return codec.OpenFrame(0, 1) },
		"90 06 05 04 10 03": func() ([]byte, error) { return from1.OpenFrame(4, 16) },
		"90 06 12 00 01 03": func() ([]byte, error) { return codec.StatusFrame(0, 0) },
		"90 06 12 02 0C 03": func() ([]byte, error) { return codec.StatusFrame(2, 12) },
	} {
		if got, err := frame(); err != nil || !bytes.Equal(got, unhex(t, want)) {
			t.Errorf("% X, %v, want %s", got, err, want)
		}
	}
	for want, call := range map[string]func() ([]byte, error){
		"board 4, want 0 to 3": func() ([]byte, error) { return codec.OpenFrame(4, 1) },
		"board 0, want 1 to 4": func() ([]byte, error) { return from1.OpenFrame(0, 1) },
		"channel 0":            func() ([]byte, error) { return codec.OpenFrame(1, 0) },
		"channel 13":           func() ([]byte, error) { return codec.OpenFrame(1, 13) },
		"channel 14":           func() ([]byte, error) { return codec.StatusFrame(1, 14) },
	} {
		if got, err := call(); !errors.Is(err, board.ErrRange) || !strings.Contains(err.Error(), want) || got != nil {
			t.Errorf("% X, %v, want %q out of range", got, err, want)
		}
	}
}

func TestCodec_Explain(t *testing.T) {
	t.Parallel()
	const line = "90 06 05 00 01 03 90 07 85 00 01 01 03 90 07 85 00 01 00 03 90 07 85 00 01 02 03 " +
		"90 06 12 02 0C 03 90 07 92 02 0C 01 03 90 07 92 02 0B 00 03 FF 90 06 05"
	codec, err := winnsen.NewCodec(winnsen.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"open channel 1 of board 0",
		"board 0 says: channel 1 pulsed",
		"board 0 says: channel 1 refused",
		"board 0 says: channel 1 has to cool down",
		"ask board 2 for channel 12",
		"board 2 says: channel 12 open",
		"board 2 says: channel 11 closed",
		"!no frame",
		"!the start of a frame, the rest is missing",
	}
	got := codec.Explain(unhex(t, line))
	if len(got) != len(want) {
		t.Fatalf("%d explanations, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		text, bad := strings.CutPrefix(want[i], "!")
		if got[i].Text != text || got[i].Valid == bad {
			t.Errorf("% X: %q, %v, want %q", got[i].Bytes, got[i].Text, got[i].Valid, want[i])
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, p := range []winnsen.Polarity{winnsen.PolarityClosing, winnsen.PolarityOpening} {
		if got, err := winnsen.ParsePolarity(p.String()); err != nil || got != p {
			t.Errorf("%v: %v, %v", p, got, err)
		}
	}
	for _, o := range []winnsen.Order{winnsen.OrderLockFirst, winnsen.OrderStateFirst} {
		if got, err := winnsen.ParseOrder(o.String()); err != nil || got != o {
			t.Errorf("%v: %v, %v", o, got, err)
		}
	}
	if e, err := winnsen.ParseEcho("on"); err != nil || e != winnsen.EchoOn {
		t.Errorf("%v, %v", e, err)
	}
	if _, err := winnsen.ParsePolarity("01"); err == nil || !strings.Contains(err.Error(), "want opening or closing") {
		t.Errorf("error %v does not say what to write", err)
	}
	if _, err := winnsen.ParseOrder("x"); err == nil || !strings.Contains(err.Error(), "want lock-first or state-first") {
		t.Errorf("error %v does not say what to write", err)
	}
	for _, word := range []string{
		winnsen.Polarity(0).String(), winnsen.Order(9).String(), winnsen.Function(0).String(), winnsen.Result(3).String(),
	} {
		if word != "invalid" {
			t.Errorf("%q, want invalid", word)
		}
	}
}

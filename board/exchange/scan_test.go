package exchange_test

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"cubby/board"
	"cubby/board/exchange"
)

// TestScanner_Resync: every frame is found behind any noise that cannot start one, in any pieces.
func TestScanner_Resync(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var line []byte
		var want []toy
		dropped := 0
		for range rapid.IntRange(1, 4).Draw(t, "frames") {
			noise := rapid.SliceOfN(rapid.ByteRange(0, toyHeader-1), 0, 10).Draw(t, "noise")
			f := toy{
				kind: byte(rapid.IntRange(toyOpen, toyNo).Draw(t, "kind")),
				addr: board.Address(rapid.IntRange(0, 15).Draw(t, "addr")), data: rapid.Byte().Draw(t, "data"),
			}
			line, want, dropped = append(append(line, noise...), f.bytes()...), append(want, f), dropped+len(noise)
		}
		s := exchange.NewScanner(splitToy)
		var got []toy
		for len(line) > 0 {
			n := rapid.IntRange(1, len(line)).Draw(t, "piece")
			_, _ = s.Write(line[:n])
			line = line[n:]
			for found, ok := s.Next(false); ok; found, ok = s.Next(false) {
				if !bytes.Equal(found.Raw, found.Frame.bytes()) {
					t.Fatalf("raw % X of %+v", found.Raw, found.Frame)
				}
				got = append(got, found.Frame)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || s.Dropped != uint64(dropped) || s.Buffered() != 0 {
			t.Fatalf("%v with %d dropped, %d left, want %v with %d", got, s.Dropped, s.Buffered(), want, dropped)
		}
	})
}

// words reads 1 as a frame of one byte, 2 x x as a frame of three or, on a quiet line, of two, 3 x as
// bad, 4 x as rubbish of two bytes.
func words(p []byte, quiet bool) (string, int, exchange.Verdict) {
	switch {
	case p[0] == 1:
		return "one", 1, exchange.Valid
	case p[0] == 2 && len(p) >= 3:
		return "three", 3, exchange.Valid
	case p[0] == 2 && len(p) == 2 && quiet:
		return "two", 2, exchange.Valid
	case p[0] == 2:
		return "", 0, exchange.Incomplete
	case p[0] == 3 && len(p) >= 2:
		return "bad", 2, exchange.BadChecksum
	case p[0] == 4 && len(p) >= 2:
		return "", 2, exchange.Garbage
	}
	return "", 0, exchange.Garbage
}

func TestScanner_Next(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		line    []byte
		echo    []byte
		sure    bool
		quiet   bool
		want    string // of all frames; E is an echo
		dropped uint64
		sums    uint64
		left    int
	}{
		"nothing":                            {want: ""},
		"whole":                              {line: []byte{1, 2, 9, 9}, want: "one three "},
		"unfinished waits":                   {line: []byte{2, 9}, left: 2},
		"unfinished on a quiet line":         {line: []byte{2, 9}, quiet: true, want: "two "},
		"unfinished hides the next":          {line: []byte{7, 2, 1}, dropped: 1, left: 2},
		"rubbish goes together":              {line: []byte{4, 1, 1}, want: "one ", dropped: 2},
		"bad checksum goes together":         {line: []byte{7, 3, 1, 1}, want: "one ", dropped: 3, sums: 1},
		"echo":                               {line: []byte{8, 8, 1}, echo: []byte{8, 8}, want: "E one "},
		"echo only once":                     {line: []byte{8, 8, 1}, echo: []byte{8}, want: "E one ", dropped: 1},
		"half an echo waits":                 {line: []byte{8}, echo: []byte{8, 8}, left: 1},
		"half an echo on a quiet line":       {line: []byte{8}, echo: []byte{8, 8}, quiet: true, left: 1},
		"a frame longer than the echo wins":  {line: []byte{2, 2, 2}, echo: []byte{2, 2}, want: "three "},
		"a sure echo wins":                   {line: []byte{2, 2, 2, 9, 9}, echo: []byte{2, 2}, sure: true, want: "E three "},
		"the echo may become a frame":        {line: []byte{2, 2}, echo: []byte{2, 2}, left: 2},
		"the echo on a quiet line":           {line: []byte{2, 2}, echo: []byte{2, 2}, quiet: true, want: "E "},
		"a frame that is an echo's start":    {line: []byte{1}, echo: []byte{1, 5}, left: 1},
		"and what it is on a quiet line":     {line: []byte{1}, echo: []byte{1, 5}, quiet: true, want: "one "},
		"an echo with a bad checksum inside": {line: []byte{3, 3}, echo: []byte{3, 3}, want: "E "},
	} {
		s := exchange.NewScanner(words)
		s.Expect(c.echo, c.sure)
		_, _ = s.Write(c.line)
		got := ""
		for found, ok := s.Next(c.quiet); ok; found, ok = s.Next(c.quiet) {
			if found.Echo {
				found.Frame = "E"
			}
			got += found.Frame + " "
		}
		if got != c.want || s.Dropped != c.dropped || s.Checksums != c.sums || s.Buffered() != c.left {
			t.Errorf("%s: %q, %d dropped, %d bad, %d left; want %q, %d, %d, %d",
				name, got, s.Dropped, s.Checksums, s.Buffered(), c.want, c.dropped, c.sums, c.left)
		}
	}
}

func TestScanner_Bound(t *testing.T) {
	t.Parallel()
	s := exchange.NewScanner(words)
	_, _ = s.Write(bytes.Repeat([]byte{2}, 10_000))
	if s.Buffered() > 512 || s.Dropped != 10_000-uint64(s.Buffered()) {
		t.Errorf("%d bytes kept, %d dropped", s.Buffered(), s.Dropped)
	}
	s.Reset()
	if s.Buffered() != 0 || s.Dropped != 10_000 {
		t.Errorf("%d bytes kept, %d dropped after a reset", s.Buffered(), s.Dropped)
	}
}

// FuzzScanner: every byte is in a frame, dropped or left, whatever a splitter says.
func FuzzScanner(f *testing.F) {
	f.Add([]byte{1, 2, 9, 9, 3, 1, 4, 0}, []byte{9, 9}, byte(3))
	f.Fuzz(func(t *testing.T, line, echo []byte, step byte) {
		s := exchange.NewScanner(words)
		s.Expect(echo, step > 127)
		taken := uint64(0)
		for rest := line; ; {
			n := min(len(rest), int(step)%9+1)
			_, _ = s.Write(rest[:n])
			rest = rest[n:]
			for found, ok := s.Next(len(rest) == 0); ok; found, ok = s.Next(len(rest) == 0) {
				if !bytes.Contains(line, found.Raw) || len(found.Raw) == 0 {
					t.Fatalf("% X is not in % X", found.Raw, line)
				}
				taken += uint64(len(found.Raw))
			}
			if len(rest) == 0 {
				break
			}
		}
		if taken+s.Dropped+uint64(s.Buffered()) != uint64(len(line)) {
			t.Fatalf("%d taken, %d dropped, %d left of %d", taken, s.Dropped, s.Buffered(), len(line))
		}
	})
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		seen []byte
		want string
	}{
		"nothing":                        {nil, ""},
		"two frames":                     {[]byte{1, 2, 9, 9}, "+one[1] +three[3] "},
		"noise around":                   {[]byte{7, 7, 1, 6}, "-no frame[2] +one[1] -no frame[1] "},
		"bad checksum":                   {[]byte{1, 3, 9, 1}, "+one[1] -bad[2] +one[1] "},
		"a frame inside a bad one":       {[]byte{3, 1, 1}, "-no frame[1] +one[1] +one[1] "},
		"the start of a frame":           {[]byte{1, 2}, "+one[1] -the start of a frame, the rest is missing[1] "},
		"noise that looks like a start":  {[]byte{5, 2}, "-no frame[1] -the start of a frame, the rest is missing[1] "},
		"a frame behind an unended one ": {[]byte{2, 1}, "+two[2] "},
	} {
		got := ""
		for _, e := range exchange.Explain(c.seen, words) {
			sign := "-"
			if e.Valid {
				sign = "+"
			}
			got += fmt.Sprintf("%s%s[%d] ", sign, e.Text, len(e.Bytes))
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestVerdict_String(t *testing.T) {
	t.Parallel()
	for v, want := range map[exchange.Verdict]string{
		0: "invalid", exchange.Garbage: "garbage", exchange.BadChecksum: "bad checksum",
		exchange.Incomplete: "incomplete", exchange.Valid: "valid",
	} {
		if got := v.String(); got != want {
			t.Errorf("%d is %q, want %q", v, got, want)
		}
	}
}

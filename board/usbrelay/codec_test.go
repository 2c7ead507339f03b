package usbrelay_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"cubby/board"
	"cubby/board/exchange"
	"cubby/board/usbrelay"
)

// reference is one line of testdata/frames.hex.
type reference struct {
	bytes []byte
	frame usbrelay.Frame
}

func references(tb testing.TB) []reference {
	tb.Helper()
	text, err := os.ReadFile("testdata/frames.hex")
	if err != nil {
		tb.Fatal(err)
	}
	var refs []reference
	for line := range strings.Lines(string(text)) {
		if line[0] != '>' {
			continue
		}
		data, words, _ := strings.Cut(line[1:], "|")
		ref := reference{bytes: unhex(tb, data), frame: usbrelay.Frame{On: strings.Contains(words, "on=yes")}}
		_, ch, _ := strings.Cut(words, "ch=")
		n, err := strconv.Atoi(strings.Fields(ch)[0])
		if err != nil {
			tb.Fatal(err)
		}
		ref.frame.Channel = board.Channel(n)
		refs = append(refs, ref)
	}
	if len(refs) != 4 {
		tb.Fatalf("%d reference frames, want 4", len(refs))
	}
	return refs
}

func unhex(tb testing.TB, text string) []byte {
	tb.Helper()
	p, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestFrame_Reference(t *testing.T) {
	t.Parallel()
	for _, ref := range references(t) {
		if got := ref.frame.Encode(); !bytes.Equal(got, ref.bytes) {
			t.Errorf("%+v: % X, want % X", ref.frame, got, ref.bytes)
		}
		f, n, v := usbrelay.Split(ref.bytes, false)
		if f != ref.frame || n != 4 || v != exchange.Valid {
			t.Errorf("% X: %+v, %d bytes, %v", ref.bytes, f, n, v)
		}
		for cut := 1; cut < 4; cut++ {
			if _, _, v := usbrelay.Split(ref.bytes[:cut], false); v != exchange.Incomplete {
				t.Errorf("% X: %v", ref.bytes[:cut], v)
			}
		}
	}
}

func TestSplit_Broken(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]exchange.Verdict{
		"A1":          exchange.Garbage,
		"A0 00":       exchange.Garbage,
		"A0 11":       exchange.Garbage,
		"A0 01 02":    exchange.Garbage,
		"A0 01 01 A1": exchange.BadChecksum,
	} {
		if _, _, v := usbrelay.Split(unhex(t, input), true); v != want {
			t.Errorf("%s: %v, want %v", input, v, want)
		}
	}
}

func TestCodec(t *testing.T) {
	t.Parallel()
	codec, err := usbrelay.NewCodec(usbrelay.Options{Channels: 8})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := codec.OpenFrame(1, 1); err != nil || !bytes.Equal(got, unhex(t, "A0 01 01 A2")) {
		t.Errorf("open: % X, %v", got, err)
	}
	for _, c := range []struct {
		addr board.Address
		ch   board.Channel
	}{{0, 1}, {2, 1}, {1, 0}, {1, 9}} {
		if _, err := codec.OpenFrame(c.addr, c.ch); !errors.Is(err, board.ErrRange) {
			t.Errorf("open %d/%d: %v", c.addr, c.ch, err)
		}
	}
	if _, err := codec.StatusFrame(1, 0); err == nil || !strings.Contains(err.Error(), "cannot be asked") {
		t.Errorf("status: %v", err)
	}
	var texts []string
	for _, e := range codec.Explain(unhex(t, "FF A0 01 01 A2 A0 01 00 A1 A0 01 00 A2 A0 02")) {
		texts = append(texts, e.Text)
	}
	want := "no frame;open channel 1: switch its relay on, until it is switched off;switch relay 1 off;" +
		"a frame with a wrong checksum;the start of a frame, the rest is missing"
	if got := strings.Join(texts, ";"); got != want {
		t.Errorf("explained as %q, want %q", got, want)
	}
}

// FuzzSplit: no bytes may panic or give a frame whose bytes never came.
func FuzzSplit(f *testing.F) {
	for _, ref := range references(f) {
		f.Add(ref.bytes, byte(3))
		f.Add(append([]byte{0xA0, 0x01}, ref.bytes...), byte(1))
	}
	f.Fuzz(func(t *testing.T, line []byte, size byte) {
		scan := exchange.NewScanner(usbrelay.Split)
		var taken uint64
		for rest := line; ; {
			n := min(len(rest), int(size)%7+1)
			if _, err := scan.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
			for found, ok := scan.Next(len(rest) == 0); ok; found, ok = scan.Next(len(rest) == 0) {
				if raw := found.Frame.Encode(); !bytes.Equal(raw, found.Raw) || !bytes.Contains(line, raw) {
					t.Fatalf("frame % X is not in % X", raw, line)
				}
				taken += uint64(len(found.Raw))
			}
			if len(rest) == 0 {
				break
			}
		}
		if total := uint64(len(line)); taken+scan.Dropped+uint64(scan.Buffered()) != total {
			t.Fatalf("%d taken, %d dropped, %d left of %d bytes", taken, scan.Dropped, scan.Buffered(), total)
		}
	})
}

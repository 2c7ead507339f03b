package gpio_test

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
	"cubby/board/gpio"
)

// references reads testdata/frames.hex: frames with their bytes.
func references(tb testing.TB) map[string]gpio.Frame {
	tb.Helper()
	text, err := os.ReadFile("testdata/frames.hex")
	if err != nil {
		tb.Fatal(err)
	}
	kinds := map[string]gpio.Kind{
		"on": gpio.KindOn, "off": gpio.KindOff, "alloff": gpio.KindAllOff, "read": gpio.KindRead,
		"ok": gpio.KindOK, "inputs": gpio.KindInputs, "error": gpio.KindError,
	}
	refs := map[string]gpio.Frame{}
	for line := range strings.Lines(string(text)) {
		if line[0] != '>' && line[0] != '<' {
			continue
		}
		data, words, _ := strings.Cut(line[1:], "|")
		raw, err := hex.DecodeString(strings.Join(strings.Fields(data), ""))
		if err != nil {
			tb.Fatal(err)
		}
		words, message, _ := strings.Cut(strings.TrimSpace(words), " text=")
		fields := strings.Fields(words)
		f := gpio.Frame{Kind: kinds[fields[0]], Text: message}
		for _, field := range fields[1:] {
			key, value, _ := strings.Cut(field, "=")
			switch n, _ := strconv.Atoi(value); key { // bits are no number
			case "seq":
				f.Seq = byte(n)
			case "ch":
				f.Channel = board.Channel(n)
			case "bits":
				for _, digit := range strings.Trim(value, "-") {
					f.Inputs = append(f.Inputs, digit == '1')
				}
			}
		}
		refs[string(raw)] = f
	}
	if len(refs) != 9 {
		tb.Fatalf("%d reference frames, want 9", len(refs))
	}
	return refs
}

func TestFrame_Reference(t *testing.T) {
	t.Parallel()
	for text, f := range references(t) {
		if got := string(f.Encode()); got != text {
			t.Errorf("%+v: %q, want %q", f, got, text)
		}
		got, n, v := gpio.Split([]byte(text+":00"), false)
		if v != exchange.Valid || n != len(text) || !bytes.Equal(got.Encode(), f.Encode()) {
			t.Errorf("%q: %+v, %d bytes, %v", text, got, n, v)
		}
		for cut := 1; cut < len(text); cut++ {
			if _, _, v := gpio.Split([]byte(text[:cut]), false); v != exchange.Incomplete {
				t.Errorf("%q: %v", text[:cut], v)
			}
		}
	}
	untidy := gpio.Frame{Kind: gpio.KindError, Text: " a:\n\tb\xff " + strings.Repeat("x", 200)}
	if _, n, v := gpio.Split(untidy.Encode(), false); v != exchange.Valid || n > 160 {
		t.Errorf("%q is no frame", untidy.Encode())
	}
	if empty := (gpio.Frame{Kind: gpio.KindError}).Encode(); string(empty) != ":00 error unknown\n" {
		t.Errorf("%q", empty)
	}
}

func TestSplit_Broken(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"07 on 3\n", ":7 on 3\n", ":007 on 3\n", ":0g on 3\n", ":0a on 3\n", ":07 on 0\n", ":07 on 33\n", ":07 on 03\n",
		":07 on +3\n", ":07  on 3\n", ":07 on 3 \n", ":07 On 3\n", ":07 on\n", ":07\n", ":\n", ":07 inputs \n",
		":07 inputs 012\n", ":07 inputs " + strings.Repeat("1", 33) + "\n", ":07 error \n", ":07 error a  b\n",
		":07 on:07 on 3\n", ":07 on\x00", ":" + strings.Repeat("a", 160),
	} {
		if f, _, v := gpio.Split([]byte(text), true); v != exchange.Garbage {
			t.Errorf("%q: %v, %+v", text, v, f)
		}
	}
}

func TestCodec(t *testing.T) {
	t.Parallel()
	codec, err := gpio.NewCodec(gpio.Options{Outputs: []int{17, 27}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := codec.OpenFrame(1, 2); err != nil || string(got) != ":00 on 2\n" {
		t.Errorf("open: %q, %v", got, err)
	}
	if got, err := codec.StatusFrame(1, 0); err != nil || string(got) != ":00 read\n" {
		t.Errorf("status: %q, %v", got, err)
	}
	for _, c := range []struct {
		addr board.Address
		ch   board.Channel
	}{{0, 1}, {2, 1}, {1, 3}} {
		_, open := codec.OpenFrame(c.addr, c.ch)
		_, status := codec.StatusFrame(c.addr, c.ch)
		if !errors.Is(open, board.ErrRange) || !errors.Is(status, board.ErrRange) {
			t.Errorf("%d/%d: %v, %v", c.addr, c.ch, open, status)
		}
	}
	var texts []string
	for _, e := range codec.Explain([]byte("x:01 on 2\n:01 ok\n:02 read\n:02 inputs 01\n:03 off all\n:03 error no\n:04 off 1\n:0")) {
		texts = append(texts, e.Text)
	}
	want := "no frame;open channel 2: switch its line on, until it is switched off;done;ask for the inputs;" +
		"inputs from channel 1 on: 01;switch all lines off;refused: no;switch the line of channel 1 off;" +
		"the start of a frame, the rest is missing"
	if got := strings.Join(texts, ";"); got != want {
		t.Errorf("explained as %q, want %q", got, want)
	}
}

// FuzzSplit: no bytes may panic, grow without bound, or give a frame whose bytes never came.
func FuzzSplit(f *testing.F) {
	for text := range references(f) {
		f.Add([]byte(text), byte(3))
		f.Add([]byte(":07 on"+text), byte(1))
	}
	f.Fuzz(func(t *testing.T, line []byte, size byte) {
		scan := exchange.NewScanner(gpio.Split)
		var taken uint64
		for rest := line; ; {
			n := min(len(rest), int(size)%7+1)
			if _, err := scan.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
			for found, ok := scan.Next(len(rest) == 0); ok; found, ok = scan.Next(len(rest) == 0) {
				if raw := found.Frame.Encode(); !bytes.Equal(raw, found.Raw) || !bytes.Contains(line, raw) {
					t.Fatalf("frame %q is not in %q", raw, line)
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

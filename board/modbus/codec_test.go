package modbus_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cubby/board"
	"cubby/board/exchange"
	"cubby/board/modbus"
)

// reference is one line of testdata/frames.hex.
type reference struct {
	host   bool
	bytes  []byte
	name   string
	fields map[string]string
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
		ref := reference{host: line[0] == '>', bytes: unhex(tb, data), fields: map[string]string{}}
		for i, word := range strings.Fields(words) {
			if i == 0 {
				ref.name = word
				continue
			}
			key, value, _ := strings.Cut(word, "=")
			ref.fields[key] = value
		}
		refs = append(refs, ref)
	}
	if len(refs) < 15 {
		tb.Fatalf("%d reference frames, want all 15", len(refs))
	}
	return refs
}

func (r reference) number(tb testing.TB, key string) int {
	tb.Helper()
	if r.fields[key] == "" {
		return 0
	}
	n, err := strconv.Atoi(r.fields[key])
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func unhex(tb testing.TB, text string) []byte {
	tb.Helper()
	p, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestEncode_Reference(t *testing.T) {
	t.Parallel()
	for _, ref := range references(t) {
		unit, ch := board.Address(ref.number(t, "unit")), board.Channel(ref.number(t, "ch"))
		var got modbus.Frame
		switch ref.name {
		case "relay":
			got = modbus.RelayFrame(unit, ch, ref.fields["on"] == "yes")
		case "flash":
			got = modbus.FlashFrame(unit, ch, ref.number(t, "tenths"))
		case "alloff":
			got = modbus.AllOffFrame(unit)
		case "relays":
			got = modbus.RelaysFrame(unit, ref.number(t, "count"))
		case "inputs":
			got = modbus.InputsFrame(unit, ref.number(t, "first"), ref.number(t, "count"))
		case "unit":
			got = modbus.UnitFrame()
		}
		if !ref.host && (ref.name == "relays" || ref.name == "inputs") || got.Function == 0 {
			continue
		}
		if got := got.Encode(modbus.FramingRTU); !bytes.Equal(got, ref.bytes) {
			t.Errorf("%s %v: % X, want % X", ref.name, ref.fields, got, ref.bytes)
		}
	}
}

// TestSplit_Reference reads every frame back, wrapped both ways, and wherever it is cut.
func TestSplit_Reference(t *testing.T) {
	t.Parallel()
	for _, ref := range references(t) {
		side := modbus.SideBoard
		if ref.host {
			side = modbus.SideHost
		}
		rtu := modbus.Split(modbus.FramingRTU, side)
		f, n, v := rtu(ref.bytes, false)
		if v != exchange.Valid || n != len(ref.bytes) || int(f.Unit) != ref.number(t, "unit") {
			t.Errorf("% X: %+v, %d bytes, %v", ref.bytes, f, n, v)
			continue
		}
		checkFields(t, ref, f)
		f.Transaction = 0x1234
		wrapped := f.Encode(modbus.FramingTCP)
		if want := append([]byte{0x12, 0x34, 0, 0, 0, byte(len(ref.bytes) - 2)}, ref.bytes[:len(ref.bytes)-2]...); !bytes.Equal(wrapped, want) {
			t.Errorf("Modbus TCP % X, want % X", wrapped, want)
		}
		tcp := modbus.Split(modbus.FramingTCP, side)
		g, n, v := tcp(wrapped, false)
		if v != exchange.Valid || n != len(wrapped) || g.Transaction != 0x1234 || !bytes.Equal(g.Body, f.Body) {
			t.Errorf("% X: %+v, %d bytes, %v", wrapped, g, n, v)
		}
		for cut := 1; cut < len(ref.bytes); cut++ {
			if _, _, v := rtu(ref.bytes[:cut], false); v != exchange.Incomplete {
				t.Errorf("% X: %v", ref.bytes[:cut], v)
			}
		}
		for cut := 1; cut < len(wrapped); cut++ {
			if _, _, v := tcp(wrapped[:cut], false); v != exchange.Incomplete {
				t.Errorf("% X: %v", wrapped[:cut], v)
			}
		}
	}
}

func checkFields(t *testing.T, ref reference, f modbus.Frame) {
	t.Helper()
	code, refused := f.Exception()
	if refused != (ref.name == "exception") || int(code) != ref.number(t, "code") {
		t.Errorf("% X: exception %d, %v", ref.bytes, code, refused)
	}
	bits, some := ref.fields["bits"]
	if !some {
		return
	}
	var on []string
	for i := range 8 * (len(f.Body) - 1) {
		if set, present := f.Bit(i); set && present {
			on = append(on, strconv.Itoa(i+1))
		}
	}
	if strings.Join(on, ",") != bits {
		t.Errorf("% X: bits %v, want %s", ref.bytes, on, bits)
	}
	if _, present := f.Bit(8 * (len(f.Body) - 1)); present {
		t.Error("a bit beyond the last byte is present")
	}
}

func TestSplit_Broken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		framing modbus.Framing
		input   string
		want    exchange.Verdict
	}{
		{"checksum", modbus.FramingRTU, "01 05 02 00 00 02 4D B2", exchange.BadChecksum},
		{"checksum, high byte first", modbus.FramingRTU, "01 05 02 00 00 02 B3 4D", exchange.BadChecksum},
		{"unit 248", modbus.FramingRTU, "F8 05", exchange.Garbage},
		{"function 07", modbus.FramingRTU, "01 07", exchange.Garbage},
		{"exception of function 07", modbus.FramingRTU, "01 87", exchange.Garbage},
		{"no bits", modbus.FramingRTU, "01 02 00", exchange.Garbage},
		{"protocol 1", modbus.FramingTCP, "00 01 00 01", exchange.Garbage},
		{"length 2", modbus.FramingTCP, "00 01 00 00 00 02", exchange.Garbage},
		{"length 255", modbus.FramingTCP, "00 01 00 00 00 FF", exchange.Garbage},
		{"length of another function", modbus.FramingTCP, "00 01 00 00 00 05 01 05", exchange.Garbage},
		{"length less than its bits", modbus.FramingTCP, "00 01 00 00 00 04 01 02 02 00", exchange.Garbage},
	} {
		if _, _, v := modbus.Split(c.framing, modbus.SideBoard)(unhex(t, c.input), false); v != c.want {
			t.Errorf("%s: %v, want %v", c.name, v, c.want)
		}
	}
}

// TestSplit_Resync: any frame is found behind any noise that cannot start a frame, in any pieces.
func TestSplit_Resync(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		scan := exchange.NewScanner(modbus.Split(modbus.FramingRTU, modbus.SideBoard))
		f := frames().Draw(t, "frame")
		noise := rapid.SliceOfN(rapid.ByteRange(248, 255), 0, 40).Draw(t, "noise")
		line := append(noise, f.Encode(modbus.FramingRTU)...)
		var got []modbus.Frame
		for len(line) > 0 {
			n := rapid.IntRange(1, len(line)).Draw(t, "piece")
			_, _ = scan.Write(line[:n])
			line = line[n:]
			for found, ok := scan.Next(false); ok; found, ok = scan.Next(false) {
				got = append(got, found.Frame)
			}
		}
		if len(got) != 1 || !bytes.Equal(got[0].Encode(modbus.FramingRTU), f.Encode(modbus.FramingRTU)) {
			t.Fatalf("%+v, want %+v", got, f)
		}
		if scan.Dropped != uint64(len(noise)) {
			t.Fatalf("%d bytes dropped, want %d", scan.Dropped, len(noise))
		}
	})
}

func frames() *rapid.Generator[modbus.Frame] {
	return rapid.Custom(func(t *rapid.T) modbus.Frame {
		f := modbus.Frame{
			Unit:     board.Address(rapid.IntRange(1, 247).Draw(t, "unit")),
			Function: rapid.SampledFrom([]byte{1, 2, 3, 4, 5, 6, 15, 16, 0x81, 0x82, 0x85}).Draw(t, "function"),
		}
		switch {
		case f.Function <= 4:
			bits := rapid.SliceOfN(rapid.Byte(), 1, 250).Draw(t, "bits")
			f.Body = append([]byte{byte(len(bits))}, bits...)
		case f.Function > 0x80:
			f.Body = []byte{rapid.Byte().Draw(t, "code")}
		default:
			f.Body = rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "words")
		}
		return f
	})
}

func TestCodec_Frames(t *testing.T) {
	t.Parallel()
	codec := func(change func(*modbus.Options)) board.Codec {
		opts := modbus.Options{Polarity: modbus.PolarityClosing}
		if change != nil {
			change(&opts)
		}
		c, err := modbus.NewCodec(opts)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	coil := func(o *modbus.Options) { o.Mode = modbus.ModeCoil }
	tcp := func(o *modbus.Options) { o.Framing = modbus.FramingTCP }
	none := func(o *modbus.Options) { o.NoInputs, o.Polarity = true, 0 }
	offset := func(o *modbus.Options) { o.InputOffset, o.Channels = 16, 32 }
	for _, c := range []struct {
		name   string
		change func(*modbus.Options)
		open   bool
		ch     board.Channel
		want   string
	}{
		{"flash", nil, true, 1, "01 05 02 00 00 02 4D B3"},
		{"status", nil, false, 0, "01 02 00 00 00 08 79 CC"},
		{"coil", coil, true, 1, "01 05 00 00 FF 00 8C 3A"},
		{"flash on Modbus TCP", tcp, true, 1, "00 01 00 00 00 06 01 05 02 00 00 02"},
		{"status without inputs", none, false, 0, "01 01 00 00 00 08 3D CC"},
		{"status names the board whatever the channel", nil, false, 3, "01 02 00 00 00 08 79 CC"},
		{"status behind other inputs", offset, false, 3, "01 02 00 10 00 20 78 17"},
		{"longer pulse", func(o *modbus.Options) { o.Pulse = 700e6 }, true, 2, "01 05 02 01 00 07 DC 70"},
	} {
		frame := codec(c.change).StatusFrame
		if c.open {
			frame = codec(c.change).OpenFrame
		}
		if got, err := frame(1, c.ch); err != nil || !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("%s: % X, %v, want %s", c.name, got, err, c.want)
		}
	}
	for _, bad := range []struct {
		addr board.Address
		ch   board.Channel
	}{{0, 1}, {248, 1}, {1, 9}} {
		if _, err := codec(nil).OpenFrame(bad.addr, bad.ch); !strings.Contains(errText(err), "out of range") {
			t.Errorf("open %d/%d: %v", bad.addr, bad.ch, err)
		}
		if _, err := codec(nil).StatusFrame(bad.addr, bad.ch); !strings.Contains(errText(err), "out of range") {
			t.Errorf("status %d/%d: %v", bad.addr, bad.ch, err)
		}
	}
	if _, err := codec(nil).OpenFrame(1, 0); err == nil {
		t.Error("open of channel 0 gives a frame")
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestCodec_Explain(t *testing.T) {
	t.Parallel()
	codec, err := modbus.NewCodec(modbus.Options{Polarity: modbus.PolarityClosing})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ input, want string }{
		{"01 05 02 00 00 02 4D B3", "open channel 1 of board 1: flash on for 200ms, or the answer"},
		{"01 05 04 00 00 02 4D 3B", "flash channel 1 of board 1 off for 200ms, or the answer"},
		{"01 05 00 00 FF 00 8C 3A", "switch relay 1 of board 1 on, or the answer"},
		{"01 05 00 00 00 00 CD CA", "switch relay 1 of board 1 off, or the answer"},
		{"01 05 00 FF 00 00 FD FA", "switch all relays of board 1 off, or the answer"},
		{"01 01 00 00 00 08 3D CC", "ask board 1 for 8 relays from number 1"},
		{"01 02 00 00 00 08 79 CC", "ask board 1 for 8 inputs from number 1"},
		{"00 03 40 00 00 01 90 1B", "ask the only board on the line for its unit id"},
		{"00 06 40 00 00 02 1C 1A", "set the unit id of board 0 to 2"},
		{"01 02 01 05 61 8B", "board 1: input 1, 3 on"},
		{"01 85 03 02 91", "board 1 refuses function 05: illegal value (exception 3)"},
		{"01 05 02 00 00 02 4D B2", "!a frame with a wrong checksum"},
		{"FF FE", "!no frame"},
		{"01 02 01", "!the start of a frame, the rest is missing"},
		{
			"FF 01 02 00 00 00 08 79 CC 01 02 01 05 61 8B",
			"!no frame;ask board 1 for 8 inputs from number 1;board 1: input 1, 3 on",
		},
	} {
		var got []string
		var whole []byte
		for _, e := range codec.Explain(unhex(t, c.input)) {
			text := e.Text
			if !e.Valid {
				text = "!" + text
			}
			got = append(got, text)
			whole = append(whole, e.Bytes...)
		}
		if strings.Join(got, ";") != c.want {
			t.Errorf("%s: %q, want %q", c.input, got, c.want)
		}
		if !bytes.Equal(whole, unhex(t, c.input)) {
			t.Errorf("%s: explained as % X", c.input, whole)
		}
	}
}

// FuzzSplit: no bytes may panic, grow without bound, or give a frame whose bytes never came.
func FuzzSplit(f *testing.F) {
	for _, ref := range references(f) {
		f.Add(ref.bytes, byte(3), false, ref.host)
		f.Add(append([]byte{1, 2, 0, 0, 0, byte(len(ref.bytes) - 2)}, ref.bytes[:len(ref.bytes)-2]...), byte(1), true, ref.host)
	}
	f.Fuzz(func(t *testing.T, line []byte, size byte, tcp, host bool) {
		framing, side := modbus.FramingRTU, modbus.SideBoard
		if tcp {
			framing = modbus.FramingTCP
		}
		if host {
			side = modbus.SideHost
		}
		scan := exchange.NewScanner(modbus.Split(framing, side))
		var taken uint64
		for rest := line; ; {
			n := min(len(rest), int(size)%7+1)
			if _, err := scan.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
			for found, ok := scan.Next(len(rest) == 0); ok; found, ok = scan.Next(len(rest) == 0) {
				raw := found.Frame.Encode(framing)
				if !bytes.Equal(raw, found.Raw) || !bytes.Contains(line, raw) {
					t.Fatalf("frame % X is not in % X", raw, line)
				}
				taken += uint64(len(raw))
			}
			if len(rest) == 0 {
				break
			}
		}
		if total := uint64(len(line)); taken+scan.Dropped+uint64(scan.Buffered()) != total {
			t.Fatalf("%d taken, %d dropped, %d left of %d bytes", taken, scan.Dropped, scan.Buffered(), total)
		}
		codec, err := modbus.NewCodec(modbus.Options{Polarity: modbus.PolarityClosing, Framing: framing})
		if err != nil {
			t.Fatal(err)
		}
		explained := 0
		for _, e := range codec.Explain(line) {
			explained += len(e.Bytes)
		}
		if explained != len(line) {
			t.Fatalf("%d of %d bytes explained", explained, len(line))
		}
	})
}

package wkly_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cubby/board"
	"cubby/board/exchange"
	"cubby/board/wkly"
)

// reference is one line of testdata/frames.hex.
type reference struct {
	host    bool
	bytes   []byte
	role    string
	command wkly.Command
	fields  map[string]string
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
		ref := reference{host: line[0] == '>', bytes: unhex(tb, strings.TrimSpace(data)), fields: map[string]string{}}
		for i, word := range strings.Fields(words) {
			switch i {
			case 0:
				ref.role = word
			case 1:
				ref.command = wkly.Command(unhex(tb, word)[0])
			default:
				key, value, _ := strings.Cut(word, "=")
				ref.fields[key] = value
			}
		}
		refs = append(refs, ref)
	}
	if len(refs) != 23 {
		tb.Fatalf("%d reference frames, want all 23", len(refs))
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
		addr, ch := board.Address(ref.number(t, "addr")), board.Channel(ref.number(t, "ch"))
		var got []byte
		switch {
		case !ref.host:
			continue
		case ref.command == wkly.CommandOpen:
			got = wkly.EncodeOpen(addr, ch)
		case ref.command == wkly.CommandQuery:
			got = wkly.EncodeQuery(addr, ch)
		case ref.command == wkly.CommandQueryAll:
			got = wkly.EncodeQueryAll(addr)
		case ref.command == wkly.CommandOpenAll:
			got = wkly.Frame{Command: ref.command, Addr: addr}.Encode()
		case ref.command == wkly.CommandBlink:
			got = wkly.Frame{Command: ref.command, Addr: addr, Data: []byte{byte(ch)}}.Encode()
		default: // several channels
			got = wkly.Frame{Command: ref.command, Addr: addr, Data: []byte{3, 1, 2, 3}}.Encode()
		}
		if !bytes.Equal(got, ref.bytes) {
			t.Errorf("%v %v: % X, want % X", ref.command, ref.fields, got, ref.bytes)
		}
	}
}

func TestSplit_Reference(t *testing.T) {
	t.Parallel()
	for _, ref := range references(t) {
		f, n, v := wkly.Split(ref.bytes, false)
		if v != exchange.Valid || n != len(ref.bytes) {
			t.Errorf("% X: %v of %d bytes", ref.bytes, v, n)
			continue
		}
		if f.Command != ref.command || int(f.Addr) != ref.number(t, "addr") || f.Role().String() != ref.role ||
			f.Failed() != (ref.fields["failed"] == "yes") {
			t.Errorf("% X: %+v is a %v, want %s %v %v", ref.bytes, f, f.Role(), ref.role, ref.command, ref.fields)
		}
		if !bytes.Equal(f.Encode(), ref.bytes) {
			t.Errorf("% X encodes to % X", ref.bytes, f.Encode())
		}
		var named string
		doors := map[byte][]string{}
		for ch := board.Channel(0); ch <= wkly.MaxChannels+1; ch++ {
			if f.Names(ch) {
				named += strconv.Itoa(int(ch))
			}
			if door, ok := f.Door(ch); ok {
				doors[door] = append(doors[door], strconv.Itoa(int(ch)))
			}
		}
		if named != ref.fields["ch"] {
			t.Errorf("% X names channel %q, want %q", ref.bytes, named, ref.fields["ch"])
		}
		for door, field := range map[byte]string{0: "open", 1: "closed", 0xFF: "unknown"} {
			if got := strings.Join(doors[door], ","); got != ref.fields[field] {
				t.Errorf("% X: %s %s, want %s", ref.bytes, field, got, ref.fields[field])
			}
		}
	}
}

func TestScanner_Next(t *testing.T) {
	t.Parallel()
	const letters = "57 4B 4C 59 "
	const reply, change = letters + "0B 00 82 00 01 00 81", letters + "0A 00 85 01 01 86"
	for _, c := range []struct {
		name  string
		input string // pieces separated by a comma
		want  string // hex of what follows each other
		sums  uint64
	}{
		{name: "whole", input: reply, want: reply},
		{name: "in pieces", input: "57, 4B 4C 59 0B, 00 82 00 01, 00, 81", want: reply},
		{name: "noise before", input: "FF 57 4B 00 57 " + reply, want: reply},
		{name: "half, then whole", input: letters + "0B 00 " + reply, want: reply},
		{name: "two glued", input: change + reply, want: change + reply},
		{name: "checksum without letters and length", input: letters + "0B 00 82 00 01 00 83" + reply, want: reply, sums: 1},
		{name: "board 32", input: letters + "0B 20 82 00 01 00 A1", want: ""},
		{name: "command 8A", input: letters + "09 00 8A 01 8B", want: ""},
		{name: "channel 0", input: letters + "0B 00 82 00 00 00 80", want: ""},
		{name: "channel 65", input: letters + "0B 00 82 00 41 00 C1", want: ""},
		{name: "status 01", input: letters + "0B 00 82 01 01 00 80", want: ""},
		{name: "door 02", input: letters + "0B 00 82 00 01 02 83", want: ""},
		{name: "two bytes of data", input: letters + "0A 00 82 00 01 80", want: ""},
		{name: "count too high", input: letters + "0C 00 84 00 03 01 01 82", want: ""},
		{name: "length 7", input: letters + "07 00 84 8A", want: ""},
		{name: "failed and no more", input: letters + "09 00 83 FF 7C", want: letters + "09 00 83 FF 7C"},
	} {
		scan := exchange.NewScanner(wkly.Split)
		var got []byte
		next := func(quiet bool) {
			for found, ok := scan.Next(quiet); ok; found, ok = scan.Next(quiet) {
				got = append(got, found.Frame.Encode()...)
			}
		}
		for piece := range strings.SplitSeq(c.input, ",") {
			if _, err := scan.Write(unhex(t, strings.TrimSpace(piece))); err != nil {
				t.Fatal(err)
			}
			next(false)
		}
		next(true)
		if want := unhex(t, c.want); !bytes.Equal(got, want) || scan.Checksums != c.sums {
			t.Errorf("%s: % X and %d bad sums, want % X and %d", c.name, got, scan.Checksums, want, c.sums)
		}
	}
}

// frames draws frames of every command and both directions.
func frames() *rapid.Generator[wkly.Frame] {
	return rapid.Custom(func(t *rapid.T) wkly.Frame {
		f := wkly.Frame{
			Command: wkly.Command(rapid.ByteRange(0x80, 0x89).Draw(t, "command")),
			Addr:    board.Address(rapid.IntRange(0, wkly.MaxAddress).Draw(t, "addr")),
		}
		channel := rapid.ByteRange(1, wkly.MaxChannels)
		status, door := rapid.SampledFrom([]byte{0, 0xFF}), rapid.SampledFrom([]byte{0, 1, 0xFF})
		request := rapid.Bool().Draw(t, "request")
		switch f.Command {
		case wkly.CommandOpenSome, wkly.CommandOpenQueue:
			if list := rapid.SliceOfN(channel, 1, 9).Draw(t, "channels"); request {
				f.Data = append([]byte{byte(len(list))}, list...)
			} else {
				f.Data = []byte{status.Draw(t, "status")}
			}
		case wkly.CommandOpenAll:
			if !request {
				f.Data = []byte{status.Draw(t, "status")}
			}
		case wkly.CommandQueryAll:
			if list := rapid.SliceOfN(door, 1, wkly.MaxChannels).Draw(t, "doors"); !request {
				f.Data = append([]byte{status.Draw(t, "status"), byte(len(list))}, list...)
			}
		case wkly.CommandChange:
			f.Data = []byte{channel.Draw(t, "channel"), door.Draw(t, "door")}
		case wkly.CommandOpen, wkly.CommandQuery:
			if f.Data = []byte{channel.Draw(t, "channel")}; !request {
				f.Data = []byte{status.Draw(t, "status"), f.Data[0], door.Draw(t, "door")}
			}
		case wkly.CommandBlink, wkly.CommandLight, wkly.CommandDark:
			if f.Data = []byte{channel.Draw(t, "channel")}; !request {
				f.Data = []byte{status.Draw(t, "status"), f.Data[0]}
			}
		}
		return f
	})
}

// TestSplit_RoundTrip: what is encoded is read back the same, and a part of it is no frame.
func TestSplit_RoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := frames().Draw(t, "frame")
		raw := f.Encode()
		got, n, v := wkly.Split(raw, false)
		if v != exchange.Valid || n != len(raw) || got.Command != f.Command || got.Addr != f.Addr ||
			!bytes.Equal(got.Data, f.Data) || got.Role() == 0 {
			t.Fatalf("% X: %+v, %d, %v, want %+v", raw, got, n, v, f)
		}
		short := raw[:rapid.IntRange(1, len(raw)-1).Draw(t, "length")]
		if _, _, v := wkly.Split(short, false); v != exchange.Incomplete {
			t.Fatalf("% X is %v, want incomplete", short, v)
		}
	})
}

// TestScanner_Resync: any frame is found behind any noise that cannot start a frame, in any pieces.
func TestScanner_Resync(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		scan := exchange.NewScanner(wkly.Split)
		f := frames().Draw(t, "frame")
		noise := rapid.SliceOfN(rapid.ByteRange(0x58, 0xFF), 0, 40).Draw(t, "noise")
		line := append(noise, f.Encode()...)
		var got []wkly.Frame
		for len(line) > 0 {
			n := rapid.IntRange(1, len(line)).Draw(t, "piece")
			_, _ = scan.Write(line[:n])
			line = line[n:]
			for found, ok := scan.Next(len(line) == 0); ok; found, ok = scan.Next(len(line) == 0) {
				got = append(got, found.Frame)
			}
		}
		if len(got) != 1 || !bytes.Equal(got[0].Encode(), f.Encode()) || scan.Dropped != uint64(len(noise)) {
			t.Fatalf("%+v and %d bytes dropped, want %+v and %d", got, scan.Dropped, f, len(noise))
		}
	})
}

// FuzzSplit: no bytes may panic, grow without bound, or give a frame whose bytes never came.
func FuzzSplit(f *testing.F) {
	for _, ref := range references(f) {
		f.Add(ref.bytes, byte(3))
		f.Add(append([]byte{0x57, 0x4B, 0x4C}, ref.bytes...), byte(1))
	}
	f.Fuzz(func(t *testing.T, line []byte, size byte) {
		scan := exchange.NewScanner(wkly.Split)
		var taken uint64
		for rest := line; ; {
			n := min(len(rest), int(size)%7+1)
			if _, err := scan.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
			for found, ok := scan.Next(len(rest) == 0); ok; found, ok = scan.Next(len(rest) == 0) {
				if !bytes.Equal(found.Raw, found.Frame.Encode()) || !bytes.Contains(line, found.Raw) ||
					found.Frame.Role() == 0 {
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
		explainAll(t, line)
	})
}

// explainAll requires that every byte is explained once, in order.
func explainAll(t *testing.T, line []byte) {
	t.Helper()
	codec, err := wkly.NewCodec(wkly.Options{})
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
	codec, err := wkly.NewCodec(wkly.Options{Channels: 12})
	if err != nil {
		t.Fatal(err)
	}
	for want, frame := range map[string]func() ([]byte, error){
		"57 4B 4C 59 09 00 82 01 83": func() ([]byte, error) { return codec.OpenFrame(0, 1) },
		"57 4B 4C 59 09 0A 82 01 89": func() ([]byte, error) { return codec.OpenFrame(10, 1) },
		"57 4B 4C 59 08 00 84 85":    func() ([]byte, error) { return codec.StatusFrame(0, 0) },
		"57 4B 4C 59 09 00 83 01 82": func() ([]byte, error) { return codec.StatusFrame(0, 1) },
	} {
		if got, err := frame(); err != nil || !bytes.Equal(got, unhex(t, want)) {
			t.Errorf("% X, %v, want %s", got, err, want)
		}
	}
	for want, call := range map[string]func() ([]byte, error){
		"board 32":   func() ([]byte, error) { return codec.OpenFrame(32, 1) },
		"channel 0":  func() ([]byte, error) { return codec.OpenFrame(1, 0) },
		"channel 13": func() ([]byte, error) { return codec.OpenFrame(1, 13) },
		"channel 14": func() ([]byte, error) { return codec.StatusFrame(1, 14) },
	} {
		if got, err := call(); !errors.Is(err, board.ErrRange) || !strings.Contains(err.Error(), want) || got != nil {
			t.Errorf("% X, %v, want %q out of range", got, err, want)
		}
	}
}

func TestCodec_Explain(t *testing.T) {
	t.Parallel()
	codec, err := wkly.NewCodec(wkly.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var line []byte
	for _, ref := range references(t) {
		line = append(line, ref.bytes...)
	}
	line = append(line, unhex(t, "00 57 4B 4C 59 09 00 82 01 84 57 4B 4C 59 08 00 88")...)
	want := []string{
		"open channels 1, 2, 3 of board 0 at once",
		"blink for channel 1 of board 0",
		"open channel 1 of board 0",
		"open channel 1 of board 1",
		"open channel 1 of board 10",
		"ask board 0 for channel 1",
		"ask board 0 for all channels",
		"open all channels of board 0",
		"open channels 1, 2, 3 of board 0 one after another",
		`board 0 answers "open several": done`,
		`board 0 answers "open several": failed`,
		`board 0 answers "blink": done`,
		`board 0 answers "open": channel 1 open`,
		`board 0 answers "open": channel 5 closed`,
		`board 0 answers "open": failed`,
		`board 0 answers "ask for one door": channel 1 open`,
		`board 0 answers "ask for all doors": 24 channels, open 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, ` +
			`17, 18, 19, 20, 21, 22, 23, 24`,
		`board 0 answers "ask for all doors": 4 channels, open 1, 4`,
		`board 31 answers "ask for all doors": 2 channels, all closed, not known 2`,
		`board 0 answers "open all": done`,
		`board 0 answers "open one after another": done`,
		"board 0 reports unasked: channel 1 closed",
		"board 0 reports unasked: channel 2 open",
		"!no frame",
		`!looks like "open", but the checksum is 84 instead of 83`,
		"!the start of a frame, the rest is missing",
	}
	got := codec.Explain(line)
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
	for _, p := range []wkly.Polarity{wkly.PolarityClosing, wkly.PolarityOpening} {
		if got, err := wkly.ParsePolarity(p.String()); err != nil || got != p {
			t.Errorf("%v: %v, %v", p, got, err)
		}
	}
	for _, p := range []wkly.Poll{wkly.PollAll, wkly.PollOne} {
		if got, err := wkly.ParsePoll(p.String()); err != nil || got != p {
			t.Errorf("%v: %v, %v", p, got, err)
		}
	}
	if e, err := wkly.ParseEcho("off"); err != nil || e != wkly.EchoOff {
		t.Errorf("%v, %v", e, err)
	}
	if _, err := wkly.ParsePolarity("01"); err == nil || !strings.Contains(err.Error(), "want closing or opening") {
		t.Errorf("error %v does not say what to write", err)
	}
	if _, err := wkly.ParsePoll("each"); err == nil || !strings.Contains(err.Error(), "want all or one") {
		t.Errorf("error %v does not say what to write", err)
	}
	for _, word := range []string{
		wkly.Polarity(0).String(), wkly.Poll(9).String(), wkly.Command(0).String(), wkly.Role(0).String(),
	} {
		if word != "invalid" {
			t.Errorf("%q, want invalid", word)
		}
	}
}

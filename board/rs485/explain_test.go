package rs485_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"cubby/board"
	"cubby/board/rs485"
)

func newCodec(tb testing.TB, opts rs485.Options) *rs485.Codec {
	tb.Helper()
	if opts.Polarity == 0 {
		opts.Polarity = rs485.PolarityOpening
	}
	codec, err := rs485.NewCodec(opts)
	if err != nil {
		tb.Fatal(err)
	}
	return codec
}

// TestCodec_Frames holds the bytes of the reference document.
func TestCodec_Frames(t *testing.T) {
	t.Parallel()
	short, long := newCodec(t, rs485.Options{}), newCodec(t, rs485.Options{PulseSeconds: 5})
	for _, c := range []struct {
		frame func() ([]byte, error)
		want  string
	}{
		{func() ([]byte, error) { return short.OpenFrame(1, 1) }, "8A 01 01 11 9B"},
		{func() ([]byte, error) { return long.OpenFrame(1, 1) }, "8A 01 01 11 05 9E"},
		{func() ([]byte, error) { return short.StatusFrame(1, 1) }, "80 01 01 33 B3"},
		{func() ([]byte, error) { return short.StatusFrame(1, 0) }, "80 01 00 33 B2"},
	} {
		frame, err := c.frame()
		if got := fmt.Sprintf("% X", frame); err != nil || got != c.want {
			t.Errorf("%s, %v, want %s", got, err, c.want)
		}
	}
	for _, bad := range []func() ([]byte, error){
		func() ([]byte, error) { return short.OpenFrame(1, 0) }, // many openings with one request
		func() ([]byte, error) { return short.OpenFrame(1, 25) },
		func() ([]byte, error) { return short.OpenFrame(0, 1) },
		func() ([]byte, error) { return short.OpenFrame(32, 1) },
		func() ([]byte, error) { return short.StatusFrame(1, 25) },
		func() ([]byte, error) { return short.StatusFrame(32, 0) },
	} {
		if frame, err := bad(); !errors.Is(err, board.ErrRange) || frame != nil {
			t.Errorf("% X, %v, want a refusal", frame, err)
		}
	}
	if _, err := rs485.NewCodec(rs485.Options{}); err == nil {
		t.Error("a codec without a polarity is made")
	}
}

// TestCodec_Explain reads what a person might see on a line. A row is one explanation for each "|".
func TestCodec_Explain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ seen, want string }{
		{"8A 01 01 11 9B", "+open channel 1 of board 1, or its answer when the switch says open"},
		{"8A 01 01 00 8A", "+board 1 opened channel 1, whose switch says closed"},
		{"8A 01 01 11 05 9E", "+open channel 1 of board 1 with a pulse of 5 s"},
		{"8A 01 00 11 9A", "+open all channels of board 1, one after another"},
		{"8A 01 00 11 03 99", "+open all channels of board 1 with a pulse of 3 s"},
		{"80 01 01 33 B3", "+ask for the state of channel 1 of board 1"},
		{"80 01 00 33 B2", "+ask for the state of all channels of board 1"},
		{"80 01 01 00 80", "+board 1 says that channel 1 is closed"},
		{"80 01 01 11 91", "+board 1 says that channel 1 is open"},
		{"80 01 00 00 00 33 B2", "+board 1 says that all of its 24 channels are closed"},
		{"80 01 00 00 22 33 90", "+board 1 says that of 24 channels these are open: 2, 6"},
		{"80 02 80 00 00 01 33 30", "+board 2 says that of 24 channels these are open: 1"},
		{"81 01 05 11 94", "+board 1 reports unasked that channel 5 is now open"},
		{"82 1F 18 00 85", "+board 31 reports unasked that channel 24 is now closed"},
		{
			"80 01 00 33 B2 80 01 00 00 00 33 B2",
			"+ask for the state of all channels of board 1|+board 1 says that all of its 24 channels are closed",
		},
		{
			"FF FF 8A 01 01 11 9B 8A 01",
			"-no frame|+open channel 1 of board 1, or its answer when the switch says open|" +
				"-the start of a frame, the rest is missing",
		},
		{
			"8A 01 01 11 9C",
			"-open channel 1 of board 1, or its answer when the switch says open, but the checksum is 9C and should be 9B",
		},
		{"80 01 01 33 00", "-ask for the state of channel 1 of board 1, but the checksum is 00 and should be B3"},
		{"81 01 05 11 00", "-board 1 reports unasked that channel 5 is now open, but the checksum is 00 and should be 94"},
		{"8A 01 01 22 A8", "-no frame"},
		{"8A 20 01 11 BA", "-no frame"},
		{"", ""},
	} {
		var got []string
		for _, e := range newCodec(t, rs485.Options{}).Explain(unhex(t, c.seen)) {
			sign := "-"
			if e.Valid {
				sign = "+"
			}
			got = append(got, sign+e.Text)
		}
		if text := strings.Join(got, "|"); text != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.seen, text, c.want)
		}
	}
	closing := newCodec(t, rs485.Options{Polarity: rs485.PolarityClosing, Channels: 8})
	want := "board 1 says that of 8 channels these are open: 1, 2, 3, 4, 5, 6, 7, 8"
	if got := closing.Explain(unhex(t, "80 01 00 00 00 33 B2")); len(got) != 1 || got[0].Text != want {
		t.Errorf("%+v, want %s", got, want)
	}
}

// FuzzCodec_Explain: nothing is left out, nothing panics, and a valid frame has its checksum.
func FuzzCodec_Explain(f *testing.F) {
	for _, ref := range references(f) {
		f.Add(ref.bytes)
		f.Add(append([]byte{0x8A, 0x01}, ref.bytes...))
	}
	codec := newCodec(f, rs485.Options{})
	f.Fuzz(func(t *testing.T, seen []byte) {
		var all []byte
		for _, e := range codec.Explain(seen) {
			all = append(all, e.Bytes...)
			var sum byte
			for _, b := range e.Bytes {
				sum ^= b
			}
			if e.Valid && sum != 0 || e.Text == "" {
				t.Fatalf("% X is explained as %+v", e.Bytes, e)
			}
		}
		if !bytes.Equal(all, seen) {
			t.Fatalf("% X is explained as % X", seen, all)
		}
	})
}

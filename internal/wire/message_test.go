package wire_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

// messages returns one message of every type, all fields set.
func messages() []wire.Message {
	return []wire.Message{
		filled(wire.Hello{}), filled(wire.Challenge{}), filled(wire.Proof{}), filled(wire.Welcome{}),
		wire.UploadBatch{Items: []wire.Upload{
			{Position: wire.Position{Epoch: 1, Number: 300}, Op: []byte(`{"v":1}`), Annex: []byte(`{"a":"b"}`)},
			{Position: wire.Position{Epoch: 2, Number: 1}, Op: []byte{0, 255}},
		}},
		filled(wire.Ack{}), filled(wire.DirectoryBatch{}), filled(wire.DirectoryAck{}), filled(wire.Intents{}),
		filled(wire.Status{}), filled(wire.Head{}), filled(wire.Countersigned{}), filled(wire.Refuse{}),
		filled(wire.Notice{}), filled(wire.Beat{}), filled(wire.Recall{}),
	}
}

func TestMessages_AreAllTypes(t *testing.T) {
	t.Parallel()
	seen := map[wire.Type]bool{}
	for _, m := range messages() {
		seen[m.Type()] = true
	}
	for n := wire.Type(1); !strings.HasPrefix(n.String(), "type "); n++ {
		if !seen[n] {
			t.Errorf("no golden of %s", n)
		}
		delete(seen, n)
	}
	if len(seen) > 0 {
		t.Errorf("types without a name: %v", seen)
	}
}

func TestMessage_Golden(t *testing.T) {
	t.Parallel()
	for _, m := range messages() {
		frame, err := wire.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "message/"+m.Type().String()+".hex", dump(frame))
		back, err := wire.Decode(frame)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, back); diff != "" {
			t.Errorf("%s does not come back (-want +got):\n%s", m.Type(), diff)
		}
	}
}

func TestMessage_ReleasedAreDecodedForEver(t *testing.T) {
	t.Parallel()
	for _, path := range released(t, "message/*.hex") {
		frame := undump(t, readFile(t, path))
		m, err := wire.Decode(frame)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if _, is := m.(wire.Unrecognized); is {
			t.Errorf("%s is not recognized", path)
		}
		if m.Type() == wire.TypeUploadBatch {
			continue
		}
		again, err := wire.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		if !keeps(parseJSON(t, frame[2:]), parseJSON(t, again[2:])) {
			t.Errorf("%s lost something", path)
		}
	}
}

// A half of the version before lacks fields, one of the version after has more: both are read.
func TestDecode_OtherVersions(t *testing.T) {
	t.Parallel()
	want := map[string]wire.Message{
		"older_hello":   wire.Hello{Versions: []int{1}, Key: "k1abc", Site: "site", Nonce: []byte{1, 2, 3}},
		"older_welcome": wire.Welcome{Acked: wire.Position{Epoch: 1, Number: 7}},
		"older_ack":     wire.Ack{Position: wire.Position{Epoch: 1, Number: 7}},
		"older_status":  wire.Status{Version: "0.1.0", Boot: "b"},
		"older_intents": wire.Intents{Items: []wire.Intent{{ID: "i", Kind: wire.IntentOpen, Expires: 5, Place: "p"}}},
		"newer_beat":    wire.Beat{Seq: 4},
		"newer_upload":  wire.UploadBatch{Items: []wire.Upload{{Position: wire.Position{Epoch: 1, Number: 2}, Op: []byte("op"), Annex: []byte("an")}}},
		"newer_type":    wire.Unrecognized{Number: 200, Payload: []byte("anything")},
	}
	for name, m := range want {
		frame := undump(t, readFile(t, filepath.Join("testdata", "other", name+".hex")))
		got, err := wire.Decode(frame)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDecode_Refuses(t *testing.T) {
	t.Parallel()
	upload := func(count uint64, rest ...byte) []byte {
		return append(binary.AppendUvarint([]byte{byte(wire.TypeUploadBatch), 1}, count), rest...)
	}
	for name, c := range map[string]struct {
		frame []byte
		want  error
	}{
		"nothing":         {nil, wire.ErrMalformed},
		"no version":      {[]byte{1}, wire.ErrMalformed},
		"type 0":          {[]byte{0, 1, '{', '}'}, wire.ErrMalformed},
		"other version":   {[]byte{1, 2, '{', '}'}, &locker.Error{Code: locker.CodeVersionUnsupported}},
		"no payload":      {[]byte{1, 1}, wire.ErrMalformed},
		"null":            {[]byte("\x01\x01null"), wire.ErrMalformed},
		"array":           {[]byte("\x01\x01[]"), wire.ErrMalformed},
		"too large":       {make([]byte, wire.MaxFrameSize+1), wire.ErrTooLarge},
		"huge count":      {upload(1 << 62), wire.ErrTooLarge},
		"count too high":  {upload(2, 5, 1, 1, 1, 'x', 0), wire.ErrMalformed},
		"trailing":        {upload(1, 5, 1, 1, 1, 'x', 0, 9), wire.ErrMalformed},
		"item cut":        {upload(1, 5, 1, 1, 9, 'x', 0), wire.ErrMalformed},
		"operation large": {upload(1, bigItem()...), wire.ErrTooLarge},
	} {
		if _, err := wire.Decode(c.frame); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// bigItem returns an item with an operation of one byte too many.
func bigItem() []byte {
	inner := binary.AppendUvarint([]byte{1, 1}, wire.MaxOperationSize+1)
	inner = append(append(inner, make([]byte, wire.MaxOperationSize+1)...), 0)
	return append(binary.AppendUvarint(nil, uint64(len(inner))), inner...)
}

func TestDecode_CountsAreLimited(t *testing.T) {
	t.Parallel()
	for _, m := range []wire.Message{
		wire.DirectoryBatch{Changes: make([]wire.Change, wire.MaxChanges+1)},
		wire.Intents{Items: make([]wire.Intent, wire.MaxIntents+1)},
		wire.UploadBatch{Items: make([]wire.Upload, wire.MaxBatch+1)},
	} {
		if _, err := wire.Encode(m); !errors.Is(err, wire.ErrTooLarge) {
			t.Errorf("encode %s: %v", m.Type(), err)
		}
		payload, err := json.Marshal(m)
		if err != nil || m.Type() == wire.TypeUploadBatch {
			continue
		}
		frame := append([]byte{byte(m.Type()), 1}, payload...)
		if _, err := wire.Decode(frame); !errors.Is(err, wire.ErrTooLarge) {
			t.Errorf("decode %s: %v", m.Type(), err)
		}
	}
}

func TestFitUploads(t *testing.T) {
	t.Parallel()
	large := wire.Upload{Position: wire.Position{Epoch: 1, Number: 1}, Op: make([]byte, wire.MaxOperationSize), Annex: make([]byte, wire.MaxAnnexSize)}
	for name, c := range map[string]struct {
		items []wire.Upload
		most  bool // that one more does not fit
	}{
		"none":  {nil, false},
		"large": {slicesOf(large, 40), true},
		"many":  {slicesOf(wire.Upload{Op: []byte("x")}, wire.MaxBatch+1), true},
	} {
		n := wire.FitUploads(c.items)
		if _, err := wire.Encode(wire.UploadBatch{Items: c.items[:n]}); err != nil {
			t.Errorf("%s: %d do not fit: %v", name, n, err)
		}
		if c.most {
			if _, err := wire.Encode(wire.UploadBatch{Items: c.items[:n+1]}); err == nil {
				t.Errorf("%s: %d would fit too", name, n+1)
			}
		}
	}
}

func slicesOf[T any](item T, n int) []T {
	items := make([]T, n)
	for i := range items {
		items[i] = item
	}
	return items
}

func TestFrames_ComeBack(t *testing.T) {
	t.Parallel()
	body, err := wire.EncodeFrames(messages()...)
	if err != nil {
		t.Fatal(err)
	}
	back, err := wire.DecodeFrames(body)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(messages(), back); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for cut := 1; cut < len(body); cut += 97 {
		if all, err := wire.DecodeFrames(body[:cut]); err == nil && len(all) >= len(messages()) {
			t.Fatalf("took a body that was cut at %d", cut)
		}
	}
	many := bytes.Repeat([]byte{4, 15, 1, '{', '}'}, wire.MaxFrames+1)
	if _, err := wire.DecodeFrames(many); !errors.Is(err, wire.ErrTooLarge) {
		t.Errorf("too many: %v", err)
	}
}

func TestAnnex_ComesBack(t *testing.T) {
	t.Parallel()
	for _, a := range []wire.Annex{{}, {"r1": "1Z999AA10123456784"}, {"b": "é<&>", "a": ""}} {
		data, err := wire.EncodeAnnex(a)
		if err != nil {
			t.Fatal(err)
		}
		back, err := wire.DecodeAnnex(data)
		if err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(map[locker.AnnexRef]string(a), map[locker.AnnexRef]string(back)) {
			t.Errorf("got %v entries", len(back))
		}
	}
	many := wire.Annex{}
	for i := range wire.MaxAnnexEntries + 1 {
		many[locker.AnnexRef(strings.Repeat("x", i+1))] = ""
	}
	for name, a := range map[string]wire.Annex{"many": many, "large": {"r": strings.Repeat("x", wire.MaxAnnexSize)}} {
		if _, err := wire.EncodeAnnex(a); !errors.Is(err, wire.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{"{", "[]", `{"a":1}`} {
		if _, err := wire.DecodeAnnex([]byte(text)); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestIntent_Expires(t *testing.T) {
	t.Parallel()
	i := wire.Intent{Expires: 100}
	if i.ExpiredAt(99) || !i.ExpiredAt(100) || !(wire.Intent{}).ExpiredAt(0) {
		t.Error("an intent has no effect from its expiry on")
	}
}

func FuzzDecode(f *testing.F) {
	for _, m := range messages() {
		frame, err := wire.Encode(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		m, err := wire.Decode(frame)
		if err != nil {
			return
		}
		first, err := wire.Encode(m)
		if errors.Is(err, wire.ErrTooLarge) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		m, err = wire.Decode(first)
		if err != nil {
			t.Fatalf("%v\n%q", err, first)
		}
		if second, err := wire.Encode(m); err != nil || !bytes.Equal(first, second) {
			t.Fatalf("not stable: %v\n%q\n%q", err, first, second)
		}
	})
}

func FuzzDecodeFrames(f *testing.F) {
	body, err := wire.EncodeFrames(messages()...)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Fuzz(func(t *testing.T, body []byte) {
		all, err := wire.DecodeFrames(body)
		if err == nil && len(all) > wire.MaxFrames {
			t.Fatal("too many")
		}
	})
}

func FuzzDecodeAnnex(f *testing.F) {
	f.Add([]byte(`{"a":"b"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := wire.DecodeAnnex(data)
		if err == nil && (a == nil || len(a) > wire.MaxAnnexEntries) {
			t.Fatal("nil or too many")
		}
	})
}

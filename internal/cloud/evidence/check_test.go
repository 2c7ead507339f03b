package evidence_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"cubby/internal/cloud/evidence"
)

// kept is the pack of a parcel of the demo, as version 1 writes it, with its operator's public key: it must
// verify for ever.
func kept(tb testing.TB) (pack []byte, want evidence.Wanted) {
	tb.Helper()
	pack, err := os.ReadFile("testdata/evidence.json")
	if err != nil {
		tb.Fatal(err)
	}
	public, err := os.ReadFile("testdata/operator.pub")
	if err != nil {
		tb.Fatal(err)
	}
	key, err := evidence.ParsePublic(public)
	if err != nil {
		tb.Fatal(err)
	}
	return pack, evidence.Wanted{Key: evidence.Key{Name: "cubby", Key: key}}
}

func TestCheck_KeptPack(t *testing.T) {
	t.Parallel()
	pack, want := kept(t)
	proven, err := evidence.Check(pack, want)
	if err != nil || proven.Records != 4 || len(proven.Entries) != 6 || len(proven.Heads) != 1 {
		t.Fatalf("%d records, %d entries, %d heads, %v", proven.Records, len(proven.Entries), len(proven.Heads), err)
	}
	again, err := proven.Pack.Encode()
	if err != nil || !bytes.Equal(again, pack) {
		t.Errorf("it is written as\n%s, %v", again, err)
	}
}

// FuzzCheck holds that no other bytes pass for the pack that the operator signed.
func FuzzCheck(f *testing.F) {
	pack, want := kept(f)
	text := string(pack)
	f.Add(pack)
	f.Add([]byte(strings.Replace(text, "door_opened", "door_closed", 1)))
	f.Add([]byte(strings.Replace(text, `"parts": [`, `"parts": [null,`, 1)))
	f.Add([]byte(`{"cubby_evidence":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := evidence.Check(data, want); err == nil && !bytes.Equal(data, pack) {
			t.Fatalf("accepted:\n%s", data)
		}
	})
}

func FuzzParsePublic(f *testing.F) {
	_, want := kept(f)
	public, err := os.ReadFile("testdata/operator.pub")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(public)
	f.Add([]byte("# only a note\n"))
	f.Add([]byte(strings.Repeat("ab", 32)))
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := evidence.ParsePublic(data)
		if err == nil && len(key) != len(want.Key.Key) {
			t.Fatalf("a key of %d bytes", len(key))
		}
	})
}

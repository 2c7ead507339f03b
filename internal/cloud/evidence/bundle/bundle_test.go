package bundle_test

import (
	"bytes"
	"os"
	"testing"

	"cubby/internal/cloud/evidence"
	"cubby/internal/cloud/evidence/bundle"
)

// FuzzCheck reads archives that somebody else has made: whatever is accepted holds the pack that was signed.
func FuzzCheck(f *testing.F) {
	archive, err := os.ReadFile("../testdata/evidence.zip")
	if err != nil {
		f.Fatal(err)
	}
	pack, err := os.ReadFile("../testdata/evidence.json")
	if err != nil {
		f.Fatal(err)
	}
	public, err := os.ReadFile("../testdata/operator.pub")
	if err != nil {
		f.Fatal(err)
	}
	key, err := evidence.ParsePublic(public)
	if err != nil {
		f.Fatal(err)
	}
	want := evidence.Wanted{Key: evidence.Key{Name: "cubby", Key: key}}
	if proven, err := bundle.Check(archive, want); err != nil || proven.Records != 4 {
		f.Fatal(proven.Records, err)
	}
	f.Add(archive)
	f.Add(archive[:len(archive)/2])
	f.Add([]byte("PK\x05\x06" + string(make([]byte, 18)))) // empty
	f.Fuzz(func(t *testing.T, data []byte) {
		proven, err := bundle.Check(data, want)
		if err != nil {
			return
		}
		if again, err := proven.Pack.Encode(); err != nil || !bytes.Equal(again, pack) {
			t.Fatalf("accepted another pack: %v", err)
		}
	})
}

package credential_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cubby/internal/credential"
)

func TestProof_Windows(t *testing.T) {
	t.Parallel()
	key := testKey(t, 6)
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 1<<40).Draw(t, "second"), 0)
		proof := credential.NewProof(key, "bank:1", at)
		for _, input := range []string{
			proof.Symbols, proof.Text, strings.ToLower(proof.Symbols), strings.ToLower(proof.Text) + "\r",
			strings.ReplaceAll(proof.Symbols, "-", " "), strings.ReplaceAll(proof.Symbols, "L", "1"),
		} {
			for _, tc := range []struct {
				after time.Duration
				want  bool
			}{
				{0, true},
				{proof.Until.Sub(at), true},
				{proof.Until.Sub(at) + credential.ProofWindow - time.Second, true},
				{proof.Until.Sub(at) + credential.ProofWindow, false},
				{-24 * time.Hour, false},
			} {
				if got := credential.VerifyProof(key, "bank:1", input, at.Add(tc.after)); got != tc.want {
					t.Fatalf("%q after %s: %t, want %t", input, tc.after, got, tc.want)
				}
			}
			if credential.VerifyProof(key, "bank:2", input, at) || credential.VerifyProof(testKeyOf(7), "bank:1", input, at) {
				t.Fatalf("%q passes at another bank or under another key", input)
			}
		}
	})
}

func TestProof_NothingWithoutKeyOrBank(t *testing.T) {
	t.Parallel()
	if p := credential.NewProof(credential.Key{}, "bank:1", start); p != (credential.Proof{}) {
		t.Error("a zero key made a proof")
	}
	for _, input := range []string{"", "P1.", "222222", strings.Repeat("2", 500)} {
		if credential.VerifyProof(credential.Key{}, "", input, start) || credential.VerifyProof(testKey(t, 6), "bank:1", input, start) {
			t.Errorf("%q passes", input)
		}
	}
}

package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"cubby/internal/auth"
)

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, password string
		want           error
	}{
		{"a phrase", "correct horse battery", nil},
		{"twelve characters", "kV7#tq2!Lp0z", nil},
		{"twelve letters of another script", "пароль-ворота", nil},
		{"long", strings.Repeat("otter river ", 21), nil},
		{"eleven", "kV7#tq2!Lp0", auth.ErrPasswordShort},
		{"too long", strings.Repeat("otter river ", 22), auth.ErrPasswordLong},
		{"one letter", strings.Repeat("a", 20), auth.ErrPasswordSimple},
		{"two letters", strings.Repeat("ab", 20), auth.ErrPasswordSimple},
		{"well known", "Password12345!", auth.ErrPasswordSimple},
		{"a row of keys", "qwertyuiop123", auth.ErrPasswordSimple},
		{"not text", "abc\xff\xfedefghijklm", auth.ErrPasswordSimple},
		{"the name", "maria.garcia1", auth.ErrPasswordPersonal},
		{"the address", "mgarcia@harbor.example", auth.ErrPasswordPersonal},
		{"a phrase with the name", "maria likes old trains", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := auth.CheckPassword(tc.password, "Maria Garcia", "mgarcia@harbor.example")
			if !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestPasswords_HashAndVerify(t *testing.T) {
	t.Parallel()
	p := auth.NewPasswords(auth.PasswordOptions{})
	const composed, decomposed = "caf\u00e9 au lait 12", "cafe\u0301 au lait 12"
	stored, err := p.Hash(t.Context(), composed)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored as %s", stored)
	}
	again, err := p.Hash(t.Context(), composed)
	if err != nil || again == stored {
		t.Errorf("two hashes of one password are the same, %v", err)
	}
	for _, tc := range []struct {
		name, stored, password string
		want                   auth.Verdict
	}{
		{"right", stored, composed, auth.Verdict{OK: true}},
		{"typed on another keyboard", stored, decomposed, auth.Verdict{OK: true}},
		{"wrong", stored, "cafe au lait 12", auth.Verdict{}},
		{"empty", stored, "", auth.Verdict{}},
		{"nobody", "", composed, auth.Verdict{}},
		{"a book", stored, strings.Repeat("a", 5000), auth.Verdict{}},
	} {
		got, err := p.Verify(t.Context(), tc.stored, tc.password)
		if err != nil || got != tc.want {
			t.Errorf("%s: %+v, %v; want %+v", tc.name, got, err, tc.want)
		}
	}
}

// weakHash is the password "password" with the salt "somesalt1", computed apart by OpenSSL's
// Argon2id with 64 KiB, two passes and one lane.
const weakHash = "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQx$5jIlvWjUayL7cIOckDqL0KU+HaGaC4PkeaqrU1HyNm8"

func TestPasswords_Rehash(t *testing.T) {
	t.Parallel()
	p := auth.NewPasswords(auth.PasswordOptions{})
	got, err := p.Verify(t.Context(), weakHash, "password")
	if err != nil || got != (auth.Verdict{OK: true, Rehash: true}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := p.Verify(t.Context(), weakHash, "passwore"); err != nil || got != (auth.Verdict{}) {
		t.Errorf("wrong password: %+v, %v", got, err)
	}
}

func TestPasswords_RefusesDamagedHashes(t *testing.T) {
	t.Parallel()
	p := auth.NewPasswords(auth.PasswordOptions{})
	for _, stored := range []string{
		"x", "$argon2i$v=19$m=64,t=2,p=1$c29tZXNhbHQx$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		strings.Replace(weakHash, "v=19", "v=16", 1),
		strings.Replace(weakHash, "m=64", "m=4194304", 1),
		strings.Replace(weakHash, "t=2", "t=4000000", 1),
		strings.Replace(weakHash, "p=1", "p=0", 1),
		weakHash[:len(weakHash)-30], weakHash + "!", weakHash + "$",
	} {
		if _, err := p.Verify(t.Context(), stored, "password"); !errors.Is(err, auth.ErrPasswordHash) {
			t.Errorf("%s: %v", stored, err)
		}
	}
}

func TestPasswords_WaitsItsTurn(t *testing.T) {
	t.Parallel()
	p := auth.NewPasswords(auth.PasswordOptions{Parallel: 1})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	failed := 0
	for range 20 { // with a free slot either may happen; the error must be the context's
		if _, err := p.Hash(ctx, "a password of mine"); err != nil {
			failed++
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
	}
	if failed == 0 {
		t.Error("a cancelled request was never dropped")
	}
}

func FuzzVerify(f *testing.F) {
	p := auth.NewPasswords(auth.PasswordOptions{})
	f.Add(weakHash)
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, stored string) {
		if strings.Contains(stored, "m=") && !strings.Contains(stored, "m=64,t=2,p=1") {
			return // parameters in range cost real time
		}
		if got, err := p.Verify(t.Context(), stored, "another"); err == nil && got.OK {
			t.Error("a wrong password passes")
		}
	})
}

package credential_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cubby/internal/credential"
)

func testKey(tb testing.TB, fill byte) credential.Key {
	tb.Helper()
	key, err := credential.NewKey(bytes.Repeat([]byte{fill}, credential.KeySize))
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// The expected values come from an implementation in another language (see the comment in the
// test); codes that were sent out must open doors after every upgrade.
func TestDerive_IsFixedForEver(t *testing.T) {
	t.Parallel()
	key := testKey(t, 7)
	c := credential.Derive(key, "stay:01J9Z0", 3)
	for _, tc := range []struct{ form, got, want string }{
		{"token", c.Token(), goldenToken},
		{"symbols", c.Symbols(), goldenSymbols},
		{"digits", c.Digits(), goldenDigits},
		{"key id", key.ID(), goldenKeyID},
	} {
		if tc.got != tc.want {
			t.Errorf("%s = %s, want %s", tc.form, tc.got, tc.want)
		}
	}
}

func TestDerive_DependsOnEveryInput(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, key := range []credential.Key{testKey(t, 1), testKey(t, 2)} {
		for _, subject := range []string{"stay:1", "stay:11", "grant:1", "courier:1", "staff:1"} {
			for generation := range uint32(3) {
				c := credential.Derive(key, subject, generation)
				for _, form := range []string{c.Token(), c.Symbols(), c.Digits()} {
					name := fmt.Sprintf("%s/%s/%d", key.ID(), subject, generation)
					if other := seen[form]; other != "" {
						t.Errorf("%s and %s share a form", name, other)
					}
					seen[form] = name
				}
			}
		}
	}
}

func TestDerive_NothingWithoutKeyOrSubject(t *testing.T) {
	t.Parallel()
	if !credential.Derive(credential.Key{}, "stay:1", 0).IsZero() {
		t.Error("a zero key made a code")
	}
	if !credential.Derive(testKey(t, 1), "", 0).IsZero() {
		t.Error("an empty subject made a code")
	}
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := credential.NewKey(bytes.Repeat([]byte{1}, n)); err == nil {
			t.Errorf("a key of %d bytes was taken", n)
		}
	}
	if _, err := credential.NewKey(make([]byte, credential.KeySize)); err == nil {
		t.Error("a key of zeroes was taken")
	}
}

func TestSecrets_PrintRedacted(t *testing.T) {
	t.Parallel()
	key := testKey(t, 'K')
	code := credential.Derive(key, "stay:1", 0)
	entry, err := credential.Parse(code.Token())
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, nil))
	for _, v := range []any{key, &key, code, &code, entry, credential.Live{Key: key}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		log.Info("value", slog.Any("value", v))
	}
	text := strings.ToLower(out.String())
	for _, leak := range []string{"kkkk", "4b4b", "75, 75", "0x4b", "75 75", strings.ToLower(code.Token()[3:])} {
		if strings.Contains(text, leak) {
			t.Errorf("printing leaks %q", leak)
		}
	}
}

func TestSymbols_Uniform(t *testing.T) {
	t.Parallel()
	const codes = 125_000 // a million symbols
	key := testKey(t, 42)
	var counts [credential.SymbolCount][len(credential.Alphabet)]float64
	var digits [credential.CodeLength][10]float64
	for i := range codes {
		c := credential.Derive(key, fmt.Sprintf("stay:%d", i), 0)
		symbols := strings.ReplaceAll(c.Symbols(), "-", "")
		for place := range credential.SymbolCount {
			counts[place][strings.IndexByte(credential.Alphabet, symbols[place])]++
		}
		for place, d := range strings.ReplaceAll(c.Digits(), "-", "") {
			digits[place][d-'0']++
		}
	}
	// 99.99 % points of chi-square with 19 and 9 degrees of freedom.
	for place := range counts {
		if x := chiSquare(counts[place][:], codes); x > 52.4 {
			t.Errorf("symbol %d: chi-square %.1f", place, x)
		}
	}
	for place := range digits {
		if x := chiSquare(digits[place][:], codes); x > 33.8 {
			t.Errorf("digit %d: chi-square %.1f", place, x)
		}
	}
}

func chiSquare(counts []float64, total int) (x float64) {
	want := float64(total) / float64(len(counts))
	for _, n := range counts {
		x += (n - want) * (n - want) / want
	}
	return x
}

func TestChiSquare_CanFail(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	var counts [20]float64
	for range 125_000 { // one part in 64 too many of one symbol
		if rng.IntN(64) == 0 {
			counts[3]++
			continue
		}
		counts[rng.IntN(20)]++
	}
	if x := chiSquare(counts[:], 125_000); x < 52.4 {
		t.Errorf("a biased source passes with %.1f", x)
	}
}

func TestSymbols_CheckCatchesSlips(t *testing.T) {
	t.Parallel()
	key := testKey(t, 9)
	rapid.Check(t, func(t *rapid.T) {
		subject := rapid.StringN(1, 20, -1).Draw(t, "subject")
		good := []byte(strings.ReplaceAll(credential.Derive(key, subject, 0).Symbols(), "-", ""))
		refused := func(typed []byte, what string, at int) {
			if bytes.Equal(typed, good) {
				return
			}
			if _, err := credential.Parse(string(typed)); err == nil {
				t.Fatalf("%s at %d passes: %s for %s", what, at, typed, good)
			}
		}
		for i := range good {
			for _, s := range []byte(credential.Alphabet) {
				typed := bytes.Clone(good)
				typed[i] = s
				refused(typed, "substitution", i)
			}
			for _, step := range []int{1, 2} { // neighbours, and across one symbol
				if i+step < len(good) {
					typed := bytes.Clone(good)
					typed[i], typed[i+step] = typed[i+step], typed[i]
					refused(typed, "transposition", i)
				}
			}
		}
	})
}

func TestSymbols_NeverReadAsDigits(t *testing.T) {
	t.Parallel()
	key := testKey(t, 5)
	for i := range 100_000 { // about 22 of them would, without the rule
		s := credential.Derive(key, strconv.Itoa(i), 0).Symbols()
		if !strings.ContainsAny(s[:len(s)-1], "CFHJKMNPRTWXY") {
			t.Fatalf("%s has no letter but L", s)
		}
	}
}

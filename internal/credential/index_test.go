package credential_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"cubby/internal/credential"
)

func mustParse(tb testing.TB, input string) credential.Entry {
	tb.Helper()
	entry, err := credential.Parse(input)
	if err != nil {
		tb.Fatalf("parse: %v", err)
	}
	return entry
}

func TestIndex_DigitsNeedTheirNumber(t *testing.T) {
	t.Parallel()
	key := testKey(t, 1)
	index := credential.NewIndex()
	for _, live := range []credential.Live{
		{Subject: "stay:1", Key: key, Holder: "unit:4B", Number: "4B", Alias: "1042", Kind: "stay"},
		{Subject: "stay:2", Key: key, Holder: "unit:5", Number: "5", Kind: "stay"},
		{Subject: "courier:1", Key: key, Holder: "courier:1", Kind: "courier"},
	} {
		if err := index.Put(live); err != nil {
			t.Fatal(err)
		}
	}
	one := credential.Derive(key, "stay:1", 0)
	courier := credential.Derive(key, "courier:1", 0)
	for _, tc := range []struct{ input, want string }{
		{"4b" + one.Digits(), "stay:1"},
		{"1042" + one.Digits(), "stay:1"},
		{"5" + one.Digits(), ""},
		{"77" + one.Digits(), ""},
		{one.Symbols(), "stay:1"},
		{"4B" + one.Symbols(), "stay:1"},
		{"1042" + one.Symbols(), "stay:1"},
		{"5" + one.Symbols(), ""},
		{"99" + one.Symbols(), ""},
		{one.Token(), "stay:1"},
		{courier.Token(), "courier:1"},
		{courier.Symbols(), "courier:1"},
		{"1" + courier.Digits(), ""},
	} {
		match, ok := index.Match(mustParse(t, tc.input))
		if match.Subject != tc.want || ok != (tc.want != "") {
			t.Errorf("%s matches %q, want %q", tc.input, match.Subject, tc.want)
		}
	}
	if got := index.Holder("1042"); got != "unit:4B" {
		t.Errorf("holder of the alias is %q", got)
	}
	if got := index.Holder("77"); got != "number:77" {
		t.Errorf("holder of an unknown number is %q", got)
	}
	if _, ok := index.Match(credential.Entry{}); ok {
		t.Error("the zero entry matches")
	}
}

// The index against the plainest model: a map of live codes.
func TestIndex_AgainstModel(t *testing.T) {
	t.Parallel()
	key := testKey(t, 2)
	rapid.Check(t, func(t *rapid.T) {
		index := credential.NewIndex()
		model := map[string]credential.Live{}
		subject := rapid.SampledFrom([]string{"stay:1", "stay:2", "stay:3", "grant:1", "staff:1"})
		number := rapid.SampledFrom([]string{"", "1", "2", "3A"})
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				live := credential.Live{
					Subject: subject.Draw(t, "subject"), Key: key,
					Generation: rapid.Uint32Range(0, 2).Draw(t, "generation"), Number: number.Draw(t, "number"),
				}
				live.Holder = "holder:" + live.Number
				if err := index.Put(live); err != nil {
					t.Fatal(err)
				}
				model[live.Subject] = live
			},
			"remove": func(t *rapid.T) {
				s := subject.Draw(t, "subject")
				index.Remove(s)
				delete(model, s)
			},
			"": func(t *rapid.T) {
				if index.Len() != len(model) {
					t.Fatalf("%d codes, want %d", index.Len(), len(model))
				}
				compareWithModel(t, index, model)
			},
		})
	})
}

func compareWithModel(t *rapid.T, index *credential.Index, model map[string]credential.Live) {
	for _, s := range []string{"stay:1", "stay:2", "stay:3", "grant:1", "staff:1"} {
		live, known := model[s]
		for generation := range uint32(3) {
			c := credential.Derive(testKeyOf(2), s, generation)
			want := known && generation == live.Generation
			for _, n := range []string{"", "1", "2", "3A"} {
				inputs := map[string]bool{n + c.Symbols(): want && (n == "" || n == live.Number)}
				if n == "" {
					inputs[c.Token()] = want
				} else {
					inputs[n+c.Digits()] = want && n == live.Number
				}
				for input, want := range inputs {
					entry, err := credential.Parse(input)
					if err != nil {
						t.Fatal(err)
					}
					if match, ok := index.Match(entry); ok != want || (ok && match.Subject != s) {
						t.Fatalf("%s generation %d as %s: %t %q, want %t", s, generation, input, ok, match.Subject, want)
					}
				}
			}
		}
	}
}

func testKeyOf(fill byte) credential.Key {
	var secret [credential.KeySize]byte
	for i := range secret {
		secret[i] = fill
	}
	key, _ := credential.NewKey(secret[:]) // the size is right
	return key
}

func TestIndex_RefusesWhatItCannotHold(t *testing.T) {
	t.Parallel()
	index := credential.NewIndex()
	if err := index.Put(credential.Live{Subject: "stay:1"}); !errors.Is(err, credential.ErrKey) {
		t.Errorf("no key: %v", err)
	}
	if err := index.Put(credential.Live{Subject: "stay:1", Key: testKey(t, 1), Number: "4?"}); !errors.Is(err, credential.ErrSymbol) {
		t.Errorf("bad number: %v", err)
	}
	if index.Len() != 0 {
		t.Error("a refused code was kept")
	}
}

// Two subjects whose digits collide were found by search (the birthday bound is 31,623).
func TestIndex_Collision(t *testing.T) {
	t.Parallel()
	key := testKey(t, 4)
	seen := map[string]string{}
	var first, second string
	for i := 0; second == ""; i++ {
		if i > 500_000 {
			t.Fatal("no two codes share their digits")
		}
		subject := fmt.Sprintf("stay:%d", i)
		digits := credential.Derive(key, subject, 0).Digits()
		if other, ok := seen[digits]; ok {
			first, second = other, subject
		}
		seen[digits] = subject
	}
	index := credential.NewIndex()
	if err := index.Put(credential.Live{Subject: first, Key: key, Number: "1"}); err != nil {
		t.Fatal(err)
	}
	code := credential.Derive(key, second, 0)
	if !index.Collides(code, second) || index.Collides(code, first) {
		t.Error("the collision is not seen, or seen with itself")
	}
	if err := index.Put(credential.Live{Subject: second, Key: key, Number: "2"}); !errors.Is(err, credential.ErrCollision) {
		t.Fatalf("got %v", err)
	}
	generation, next, err := index.NextFree(key, second, 0)
	if err != nil || generation != 1 || next != credential.Derive(key, second, 1) {
		t.Errorf("next free is %d, %v", generation, err)
	}
	if err := index.Put(credential.Live{Subject: second, Key: key, Generation: generation, Number: "2"}); err != nil {
		t.Error(err)
	}
}

func filled(tb testing.TB, codes int) (*credential.Index, string) {
	tb.Helper()
	key := testKey(tb, 8)
	index := credential.NewIndex()
	for i := range codes {
		subject := fmt.Sprintf("stay:%d", i)
		generation, _, err := index.NextFree(key, subject, 0)
		if err != nil {
			tb.Fatal(err)
		}
		live := credential.Live{
			Subject: subject, Key: key, Generation: generation,
			Holder: fmt.Sprintf("unit:%d", i), Number: strconv.Itoa(100 + i),
		}
		if err := index.Put(live); err != nil {
			tb.Fatal(err)
		}
	}
	last := codes - 1
	return index, strconv.Itoa(100+last) + credential.Derive(key, fmt.Sprintf("stay:%d", last), 0).Digits()
}

func TestIndex_MatchDoesNotAllocate(t *testing.T) {
	index, typed := filled(t, 500)
	entry := mustParse(t, typed)
	if n := testing.AllocsPerRun(100, func() { index.Match(entry) }); n != 0 {
		t.Errorf("%.0f allocations", n)
	}
}

// The way from what was typed to whose code it is, budget included.
func BenchmarkPINToDecision(b *testing.B) {
	for _, codes := range []int{500, 5000} {
		b.Run(fmt.Sprintf("codes=%d", codes), func(b *testing.B) {
			index, typed := filled(b, codes)
			budget, err := credential.NewBudget(credential.DefaultLimits())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				entry, err := credential.Parse(typed)
				if err != nil {
					b.Fatal(err)
				}
				if budget.Allow(entry, index.Holder(entry.Number()), start).Verdict != credential.VerdictAllowed {
					b.Fatal("not allowed")
				}
				if _, ok := index.Match(entry); !ok {
					b.Fatal("no match")
				}
			}
		})
	}
}

func BenchmarkDerive(b *testing.B) {
	key := testKey(b, 8)
	b.ReportAllocs()
	for b.Loop() {
		credential.Derive(key, "stay:01J9Z0ABCDEFGHJKMNPQRSTVWX", 1)
	}
}

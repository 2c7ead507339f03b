package credential_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cubby/internal/credential"
)

func TestParse_ReadsEveryForm(t *testing.T) {
	t.Parallel()
	c := credential.Derive(testKey(t, 7), "stay:01J9Z0", 3)
	symbols, digits := c.Symbols(), c.Digits()
	arabic := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + '\u0660'
		}
		return r
	}, digits)
	for _, tc := range []struct {
		name, input string
		form        credential.Form
		number      string
	}{
		{"token", c.Token(), credential.FormToken, ""},
		{"token of a scanner with caps lock", strings.ToLower(c.Token()), credential.FormToken, ""},
		{"token and end of line", c.Token() + "\r\n", credential.FormToken, ""},
		{"symbols as shown", symbols, credential.FormSymbols, ""},
		{"symbols run together", strings.ReplaceAll(symbols, "-", ""), credential.FormSymbols, ""},
		{"symbols in lower case", strings.ToLower(symbols), credential.FormSymbols, ""},
		{"symbols with other dashes", strings.ReplaceAll(symbols, "-", " \u2013 "), credential.FormSymbols, ""},
		{"symbols with direction marks", "\u2066" + symbols + "\u2069", credential.FormSymbols, ""},
		{"symbols with a number", "412 " + symbols, credential.FormSymbols, "412"},
		{"digits with a number", "412-" + digits, credential.FormDigits, "412"},
		{"digits from a keypad", "412#" + strings.ReplaceAll(digits, "-", ""), credential.FormDigits, "412"},
		{"digits of a lettered unit", "4b " + digits, credential.FormDigits, "4B"},
		{"leading zeros", "0412" + digits, credential.FormDigits, "412"},
		{"unit zero", "0 " + digits, credential.FormDigits, "0"},
		{"Arabic-Indic digits", "\u0664\u0661\u0662 " + arabic, credential.FormDigits, "412"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			entry, err := credential.Parse(tc.input)
			if err != nil {
				t.Fatal(err)
			}
			if entry.Form() != tc.form || entry.Number() != tc.number {
				t.Errorf("got %s %q, want %s %q", entry.Form(), entry.Number(), tc.form, tc.number)
			}
			index := credential.NewIndex()
			live := credential.Live{
				Subject: "stay:01J9Z0", Key: testKey(t, 7), Generation: 3,
				Holder: "unit:4", Number: "412", Alias: tc.number,
			}
			if err := index.Put(live); err != nil {
				t.Fatal(err)
			}
			if _, ok := index.Match(entry); !ok {
				t.Error("the code does not match itself")
			}
		})
	}
}

func TestParse_TakesLookAlikes(t *testing.T) {
	t.Parallel()
	key := testKey(t, 3)
	tried := 0
	for i := range 200 {
		symbols := credential.Derive(key, "stay:"+strings.Repeat("x", i+1), 0).Symbols()
		want, err := credential.Parse(symbols)
		if err != nil {
			t.Fatal(err)
		}
		for _, alias := range []string{"2Z", "2z", "LI", "Li", "L1", "Ll"} {
			typed := strings.ReplaceAll(symbols, alias[:1], alias[1:])
			if typed == symbols {
				continue
			}
			tried++
			if got, err := credential.Parse(typed); err != nil || got != want {
				t.Errorf("%s typed as %s: %v", symbols, typed, err)
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d codes with a look-alike", tried)
	}
}

func TestParse_Refuses(t *testing.T) {
	t.Parallel()
	c := credential.Derive(testKey(t, 7), "stay:01J9Z0", 3)
	symbols := strings.ReplaceAll(c.Symbols(), "-", "")
	wrong := "2"
	if strings.HasPrefix(symbols, wrong) {
		wrong = "3"
	}
	for _, tc := range []struct {
		name, input string
		want        error
	}{
		{"nothing", "", credential.ErrEmpty},
		{"separators only", " - - ", credential.ErrEmpty},
		{"eight symbols", symbols[:8], credential.ErrLength},
		{"a page of text", strings.Repeat("2", 1000), credential.ErrLength},
		{"a long number", strings.Repeat("7", 13) + "123456789", credential.ErrLength},
		{"a wrong symbol", wrong + symbols[1:], credential.ErrCheck},
		{"a symbol that no code has", "O" + symbols[1:], credential.ErrSymbol},
		{"punctuation", "HJK?3MP2X", credential.ErrSymbol},
		{"digits alone", "123-456-789", credential.ErrNumber},
		{"a short token", c.Token()[:20], credential.ErrToken},
		{"a token with set padding bits", c.Token()[:28] + "V", credential.ErrToken},
		{"a token with more behind it", c.Token() + "0", credential.ErrToken},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if entry, err := credential.Parse(tc.input); !errors.Is(err, tc.want) {
				t.Errorf("got %s, %v; want %v", entry.Form(), err, tc.want)
			}
		})
	}
}

func TestParse_ErrorsKeepTheCode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		input := rapid.StringMatching(`[0-9A-Z]{6,22}`).Draw(t, "input")
		if _, err := credential.Parse(input); err != nil && strings.Contains(err.Error(), input) {
			t.Fatalf("the error repeats the input: %v", err)
		}
	})
}

func TestEntry_WithNumber(t *testing.T) {
	t.Parallel()
	c := credential.Derive(testKey(t, 7), "stay:1", 0)
	entry, err := credential.Parse(c.Symbols())
	if err != nil {
		t.Fatal(err)
	}
	got, err := entry.WithNumber(" 4-b ")
	if err != nil || got.Number() != "4B" {
		t.Errorf("got %q, %v", got.Number(), err)
	}
	for _, bad := range []string{"", "-", "4?", strings.Repeat("4", 13), strings.Repeat(" ", 300)} {
		if _, err := entry.WithNumber(bad); err == nil {
			t.Errorf("number %q was taken", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	key, err := credential.NewKey([]byte(strings.Repeat("k", credential.KeySize)))
	if err != nil {
		f.Fatal(err)
	}
	c := credential.Derive(key, "stay:1", 0)
	index := credential.NewIndex()
	if err := index.Put(credential.Live{Subject: "stay:1", Key: key, Number: "7"}); err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		c.Token(), c.Symbols(), "7 " + c.Digits(), "412" + c.Symbols(), "C1.", "c1.0", "", "\u2066", "123456789",
		"\xff\xfe", strings.Repeat("9", 21), "ﬁ", "İ23456789",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		entry, err := credential.Parse(input)
		if err != nil {
			if entry != (credential.Entry{}) {
				t.Error("an error comes with an entry")
			}
			return
		}
		if entry.Form() == credential.FormDigits && entry.Number() == "" {
			t.Error("digits without a number")
		}
		match, ok := index.Match(entry)
		if ok && match.Subject != "stay:1" {
			t.Error("matched a code that is not there")
		}
	})
}

package credential_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"cubby/internal/credential"
)

// A number that is wrong is written down, a code never may be: whoever types a code twice or into the
// field for the unit has made a slip.
func TestParse_ACodeIsNeverANumber(t *testing.T) {
	t.Parallel()
	key, err := credential.NewKey(bytes.Repeat([]byte{7}, credential.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	code := credential.Derive(key, "stay:1", 1)
	plain := strings.ReplaceAll(code.Symbols(), "-", "")
	digits := strings.ReplaceAll(code.Digits(), "-", "")
	for _, input := range []string{
		plain + plain, digits + digits, plain + digits, digits + plain, "4B" + plain + plain, "402" + digits + digits,
		plain + "4B " + plain, strings.ToLower(code.Symbols() + " " + code.Symbols()),
	} {
		if e, err := credential.Parse(input); err == nil {
			t.Errorf("an entry under number %q", e.Number())
		}
	}
	entry, err := credential.Parse(plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range []string{plain, digits, "4B" + plain, "402" + digits, code.Symbols()} {
		if _, err := entry.WithNumber(number); !errors.Is(err, credential.ErrSymbol) && !errors.Is(err, credential.ErrLength) {
			t.Errorf("a code is taken for a number: %v", err)
		}
	}
	if _, err := entry.WithNumber("PENTHOUSE 1"); err != nil {
		t.Errorf("a long name of a unit: %v", err)
	}
}

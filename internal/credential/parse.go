package credential

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
)

// What can be wrong with typed input. None of them spends the budget: no code was tried.
var (
	// ErrEmpty means that nothing was typed.
	ErrEmpty = errors.New("credential: nothing was typed")
	// ErrLength means that the input has too few or too many characters.
	ErrLength = errors.New("credential: a code has nine characters")
	// ErrSymbol means that a character stands there which no code contains.
	ErrSymbol = errors.New("credential: a character that no code contains")
	// ErrCheck means that the check symbol does not fit: a slip of the finger.
	ErrCheck = errors.New("credential: the check symbol does not fit")
	// ErrNumber means that nine digits were typed without the number of the unit or pass.
	ErrNumber = errors.New("credential: nine digits need the unit or pass number before them")
	// ErrToken means that a scanned token is damaged.
	ErrToken = errors.New("credential: the scanned token is damaged")
)

const (
	maxInput  = 128 // bytes; a token has 29, a number and a code with separators below 40
	maxNumber = 12  // characters of a unit or pass number
)

// Form says in which of its forms a code was given.
type Form uint8

// The three forms of a code.
const (
	FormToken   Form = iota + 1 // scanned
	FormSymbols                 // nine symbols, with or without a number
	FormDigits                  // a number and nine digits
)

// String returns "token", "symbols" or "digits".
func (f Form) String() string {
	switch f {
	case FormToken:
		return "token"
	case FormSymbols:
		return "symbols"
	case FormDigits:
		return "digits"
	}
	return "invalid"
}

// Entry is a well-formed code that somebody typed or scanned. Whether it opens anything is for
// [Index.Match] to say. It prints as "redacted".
type Entry struct {
	form      Form
	number    string
	high, low uint64 // token, or symbols or digits in low
}

// Form returns the form in which the code was given.
func (e Entry) Form() Form { return e.form }

// Number returns the unit or pass number typed with the code, in normal form, or "".
func (e Entry) Number() string { return e.number }

// Format prints "redacted" for every verb.
func (e Entry) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) } // fmt.State keeps its own errors

// LogValue hides the entry from logs.
func (e Entry) LogValue() slog.Value { return slog.StringValue(redacted) }

// WithNumber returns the entry with the number that a page asked for apart, as the second proof of
// a symbol code. It returns [ErrSymbol] or [ErrLength] for what cannot be a number.
func (e Entry) WithNumber(number string) (Entry, error) {
	n, err := NormalizeNumber(number)
	if err != nil {
		return Entry{}, err
	}
	if e.form != FormToken {
		e.number = n
	}
	return e, nil
}

// Parse reads what a person typed or a scanner sent: a token ("C1.…"), nine symbols, or a unit or
// pass number with nine symbols or nine digits behind it. Case, spaces, dashes and the like do not
// matter; Arabic-Indic digits are digits. A wrong check symbol is [ErrCheck]. No error here may
// spend the attempt budget.
func Parse(input string) (Entry, error) {
	if len(input) > maxInput {
		return Entry{}, ErrLength
	}
	text := strings.ToUpper(strings.TrimSpace(input))
	if strings.HasPrefix(text, TokenPrefix) {
		return parseToken(text[len(TokenPrefix):])
	}
	chars, err := squeeze(input)
	if err != nil {
		return Entry{}, err
	}
	switch {
	case chars == "":
		return Entry{}, ErrEmpty
	case len(chars) < CodeLength, len(chars) > CodeLength+maxNumber:
		return Entry{}, ErrLength
	}
	number, code := chars[:len(chars)-CodeLength], chars[len(chars)-CodeLength:]
	if holdsCode(number) {
		return Entry{}, ErrLength
	}
	if digits, ok := parseDigits(code); ok {
		if number == "" {
			return Entry{}, ErrNumber
		}
		return Entry{form: FormDigits, number: trimNumber(number), low: digits}, nil
	}
	symbols, err := parseSymbols(code)
	if err != nil {
		return Entry{}, err
	}
	return Entry{form: FormSymbols, number: trimNumber(number), low: symbols}, nil
}

// NormalizeNumber brings a unit or pass number into the form in which numbers are compared: upper
// case, no separators, no leading zeros.
func NormalizeNumber(number string) (string, error) {
	if len(number) > maxInput {
		return "", ErrLength
	}
	chars, err := squeeze(number)
	switch {
	case err != nil:
		return "", err
	case chars == "":
		return "", ErrEmpty
	case len(chars) > maxNumber:
		return "", ErrLength
	case holdsCode(chars):
		return "", ErrSymbol
	}
	return trimNumber(chars), nil
}

// holdsCode reports whether a whole code stands in what should be a number: somebody typed it twice, or
// into the wrong field. A number is written down when it is wrong, and a code never may be.
func holdsCode(number string) bool {
	for ; len(number) >= CodeLength; number = number[1:] {
		if _, ok := parseDigits(number[:CodeLength]); ok {
			return true
		}
		if _, err := parseSymbols(number[:CodeLength]); err == nil {
			return true
		}
	}
	return false
}

func trimNumber(number string) string {
	if trimmed := strings.TrimLeft(number, "0"); trimmed != "" || number == "" {
		return trimmed
	}
	return "0"
}

func parseToken(text string) (Entry, error) {
	raw, err := tokenEncoding().DecodeString(text)
	if err != nil || len(raw) != tokenSize || tokenEncoding().EncodeToString(raw) != text {
		return Entry{}, ErrToken
	}
	return Entry{
		form: FormToken,
		high: binary.BigEndian.Uint64(raw[:8]), low: binary.BigEndian.Uint64(raw[8:]),
	}, nil
}

// squeeze keeps the upper-case letters and digits of input and drops separators and direction
// marks. Anything else is [ErrSymbol].
func squeeze(input string) (string, error) {
	var b strings.Builder
	for _, r := range input {
		switch {
		case '0' <= r && r <= '9', 'A' <= r && r <= 'Z':
			b.WriteRune(r)
		case 'a' <= r && r <= 'z':
			b.WriteRune(r - 'a' + 'A')
		case '\u0660' <= r && r <= '\u0669': // Arabic-Indic digits
			b.WriteRune(r - '\u0660' + '0')
		case '\u06F0' <= r && r <= '\u06F9': // their eastern forms
			b.WriteRune(r - '\u06F0' + '0')
		case strings.ContainsRune("._/#*,:", r), unicode.IsSpace(r), unicode.Is(unicode.Pd, r), unicode.Is(unicode.Cf, r):
		default:
			return "", ErrSymbol
		}
	}
	return b.String(), nil
}

func parseDigits(code string) (value uint64, ok bool) {
	for i := range len(code) {
		d := code[i]
		if d < '0' || d > '9' {
			return 0, false
		}
		value = value*10 + uint64(d-'0')
	}
	return value, true
}

func parseSymbols(code string) (uint64, error) {
	var values [CodeLength]uint64
	var value uint64
	for i := range CodeLength {
		v, ok := symbolValue(code[i])
		if !ok {
			return 0, ErrSymbol
		}
		values[i] = v
		if i < SymbolCount {
			value = value*base + v
		}
	}
	if checkSymbol(values[:SymbolCount]) != values[SymbolCount] {
		return 0, ErrCheck
	}
	return value, nil
}

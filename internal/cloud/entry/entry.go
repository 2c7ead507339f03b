// Package entry checks and folds what people and programs enter: texts, telephone numbers, names to search by,
// cursors of lists.
package entry

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"cubby/internal/cloud/rows"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// Text returns a text without spaces around it, or INPUT_INVALID when it is shorter or longer
// than allowed, in characters, or holds characters that cannot be seen.
func Text(name, text string, shortest, longest int) (string, error) {
	text = strings.TrimSpace(text)
	n := utf8.RuneCountInString(text)
	switch {
	case !utf8.ValidString(text), strings.IndexFunc(text, hidden) >= 0:
		return "", locker.Errorf(locker.CodeInputInvalid, "%s holds characters that cannot be shown", name)
	case n < shortest:
		return "", locker.Errorf(locker.CodeInputInvalid, "%s is needed, at least %d characters", name, shortest)
	case n > longest:
		return "", locker.Errorf(locker.CodeInputInvalid, "%s has %d characters, at most %d", name, n, longest)
	}
	return text, nil
}

func hidden(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }

// Phone returns a number as + and digits; one without a country is kept as its digits.
func Phone(text string) (string, error) {
	kept := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.()/", r) {
			return -1
		}
		return r
	}, strings.TrimSpace(text))
	digits := strings.TrimPrefix(kept, "+")
	if kept == "" {
		return "", nil
	}
	if strings.Trim(digits, "0123456789") != "" || len(digits) < 5 || len(digits) > 15 { // Source: E.164 §6.2
		return "", locker.Errorf(locker.CodeInputInvalid, "%q is not a telephone number", rows.Shorten(text))
	}
	return kept, nil
}

// NameKey folds a name for searching: upper case, one space between words, letters without marks.
func NameKey(name string) string {
	folded := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, norm.NFD.String(name))
	return strings.Join(strings.Fields(folded), " ")
}

// Matches reports whether a query, folded by [NameKey], names the recipient's unit or begins a word of
// the name; the latter needs some letters.
func Matches(row db.ListRecipientsOfPropertyRow, query string, letters int) bool {
	if query == "" || query == NameKey(row.UnitName) || query == row.UnitNumber {
		return true
	}
	if utf8.RuneCountInString(query) < letters {
		return false
	}
	if strings.HasPrefix(row.NameKey, query) {
		return true
	}
	for word := range strings.FieldsSeq(row.NameKey) {
		if strings.HasPrefix(word, query) {
			return true
		}
	}
	return false
}

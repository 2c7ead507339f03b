package cloud

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"cubby/internal/locker"
	"cubby/internal/store"
)

// checkText returns a text without spaces around it, or INPUT_INVALID when it is shorter or longer
// than allowed, in characters, or holds characters that cannot be seen.
func checkText(name, text string, shortest, longest int) (string, error) {
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

// noneIf turns "found, but not yours" into "not found".
func noneIf(err error) error {
	if err == nil {
		return store.ErrNone
	}
	return err
}

// page returns a page size within the limits.
func page(limit int) int {
	if limit <= 0 {
		return DefaultPage
	}
	return min(limit, MaxPage)
}

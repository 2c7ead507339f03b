package entry

import (
	"strconv"
	"strings"

	"cubby/internal/locker"
)

// FormatCursor and ParseCursor keep the place in a list that is sorted by a moment and an id.
func FormatCursor(at int64, id string) string { return strconv.FormatInt(at, 36) + "." + id }

// ParseCursor reads what FormatCursor wrote; an empty text is the first page, whose moment is 0. It returns
// INPUT_INVALID.
func ParseCursor(text string) (at int64, id string, err error) {
	if text == "" {
		return 0, "", nil
	}
	moment, id, ok := strings.Cut(text, ".")
	at, err = strconv.ParseInt(moment, 36, 64)
	if !ok || err != nil {
		return 0, "", locker.Errorf(locker.CodeInputInvalid, "the cursor is damaged: start at the first page")
	}
	return at, id, nil
}

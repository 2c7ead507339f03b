// Package rows helps to read and write the columns of the store: JSON texts, and rows that are not
// there.
package rows

import (
	"encoding/json"
	"errors"
	"fmt"

	"cubby/internal/locker"
	"cubby/internal/store"
)

// None reports whether a query for one row found none.
func None(err error) bool { return errors.Is(err, store.ErrNone) }

// NotFound turns "no such row" into NOT_FOUND and wraps every other error.
func NotFound(err error, what string) error {
	if None(err) {
		return locker.Errorf(locker.CodeNotFound, "no such %s", what)
	}
	return fmt.Errorf("find %s: %w", what, err)
}

// Encode returns a value as the JSON text of a column.
func Encode(v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode %T: %w", v, err)
	}
	return string(data), nil
}

// Decode reads the JSON text of a column.
func Decode(text string, v any) error {
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}

// Bytes returns b, or no bytes for nil: the tables know no NULL, and SQLite reads no bytes as nil.
func Bytes(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// maxText is how much of an error or of a bad value is kept.
const maxText = 500

// Shorten returns at most 500 bytes of a text.
func Shorten(text string) string { return text[:min(len(text), maxText)] }

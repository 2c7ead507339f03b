package wire

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"

	"cubby/internal/locker"
)

// Annex is the personal data of one operation: what the references in its facts stand for. It
// travels and is stored beside the operation, never in it, so that it can be erased while the
// record still verifies. It prints as its number of entries.
type Annex map[locker.AnnexRef]string

// EncodeAnnex returns the bytes of an annex, and nil for an empty one. It returns [ErrTooLarge]
// above [MaxAnnexSize] or [MaxAnnexEntries].
func EncodeAnnex(a Annex) ([]byte, error) {
	if len(a) == 0 {
		return nil, nil
	}
	if len(a) > MaxAnnexEntries {
		return nil, fmt.Errorf("encode annex: %d entries: %w", len(a), ErrTooLarge)
	}
	data, err := json.Marshal(map[locker.AnnexRef]string(a)) // keys are sorted
	if err != nil {
		return nil, fmt.Errorf("encode annex: %w", err)
	}
	if len(data) > MaxAnnexSize {
		return nil, fmt.Errorf("encode annex: %d bytes: %w", len(data), ErrTooLarge)
	}
	return data, nil
}

// DecodeAnnex reads the bytes of an annex; none give an empty annex. It returns [ErrMalformed] or
// [ErrTooLarge].
func DecodeAnnex(data []byte) (Annex, error) {
	if len(data) == 0 {
		return Annex{}, nil
	}
	if len(data) > MaxAnnexSize {
		return nil, fmt.Errorf("decode annex: %d bytes: %w", len(data), ErrTooLarge)
	}
	var a map[locker.AnnexRef]string
	if err := json.Unmarshal(data, &a); err != nil {
		return nil, fmt.Errorf("decode annex: %w", ErrMalformed) // its text stays out of errors
	}
	if len(a) > MaxAnnexEntries {
		return nil, fmt.Errorf("decode annex: %d entries: %w", len(a), ErrTooLarge)
	}
	if a == nil {
		return Annex{}, nil
	}
	return a, nil
}

// Format prints the number of entries for every verb.
func (a Annex) Format(s fmt.State, _ rune) {
	_, _ = s.Write([]byte(a.summary())) // fmt.State keeps its own errors
}

// LogValue hides the entries from logs.
func (a Annex) LogValue() slog.Value { return slog.StringValue(a.summary()) }

func (a Annex) summary() string { return strconv.Itoa(len(a)) + " entries, redacted" }

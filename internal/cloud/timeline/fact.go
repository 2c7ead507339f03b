package timeline

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

// FactView is one fact of a site's record, as the API gives it out.
type FactView struct {
	Cursor string // continue after this one
	Epoch  uint64
	Number uint64
	Index  int // within its operation
	At     time.Time
	Kind   string
	Body   json.RawMessage // no personal data: facts hold ids
}

// View returns one fact of an operation as the API gives it out.
func View(op wire.Operation, at Cursor, f locker.Fact) (FactView, error) {
	body, err := json.Marshal(f)
	if err != nil {
		return FactView{}, fmt.Errorf("encode a fact: %w", err)
	}
	if u, ok := f.(locker.Unknown); ok {
		body = []byte(u.Body)
	}
	return FactView{
		Cursor: at.String(), Epoch: uint64(at.Epoch), Number: uint64(at.Number), Index: at.Index, At: op.At().Time(),
		Kind: f.Kind(), Body: body,
	}, nil
}

// Cursor is a place in the record of a site.
type Cursor struct {
	Epoch, Number int64
	Index         int // of the fact within its operation
}

// String returns the cursor as epoch-number-index.
func (f Cursor) String() string { return fmt.Sprintf("%d-%d-%d", f.Epoch, f.Number, f.Index) }

// Compare returns -1, 0 or 1 when f is before, at or after o.
func (f Cursor) Compare(o Cursor) int {
	return cmp.Or(cmp.Compare(f.Epoch, o.Epoch), cmp.Compare(f.Number, o.Number), cmp.Compare(f.Index, o.Index))
}

// ParseCursor reads what String wrote; an empty text is the beginning. It returns INPUT_INVALID.
func ParseCursor(text string) (Cursor, error) {
	var f Cursor
	if text == "" {
		return f, nil
	}
	if _, err := fmt.Sscanf(text, "%d-%d-%d", &f.Epoch, &f.Number, &f.Index); err != nil || f.String() != text {
		return Cursor{}, locker.Errorf(locker.CodeInputInvalid, "the cursor is damaged: start at the beginning")
	}
	return f, nil
}

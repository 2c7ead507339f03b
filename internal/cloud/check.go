package cloud

import (
	"cubby/internal/cloud/entry"
	"cubby/internal/store"
)

// checkText returns a text without spaces around it, or INPUT_INVALID; see entry.Text.
func checkText(name, text string, shortest, longest int) (string, error) {
	return entry.Text(name, text, shortest, longest)
}

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

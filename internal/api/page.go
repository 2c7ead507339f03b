package api

import (
	"encoding/base64"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

// Paging are the parameters of every list.
type Paging struct {
	Cursor string `query:"cursor" maxLength:"500" doc:"next of the page before; empty: the first page."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Items of a page at most."`
}

// List is one page of a list.
type List[T any] struct {
	Items []T    `json:"items" doc:"In the order of the list."`
	Next  string `json:"next,omitempty" doc:"Cursor of the following page; missing: this was the last."`
}

// listOf converts a page of use cases to one of the API.
func listOf[F, T any](p cloud.Page[F], convert func(F) T) List[T] {
	return List[T]{Items: each(p.Items, convert), Next: opaque(p.Next)}
}

func each[F, T any](from []F, convert func(F) T) []T {
	to := make([]T, 0, len(from))
	for _, f := range from {
		to = append(to, convert(f))
	}
	return to
}

// cut takes a page out of a list that a use case returns whole. The cursor is the id of the last
// item, so that the next page begins rightly when something before it came or went.
func cut[T any](all []T, p Paging, id func(T) string) (cloud.Page[T], error) {
	from := 0
	if p.Cursor != "" {
		last, err := reveal(p.Cursor)
		if err != nil {
			return cloud.Page[T]{}, err
		}
		from = -1
		for i, item := range all {
			if id(item) == last {
				from = i + 1
				break
			}
		}
		if from < 0 {
			return cloud.Page[T]{}, locker.Errorf(locker.CodeConflict, "the list changed: begin again without a cursor")
		}
	}
	to := min(from+p.Limit, len(all))
	page := cloud.Page[T]{Items: all[from:to]}
	if to < len(all) {
		page.Next = id(all[to-1])
	}
	return page, nil
}

// opaque hides what a cursor of a use case is made of: some hold a name.
func opaque(cursor string) string { return base64.RawURLEncoding.EncodeToString([]byte(cursor)) }

func reveal(cursor string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", locker.Errorf(locker.CodeInputInvalid, "the cursor is not one of this list")
	}
	return string(raw), nil
}

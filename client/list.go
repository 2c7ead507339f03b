package client

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
)

// page is one page of a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

// list reads a list page after page, as it is asked for. An error ends it.
func list[T any](ctx context.Context, c *Client, path string, filter url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		params := url.Values{} // of its own: the list may be read twice
		maps.Copy(params, filter)
		for {
			p, err := call[page[T]](ctx, c, request{method: http.MethodGet, path: path, query: params})
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range p.Items {
				if !yield(item, nil) {
					return
				}
			}
			if p.Next == "" {
				return
			}
			params.Set("cursor", p.Next)
		}
	}
}

// Collect reads a whole list into memory, up to most items; 0: all of them.
func Collect[T any](items iter.Seq2[T, error], most int) ([]T, error) {
	var all []T
	for item, err := range items {
		if err != nil {
			return all, err
		}
		if all = append(all, item); len(all) == most {
			break
		}
	}
	return all, nil
}

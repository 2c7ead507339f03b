package api

import (
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// Edit is a field of a PATCH: missing leaves the value as it is, null takes it away.
//
// Source: JSON Merge Patch, RFC 7396 §1.
type Edit[T any] struct {
	set   bool
	value T
}

// UnmarshalJSON implements json.Unmarshaler; it is called for null too.
func (e *Edit[T]) UnmarshalJSON(text []byte) error {
	e.set = true
	return json.Unmarshal(text, &e.value)
}

// IsZero reports whether the field is missing.
func (e Edit[T]) IsZero() bool { return !e.set }

// Schema implements huma.SchemaProvider.
func (Edit[T]) Schema(r huma.Registry) *huma.Schema {
	s := huma.SchemaFromType(r, reflect.TypeFor[T]())
	s.Nullable = true
	return s
}

// put writes the value to where it belongs, when there is one.
func (e Edit[T]) put(to *T) {
	if e.set {
		*to = e.value
	}
}

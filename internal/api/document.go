package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// document writes the description out, indented for people who compare versions.
func document(spec *huma.OpenAPI) ([]byte, error) {
	schemas := spec.Components.Schemas.Map()
	// huma's own error type stands in the registry, but no operation uses it: see problem.go.
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	taken := map[string]bool{} // schemas of what clients send
	for _, path := range spec.Paths {
		for _, op := range []*huma.Operation{path.Post, path.Put, path.Patch} {
			if op == nil || op.RequestBody == nil {
				continue
			}
			for _, media := range op.RequestBody.Content {
				reach(schemas, media.Schema, taken)
			}
		}
	}
	for name, s := range schemas {
		if !taken[name] && s.AdditionalProperties == false {
			s.AdditionalProperties = nil // fields are added within a version: clients must bear them
		}
		if !strings.HasPrefix(name, "Layout") { // a layout is given back as it was put in
			noNulls(s)
		}
	}
	raw, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return nil, fmt.Errorf("indent the OpenAPI document: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// reach marks the schemas that a schema refers to.
func reach(all map[string]*huma.Schema, s *huma.Schema, seen map[string]bool) {
	if s == nil {
		return
	}
	if name := strings.TrimPrefix(s.Ref, "#/components/schemas/"); s.Ref != "" && !seen[name] {
		seen[name] = true
		reach(all, all[name], seen)
	}
	reach(all, s.Items, seen)
	for _, p := range s.Properties {
		reach(all, p, seen)
	}
}

// noNulls says of lists that they are never null: what the API gives are lists, and a list that a client
// does not want to send is left out. huma can say so with a package-level variable only.
func noNulls(s *huma.Schema) {
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	for _, p := range s.Properties {
		noNulls(p)
	}
	if values, ok := s.AdditionalProperties.(*huma.Schema); ok {
		noNulls(values)
	}
}

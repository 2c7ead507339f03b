// Package api is the face for programs: JSON over HTTP for what staff do in pages, described by an
// OpenAPI document that is made from the same structs that decode and encode.
//
// [API] serves /api/v1, /openapi.json and /docs. Every operation stands in routes.go with its
// method, path, words and scopes; a handler decodes, calls one use case of internal/cloud and
// encodes. Three guards stand before each handler, outermost first: authenticate (bearer token,
// rate limit, scopes), once (Idempotency-Key) or etag (If-None-Match), and huma's validation. Every error
// leaves as a [Problem] (RFC 9457) with a stable code; what went wrong inside is logged under the
// request's id and never told.
//
// Personal data (names, contacts, tracking numbers, what somebody typed) is in an answer only for
// tokens with the scope "pii".
//
// [Health] answers liveness and readiness, [Metrics] what Prometheus asks.
//
// The package decides nothing about parcels and knows no SQL. It must not set huma's package-level
// variables: its own error type is put in by a transformer, see problem.go.
package api

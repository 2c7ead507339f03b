package api

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// etag gives the answer to a GET a name by its content, and answers 304 to whoever has it already.
// It spares the way, not the work: pages of lists are small.
func etag(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	answer := newRecorded()
	next(humago.NewContext(ctx.Operation(), r, answer))
	if answer.status == http.StatusOK {
		tag := tagOf(answer.body)
		answer.header.Set("ETag", tag)
		answer.header.Set("Cache-Control", "private, no-cache")
		if matches(r.Header.Get("If-None-Match"), tag) {
			answer.header.Del("Content-Type")
			answer.status, answer.body = http.StatusNotModified, nil
		}
	}
	send(w, answer)
}

func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// matches reports whether an If-None-Match header names the tag.
//
// Source: RFC 9110 §13.1.2: weak comparison.
func matches(header, tag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			return true
		}
	}
	return false
}

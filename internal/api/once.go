package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

const (
	keyHeader      = "Idempotency-Key"
	replayedHeader = "Idempotency-Replayed"
	maxKey         = 255
)

// kept is a stored answer: cloud.Reply has room for one text.
type kept struct {
	Location string          `json:"location,omitempty"`
	Body     json.RawMessage `json:"body,omitempty"`
}

// refusal carries an answer that is not stored: a request that was refused changed nothing, so its
// key may be used again once the cause is mended.
type refusal struct{ answer *recorded }

// Error implements error.
func (r *refusal) Error() string { return fmt.Sprintf("answered with status %d", r.answer.status) }

// once runs a POST with an Idempotency-Key at most once and gives later ones the same answer.
//
// Source: draft-ietf-httpapi-idempotency-key-header-07 §2.
func (a *API) once(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	key := r.Header.Get(keyHeader)
	if key == "" {
		next(ctx)
		return
	}
	if !plainKey(key) {
		a.refuse(ctx, locker.Errorf(locker.CodeInputInvalid, "%s is not 1 to %d visible ASCII characters", keyHeader, maxKey))
		return
	}
	limit := ctx.Operation().MaxBodyBytes
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		a.refuse(ctx, a.bodyProblem(r.Context(), err, limit))
		return
	}
	asked := joined(r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), string(body))
	replayed := true
	var answer *recorded
	who := callerOf(ctx.Context())
	reply, err := a.cloud.Once(ctx.Context(), who.Principal, scoped(who, key), asked, func(inner context.Context) (cloud.Reply, error) {
		replayed = false
		answer = newRecorded()
		again := r.WithContext(inner)
		again.Body = io.NopCloser(bytes.NewReader(body))
		next(humago.NewContext(ctx.Operation(), again, answer))
		if answer.status < http.StatusOK || answer.status >= http.StatusMultipleChoices {
			return cloud.Reply{}, &refusal{answer}
		}
		stored, err := json.Marshal(kept{Location: answer.header.Get("Location"), Body: answer.body})
		return cloud.Reply{Status: answer.status, Body: stored}, err
	})
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		send(w, refused.answer)
	case err != nil:
		a.refuse(ctx, err)
	case replayed:
		a.replay(ctx, reply)
	default:
		send(w, answer)
	}
}

func (a *API) bodyProblem(ctx context.Context, err error, limit int64) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return a.newProblem(ctx, http.StatusRequestEntityTooLarge, locker.CodeInputInvalid,
			fmt.Sprintf("the body has more than %d bytes", limit))
	}
	return a.newProblem(ctx, http.StatusBadRequest, locker.CodeInputInvalid, "the body cannot be read")
}

// scoped makes a key of one token: a person may have several.
func scoped(who caller, key string) string {
	sum := sha256.Sum256(joined(string(who.token[:]), key))
	return hex.EncodeToString(sum[:])
}

// joined joins the parts of a request so that no two requests look alike.
func joined(parts ...string) []byte {
	var out []byte
	for _, p := range parts {
		out = fmt.Appendf(out, "%d:%s", len(p), p)
	}
	return out
}

func plainKey(key string) bool {
	if len(key) > maxKey {
		return false
	}
	for _, c := range []byte(key) {
		if c < '!' || c > '~' {
			return false
		}
	}
	return true
}

func send(w http.ResponseWriter, answer *recorded) {
	maps.Copy(w.Header(), answer.header)
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body) // a client that went away has nobody left to tell
}

func (a *API) replay(ctx huma.Context, reply cloud.Reply) {
	var stored kept
	if err := json.Unmarshal(reply.Body, &stored); err != nil {
		a.refuse(ctx, fmt.Errorf("read a stored answer: %w", err))
		return
	}
	_, w := humago.Unwrap(ctx)
	w.Header().Set(replayedHeader, "true")
	if stored.Location != "" {
		w.Header().Set("Location", stored.Location)
	}
	if len(stored.Body) > 0 {
		w.Header().Set("Content-Type", "application/json")
		stored.Body = append(stored.Body, '\n') // the first answer had one, and storing took it away
	}
	w.WriteHeader(reply.Status)
	_, _ = w.Write(stored.Body) // as in send
}

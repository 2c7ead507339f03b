package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"

	"cubby/internal/locker"
)

// What a request carries through its context. Dependencies do not.
type (
	requestKey  struct{} // string: its id
	languageKey struct{} // string: BCP 47, of titles
	callerKey   struct{} // caller: who asks
)

// requestHeader names the header that brings and returns the id of a request.
const requestHeader = "X-Request-Id"

// maxRequestID bounds the ids that clients choose: they are written to the log.
const maxRequestID = 64

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

func languageOf(ctx context.Context) string {
	lang, _ := ctx.Value(languageKey{}).(string)
	return lang
}

// identify gives a request its id and language, and every answer the headers that all have.
func (a *API) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestHeader)
		if !plainID(id) {
			id = a.newID()
		}
		h := w.Header()
		h.Set(requestHeader, id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Add("Vary", "Accept-Language")
		ctx := context.WithValue(r.Context(), requestKey{}, id)
		ctx = context.WithValue(ctx, languageKey{}, a.text.Negotiate("", r.Header.Get("Accept-Language")))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func plainID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for _, c := range []byte(id) {
		plain := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_' || c == '.'
		if !plain {
			return false
		}
	}
	return true
}

// contain keeps a panic of one request from being told to anybody: it is logged, and the client
// gets INTERNAL when nothing was sent yet. The server does the same without words; here the
// request's id is known.
func (a *API) contain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(cause)
			}
			a.log.ErrorContext(r.Context(), "request panicked", slog.String("request", requestID(r.Context())),
				slog.Any("cause", cause), slog.String("stack", string(debug.Stack())))
			a.writeProblem(w, r, a.newProblem(r.Context(), http.StatusInternalServerError, locker.CodeInternal, insideDetail))
		}()
		next.ServeHTTP(w, r)
	})
}

// recorded is an answer that is kept back until it is complete.
type recorded struct {
	header http.Header
	status int
	body   []byte
}

func newRecorded() *recorded { return &recorded{header: http.Header{}} }

// Header implements http.ResponseWriter.
func (r *recorded) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *recorded) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// Write implements http.ResponseWriter.
func (r *recorded) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	r.body = append(r.body, b...)
	return len(b), nil
}

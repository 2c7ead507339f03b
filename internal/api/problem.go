package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"cubby/internal/locker"
)

// Problem is an error as the API tells it.
//
// Source: RFC 9457 §3; code, number and request are extensions.
type Problem struct {
	Type    string         `json:"type" doc:"Names the kind of problem: urn:cubby:error: and the code." example:"urn:cubby:error:BANK_FULL"`
	Title   string         `json:"title" doc:"What it means, in the language of Accept-Language." example:"No door is free."`
	Status  int            `json:"status" doc:"HTTP status." example:"409"`
	Detail  string         `json:"detail,omitempty" doc:"What happened this time, in English." example:"bank main has no free compartment"`
	Code    string         `json:"code" doc:"Stable code." example:"BANK_FULL"`
	Number  int            `json:"number" doc:"Number of the code, as kiosks show it." example:"301"`
	Request string         `json:"request" doc:"Id of the request, for whoever looks into it." example:"0197d3a8-2f6b-7b1c-9d55-0a4f6c1e8b21"`
	Errors  []ProblemField `json:"errors,omitempty" doc:"What is wrong with the input, field by field."`

	retryAfter int // seconds, of a 429
}

// ProblemField is one thing that is wrong with the input. It names the field and never repeats the
// value, which may be a name or a code.
type ProblemField struct {
	Location string `json:"location,omitempty" doc:"Where it stands." example:"body.reason"`
	Message  string `json:"message" doc:"What is wrong with it." example:"expected length >= 3"`
}

const problemType = "application/problem+json"

var (
	_ huma.StatusError       = (*Problem)(nil)
	_ huma.HeadersError      = (*Problem)(nil)
	_ huma.ContentTypeFilter = (*Problem)(nil)
)

// Error returns the code and the detail.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return problemType }

// statusOf is the HTTP status of each code.
func statusOf(code locker.Code) int {
	switch code {
	case locker.CodeInputInvalid, locker.CodeLayoutInvalid, locker.CodeImportInvalid, locker.CodeCodeTyped,
		locker.CodeProofWrong:
		return http.StatusUnprocessableEntity
	case locker.CodeSignInWrong, locker.CodeSessionEnded:
		return http.StatusUnauthorized
	case locker.CodeNotAllowed, locker.CodeCodeWrong, locker.CodeCodeExpired, locker.CodeHolderLocked,
		locker.CodeCourierUnknown, locker.CodeTokenUsed, locker.CodeTokenExpired:
		return http.StatusForbidden
	case locker.CodeNotFound, locker.CodeUnitUnknown, locker.CodeRecipientUnknown, locker.CodePlaceUnknown,
		locker.CodeStayUnknown:
		return http.StatusNotFound
	case locker.CodeConflict, locker.CodeBankFull, locker.CodeNothingFits, locker.CodeNoLowDoor, locker.CodePlaceTaken,
		locker.CodePlaceOut, locker.CodePlaceEmpty, locker.CodeDoorBusy, locker.CodeDoorOpen, locker.CodeDoorJammed,
		locker.CodeRetriesSpent, locker.CodeStayEnded, locker.CodeStayRevoked, locker.CodeStayNotReady,
		locker.CodeUndoClosed, locker.CodeSignatureNeeded, locker.CodeIntentExpired, locker.CodeClockUntrusted, locker.CodeLayoutMismatch,
		locker.CodeJournalFork, locker.CodeJournalSealed, locker.CodeIdentityInUse:
		return http.StatusConflict
	case locker.CodeRateLimited, locker.CodeCodeFlooded, locker.CodeGovernorWait, locker.CodeRemoteLimit:
		return http.StatusTooManyRequests
	case locker.CodeVersionUnsupported:
		return http.StatusUpgradeRequired
	case locker.CodeBoardSilent, locker.CodeMailUnreachable, locker.CodeMailRefused, locker.CodePrinterOffline:
		return http.StatusBadGateway
	case locker.CodeSiteOffline:
		return http.StatusServiceUnavailable
	case locker.CodeDiskFull:
		return http.StatusInsufficientStorage
	case locker.CodeInternal:
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// codeOf is the code of a status that huma or the router gave.
func codeOf(status int) locker.Code {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return locker.CodeNotAllowed
	case status == http.StatusNotFound:
		return locker.CodeNotFound
	case status == http.StatusConflict:
		return locker.CodeConflict
	case status == http.StatusTooManyRequests:
		return locker.CodeRateLimited
	case status >= http.StatusBadRequest && status < http.StatusInternalServerError:
		return locker.CodeInputInvalid
	}
	return locker.CodeInternal
}

// insideDetail is all that a client hears about what went wrong inside.
const insideDetail = "something went wrong on the server; quote the request id when you ask for help"

// problem turns any error into what the client is told. What is not a *locker.Error is ours: it is
// logged here, once, and not told.
func (a *API) problem(ctx context.Context, err error) *Problem {
	var told *Problem
	if errors.As(err, &told) {
		return told
	}
	known := asKnown(err)
	if known == nil {
		if ctx.Err() == nil { // a client that went away is nobody's mistake
			a.log.ErrorContext(ctx, "request failed", slog.String("request", requestID(ctx)), slog.Any("error", err))
		}
		known = &locker.Error{Code: locker.CodeInternal, Message: insideDetail}
	}
	return a.newProblem(ctx, statusOf(known.Code), known.Code, known.Message)
}

func asKnown(err error) *locker.Error {
	var known *locker.Error
	if errors.As(err, &known) && known.Code != locker.CodeInternal {
		return known
	}
	return nil
}

func (a *API) newProblem(ctx context.Context, status int, code locker.Code, detail string) *Problem {
	return &Problem{
		Type: "urn:cubby:error:" + string(code), Title: a.text.For(languageOf(ctx)).Error(string(code)), Status: status,
		Detail: detail, Code: string(code), Number: code.Number(), Request: requestID(ctx),
	}
}

// transform puts a Problem in the place of huma's own error type: it needs no package-level variable,
// so two APIs in one process do not disturb each other.
func (a *API) transform(ctx huma.Context, _ string, v any) (any, error) {
	theirs, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := a.newProblem(ctx.Context(), theirs.Status, codeOf(theirs.Status), theirs.Detail)
	if theirs.Status >= http.StatusInternalServerError {
		a.log.ErrorContext(ctx.Context(), "request failed", slog.String("request", p.Request),
			slog.String("error", theirs.Detail))
		p.Detail = insideDetail
		return p, nil
	}
	for _, d := range theirs.Errors {
		if d != nil {
			p.Errors = append(p.Errors, ProblemField{Location: d.Location, Message: d.Message})
		}
	}
	return p, nil
}

// retryAfterSeconds is told with every 429 that knows no better.
const retryAfterSeconds = 1

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="cubby"`)
	case http.StatusTooManyRequests:
		h.Set("Retry-After", strconv.Itoa(max(p.retryAfter, retryAfterSeconds)))
	}
	return h
}

// refuse answers with a problem from a guard, before a handler runs.
func (a *API) refuse(ctx huma.Context, err error) {
	r, w := humago.Unwrap(ctx)
	a.writeProblem(w, r, a.problem(ctx.Context(), err))
}

func (a *API) writeProblem(w http.ResponseWriter, r *http.Request, p *Problem) {
	maps.Copy(w.Header(), p.GetHeaders())
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	if err := json.NewEncoder(w).Encode(p); err != nil {
		a.log.DebugContext(r.Context(), "client went away", slog.Any("error", err))
	}
}

// nothingHere answers whatever is no operation.
func (a *API) nothingHere(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range []string{
			http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := mux.Handler(other); pattern != "/" {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) == 0 {
			a.writeProblem(w, r, a.newProblem(r.Context(), http.StatusNotFound, locker.CodeNotFound,
				"there is no such operation; see "+SpecPath))
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		a.writeProblem(w, r, a.newProblem(r.Context(), http.StatusMethodNotAllowed, locker.CodeInputInvalid,
			"this path has "+strings.Join(allowed, ", ")))
	}
}

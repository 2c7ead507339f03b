package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is what the server said of a request that it did not do.
type Error struct {
	Status  int    // of HTTP
	Code    Code   // stable; empty when something between client and server answered
	Number  int    // of the code, as kiosks show it
	Title   string // what it means
	Detail  string // what happened this time
	Request string // id of the request: quote it when you ask for help
	Fields  []FieldError
	// RetryAfter is how long to wait before another try; zero: the server did not say.
	RetryAfter time.Duration
}

// FieldError is one thing that is wrong with the input.
type FieldError struct {
	Location string `json:"location"` // e.g. "body.reason"
	Message  string `json:"message"`
}

// Error returns the code and the detail, and what is wrong with which field.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Code == "" {
		return fmt.Sprintf("cubby: answered with status %d", e.Status)
	}
	fmt.Fprintf(&b, "cubby: %s: %s", e.Code, e.Detail)
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "; %s: %s", f.Location, f.Message)
	}
	if e.Request != "" {
		fmt.Fprintf(&b, " (request %s)", e.Request)
	}
	return b.String()
}

// HasCode reports whether err is an [*Error] with that code.
func HasCode(err error, code Code) bool {
	var told *Error
	return errors.As(err, &told) && told.Code == code
}

// problem reads what a server says of an error.
func problem(answer *http.Response, raw []byte) *Error {
	e := &Error{Status: answer.StatusCode, Request: answer.Header.Get("X-Request-Id")}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	if kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type")); err != nil || kind != "application/problem+json" {
		return e
	}
	var p struct {
		Code    Code
		Number  int
		Title   string
		Detail  string
		Request string
		Errors  []FieldError
	}
	if json.Unmarshal(raw, &p) != nil { // then the status must do
		return e
	}
	e.Code, e.Number, e.Title, e.Detail, e.Fields = p.Code, p.Number, p.Title, p.Detail, p.Errors
	if p.Request != "" {
		e.Request = p.Request
	}
	return e
}

// Code is a stable error code.
type Code string

// The codes. docs/operate lists what to do about each.
const (
	CodeInternal           Code = "INTERNAL"
	CodeInputInvalid       Code = "INPUT_INVALID"
	CodeNotFound           Code = "NOT_FOUND"
	CodeNotAllowed         Code = "NOT_ALLOWED"
	CodeConflict           Code = "CONFLICT"
	CodeRateLimited        Code = "RATE_LIMITED"
	CodeRecipientUnknown   Code = "RECIPIENT_UNKNOWN"
	CodeUnitUnknown        Code = "UNIT_UNKNOWN"
	CodeCourierUnknown     Code = "COURIER_UNKNOWN"
	CodeBankFull           Code = "BANK_FULL"
	CodeNothingFits        Code = "NOTHING_FITS"
	CodeNoLowDoor          Code = "NO_LOW_DOOR"
	CodePlaceUnknown       Code = "PLACE_UNKNOWN"
	CodePlaceTaken         Code = "PLACE_TAKEN"
	CodePlaceOut           Code = "PLACE_OUT_OF_SERVICE"
	CodePlaceEmpty         Code = "PLACE_EMPTY"
	CodeDoorBusy           Code = "DOOR_BUSY"
	CodeDoorOpen           Code = "DOOR_OPEN"
	CodeDoorJammed         Code = "DOOR_JAMMED"
	CodeStayUnknown        Code = "STAY_UNKNOWN"
	CodeStayEnded          Code = "STAY_ENDED"
	CodeStayRevoked        Code = "STAY_REVOKED"
	CodeStayNotReady       Code = "STAY_NOT_READY"
	CodeBoardSilent        Code = "BOARD_SILENT"
	CodeGovernorWait       Code = "GOVERNOR_WAIT"
	CodeRemoteLimit        Code = "REMOTE_LIMIT"
	CodeIntentExpired      Code = "INTENT_EXPIRED"
	CodeLayoutInvalid      Code = "LAYOUT_INVALID"
	CodeImportInvalid      Code = "IMPORT_INVALID"
	CodeSiteOffline        Code = "SITE_OFFLINE"
	CodeVersionUnsupported Code = "VERSION_UNSUPPORTED"
)

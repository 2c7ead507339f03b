package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"strings"

	"github.com/wneessen/go-mail"
)

// Class says what to do about a failed message.
type Class uint8

// The classes of failure.
const (
	// ClassTemporary: try again later, with back-off. The message may have arrived all the same;
	// its Message-ID stays the same, so that a second copy can be told.
	ClassTemporary Class = iota + 1
	// ClassPermanent: this message will never be taken, as a rule because the address is wrong.
	ClassPermanent
	// ClassConfig: no message will be taken until somebody changes the settings (sign-in,
	// encryption, sender). Try again later too, and tell staff.
	ClassConfig
)

// String returns "temporary", "permanent" or "config".
func (c Class) String() string {
	switch c {
	case ClassTemporary:
		return "temporary"
	case ClassPermanent:
		return "permanent"
	case ClassConfig:
		return "config"
	}
	return "invalid"
}

// Step is the part of the dialogue with the server that failed.
type Step string

// The steps, in their order.
const (
	StepMessage   Step = "message" // before anything was sent
	StepConnect   Step = "connect"
	StepHello     Step = "hello"
	StepTLS       Step = "tls"
	StepSignIn    Step = "sign-in"
	StepSender    Step = "sender"
	StepRecipient Step = "recipient"
	StepContent   Step = "content"
)

// Error is a failed message or check. Its text holds what the server said, without addresses.
type Error struct {
	Class    Class
	Step     Step
	Code     int    // the server's reply code, or 0
	Enhanced string // such as "5.1.1", or ""
	err      error
}

// Error describes the failure for a log or a delivery's history.
func (e *Error) Error() string {
	return fmt.Sprintf("email: %s: %s", e.Step, withoutAddresses(e.err.Error()))
}

// Unwrap returns the cause. Its text may hold addresses.
func (e *Error) Unwrap() error { return e.err }

// ClassOf returns the class of an error that Send or Check returned; anything unknown is
// temporary, so that nothing is given up by mistake.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ClassTemporary
}

func newError(class Class, step Step, err error) *Error {
	return &Error{Class: class, Step: step, err: err}
}

// dialError classifies a failure before the message: refusals of the sign-in and of encryption are
// settings, the rest passes.
func dialError(step Step, err error) *Error {
	e := newError(ClassTemporary, step, err)
	var reply *textproto.Error
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case errors.As(err, &reply):
		e.Code, e.Enhanced = reply.Code, enhancedIn(reply.Msg)
		if reply.Code >= 500 {
			e.Class = ClassConfig
		}
	case isCertificate(err), errors.Is(err, errNoTLS), errors.Is(err, errNoAuth):
		e.Class = ClassConfig
	case errors.As(err, &dns) && dns.IsNotFound:
		e.Class = ClassConfig
	}
	return e
}

func isCertificate(err error) bool {
	var verification *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	var alert tls.AlertError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	return errors.As(err, &verification) || errors.As(err, &header) || errors.As(err, &alert) ||
		errors.As(err, &unknown) || errors.As(err, &host)
}

// sendError classifies what the library says about one message.
func sendError(err error) *Error {
	var s *mail.SendError
	if !errors.As(err, &s) {
		return newError(ClassTemporary, StepContent, err)
	}
	e := newError(ClassTemporary, StepContent, err)
	e.Code, e.Enhanced = s.ErrorCode(), s.EnhancedStatusCode()
	switch s.Reason {
	case mail.ErrSMTPMailFrom:
		e.Step = StepSender
	case mail.ErrSMTPRcptTo:
		e.Step = StepRecipient
	case mail.ErrGetSender, mail.ErrGetRcpts, mail.ErrNoUnencoded:
		e.Step, e.Class = StepMessage, ClassPermanent
	case mail.ErrSMTPData, mail.ErrSMTPDataClose, mail.ErrSMTPReset, mail.ErrWriteContent, mail.ErrConnCheck, mail.ErrAmbiguous:
	}
	switch {
	case e.Code < 500: // also 0: the connection broke
	case e.Step == StepSender, e.Code == 530, e.Code == 535, e.Code == 538:
		// The server refuses us, not the recipient. Source: RFC 4954 §6.
		e.Class = ClassConfig
	default:
		e.Class = ClassPermanent
	}
	return e
}

// enhancedIn finds an enhanced status code at the start of a reply. Source: RFC 3463 §2.
func enhancedIn(reply string) string {
	word, _, _ := strings.Cut(reply, " ")
	var class, subject, detail int
	if n, err := fmt.Sscanf(word, "%d.%d.%d", &class, &subject, &detail); err != nil || n != 3 {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", class, subject, detail)
}

// withoutAddresses hides every e-mail address: a log names people by id only.
func withoutAddresses(text string) string {
	return regexp.MustCompile(`[^\s<>,;:"()]+@[^\s<>,;:"()]+`).ReplaceAllString(text, "[address]")
}

package link

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"cubby/internal/auth"
	"cubby/internal/locker"
)

// maxEnrolBody is the most bytes of a message of enrolment.
const maxEnrolBody = 16 << 10

// EnrolOptions are what a controller enrols with.
type EnrolOptions struct {
	Token    auth.EnrolmentToken
	Identity auth.Identity // made by the controller, never leaves it
	Software string        // version of the program
	Name     string        // of the computer, for whoever looks at the list of controllers
	TLS      *tls.Config   // nil: the system's certificate authorities
}

// Enrolled is what a controller keeps from its enrolment.
type Enrolled struct {
	Site      locker.SiteID
	ServerURL string
	ServerKey ed25519.PublicKey
}

// enrolMessage is every message of enrolment, in both directions; each step uses its fields.
//
//	site:   nonce                                server: key, nonce, signature over both nonces and the host
//	site:   both nonces, secret, key, signature  server: site, signature over the site's key and the site
type enrolMessage struct {
	Version     int           `json:"v"`
	Nonce       []byte        `json:"nonce,omitempty"` // of the site
	Host        string        `json:"host,omitempty"`
	ServerNonce string        `json:"server_nonce,omitempty"`
	ServerKey   []byte        `json:"server_key,omitempty"`
	Secret      string        `json:"secret,omitempty"`
	Key         []byte        `json:"key,omitempty"` // of the controller
	Software    string        `json:"software,omitempty"`
	Name        string        `json:"name,omitempty"`
	Site        locker.SiteID `json:"site,omitempty"`
	Signature   []byte        `json:"signature,omitempty"`
	Code        locker.Code   `json:"code,omitempty"` // of a refusal
	Message     string        `json:"message,omitempty"`
}

func (m enrolMessage) offer() []byte {
	return lengthPrefixed(m.Nonce, []byte(m.ServerNonce), []byte(m.Host), m.ServerKey)
}

func (m enrolMessage) request() []byte {
	return lengthPrefixed(m.Nonce, []byte(m.ServerNonce), []byte(m.Host), m.ServerKey, m.Key, hashed([]byte(m.Secret)))
}

func (m enrolMessage) result(site locker.SiteID) []byte {
	return lengthPrefixed(m.Nonce, []byte(m.ServerNonce), m.Key, []byte(site))
}

// Enrol presents a new controller to the server that its token names. The secret is sent only after
// the server proved the key that the token names. It returns [ErrAddress], [ErrServerKey], or a
// *[locker.Error] with TOKEN_USED or TOKEN_EXPIRED.
func Enrol(ctx context.Context, opts EnrolOptions) (Enrolled, error) {
	base, err := parseAddress(opts.Token.ServerURL)
	if err != nil {
		return Enrolled{}, err
	}
	if opts.Identity.IsZero() {
		return Enrolled{}, errors.New("link: enrolment needs an identity")
	}
	e := enroller{client: newHTTP(opts.TLS), address: base.String() + pathEnrol}
	defer e.client.CloseIdleConnections()
	m := enrolMessage{Version: 1, Nonce: newNonce(), Host: hostOf(base.Host)}
	offer, err := e.post(ctx, m)
	if err != nil {
		return Enrolled{}, err
	}
	m.ServerNonce, m.ServerKey = offer.ServerNonce, offer.ServerKey
	switch {
	case auth.FingerprintOf(m.ServerKey) != opts.Token.ServerKey:
		return Enrolled{}, fmt.Errorf("another key than the token names: %w", ErrServerKey)
	case !auth.VerifySignature(m.ServerKey, purposeOffer, m.offer(), offer.Signature):
		return Enrolled{}, ErrServerKey
	}
	m.Secret, m.Key = string(opts.Token.Secret), opts.Identity.Public()
	m.Software, m.Name = opts.Software, opts.Name
	m.Signature = opts.Identity.Sign(purposeEnrol, m.request())
	result, err := e.post(ctx, m)
	if err != nil {
		return Enrolled{}, err
	}
	if result.Site == "" || !auth.VerifySignature(m.ServerKey, purposeEnrolled, m.result(result.Site), result.Signature) {
		return Enrolled{}, ErrServerKey
	}
	return Enrolled{Site: result.Site, ServerURL: opts.Token.ServerURL, ServerKey: m.ServerKey}, nil
}

type enroller struct {
	client  *http.Client
	address string
}

func (e enroller) post(ctx context.Context, m enrolMessage) (enrolMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, defaultAnswerWithin)
	defer cancel()
	body, err := json.Marshal(m)
	if err != nil {
		return enrolMessage{}, fmt.Errorf("encode an enrolment: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.address, bytes.NewReader(body))
	if err != nil {
		return enrolMessage{}, fmt.Errorf("make a request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := e.client.Do(request)
	if err != nil {
		return enrolMessage{}, fmt.Errorf("reach the server: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(response.Body, maxEnrolBody))
	if err != nil {
		return enrolMessage{}, fmt.Errorf("read the answer: %w", err)
	}
	var answer enrolMessage
	if err := json.Unmarshal(text, &answer); err != nil {
		return enrolMessage{}, fmt.Errorf("answer with status %d: %w", response.StatusCode, ErrProtocol)
	}
	switch {
	case answer.Code != "":
		return enrolMessage{}, &locker.Error{Code: answer.Code, Message: answer.Message}
	case response.StatusCode != http.StatusOK:
		return enrolMessage{}, fmt.Errorf("answer with status %d: %w", response.StatusCode, ErrProtocol)
	}
	return answer, nil
}

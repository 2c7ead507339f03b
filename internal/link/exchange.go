package link

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Headers of the fallback.
const (
	headerKey       = "Cubby-Key"          // fingerprint of the controller
	headerSite      = "Cubby-Site"         // id
	headerInstance  = "Cubby-Instance"     // as in Hello
	headerHost      = "Cubby-Host"         // by which the site reached the server
	headerNonce     = "Cubby-Nonce"        // of the server, one use; answers carry the next one
	headerOwnNonce  = "Cubby-Client-Nonce" // of the site
	headerSignature = "Cubby-Signature"    // base64

	contentType = "application/vnd.cubby.link"
)

// requestParts is what the signature of a POST covers.
type requestParts struct {
	host, key, site, instance, nonce, ownNonce string
	body                                       []byte
}

func (p requestParts) transcript() []byte {
	return lengthPrefixed([]byte(p.host), []byte(p.key), []byte(p.site), []byte(p.instance),
		[]byte(p.nonce), []byte(p.ownNonce), hashed(p.body))
}

// answerTranscript is what the signature of an answer covers: the request by its nonces, the next
// nonce, and the body.
func answerTranscript(nonce, ownNonce, next string, status int, body []byte) []byte {
	return lengthPrefixed([]byte(nonce), []byte(ownNonce), []byte(next), []byte(strconv.Itoa(status)), hashed(body))
}

// exchanger is one period of the fallback.
type exchanger struct {
	client   *Client
	nonce    string
	have     wire.DirectoryAck
	acked    wire.Position
	known    bool          // the server said what it has
	again    bool          // the last operation that both have goes up once more, see resume
	last     wire.Position // of the site's record
	head     string
	reported time.Time
	more     bool // something waits in either direction
}

// runExchange talks by POST until it fails or until it is time to try a WebSocket again; then it
// returns nil.
func (c *Client) runExchange(ctx context.Context) error {
	until := c.opts.Now().Add(c.opts.SocketAgain)
	e := &exchanger{client: c}
	for c.opts.Now().Before(until) {
		if err := e.once(ctx); err != nil {
			return err
		}
		if e.more {
			continue
		}
		timer := time.NewTimer(c.opts.PollEvery)
		select {
		case <-timer.C:
		case <-c.wake:
		case <-c.report:
			e.reported = time.Time{}
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
	return nil
}

// once sends what waits and takes what comes back.
func (e *exchanger) once(ctx context.Context) error {
	c := e.client
	messages, sent, err := e.messages(ctx)
	if err != nil {
		return err
	}
	body, err := wire.EncodeFrames(messages...)
	if err != nil {
		return err
	}
	answers, clock, err := e.post(ctx, body)
	if err != nil {
		return err
	}
	e.more = false
	for _, m := range answers {
		switch m := m.(type) {
		case wire.Ack:
			err = e.tookAck(ctx, m, sent)
		case wire.DirectoryBatch:
			if c.applyDirectory(ctx, &e.have, m) {
				e.more = e.more || m.More
			}
		case wire.Intents:
			err = c.handleIntents(ctx, clock, m)
		case wire.Countersigned:
			if c.opts.OnCountersigned != nil {
				c.opts.OnCountersigned(m.Note)
			}
		case wire.Notice:
			if m.Code == locker.CodeConflict {
				e.head = "" // it was there before what it covers: it goes with the next report
				continue
			}
			c.noticed(m)
		}
		if err != nil {
			return err
		}
	}
	c.connected(ctx, ViaHTTPS, e.acked)
	c.clockSeen(clock)
	return nil
}

// messages returns what to send now, and the last operation in it.
func (e *exchanger) messages(ctx context.Context) ([]wire.Message, wire.Position, error) {
	c, now := e.client, e.client.opts.Now()
	var messages []wire.Message
	if e.reported.IsZero() || now.Sub(e.reported) >= c.opts.StatusEvery {
		report, err := c.takeReport(ctx)
		if err != nil {
			return nil, wire.Position{}, err
		}
		if e.reported.IsZero() && !e.known {
			e.have = report.Directory
		}
		e.reported, e.last = now, report.Status.Journal.Last
		messages = append(messages, report.Status)
		if report.Head != "" && report.Head != e.head {
			e.head = report.Head
			messages = append(messages, wire.Head{Note: report.Head})
		}
	}
	messages = append(messages, e.have)
	if !e.known { // the first answer says what the server has
		return messages, wire.Position{}, nil
	}
	after := e.acked
	if e.again {
		after = resume(e.acked, e.last)
	}
	items, err := c.pending(ctx, after)
	if err != nil || len(items) == 0 {
		return messages, e.acked, err
	}
	return append(messages, wire.UploadBatch{Items: items}), items[len(items)-1].Position, nil
}

func (e *exchanger) tookAck(ctx context.Context, a wire.Ack, sent wire.Position) error {
	e.again = false
	switch {
	case !e.known:
		e.known, e.again = true, true
		e.more = true
	case a.Compare(sent) > 0 && a.Compare(e.acked) > 0:
		return fmt.Errorf("operation %s was acknowledged but never sent: %w", a.Position, ErrProtocol)
	case a.Compare(e.acked) <= 0:
		return nil
	default:
		e.more = true
	}
	e.acked = a.Position
	return e.client.acknowledged(ctx, a.Position)
}

// post sends one signed request. Without a nonce, or with one that the server does not take any
// more, it gets one from the refusal and tries once again.
func (e *exchanger) post(ctx context.Context, body []byte) ([]wire.Message, serverClock, error) {
	for range 2 {
		answers, clock, err := e.postOnce(ctx, body)
		if !errors.Is(err, errNonce) {
			return answers, clock, err
		}
	}
	return nil, serverClock{}, fmt.Errorf("the server takes no nonce: %w", ErrProtocol)
}

// errNonce means that the server wants the nonce that its refusal carried.
var errNonce = errors.New("link: nonce needed")

func (e *exchanger) postOnce(ctx context.Context, body []byte) ([]wire.Message, serverClock, error) {
	c := e.client
	ctx, cancel := context.WithTimeout(ctx, c.opts.AnswerWithin)
	defer cancel()
	parts := requestParts{
		host: c.host, key: c.opts.Identity.Fingerprint().String(), site: string(c.opts.SiteID),
		instance: c.opts.Instance, nonce: e.nonce, body: body,
		ownNonce: base64.RawURLEncoding.EncodeToString(newNonce()),
	}
	request, err := c.newExchange(ctx, parts)
	if err != nil {
		return nil, serverClock{}, err
	}
	asked := c.opts.Now()
	response, err := c.http.Do(request)
	if err != nil {
		return nil, serverClock{}, fmt.Errorf("post: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	answer, err := io.ReadAll(io.LimitReader(response.Body, wire.MaxBodySize+1))
	if err != nil {
		return nil, serverClock{}, fmt.Errorf("read the answer: %w", err)
	}
	now := c.opts.Now()
	e.nonce = response.Header.Get(headerNonce)
	if response.StatusCode == http.StatusUnauthorized && e.nonce != "" {
		return nil, serverClock{}, errNonce
	}
	signature, err := base64.StdEncoding.DecodeString(response.Header.Get(headerSignature))
	covered := answerTranscript(parts.nonce, parts.ownNonce, e.nonce, response.StatusCode, answer)
	if err != nil || !auth.VerifySignature(c.opts.ServerKey, purposeAnswer, covered, signature) {
		return nil, serverClock{}, fmt.Errorf("answer with status %d: %w", response.StatusCode, ErrServerKey)
	}
	messages, err := wire.DecodeFrames(answer)
	if err != nil {
		return nil, serverClock{}, err
	}
	clock := serverClock{roundTrip: now.Sub(asked), at: now}
	for _, m := range messages {
		switch m := m.(type) {
		case wire.Refuse:
			c.noticed(wire.Notice(m))
			return nil, clock, m.Reason()
		case wire.Ack:
			clock.stamp = m.ServerTime
		}
	}
	if response.StatusCode != http.StatusOK || clock.stamp == 0 {
		return nil, clock, fmt.Errorf("answer with status %d: %w", response.StatusCode, ErrProtocol)
	}
	return messages, clock, nil
}

func (c *Client) newExchange(ctx context.Context, p requestParts) (*http.Request, error) {
	address := c.base.String() + pathExchange
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(p.body))
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	signature := c.opts.Identity.Sign(purposeRequest, p.transcript())
	for name, value := range map[string]string{
		"Content-Type": contentType, headerKey: p.key, headerSite: p.site, headerInstance: p.instance,
		headerHost: p.host, headerNonce: p.nonce, headerOwnNonce: p.ownNonce,
		headerSignature: base64.StdEncoding.EncodeToString(signature),
	} {
		request.Header.Set(name, value)
	}
	return request, nil
}

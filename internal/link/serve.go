package link

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// serveEnrol answers both steps of an enrolment.
func (s *Server) serveEnrol(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	var m enrolMessage
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEnrolBody))
	if err != nil || json.Unmarshal(body, &m) != nil || len(m.Nonce) != nonceSize {
		s.answerEnrol(ctx, w, enrolMessage{Code: locker.CodeInputInvalid, Message: "not an enrolment"})
		return
	}
	if _, ok := s.host(m.Host, r); !ok {
		s.answerEnrol(ctx, w, enrolMessage{
			Code: locker.CodeNotAllowed, Message: "the server does not go by the name in the token",
		})
		return
	}
	if m.ServerNonce == "" {
		m.ServerNonce, m.ServerKey = s.nonces.next(), s.opts.Identity.Public()
		s.answerEnrol(ctx, w, enrolMessage{
			ServerNonce: m.ServerNonce, ServerKey: m.ServerKey,
			Signature: s.opts.Identity.Sign(purposeOffer, m.offer()),
		})
		return
	}
	site, err := s.enrol(ctx, m, r.RemoteAddr)
	if err != nil {
		s.opts.Logger.WarnContext(ctx, "enrolment refused", remoteAttr(r), errAttr(err))
		refused := refusal(err)
		s.answerEnrol(ctx, w, enrolMessage{Code: refused.Code, Message: refused.Message})
		return
	}
	s.opts.Logger.InfoContext(ctx, "controller enrolled", siteAttr(site), remoteAttr(r))
	s.dismiss(ctx, site)
	s.answerEnrol(ctx, w, enrolMessage{
		Site: site, Signature: s.opts.Identity.Sign(purposeEnrolled, m.result(site)),
	})
}

func (s *Server) enrol(ctx context.Context, m enrolMessage, remote string) (locker.SiteID, error) {
	m.ServerKey = s.opts.Identity.Public()
	if !auth.VerifySignature(m.Key, purposeEnrol, m.request(), m.Signature) {
		return "", locker.Errorf(locker.CodeNotAllowed, "the controller did not prove its key")
	}
	secret, err := auth.ParseEnrolmentSecret(m.Secret)
	if err != nil {
		return "", locker.Errorf(locker.CodeTokenUsed, "the token is unknown or was used")
	}
	if !s.nonces.spend(m.ServerNonce) {
		return "", locker.Errorf(locker.CodeConflict, "the enrolment took too long or was repeated, try again")
	}
	return s.opts.Registry.Enrol(ctx, EnrolRequest{
		Secret: secret, Key: m.Key, Software: m.Software, Name: m.Name, Remote: remote,
	})
}

func (s *Server) answerEnrol(ctx context.Context, w http.ResponseWriter, m enrolMessage) {
	m.Version = 1
	status := http.StatusOK
	if m.Code != "" {
		status = http.StatusForbidden
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(m); err != nil {
		s.opts.Logger.DebugContext(ctx, "answer not delivered", errAttr(err))
	}
}

// serveExchange answers one POST of the fallback.
func (s *Server) serveExchange(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		http.Error(w, "the server stops", http.StatusServiceUnavailable)
		return
	}
	defer s.sessions.Done()
	ctx := r.Context()
	p := requestParts{
		host: r.Header.Get(headerHost), key: r.Header.Get(headerKey), site: r.Header.Get(headerSite),
		instance: r.Header.Get(headerInstance), nonce: r.Header.Get(headerNonce),
		ownNonce: r.Header.Get(headerOwnNonce),
	}
	if !s.nonces.valid(p.nonce) {
		s.wantNonce(w)
		return
	}
	var err error
	if p.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, wire.MaxBodySize)); err != nil {
		http.Error(w, "the body is too large or incomplete", http.StatusRequestEntityTooLarge)
		return
	}
	answers, status, err := s.exchange(ctx, r, p)
	if errors.Is(err, errNonce) {
		s.wantNonce(w)
		return
	}
	if err != nil {
		s.opts.Logger.DebugContext(ctx, "exchange refused", remoteAttr(r), errAttr(err))
		answers = []wire.Message{refusal(err)}
	}
	s.answerExchange(ctx, w, p, status, answers)
}

// wantNonce asks for the request again, under a fresh nonce.
func (s *Server) wantNonce(w http.ResponseWriter) {
	w.Header().Set(headerNonce, s.nonces.next())
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusUnauthorized)
}

func (s *Server) answerExchange(
	ctx context.Context, w http.ResponseWriter, p requestParts, status int, answers []wire.Message,
) {
	body, err := wire.EncodeFrames(answers...)
	if err != nil {
		s.opts.Logger.ErrorContext(ctx, "answer not encoded", errAttr(err))
		http.Error(w, "the answer is too large", http.StatusInternalServerError)
		return
	}
	next := s.nonces.next()
	covered := answerTranscript(p.nonce, p.ownNonce, next, status, body)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set(headerNonce, next)
	w.Header().Set(headerSignature, base64.StdEncoding.EncodeToString(s.opts.Identity.Sign(purposeAnswer, covered)))
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil { //nolint:gosec // G705: binary frames with their own content type, for a program
		s.opts.Logger.DebugContext(ctx, "answer not delivered", errAttr(err))
	}
}

// exchange authenticates one request and does what it asks.
func (s *Server) exchange(ctx context.Context, r *http.Request, p requestParts) ([]wire.Message, int, error) {
	host, ok := s.host(p.host, r)
	if !ok || host == "" || p.instance == "" {
		return nil, http.StatusForbidden, locker.Errorf(locker.CodeNotAllowed, "the server does not go by the name that was used")
	}
	controller, err := s.identify(ctx, p.key, locker.SiteID(p.site), func(key []byte) bool {
		signature, err := base64.StdEncoding.DecodeString(r.Header.Get(headerSignature))
		return err == nil && auth.VerifySignature(key, purposeRequest, p.transcript(), signature)
	})
	if err != nil {
		return nil, http.StatusForbidden, err
	}
	if !s.nonces.spend(p.nonce) {
		return nil, http.StatusUnauthorized, errNonce
	}
	messages, err := wire.DecodeFrames(p.body)
	if err != nil {
		return nil, http.StatusBadRequest, locker.Errorf(locker.CodeInputInvalid, "the body cannot be read")
	}
	if !slices.ContainsFunc(messages, isRecall) { // that is no controller yet
		who := Presence{
			Connected: true, Via: ViaHTTPS, Instance: p.instance, Remote: r.RemoteAddr, At: s.opts.Now(),
		}
		if err := s.polled(ctx, controller.Site, who); err != nil {
			return nil, http.StatusConflict, err
		}
	}
	answers, err := s.answers(ctx, controller.Site, messages)
	if err != nil {
		return nil, http.StatusServiceUnavailable, err
	}
	return answers, http.StatusOK, nil
}

// polled marks a site as there for a while.
func (s *Server) polled(ctx context.Context, site locker.SiteID, who Presence) error {
	p := &presence{instance: who.Instance, via: ViaHTTPS, over: make(chan struct{})}
	p.expire = time.AfterFunc(exchangeAlive, func() {
		close(p.over)
		if s.leave(site, p) {
			who.Connected, who.At, who.Reason = false, s.opts.Now(), "stopped polling"
			s.opts.Registry.Present(context.WithoutCancel(ctx), site, who)
		}
	})
	if err := s.admit(ctx, site, p, who); err != nil {
		p.expire.Stop()
		return err
	}
	return nil
}

// answers does what the messages ask, in order, and returns what the site gets: always an
// acknowledgement, then directory and intents.
func (s *Server) answers(ctx context.Context, site locker.SiteID, messages []wire.Message) ([]wire.Message, error) {
	standing, err := s.opts.Registry.Standing(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("look up the site: %w", err)
	}
	acked := standing.Acked
	var answers []wire.Message
	for _, m := range messages {
		switch m := m.(type) {
		case wire.UploadBatch:
			if acked, err = s.opts.Hub.Ingest(ctx, site, m.Items); err != nil {
				return nil, fmt.Errorf("ingest: %w", err)
			}
		case wire.DirectoryAck:
			batch, err := s.directory(ctx, site, m)
			if err != nil {
				return nil, err
			}
			if batch != nil {
				answers = append(answers, *batch)
			}
		case wire.Recall:
			recalled, err := s.recall(ctx, site, m, standing)
			if err != nil {
				return nil, err
			}
			answers = append(answers, recalled...)
		case wire.Status:
			err = s.opts.Hub.Status(ctx, site, m)
		case wire.Head:
			answer, headErr := s.countersign(ctx, site, m.Note)
			if answer != nil {
				answers = append(answers, answer)
			} else {
				err = headErr
			}
		}
		if err != nil { // of the status or the head: the next one comes soon
			s.opts.Logger.WarnContext(ctx, "status or head not kept", siteAttr(site), errAttr(err))
			err = nil
		}
	}
	intents, err := s.opts.Hub.Intents(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("read intents: %w", err)
	}
	now := locker.At(s.opts.Now())
	if intents = intents[:min(len(intents), wire.MaxIntents)]; len(intents) > 0 {
		answers = append(answers, wire.Intents{ServerTime: now, Items: intents})
	}
	return append([]wire.Message{wire.Ack{Position: acked, ServerTime: now}}, answers...), nil
}

func isRecall(m wire.Message) bool {
	_, ok := m.(wire.Recall)
	return ok
}

// recall returns the next operations of the server's copy of a record, and the head that they must fit.
func (s *Server) recall(ctx context.Context, site locker.SiteID, m wire.Recall, standing Standing) ([]wire.Message, error) {
	items, err := s.opts.Hub.Recall(ctx, site, m.After, recallLimit)
	if err != nil {
		return nil, fmt.Errorf("recall operations after %s: %w", m.After, err)
	}
	var answers []wire.Message
	if standing.Head != "" {
		answers = append(answers, wire.Countersigned{Note: standing.Head})
	}
	return append(answers, wire.UploadBatch{Items: items[:wire.FitUploads(items)]}), nil
}

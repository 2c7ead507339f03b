package link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// session is one WebSocket session of a server.
type session struct {
	server *Server
	site   locker.SiteID
	conn   *websocket.Conn
	cancel context.CancelCauseFunc

	ingest chan []wire.Upload
	news   chan struct{} // the directory changed or an intent waits
	said   chan struct{} // a status or a head came
	busy   atomic.Bool   // ingest is behind: the socket waits, and answers no ping

	mu       sync.Mutex
	have     wire.DirectoryAck // of the site
	haveSeen bool
	status   *wire.Status // newest that the hub has not seen
	head     string       // likewise
}

// serveSocket upgrades, authenticates and runs one session.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		http.Error(w, "the server stops", http.StatusServiceUnavailable)
		return
	}
	defer s.sessions.Done()
	select {
	case s.handshakes <- struct{}{}:
	default:
		http.Error(w, "too many connections are being made, try again", http.StatusServiceUnavailable)
		return
	}
	greeted := sync.OnceFunc(func() { <-s.handshakes })
	defer greeted()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}})
	if err != nil {
		s.opts.Logger.DebugContext(r.Context(), "socket refused", errAttr(err))
		return
	}
	defer func() { _ = conn.CloseNow() }() // the session is over
	conn.SetReadLimit(wire.MaxFrameSize)
	// The request's own context ends in ways that the library leaves open; sessions end by Stop.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	defer cancel(nil)
	se := &session{
		server: s, conn: conn, cancel: cancel, ingest: make(chan []wire.Upload, ingestQueue),
		news: make(chan struct{}, 1), said: make(chan struct{}, 1),
	}
	defer s.follow(se)()
	err = se.run(ctx, r, greeted)
	s.opts.Logger.DebugContext(ctx, "socket ended", siteAttr(se.site), errAttr(err))
}

func (se *session) run(ctx context.Context, r *http.Request, greeted func()) error {
	s := se.server
	hello, err := se.greet(ctx, r)
	if err != nil {
		se.refuse(ctx, err)
		return err
	}
	who := Presence{
		Connected: true, Via: ViaSocket, Instance: hello.Instance, Software: hello.Software,
		Remote: r.RemoteAddr, At: s.opts.Now(),
	}
	p := &presence{instance: hello.Instance, via: ViaSocket, session: se}
	if err := s.admit(ctx, se.site, p, who); err != nil {
		se.refuse(ctx, err)
		return err
	}
	greeted()
	err = se.serve(ctx)
	if s.leave(se.site, p) {
		who.Connected, who.At, who.Reason = false, s.opts.Now(), err.Error()
		s.opts.Registry.Present(context.WithoutCancel(ctx), se.site, who) // also when Stop ended it
	}
	return err
}

// serve runs an admitted session until it ends; the error is never nil.
func (se *session) serve(ctx context.Context) error {
	standing, err := se.server.opts.Registry.Standing(ctx, se.site)
	if err != nil {
		se.refuse(ctx, err)
		return fmt.Errorf("look up the site: %w", err)
	}
	welcome := wire.Welcome{
		DirectoryEpoch: standing.DirectoryEpoch, Acked: standing.Acked,
		ServerTime: locker.At(se.server.opts.Now()), Head: standing.Head,
	}
	if err := se.write(ctx, welcome); err != nil {
		return err
	}
	return together(ctx, se.readLoop, se.ingestLoop, se.downLoop, se.sideLoop)
}

// greet proves the server's key and checks the site's.
func (se *session) greet(ctx context.Context, r *http.Request) (wire.Hello, error) {
	s := se.server
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	hello, err := receive[wire.Hello](ctx, se.conn)
	if err != nil {
		return wire.Hello{}, err
	}
	h := handshake{hello: hello, exported: exporter(r.TLS), server: s.opts.Identity.Fingerprint()}
	h.challenge = wire.Challenge{Version: wire.Version, Nonce: newNonce(), Binding: bindingHost}
	if h.exported != nil {
		h.challenge.Binding = bindingExporter
	}
	if !slices.Contains(hello.Versions, wire.Version) {
		return wire.Hello{}, locker.Errorf(locker.CodeVersionUnsupported,
			"the controller speaks versions %v of the link, the server version %d", hello.Versions, wire.Version)
	}
	if _, ok := s.host(hello.Host, r); !ok {
		return wire.Hello{}, locker.Errorf(locker.CodeNotAllowed, "the server does not go by the name that was used")
	}
	transcript, err := h.transcript()
	if err != nil {
		return wire.Hello{}, err
	}
	h.challenge.Signature = s.opts.Identity.Sign(purposeServer, transcript)
	if err := se.write(ctx, h.challenge); err != nil {
		return wire.Hello{}, err
	}
	proof, err := receive[wire.Proof](ctx, se.conn)
	if err != nil {
		return wire.Hello{}, err
	}
	controller, err := s.identify(ctx, hello.Key, hello.Site, func(key []byte) bool {
		return auth.VerifySignature(key, purposeSite, transcript, proof.Signature)
	})
	if err != nil {
		return wire.Hello{}, err
	}
	se.site = controller.Site
	return hello, nil
}

// identify returns the controller with that key when it is of that site and the signature holds.
// Whatever is wrong, the answer is the same.
func (s *Server) identify(
	ctx context.Context, key string, site locker.SiteID, signed func(key []byte) bool,
) (Controller, error) {
	notAllowed := locker.Errorf(locker.CodeNotAllowed, "the server does not know this controller; enrol it again")
	fingerprint, err := auth.ParseFingerprint(key)
	if err != nil {
		return Controller{}, notAllowed
	}
	controller, err := s.opts.Registry.Identify(ctx, fingerprint)
	var domain *locker.Error
	switch {
	case errors.As(err, &domain):
		return Controller{}, notAllowed
	case err != nil:
		return Controller{}, fmt.Errorf("look up a controller: %w", err)
	case controller.Site != site, auth.FingerprintOf(controller.Key) != fingerprint, !signed(controller.Key):
		return Controller{}, notAllowed
	}
	return controller, nil
}

// receive reads the next message, which must be an M.
func receive[M wire.Message](ctx context.Context, conn *websocket.Conn) (M, error) {
	var none M
	m, err := readMessage(ctx, conn)
	if err != nil {
		return none, err
	}
	got, ok := m.(M)
	if !ok {
		return none, fmt.Errorf("got %s instead of %s: %w", m.Type(), none.Type(), ErrProtocol)
	}
	return got, nil
}

func (se *session) write(ctx context.Context, m wire.Message) error {
	return writeMessage(ctx, se.conn, m, writeWithin)
}

// refuse tells the site why, and closes.
func (se *session) refuse(ctx context.Context, cause error) {
	refused := refusal(cause)
	if errors.Is(cause, ErrProtocol) {
		refused = wire.Refuse{Code: locker.CodeInputInvalid, Message: "protocol error"}
	}
	if se.write(ctx, refused) == nil {
		_ = se.conn.Close(websocket.StatusPolicyViolation, string(refused.Code)) // the site may be gone already
	}
}

// notice tells the site something; best effort, the hub knows it anyway.
func (se *session) notice(ctx context.Context, n wire.Notice) {
	if err := se.write(ctx, n); err != nil {
		se.server.opts.Logger.DebugContext(ctx, "notice not delivered", siteAttr(se.site), errAttr(err))
	}
}

func (se *session) readLoop(ctx context.Context) error {
	for {
		m, err := se.read(ctx)
		if err != nil {
			if errors.Is(err, ErrProtocol) {
				se.refuse(ctx, err)
			}
			return err
		}
		switch m := m.(type) {
		case wire.UploadBatch:
			se.busy.Store(true)
			select {
			case se.ingest <- m.Items:
			case <-ctx.Done():
				return ctx.Err()
			}
			se.busy.Store(false)
		case wire.Beat:
			m.ServerTime = locker.At(se.server.opts.Now())
			if err := se.write(ctx, m); err != nil {
				return err
			}
		case wire.DirectoryAck:
			se.mu.Lock()
			se.have, se.haveSeen = m, true
			se.mu.Unlock()
			signal(se.news)
		case wire.Status:
			se.mu.Lock()
			se.status = &m
			se.mu.Unlock()
			signal(se.said)
		case wire.Head:
			se.mu.Lock()
			se.head = m.Note
			se.mu.Unlock()
			signal(se.said)
		case wire.Notice, wire.Unrecognized: // of a newer site
		default:
			err := fmt.Errorf("got %s: %w", m.Type(), ErrProtocol)
			se.refuse(ctx, err)
			return err
		}
	}
}

// read returns the next message, or an error when the site is silent for too long.
func (se *session) read(ctx context.Context) (wire.Message, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, se.server.opts.IdleAfter, ErrHalfOpen)
	defer cancel()
	m, err := readMessage(ctx, se.conn)
	if err != nil && errors.Is(context.Cause(ctx), ErrHalfOpen) {
		return nil, ErrHalfOpen
	}
	return m, err
}

// ingestLoop commits uploads in order and acknowledges them. What waits is committed together.
func (se *session) ingestLoop(ctx context.Context) error {
	for {
		var items []wire.Upload
		select {
		case items = <-se.ingest:
		case <-ctx.Done():
			return ctx.Err()
		}
		items = append(items, se.waiting(wire.MaxBatch-len(items))...)
		acked, err := se.server.opts.Hub.Ingest(ctx, se.site, items)
		if err != nil {
			se.refuse(ctx, err)
			return fmt.Errorf("ingest: %w", err)
		}
		if err := se.write(ctx, wire.Ack{Position: acked, ServerTime: locker.At(se.server.opts.Now())}); err != nil {
			return err
		}
	}
}

// waiting takes uploads that have arrived already, as long as they surely fit into room.
func (se *session) waiting(room int) []wire.Upload {
	var items []wire.Upload
	for room-len(items) >= batchLimit && len(se.ingest) > 0 {
		items = append(items, <-se.ingest...)
	}
	return items
}

// downLoop sends the directory and intents when there is news. One directory batch is under way at
// a time: the next follows on what the site then says it has.
func (se *session) downLoop(ctx context.Context) error {
	look := time.NewTicker(se.server.opts.LookEvery)
	defer look.Stop()
	d := delivery{intents: map[locker.IntentID]time.Time{}}
	for {
		select {
		case <-se.news:
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := se.sendDirectory(ctx, &d); err != nil {
			return err
		}
		if err := se.sendIntents(ctx, &d); err != nil {
			return err
		}
	}
}

// delivery is what a session has sent down.
type delivery struct {
	base    wire.DirectoryAck             // that the last batch followed on
	sentAt  time.Time                     // of the last batch; zero: none is under way
	intents map[locker.IntentID]time.Time // when they were sent last
}

func (se *session) sendDirectory(ctx context.Context, d *delivery) error {
	se.mu.Lock()
	have, seen := se.have, se.haveSeen
	se.mu.Unlock()
	now := se.server.opts.Now()
	if !seen || !d.sentAt.IsZero() && d.base == have && now.Sub(d.sentAt) < se.server.opts.LookEvery {
		return nil
	}
	batch, err := se.server.directory(ctx, se.site, have)
	if err != nil {
		return err
	}
	if batch == nil {
		d.sentAt = time.Time{}
		return nil
	}
	d.base, d.sentAt = have, now
	return se.write(ctx, *batch)
}

// directory returns the next batch for a site, or nil when it has everything. A batch that is large
// is cut: its changes are in the order of their revisions, so any first part of it is a batch too.
func (s *Server) directory(
	ctx context.Context, site locker.SiteID, have wire.DirectoryAck,
) (*wire.DirectoryBatch, error) {
	batch, err := s.opts.Hub.Directory(ctx, site, have, directoryLimit)
	if err != nil {
		return nil, fmt.Errorf("read the directory after rev %d: %w", have.Rev, err)
	}
	if batch.From == batch.To && batch.Epoch == have.Epoch {
		return nil, nil //nolint:nilnil // no news is no batch and no error
	}
	size, last := 0, batch.From
	for i, c := range batch.Changes {
		if c.Rev <= last || c.Rev > batch.To {
			return nil, fmt.Errorf("the directory after rev %d: rev %d stands after rev %d", have.Rev, c.Rev, last)
		}
		if size += len(c.Body) + len(c.ID); size > frameBudget && i > 0 {
			batch.Changes, batch.To, batch.More = batch.Changes[:i], last, true
			break
		}
		last = c.Rev
	}
	return &batch, nil
}

// sendIntents sends the intents that wait, and again those that have no answer after a while: the
// site takes each once.
func (se *session) sendIntents(ctx context.Context, d *delivery) error {
	waiting, err := se.server.opts.Hub.Intents(ctx, se.site)
	if err != nil {
		return fmt.Errorf("read intents: %w", err)
	}
	now := se.server.opts.Now()
	sent := make(map[locker.IntentID]time.Time, len(waiting))
	var items []wire.Intent
	for _, i := range waiting {
		at, before := d.intents[i.ID]
		switch {
		case i.ExpiredAt(locker.At(now)):
		case before && now.Sub(at) < se.server.opts.LookEvery, len(items) == wire.MaxIntents:
			sent[i.ID] = at
		default:
			sent[i.ID] = now
			items = append(items, i)
		}
	}
	d.intents = sent
	if len(items) == 0 {
		return nil
	}
	return se.write(ctx, wire.Intents{ServerTime: locker.At(now), Items: items})
}

// sideLoop hands the newest status and head to the hub. A failure costs only freshness: the next
// one comes within half a minute.
func (se *session) sideLoop(ctx context.Context) error {
	for {
		select {
		case <-se.said:
		case <-ctx.Done():
			return ctx.Err()
		}
		se.mu.Lock()
		status, head := se.status, se.head
		se.status, se.head = nil, ""
		se.mu.Unlock()
		if status != nil {
			if err := se.server.opts.Hub.Status(ctx, se.site, *status); err != nil {
				se.server.opts.Logger.WarnContext(ctx, "status not kept", siteAttr(se.site), errAttr(err))
			}
		}
		if head == "" {
			continue
		}
		answer, err := se.server.countersign(ctx, se.site, head)
		if err != nil {
			se.server.opts.Logger.WarnContext(ctx, "head not countersigned", siteAttr(se.site), errAttr(err))
		}
		if answer == nil {
			continue
		}
		if err := se.write(ctx, answer); err != nil {
			return err
		}
	}
}

// countersign returns what the site is told about its head: the countersigned note, or why not.
func (s *Server) countersign(ctx context.Context, site locker.SiteID, head string) (wire.Message, error) {
	note, err := s.opts.Hub.Head(ctx, site, head)
	var domain *locker.Error
	switch {
	case errors.As(err, &domain):
		return wire.Notice{Code: domain.Code, Message: domain.Message}, err
	case err != nil:
		return nil, err
	}
	return wire.Countersigned{Note: note}, nil
}

// remoteAttr is where a request came from.
func remoteAttr(r *http.Request) slog.Attr { return slog.String("remote", r.RemoteAddr) }

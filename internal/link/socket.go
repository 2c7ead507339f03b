package link

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"

	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// clientSession is one WebSocket session of a client.
type clientSession struct {
	client *Client
	conn   *websocket.Conn
	down   chan wire.Message // directory, intents, countersigned heads, notices: in order
	acks   chan struct{}     // an acknowledgement came
	beats  chan struct{}     // a beat came back

	mu       sync.Mutex
	have     wire.DirectoryAck // of the replica
	head     string            // last one sent; empty: to be sent again
	clock    serverClock
	acked    wire.Position
	sent     wire.Position
	inFlight []flight
	beat     wire.Beat
	beatAt   time.Time
	beatLost bool // the last beat has no answer yet
}

// flight is an upload without an acknowledgement.
type flight struct {
	last wire.Position
	at   time.Time
}

// runSocket makes one session and runs it until it ends. The error wraps errNoUpgrade when no
// session came about for want of a WebSocket.
func (c *Client) runSocket(ctx context.Context) error {
	conn, exported, err := c.dial(ctx)
	if err != nil {
		return errors.Join(err, errNoUpgrade)
	}
	defer func() { _ = conn.CloseNow() }() // the session is over, or never was
	conn.SetReadLimit(wire.MaxFrameSize)
	s := &clientSession{
		client: c, conn: conn, down: make(chan wire.Message, downQueue),
		acks: make(chan struct{}, 1), beats: make(chan struct{}, 1),
	}
	welcome, err := s.greet(ctx, exported)
	if err != nil {
		return err
	}
	s.acked = welcome.Acked
	c.connected(ctx, ViaSocket, welcome.Acked)
	c.clockSeen(s.clock)
	if err := c.acknowledged(ctx, welcome.Acked); err != nil {
		return err
	}
	report, err := c.takeReport(ctx)
	if err != nil {
		return err
	}
	s.have, s.sent = report.Directory, resume(welcome.Acked, report.Status.Journal.Last)
	if err := s.sendReport(ctx, report); err != nil {
		return err
	}
	return together(ctx, s.readLoop, s.applyLoop, s.uploadLoop, s.reportLoop, s.beatLoop)
}

// together runs functions until one returns, then ends the others and returns the first error.
func together(ctx context.Context, loops ...func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, loop := range loops {
		wg.Go(func() { cancel(loop(ctx)) })
	}
	wg.Wait()
	return context.Cause(ctx)
}

func (c *Client) dial(ctx context.Context) (*websocket.Conn, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.AnswerWithin)
	defer cancel()
	conn, response, err := websocket.Dial(ctx, c.base.String()+pathSocket, &websocket.DialOptions{ //nolint:bodyclose // the library says that it never needs to be
		HTTPClient: c.http, Subprotocols: []string{subprotocol},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("open a websocket: %w", err)
	}
	return conn, exporter(response.TLS), nil
}

// greet proves both keys and returns the server's welcome. A first answer that does not come, or is
// none of ours, counts as no WebSocket: a proxy swallows frames.
func (s *clientSession) greet(ctx context.Context, exported []byte) (wire.Welcome, error) {
	c := s.client
	ctx, cancel := context.WithTimeout(ctx, c.opts.AnswerWithin)
	defer cancel()
	h := handshake{server: c.server, exported: exported, hello: wire.Hello{
		Versions: []int{wire.Version}, Key: c.opts.Identity.Fingerprint().String(), Site: c.opts.SiteID,
		Nonce: newNonce(), Host: c.host, Instance: c.opts.Instance, Software: c.opts.Software,
	}}
	if err := s.write(ctx, h.hello); err != nil {
		return wire.Welcome{}, errors.Join(err, errNoUpgrade)
	}
	challenge, err := expect[wire.Challenge](ctx, s)
	if err != nil {
		return wire.Welcome{}, err
	}
	h.challenge = challenge
	if !slices.Contains(h.hello.Versions, challenge.Version) {
		return wire.Welcome{}, fmt.Errorf("version %d was not offered: %w", challenge.Version, ErrProtocol)
	}
	transcript, err := h.transcript()
	if err != nil {
		return wire.Welcome{}, err
	}
	if !auth.VerifySignature(c.opts.ServerKey, purposeServer, transcript, challenge.Signature) {
		return wire.Welcome{}, ErrServerKey
	}
	asked := c.opts.Now()
	if err := s.write(ctx, wire.Proof{Signature: c.opts.Identity.Sign(purposeSite, transcript)}); err != nil {
		return wire.Welcome{}, err
	}
	welcome, err := expect[wire.Welcome](ctx, s)
	if err != nil {
		return wire.Welcome{}, err
	}
	now := c.opts.Now()
	s.clock = serverClock{stamp: welcome.ServerTime, roundTrip: now.Sub(asked), at: now}
	return welcome, nil
}

// expect reads the next message, which must be an M. A refusal comes back as its *locker.Error.
func expect[M wire.Message](ctx context.Context, s *clientSession) (M, error) {
	var none M
	m, err := readMessage(ctx, s.conn)
	if err != nil {
		return none, errors.Join(err, errNoUpgrade)
	}
	switch m := m.(type) {
	case M:
		return m, nil
	case wire.Refuse:
		s.client.noticed(wire.Notice(m))
		return none, m.Reason()
	}
	return none, fmt.Errorf("got %s instead of %s: %w", m.Type(), none.Type(), ErrProtocol)
}

// readMessage reads one message.
func readMessage(ctx context.Context, conn *websocket.Conn) (wire.Message, error) {
	kind, frame, err := conn.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if kind != websocket.MessageBinary {
		return nil, fmt.Errorf("got a text message: %w", ErrProtocol)
	}
	m, err := wire.Decode(frame)
	if err != nil {
		return nil, errors.Join(err, ErrProtocol)
	}
	return m, nil
}

// writeMessage writes one message within a time.
func writeMessage(ctx context.Context, conn *websocket.Conn, m wire.Message, within time.Duration) error {
	frame, err := wire.Encode(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if err := conn.Write(ctx, websocket.MessageBinary, frame); err != nil {
		return fmt.Errorf("write %s: %w", m.Type(), err)
	}
	return nil
}

func (s *clientSession) write(ctx context.Context, m wire.Message) error {
	return writeMessage(ctx, s.conn, m, s.client.opts.AnswerWithin)
}

// readLoop reads until the session ends. What needs the site goes to the apply loop, so that
// acknowledgements and beats never wait behind it.
func (s *clientSession) readLoop(ctx context.Context) error {
	for {
		m, err := readMessage(ctx, s.conn)
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case wire.Ack:
			err = s.tookAck(m)
		case wire.Beat:
			s.tookBeat(m)
		case wire.Refuse:
			s.client.noticed(wire.Notice(m))
			return m.Reason()
		case wire.DirectoryBatch, wire.Intents, wire.Countersigned, wire.Notice:
			select {
			case s.down <- m:
			case <-ctx.Done():
				return ctx.Err()
			}
		case wire.Unrecognized: // of a newer server
		default:
			err = fmt.Errorf("got %s: %w", m.Type(), ErrProtocol)
		}
		if err != nil {
			return err
		}
	}
}

func (s *clientSession) tookAck(a wire.Ack) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.Compare(s.sent) > 0 && a.Compare(s.acked) > 0 {
		return fmt.Errorf("operation %s was acknowledged but never sent: %w", a.Position, ErrProtocol)
	}
	s.inFlight = slices.DeleteFunc(s.inFlight, func(f flight) bool { return f.last.Compare(a.Position) <= 0 })
	if a.Compare(s.acked) > 0 {
		s.acked = a.Position
	}
	signal(s.acks)
	return nil
}

func (s *clientSession) tookBeat(b wire.Beat) {
	now := s.client.opts.Now()
	s.mu.Lock()
	if b.Seq != s.beat.Seq || !s.beatLost {
		s.mu.Unlock()
		return
	}
	s.beatLost = false
	s.clock = serverClock{stamp: b.ServerTime, roundTrip: now.Sub(s.beatAt), at: now}
	clock := s.clock
	s.mu.Unlock()
	s.client.clockSeen(clock)
	signal(s.beats)
}

// applyLoop hands to the site what came down, in order, and acknowledgements.
func (s *clientSession) applyLoop(ctx context.Context) error {
	s.mu.Lock()
	told := s.acked
	s.mu.Unlock()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.acks:
			s.mu.Lock()
			acked := s.acked
			s.mu.Unlock()
			if acked != told {
				if err := s.client.acknowledged(ctx, acked); err != nil {
					return err
				}
				told = acked
			}
			signal(s.client.wake) // there is room in the window
		case m := <-s.down:
			if err := s.apply(ctx, m); err != nil {
				return err
			}
		}
	}
}

func (s *clientSession) apply(ctx context.Context, m wire.Message) error {
	switch m := m.(type) {
	case wire.DirectoryBatch:
		have := s.replica()
		tell := s.client.applyDirectory(ctx, &have, m)
		s.mu.Lock()
		s.have = have
		s.mu.Unlock()
		if tell {
			return s.write(ctx, have)
		}
	case wire.Intents:
		s.mu.Lock()
		clock := s.clock
		s.mu.Unlock()
		return s.client.handleIntents(ctx, clock, m)
	case wire.Countersigned:
		if s.client.opts.OnCountersigned != nil {
			s.client.opts.OnCountersigned(m.Note)
		}
	case wire.Notice:
		if m.Code != locker.CodeConflict {
			s.client.noticed(m)
			return nil
		}
		s.mu.Lock()
		s.head = "" // it was there before what it covers: it goes with the next report
		s.mu.Unlock()
	}
	return nil
}

// uploadLoop sends operations as long as there are any and the window has room.
func (s *clientSession) uploadLoop(ctx context.Context) error {
	for {
		s.mu.Lock()
		after, flying := s.sent, len(s.inFlight)
		s.mu.Unlock()
		var items []wire.Upload
		if flying < window {
			var err error
			if items, err = s.client.pending(ctx, after); err != nil {
				return err
			}
		}
		if len(items) == 0 {
			select {
			case <-s.client.wake:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		last := items[len(items)-1].Position
		s.mu.Lock()
		s.sent = last
		s.inFlight = append(s.inFlight, flight{last: last, at: s.client.opts.Now()})
		s.mu.Unlock()
		if err := s.write(ctx, wire.UploadBatch{Items: items}); err != nil {
			return err
		}
	}
}

// resume returns the position after which a session's uploads begin: before the last operation that both
// halves have. It goes up once more, so that the server compares its bytes with what it has: a copy of
// this controller that wrote another record under the same numbers is found out at once.
func resume(acked, last wire.Position) wire.Position {
	if last.Compare(acked) < 0 {
		acked = last
	}
	acked.Number = max(acked.Number, 1) - 1
	return acked
}

// pending returns the next operations that go into one frame.
func (c *Client) pending(ctx context.Context, after wire.Position) ([]wire.Upload, error) {
	items, err := c.opts.Site.Pending(ctx, after, batchLimit)
	if err != nil {
		return nil, fmt.Errorf("read operations after %s: %w", after, err)
	}
	last := after
	for _, u := range items {
		if u.Compare(last) <= 0 {
			return nil, fmt.Errorf("operation %s came after %s: %w", u.Position, last, ErrProtocol)
		}
		last = u.Position
	}
	return items[:fit(items)], nil
}

// fit returns how many uploads, at least one, stay within the budget of a frame.
func fit(items []wire.Upload) int {
	size := 0
	for i, u := range items {
		if size += u.Size(); size > frameBudget && i > 0 {
			return i
		}
	}
	return len(items)
}

// reportLoop sends the status from time to time and when it changed.
func (s *clientSession) reportLoop(ctx context.Context) error {
	every := time.NewTicker(s.client.opts.StatusEvery)
	defer every.Stop()
	for {
		select {
		case <-every.C:
		case <-s.client.report:
		case <-ctx.Done():
			return ctx.Err()
		}
		report, err := s.client.takeReport(ctx)
		if err != nil {
			return err
		}
		if err := s.sendReport(ctx, report); err != nil {
			return err
		}
		pause(ctx, min(reportGap, s.client.opts.StatusEvery))
	}
}

func (s *clientSession) replica() wire.DirectoryAck {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.have
}

// sendReport sends the status, what the replica has, and the head when it is a new one.
func (s *clientSession) sendReport(ctx context.Context, r Report) error {
	s.mu.Lock()
	clock, have := s.clock, s.have
	s.mu.Unlock()
	if err := s.write(ctx, have); err != nil {
		return err
	}
	offset, _ := clock.offset()
	r.Status.Clock.OffsetMS = offset.Milliseconds()
	if err := s.write(ctx, r.Status); err != nil {
		return err
	}
	s.mu.Lock()
	known := r.Head == s.head
	s.head = r.Head
	s.mu.Unlock()
	if known || r.Head == "" {
		return nil
	}
	return s.write(ctx, wire.Head{Note: r.Head})
}

// beatLoop finds out that the connection is dead: a beat or an upload had no answer in time.
func (s *clientSession) beatLoop(ctx context.Context) error {
	every := time.NewTicker(s.client.opts.BeatEvery)
	defer every.Stop()
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		beat, err := s.nextBeat()
		if err != nil {
			return err
		}
		if err := s.write(ctx, beat); err != nil {
			return err
		}
		if err := s.awaitBeat(ctx); err != nil {
			return err
		}
	}
}

func (s *clientSession) nextBeat() (wire.Beat, error) {
	now := s.client.opts.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.inFlight) > 0 && now.Sub(s.inFlight[0].at) > s.client.opts.AckWithin {
		return wire.Beat{}, fmt.Errorf("no acknowledgement up to %s: %w", s.inFlight[0].last, ErrHalfOpen)
	}
	s.beat.Seq++
	s.beatAt, s.beatLost = now, true
	return s.beat, nil
}

func (s *clientSession) awaitBeat(ctx context.Context) error {
	timer := time.NewTimer(s.client.opts.AnswerWithin)
	defer timer.Stop()
	select {
	case <-s.beats:
		return nil
	case <-timer.C:
		return fmt.Errorf("no answer to a beat: %w", ErrHalfOpen)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// applyDirectory applies a batch and moves have. True means: say what the replica has.
func (c *Client) applyDirectory(ctx context.Context, have *wire.DirectoryAck, b wire.DirectoryBatch) bool {
	follows := b.Epoch == have.Epoch && b.From == have.Rev
	// A server that was restored may know less than we do, in the same epoch.
	begins := b.From == 0 && (b.Epoch != have.Epoch || b.To < have.Rev)
	if !follows && !begins {
		return true // a gap, or a repeat: the server goes on from what we have
	}
	rev, err := c.opts.Site.ApplyDirectory(ctx, b)
	if err != nil {
		// Facts must go on. With the next status the server hears what the replica has, all or part of
		// the batch or nothing, and sends the rest again.
		c.opts.Logger.WarnContext(ctx, "directory not applied", siteAttr(c.opts.SiteID),
			revAttr(b.To), errAttr(err))
		if r, err := c.opts.Site.Report(ctx); err == nil {
			*have = r.Directory
		}
		return false
	}
	have.Epoch, have.Rev = b.Epoch, rev
	return true
}

package ui

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/andybalholm/brotli"
)

// sendTimeout bounds one write to a stream: a client that cannot take a message in this time is
// dropped and reconnects.
const sendTimeout = 10 * time.Second

// Stream sends HTML to an open page as server-sent events. Each message is a fragment that htmx
// swaps as the element with hx-sse:connect says, or a set of Partials. It belongs to one handler
// goroutine.
type Stream struct {
	control *http.ResponseController
	out     io.Writer
	packer  *brotli.Writer
	now     func() time.Time
	buf     bytes.Buffer
}

// OpenStream starts a stream. A compressed stream costs the server some 200 kB of memory and
// makes an update a few dozen bytes; the panel on the same machine never gets one. The caller
// sends a Ping at least each 15 s, so that a dead connection shows, and returns when the request's
// context ends. It returns an error when the connection cannot stream.
func OpenStream(w http.ResponseWriter, r *http.Request, now func() time.Time) (*Stream, error) {
	s := &Stream{control: http.NewResponseController(w), out: w, now: now}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy that buffers would hold the events back
	if !Local(r) && negotiate(r.Header.Get("Accept-Encoding")) == "br" {
		h.Set("Content-Encoding", "br")
		s.packer = brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: 1, LGWin: 16})
		s.out = s.packer
	}
	w.WriteHeader(http.StatusOK)
	if err := s.Ping(); err != nil {
		return nil, fmt.Errorf("open stream: %w", err)
	}
	return s, nil
}

// Send renders the component and sends it with an id, by which a client that reconnects says
// what it saw last (header Last-Event-ID). The id may be "".
func (s *Stream) Send(ctx context.Context, id string, c templ.Component) error {
	var body bytes.Buffer
	if err := c.Render(ctx, &body); err != nil {
		return fmt.Errorf("render event: %w", err)
	}
	return s.SendHTML(id, body.Bytes())
}

// SendHTML sends a fragment rendered before: render once for each language and send it to all.
func (s *Stream) SendHTML(id string, fragment []byte) error {
	s.buf.Reset()
	if id != "" {
		s.buf.WriteString("id: " + id + "\n")
	}
	for line := range bytes.SplitSeq(fragment, []byte("\n")) {
		s.buf.WriteString("data: ")
		s.buf.Write(bytes.TrimSuffix(line, []byte("\r")))
		s.buf.WriteByte('\n')
	}
	s.buf.WriteByte('\n')
	return s.flush()
}

// Ping sends a comment that keeps the connection open.
func (s *Stream) Ping() error {
	s.buf.Reset()
	s.buf.WriteString(":\n\n")
	return s.flush()
}

func (s *Stream) flush() error {
	// Not every connection has deadlines (a test recorder has none); then the write has no bound.
	_ = s.control.SetWriteDeadline(s.now().Add(sendTimeout))
	if _, err := s.out.Write(s.buf.Bytes()); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	if s.packer != nil {
		if err := s.packer.Flush(); err != nil {
			return fmt.Errorf("compress event: %w", err)
		}
	}
	if err := s.control.Flush(); err != nil {
		return fmt.Errorf("flush event: %w", err)
	}
	return nil
}

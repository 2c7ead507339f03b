package link

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// RecallOptions say whose record is brought back, and to whom it is given.
type RecallOptions struct {
	ServerURL string
	Identity  auth.Identity // enrolled for the site
	ServerKey ed25519.PublicKey
	SiteID    locker.SiteID
	Instance  string // random
	Now       func() time.Time
	TLS       *tls.Config // nil: the system's certificate authorities

	// Directory takes the directory batch by batch, as [SiteSide.ApplyDirectory] does.
	Directory func(ctx context.Context, batch wire.DirectoryBatch) error
	// Head takes the last head that the server countersigned, before the first operation; it is not
	// called when there is none.
	Head func(note string) error
	// Operation takes the operations one after another, without annexes.
	Operation func(u wire.Upload) error
}

// ErrRecall means that the server has a record of the site and does not hand it down.
var ErrRecall = errors.New("link: the server does not hand down its copy of the record: it needs a newer version of Cubby")

// Recall brings the directory and the server's copy of the record to a computer that takes another's
// place, and returns how far the copy goes: zero when the server has none. It is no session: a
// controller with another key was dismissed by the enrolment. A *[locker.Error] comes from the server.
func Recall(ctx context.Context, opts RecallOptions) (wire.Position, error) {
	base, err := parseAddress(opts.ServerURL)
	if err != nil {
		return wire.Position{}, err
	}
	if opts.Identity.IsZero() || opts.SiteID == "" || opts.Instance == "" || opts.Now == nil {
		return wire.Position{}, errors.New("link: a recall needs an identity, a site, an instance and a clock")
	}
	c := &Client{base: base, host: hostOf(base.Host), http: newHTTP(opts.TLS), opts: ClientOptions{
		Identity: opts.Identity, ServerKey: opts.ServerKey, SiteID: opts.SiteID, Instance: opts.Instance,
		Now: opts.Now, Logger: slog.New(slog.DiscardHandler),
	}}
	c.opts.setDefaults()
	defer c.http.CloseIdleConnections()
	r := &recaller{opts: opts, exchanger: exchanger{client: c}}
	for again := true; again; {
		if again, err = r.once(ctx); err != nil {
			return wire.Position{}, err
		}
	}
	return r.end, nil
}

// recaller is one recall under way.
type recaller struct {
	exchanger

	opts    RecallOptions
	ready   bool          // the directory is there
	began   bool          // the head was taken
	at, end wire.Position // taken so far, and how far the copy goes
}

// once asks for the next part and reports whether there is more. The directory comes first: what the
// operations mean for the places depends on which there are.
func (r *recaller) once(ctx context.Context) (more bool, err error) {
	ask := []wire.Message{wire.Recall{After: r.at}}
	if !r.ready {
		ask = append(ask, r.have)
	}
	body, err := wire.EncodeFrames(ask...)
	if err != nil {
		return false, err
	}
	answers, _, err := r.post(ctx, body)
	if err != nil {
		return false, err
	}
	if !r.ready {
		return r.directory(ctx, answers)
	}
	return r.operations(answers)
}

func (r *recaller) directory(ctx context.Context, answers []wire.Message) (more bool, err error) {
	r.ready = true
	for _, m := range answers {
		batch, ok := m.(wire.DirectoryBatch)
		if !ok {
			continue
		}
		if err := r.opts.Directory(ctx, batch); err != nil {
			return false, err
		}
		r.have = wire.DirectoryAck{Epoch: batch.Epoch, Rev: batch.To}
		r.ready = !batch.More
	}
	return true, nil
}

func (r *recaller) operations(answers []wire.Message) (more bool, err error) {
	before := r.at
	for _, m := range answers {
		switch m := m.(type) {
		case wire.Ack:
			r.end = m.Position
		case wire.Countersigned:
			if !r.began {
				if err := r.opts.Head(m.Note); err != nil {
					return false, err
				}
			}
		case wire.UploadBatch:
			r.began = true
			if err := r.take(m.Items); err != nil {
				return false, err
			}
		}
	}
	switch {
	case r.at.Compare(r.end) >= 0:
		return false, nil
	case r.at == before:
		return false, ErrRecall
	}
	return true, nil
}

func (r *recaller) take(items []wire.Upload) error {
	for _, u := range items {
		next := wire.Position{Epoch: r.at.Epoch, Number: r.at.Number + 1}
		if u.Position != next && (u.Epoch <= r.at.Epoch || u.Number != 1) {
			return fmt.Errorf("operation %s came after %s: %w", u.Position, r.at, ErrProtocol)
		}
		if err := r.opts.Operation(u); err != nil {
			return err
		}
		r.at = u.Position
	}
	return nil
}

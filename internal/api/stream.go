package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"cubby/internal/cloud"
)

const (
	streamType = "text/event-stream"
	// streamLife is how long a stream lasts: so long does a token that was revoked still see facts.
	streamLife = 10 * time.Minute
	// streamLook is how often the record is looked at without a sign: another process may have written it.
	// It is also how often a line is sent, so that neither end takes silence for an end.
	streamLook = 5 * time.Second
	streamPage = 200
)

// streamFacts follows the facts of a site.
func (a *API) streamFacts(ctx context.Context, who cloud.Principal, in *struct {
	OfSite
	After string `query:"after" maxLength:"100" doc:"Cursor of a fact; empty: from the beginning. Last-Event-ID beats it."`
	Last  string `header:"Last-Event-ID" maxLength:"100" doc:"Id of the last event that was read."`
},
) (*huma.StreamResponse, error) {
	if in.Last == "" {
		in.Last = in.After
	}
	after, err := reveal(in.Last)
	if err != nil {
		return nil, err
	}
	first, err := a.cloud.Facts(ctx, who, in.Site, after, streamPage) // errors become an answer before the stream begins
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, streamLife)
	changes, err := a.cloud.Subscribe(ctx, who, in.Site)
	if err != nil {
		cancel()
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer cancel()
		_, w := humago.Unwrap(hc)
		h := w.Header()
		h.Set("Content-Type", streamType)
		h.Set("X-Accel-Buffering", "no") // proxies of nginx's kind would keep lines back
		f := follower{w: w, flush: http.NewResponseController(w), cursor: after}
		next := func() (cloud.Page[cloud.FactView], error) {
			return a.cloud.Facts(ctx, who, in.Site, f.cursor, streamPage)
		}
		f.follow(ctx, changes, first, next)
	}}, nil
}

// follower writes facts as events.
type follower struct {
	w      io.Writer
	flush  *http.ResponseController
	cursor string
}

// follow writes pages of facts until the stream ends, which it does at the first error: the reader comes
// back with the last id.
func (f *follower) follow(
	ctx context.Context, changes <-chan cloud.Change, page cloud.Page[cloud.FactView], next func() (cloud.Page[cloud.FactView], error),
) {
	ticker := time.NewTicker(streamLook)
	defer ticker.Stop()
	for {
		if f.write(page) != nil || f.flush.Flush() != nil {
			return
		}
		if len(page.Items) < streamPage {
			select {
			case <-ctx.Done():
				return
			case _, open := <-changes:
				if !open {
					return
				}
			case <-ticker.C:
			}
		}
		var err error
		if page, err = next(); err != nil {
			return
		}
	}
}

// write writes a page; an empty one is a comment.
func (f *follower) write(page cloud.Page[cloud.FactView]) error {
	if len(page.Items) == 0 {
		_, err := io.WriteString(f.w, ":\n\n")
		return err //nolint:wrapcheck // only that there is one counts
	}
	for _, v := range page.Items {
		fact := factOf(v)
		data, err := json.Marshal(fact)
		if err != nil {
			return fmt.Errorf("encode a fact: %w", err)
		}
		if _, err := fmt.Fprintf(f.w, "id: %s\nevent: fact\ndata: %s\n\n", fact.Cursor, data); err != nil {
			return err //nolint:wrapcheck // only that there is one counts
		}
		f.cursor = v.Cursor
	}
	return nil
}

package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"cubby/internal/cloud/publish"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/notify/email"
	"cubby/internal/store"
	"cubby/internal/text"
)

// buildPublisher builds what publishes the tree heads of each day.
func (s *Server) buildPublisher(catalog *text.Catalog, sender *email.Client) error {
	signer, err := journal.NewSigner(ServerKeyName, s.identity.Private())
	if err != nil {
		return fmt.Errorf("build the publication: %w", err)
	}
	c := s.opts.Config
	opts := publish.Options{
		Store: s.store, Sites: s.Cloud, Signer: signer, Texts: catalog, Logger: s.opts.Logger, Now: s.opts.Now,
		PublicURL: c.PublicURL, Language: c.Language, Brand: c.Branding.Name, Mail: c.Publish.Mail, Folder: c.Publish.Folder,
	}
	if sender != nil {
		opts.Mailer = sender
	}
	if s.faces.heads, err = publish.New(opts); err != nil {
		return fmt.Errorf("build the publication: %w", err)
	}
	return nil
}

// serveHeads lists the days whose heads were published, to anybody.
func (s *Server) serveHeads(w http.ResponseWriter, r *http.Request) {
	days, err := s.faces.heads.Days(r.Context(), r.URL.Query().Get("before"))
	s.writePublished(w, r, []byte(publish.Index(days)), err)
}

// serveHeadsOf gives out the hashes of one day, to anybody.
func (s *Server) serveHeadsOf(w http.ResponseWriter, r *http.Request) {
	note, err := s.faces.heads.Note(r.Context(), r.PathValue("day"))
	s.writePublished(w, r, note, err)
}

func (s *Server) writePublished(w http.ResponseWriter, r *http.Request, data []byte, err error) {
	switch {
	case errors.Is(err, &locker.Error{Code: locker.CodeNotFound}):
		http.Error(w, "nothing was published on that day: see "+publish.Path, http.StatusNotFound)
		return
	case err != nil:
		s.opts.Logger.ErrorContext(r.Context(), "published heads not read", slog.Any("error", err))
		http.Error(w, "the published heads cannot be read now", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if _, err := io.Copy(w, bytes.NewReader(data)); err != nil {
		s.opts.Logger.DebugContext(r.Context(), "published heads were not read", slog.Any("error", err))
	}
}

// publishLate is when the newest publication means that heads are not published any more.
const publishLate = 50 * time.Hour

// publishFinding says when heads were last published.
func publishFinding(ctx context.Context, st *store.Store, opts ServerOptions) Finding {
	f := Finding{What: "published heads", Advice: "The server publishes each day while it runs; look at its log."}
	row, err := st.Read().LatestPublication(ctx)
	switch {
	case errors.Is(err, store.ErrNone):
		f.Detail = "nothing yet: the server does it once a site has signed a head"
		return f
	case err != nil:
		f.Wrong = fmt.Errorf("read the last publication: %w", err)
		return f
	}
	f.Detail = "last on " + row.Day
	if row.Day > opts.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly) {
		f.Wrong, f.Advice = fmt.Errorf("the last was on %s, which is yet to come", row.Day), "Set the clock of this computer; nothing is published before that day."
	}
	if late := opts.Now().Sub(time.UnixMilli(row.MadeAt)); late > publishLate {
		f.Wrong = fmt.Errorf("the last was on %s", row.Day)
	}
	if c := opts.Config.Publish; len(c.Mail) == 0 && c.Folder == "" {
		f.Detail += "; nobody keeps them: set server.publish.mail or server.publish.folder"
	}
	return f
}

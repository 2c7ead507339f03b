package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/notify/email"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/text"
)

const (
	// JobMail is the kind of the job that mails the publication of a day to one address. The key is both.
	JobMail = "publication.mail"

	lookEvery = time.Minute
	pageSize  = 1000
	// MostListed is the most days of one page of the list.
	MostListed = 400
	folderMode = 0o750
	fileMode   = 0o640
)

// Sites says which sites somebody sees.
type Sites interface {
	Sites(ctx context.Context, p cloud.Principal) ([]cloud.SiteSummary, error)
}

var _ Sites = (*cloud.Cloud)(nil)

// Mailer takes mails; *email.Client is one.
type Mailer interface {
	Send(ctx context.Context, m email.Message) error
}

// Options configure New. Mailer, Mail and Folder may be empty, all else is needed.
type Options struct {
	Store  *store.Store
	Sites  Sites
	Signer note.Signer // the operator's
	Texts  *text.Catalog
	Logger *slog.Logger
	Now    func() time.Time
	// PublicURL is the server's address, Language and Brand are those of its mail.
	PublicURL, Language, Brand string

	Mailer Mailer   // nil while no mail server is set: mails wait in the outbox
	Mail   []string // addresses that get each day's publication
	Folder string   // where each day's publication is put as a file; empty: nowhere
}

// Publisher publishes. It is safe for concurrent use, and several servers of one store publish each day once.
type Publisher struct {
	opts    Options
	letters *email.Letters

	stop context.CancelFunc
	done sync.WaitGroup
}

// New returns a publisher that does nothing until it is asked or started.
func New(o Options) (*Publisher, error) {
	if o.Store == nil || o.Sites == nil || o.Signer == nil || o.Texts == nil || o.Logger == nil || o.Now == nil {
		return nil, errors.New("publish: a store, sites, a signer, texts, a logger and a clock are needed")
	}
	letters, err := email.NewLetters()
	if err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	return &Publisher{opts: o, letters: letters}, nil
}

// Start publishes as days begin, until ctx ends or Stop.
func (p *Publisher) Start(ctx context.Context) {
	ctx, p.stop = context.WithCancel(ctx)
	p.done.Go(func() {
		ticker := time.NewTicker(lookEvery)
		defer ticker.Stop()
		for {
			if err := p.Run(ctx); err != nil && ctx.Err() == nil {
				p.opts.Logger.ErrorContext(ctx, "tree heads not published", slog.Any("error", err))
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})
}

// Stop ends the work of Start and waits for it.
func (p *Publisher) Stop() {
	if p.stop != nil {
		p.stop()
	}
	p.done.Wait()
}

// Run publishes the day when it is not published yet and any site has signed a head, and puts its file into the
// folder when it is not there. The background work calls it every minute.
func (p *Publisher) Run(ctx context.Context) error {
	day := p.opts.Now().UTC().Format(time.DateOnly)
	row, err := p.opts.Store.Read().FindPublication(ctx, day)
	if errors.Is(err, store.ErrNone) {
		row, err = p.publish(ctx, day)
	}
	if err != nil || row.Day == "" || p.opts.Folder == "" {
		return err
	}
	path := filepath.Join(p.opts.Folder, FileName(day))
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	file, err := p.file(ctx, row, nil)
	if err != nil {
		return err
	}
	return writeFile(path, file)
}

// FileName is how a day's publication is called in folders and mails.
func FileName(day string) string { return "heads-" + day + ".txt" }

// writeFile puts a whole file into place or none.
func writeFile(path string, data []byte) error {
	err := os.MkdirAll(filepath.Dir(path), folderMode)
	if err == nil {
		err = os.WriteFile(path+".part", data, fileMode)
	}
	if err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		return fmt.Errorf("put the published heads into server.publish.folder: %w", err)
	}
	return nil
}

// place is a row of heads, as a publication keeps it.
type place struct {
	site        string
	epoch, size int64
}

// MarshalJSON writes a list: there is one for each site and day.
func (p place) MarshalJSON() ([]byte, error) { return json.Marshal([]any{p.site, p.epoch, p.size}) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *place) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[]any{&p.site, &p.epoch, &p.size})
}

// publish makes the publication of a day. It returns an empty row when no site has a head yet.
func (p *Publisher) publish(ctx context.Context, day string) (row db.Publication, err error) {
	pub := journal.Publication{Day: day}
	var places []place
	err = p.opts.Store.ReadTx(ctx, func(q *db.Queries) error {
		places, err = gather(ctx, q, &pub)
		return err
	})
	if err != nil || len(places) == 0 {
		return row, err
	}
	heads, err := json.Marshal(places)
	if err != nil {
		return row, fmt.Errorf("write down the heads of %s: %w", day, err)
	}
	err = p.opts.Store.Tx(ctx, func(q *db.Queries) error {
		before, err := q.LatestPublication(ctx)
		switch {
		case err == nil && before.Day > day:
			return fmt.Errorf("heads were published on %s already, which is yet to come: look at the clock of this computer", before.Day)
		case err == nil:
			pub.Prev = journal.HashHead(before.Note)
		case !errors.Is(err, store.ErrNone):
			return fmt.Errorf("read the last publication: %w", err)
		}
		signed, err := note.Sign(&note.Note{Text: pub.Text()}, p.opts.Signer)
		if err != nil {
			return fmt.Errorf("sign the heads of %s: %w", day, err)
		}
		row = db.Publication{Day: day, Note: signed, Heads: string(heads), MadeAt: p.opts.Now().UnixMilli()}
		n, err := q.CreatePublication(ctx, db.CreatePublicationParams(row))
		if err != nil {
			return fmt.Errorf("publish the heads of %s: %w", day, err)
		}
		if n == 0 { // another server was faster
			row = db.Publication{}
			return nil
		}
		return p.enqueue(ctx, q, day)
	})
	return row, err
}

// gather adds the newest head of each site that has one.
func gather(ctx context.Context, q *db.Queries, pub *journal.Publication) (places []place, err error) {
	for after := ""; ; {
		sites, err := q.ListSiteIDs(ctx, db.ListSiteIDsParams{After: after, Page: pageSize})
		if err != nil {
			return nil, fmt.Errorf("list sites: %w", err)
		}
		for _, site := range sites {
			after = site
			head, err := q.LatestHead(ctx, site)
			if errors.Is(err, store.ErrNone) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("read the newest head of site %s: %w", site, err)
			}
			pub.Sums = append(pub.Sums, journal.HashHead(head.Note))
			places = append(places, place{site, head.Epoch, head.Size})
		}
		if len(places) > journal.MaxPublished {
			return nil, fmt.Errorf("more than %d sites: divide them between servers", journal.MaxPublished)
		}
		if len(sites) < pageSize {
			pub.Sort()
			return places, nil
		}
	}
}

// file returns the publication with the heads of the sites that are seen; nil: of all.
func (p *Publisher) file(ctx context.Context, row db.Publication, seen map[string]bool) ([]byte, error) {
	var places []place
	if err := json.Unmarshal([]byte(row.Heads), &places); err != nil {
		return nil, fmt.Errorf("read the publication of %s: %w", row.Day, err)
	}
	var heads [][]byte
	for _, at := range places {
		if seen != nil && !seen[at.site] {
			continue
		}
		head, err := p.opts.Store.Read().FindHead(ctx, db.FindHeadParams{Site: at.site, Epoch: at.epoch, Size: at.size})
		if errors.Is(err, store.ErrNone) {
			continue // the site was taken away since; the hash of its head stays
		}
		if err != nil {
			return nil, fmt.Errorf("read the head of site %s: %w", at.site, err)
		}
		heads = append(heads, head.Note)
	}
	return journal.JoinPublication(row.Note, heads), nil
}

// Day is a day in the list of publications.
type Day struct {
	Day string // of UTC, as 2026-11-25
	Sum string // hash of its text, in base64: the publication after it holds the same
	At  time.Time
}

// Days lists what was published before a day, newest first, at most 400; empty: up to now. Anybody may see it.
func (p *Publisher) Days(ctx context.Context, before string) ([]Day, error) {
	if before == "" {
		before = "9999-12-31"
	}
	rows, err := p.opts.Store.Read().ListPublications(ctx, db.ListPublicationsParams{Before: before, Page: MostListed})
	if err != nil {
		return nil, fmt.Errorf("list publications: %w", err)
	}
	days := make([]Day, len(rows))
	for i, row := range rows {
		days[i] = Day{Day: row.Day, Sum: hashText(row.Note), At: time.UnixMilli(row.MadeAt).UTC()}
	}
	return days, nil
}

// Note returns the publication of a day without heads. Anybody may see it.
func (p *Publisher) Note(ctx context.Context, day string) ([]byte, error) {
	row, err := p.find(ctx, day)
	return row.Note, err
}

// File returns the publication of a day with the heads of the sites that the principal sees.
func (p *Publisher) File(ctx context.Context, who cloud.Principal, day string) ([]byte, error) {
	if err := who.NeedScope(auth.ScopeRead); err != nil {
		return nil, err
	}
	sites, err := p.opts.Sites.Sites(ctx, who)
	if err != nil {
		return nil, err
	}
	row, err := p.find(ctx, day)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, s := range sites {
		seen[string(s.ID)] = true
	}
	return p.file(ctx, row, seen)
}

func (p *Publisher) find(ctx context.Context, day string) (db.Publication, error) {
	row, err := p.opts.Store.Read().FindPublication(ctx, day)
	if errors.Is(err, store.ErrNone) {
		return row, locker.Errorf(locker.CodeNotFound, "nothing was published on %s", strconv.Quote(day))
	}
	if err != nil {
		return row, fmt.Errorf("read the publication of %s: %w", day, err)
	}
	return row, nil
}

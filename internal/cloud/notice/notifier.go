package notice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/holder"
	"cubby/internal/notify/email"
	"cubby/internal/store"
	"cubby/internal/text"
)

// Kinds of jobs of this package, beside those of package cloud.
const (
	// JobSend: one row of the table of notices is to be sent. The key is its id.
	JobSend = "notice.send"
	// JobDuty: whoever is on duty at a site is to be told what they have not heard of. The key is the site.
	JobDuty = "duty.report"
	// JobDutyMail: one mail to one address of somebody on duty.
	JobDutyMail = "duty.mail"
	// JobDutyChat: one message to one room of a site's staff.
	JobDutyChat = "duty.chat"
)

// Mailer takes mails; *email.Client is one. An error says by its email.Class what to do.
type Mailer interface {
	Send(ctx context.Context, m email.Message) error
	Check(ctx context.Context) error
}

var _ Mailer = (*email.Client)(nil)

// Brand is the operator, as messages name it.
type Brand struct {
	Name, Phone, Mail string
}

// Options configure [New]. Store, Post, Texts, Logger and Now are needed.
type Options struct {
	Store *store.Store
	Post  *cloud.Post
	// Mailer is nil while no mail server is set: messages wait in the outbox.
	Mailer Mailer
	// SMS, Voice, Push and Chat are nil where there is none.
	SMS, Voice Texter
	Push       Pusher
	Chat       Chatter
	Texts      *text.Catalog
	Logger     *slog.Logger
	Now        func() time.Time
	// PublicURL is the server's address, for links to the console.
	PublicURL string
	Language  string // of people who chose none at sites that name none; empty: English
	Brand     Brand
	Duty      []string // addresses that hear of every incident
	Rhythm    Rhythm
	Quiet     Hours // of all sites, in each property's zone
	// Also is other work that time brings, done with each [Notifier.Tick]; nil: none.
	Also func(context.Context) error
}

// Notifier sends messages. It is safe for concurrent use.
type Notifier struct {
	opts    Options
	letters *email.Letters

	mu   sync.Mutex
	stop context.CancelFunc
	done sync.WaitGroup
}

// New returns a Notifier. Its Handlers belong into a store.Worker; Start begins the reminders.
func New(opts Options) (*Notifier, error) {
	if opts.Store == nil || opts.Post == nil || opts.Texts == nil || opts.Logger == nil || opts.Now == nil {
		return nil, errors.New("notice: a store, a post, texts, a logger and a clock are needed")
	}
	if !slices.IsSorted(opts.Rhythm.Steps) || opts.Rhythm.Repeat < 0 {
		return nil, errors.New("notice: reminders do not rise")
	}
	if opts.Brand.Name == "" {
		opts.Brand.Name = "Cubby"
	}
	opts.PublicURL = strings.TrimRight(opts.PublicURL, "/")
	letters, err := email.NewLetters()
	if err != nil {
		return nil, fmt.Errorf("notice: %w", err)
	}
	return &Notifier{opts: opts, letters: letters}, nil
}

// Handlers returns what a store.Worker runs. Without a mail server, jobs that need one are left to
// wait.
func (n *Notifier) Handlers() map[string]store.Handler {
	handlers := map[string]store.Handler{
		cloud.JobFirstNotice: n.first,
		cloud.JobIncident:    n.incident,
		JobDuty:              n.report,
	}
	if n.opts.Mailer != nil {
		handlers[JobSend] = n.send
		handlers[JobDutyMail] = n.sendDuty
	}
	if n.opts.SMS != nil {
		handlers[jobOf(string(holder.SMS))] = n.send
	}
	if n.opts.Voice != nil {
		handlers[jobOf(string(holder.Voice))] = n.send
	}
	if n.opts.Push != nil {
		handlers[jobOf(string(holder.Push))] = n.send
	}
	if n.opts.Chat != nil {
		handlers[JobDutyChat] = n.sendChat
	}
	if n.opts.Mailer != nil || n.opts.SMS != nil {
		handlers[holder.JobLink] = n.sendLink
	}
	return handlers
}

// Parallel returns how many jobs of a kind run beside each other: one slow mail must not hold up the
// others.
func (n *Notifier) Parallel() map[string]int {
	return map[string]int{
		JobSend: sendParallel, jobOf(string(holder.SMS)): sendParallel, jobOf(string(holder.Push)): sendParallel,
	}
}

const sendParallel = 4

// tickEvery is how often reminders are worked out.
const tickEvery = time.Minute

// Start begins to work out reminders each minute, until Stop or until ctx ends.
func (n *Notifier) Start(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stop != nil {
		return errors.New("notice: was started before")
	}
	ctx, n.stop = context.WithCancel(ctx)
	n.done.Go(func() { n.loop(ctx) })
	return nil
}

// Stop ends the work and waits for it.
func (n *Notifier) Stop() {
	n.mu.Lock()
	stop := n.stop
	n.mu.Unlock()
	if stop != nil {
		stop()
	}
	n.done.Wait()
}

func (n *Notifier) loop(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		if err := n.Tick(ctx); err != nil && ctx.Err() == nil {
			n.opts.Logger.ErrorContext(ctx, "messages not looked after", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Tick looks after what time brings: reminders that are due, parcels whose recipient was not told,
// incidents that are over. The background work calls it each minute. One part that fails does not
// stop the others.
func (n *Notifier) Tick(ctx context.Context) error {
	var also error
	if n.opts.Also != nil {
		also = n.opts.Also(ctx)
	}
	return errors.Join(also, n.tellUntold(ctx), n.raiseUnsent(ctx), n.settleMoot(ctx), n.remind(ctx), n.confirm(ctx), n.watchDuty(ctx))
}

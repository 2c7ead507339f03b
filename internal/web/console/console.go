package console

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/text"
	"cubby/internal/web/console/audits"
	"cubby/internal/web/console/codes"
	"cubby/internal/web/console/front"
	"cubby/internal/web/console/said"
	"cubby/internal/web/ui"
)

// Options configure [New]. Cloud, Desk, Text, Logger and Now are needed.
type Options struct {
	Cloud  Backend
	Desk   front.Desk
	Text   *text.Catalog
	Logger *slog.Logger
	Now    func() time.Time
	// Secure is true where people reach the server by HTTPS: the session's cookie then never
	// travels in clear.
	Secure bool
	// Trusted lists further origins that may post here, e.g. "https://console.example.org" when
	// a proxy changes the Host header.
	Trusted []string
	// Address returns the remote address by which tries to sign in are limited; nil: that of the
	// connection. Behind a proxy it is read from a header that the proxy sets.
	Address func(*http.Request) string
	// Contact is whom staff ask for help; both fields may be empty.
	Contact Contact
	// Mail says how mail leaves the server, for the settings page; empty: it does not.
	Mail string
	// TestMail sends a test message; nil hides the button.
	TestMail func(ctx context.Context, p cloud.Principal, to string) error
	// RetryNotice sends a message again that was given up or came back; nil hides the button. A
	// message that is out of date or under way is CONFLICT.
	RetryNotice func(ctx context.Context, p cloud.Principal, id string) error
	// Evidence makes the archive with what happened to a parcel and its proofs; nil hides the button.
	Evidence func(ctx context.Context, p cloud.Principal, site locker.SiteID, parcel locker.ParcelID, language string) ([]byte, error)
	// Said holds what residents said of their parcels; nil: nothing is shown.
	Said said.Desk
	// Tests leads installers through the test of a bank; nil hides those pages.
	Tests BankTests
	// Audits shows what the audit of a site found and leads staff through guided ones; nil hides those pages.
	Audits *audits.Pages
	// Version is the server's, shown beside those of the sites.
	Version string
	// Plan makes the layout of a site of a plan's state, as the planner's address holds it; nil where the
	// planner is switched off.
	Plan func(ctx context.Context, q url.Values, t *text.Printer) (PlannedSite, error)
	// Advise says whether other doors would help a site; nil hides that page.
	Advise func(ctx context.Context, p cloud.Principal, site locker.SiteID) (sizing.Advice, error)
}

// Contact is whom to ask for help.
type Contact struct {
	Mail  string
	Phone string
}

// Console serves the pages. It is safe for concurrent use.
type Console struct {
	cloud    Backend
	desk     front.Desk
	said     said.Desk
	text     *text.Catalog
	log      *slog.Logger
	now      func() time.Time
	secure   bool
	address  func(*http.Request) string
	contact  Contact
	mail     string
	testMail func(ctx context.Context, p cloud.Principal, to string) error
	retry    func(ctx context.Context, p cloud.Principal, id string) error
	version  string
	evidence func(context.Context, cloud.Principal, locker.SiteID, locker.ParcelID, string) ([]byte, error)
	plan     planner
	advice   func(ctx context.Context, p cloud.Principal, site locker.SiteID) (sizing.Advice, error)
	tests    BankTests
	audits   *audits.Pages
	testers  chan struct{} // one token for each open test

	accounts  *auth.Limiter
	addresses *auth.Limiter
	live      *live
	handler   http.Handler
}

// addressBurst is how many tries to sign in one address has at once: an office behind one address
// holds more people than an account has owners.
const addressBurst = 30

// accountDay is how many wrong passwords one account takes in a day. Source: NIST SP 800-63B §5.2.2.
const accountDay = 100

// New returns the console over a Cloud.
func New(opts Options) (*Console, error) {
	if opts.Cloud == nil || opts.Desk == nil || opts.Text == nil || opts.Logger == nil || opts.Now == nil {
		return nil, errors.New("console: a cloud, a front desk, texts, a logger and a clock are needed")
	}
	if opts.Address == nil {
		opts.Address = func(r *http.Request) string { return r.RemoteAddr }
	}
	accounts, err := auth.NewLimiter(auth.LimiterOptions{Now: opts.Now, Day: accountDay})
	if err != nil {
		return nil, err
	}
	addresses, err := auth.NewLimiter(auth.LimiterOptions{Now: opts.Now, Every: 6 * time.Second, Burst: addressBurst})
	if err != nil {
		return nil, err
	}
	c := &Console{
		cloud: opts.Cloud, desk: opts.Desk, text: opts.Text, log: opts.Logger, now: opts.Now, secure: opts.Secure,
		address: opts.Address, contact: opts.Contact, mail: opts.Mail, testMail: opts.TestMail, version: opts.Version, plan: opts.Plan, advice: opts.Advise,
		said: opts.Said, retry: opts.RetryNotice, evidence: opts.Evidence, tests: opts.Tests, audits: opts.Audits, testers: make(chan struct{}, testViewers),
		accounts: accounts, addresses: addresses,
	}
	c.live = newLive(c)
	protect, err := auth.CrossOrigin(opts.Trusted, http.HandlerFunc(c.denied))
	if err != nil {
		return nil, err
	}
	c.handler = ui.Secure(protect(c.mux()), ui.StrictPolicy)
	return c, nil
}

// Handler serves every address of [Console.Routes].
func (c *Console) Handler() http.Handler { return c.handler }

// Backend is the part of [cloud.Cloud] that the pages use.
type Backend interface {
	accounts
	walls
	asking
	orders
	parcels
	incidents
	people
	imports
	couriers
	sites
	properties
	codes.Backend
}

var _ Backend = (*cloud.Cloud)(nil)

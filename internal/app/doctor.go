package app

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"cubby/board"
	"cubby/internal/app/lock"
	"cubby/internal/auth"
	"cubby/internal/config"
	"cubby/internal/locker"
	"cubby/internal/sitestore"
	"cubby/internal/store"
	"cubby/internal/wire"
)

// Finding is one thing that a doctor looked at.
type Finding struct {
	What   string
	Detail string
	Wrong  error  // nil: all is well
	Advice string // what to do about it
}

// Text returns what was found, as a sentence.
func (f Finding) Text() string {
	switch {
	case f.Wrong == nil:
		return f.Detail
	case f.Advice == "":
		return f.Wrong.Error()
	}
	return f.Wrong.Error() + ". " + f.Advice
}

const (
	leastFree     = 256 << 20           // bytes: below it a doctor warns
	certWarning   = 14 * 24 * time.Hour // a certificate that ends sooner is wrong
	slowSync      = 50 * time.Millisecond
	examinePolls  = 3 * time.Second // for one board
	clockSuspects = 2025            // an older year means that the clock was never set
)

// ExamineServer looks at an installation's server half. It opens the tables as the server would, which
// brings those of an older version up to date.
func ExamineServer(ctx context.Context, opts ServerOptions) []Finding {
	c := opts.Config
	findings := []Finding{clockFinding(opts.Now()), zoneFinding()}
	findings = append(findings, folderFindings(c.DataDir)...)
	findings = append(findings, rightsFinding(c.DataDir), addressFinding(c.PublicURL))
	findings = append(findings, reachFindings(ctx, "public", c.PublicURL, opts.Now())...)
	findings = append(findings, tlsFinding(c, opts.Now()),
		portFinding(ctx, "port of pages", c.Listen, c.TLS.Effective() != config.TLSOff))
	db := Finding{What: "database", Detail: c.DatabaseURL(), Advice: "Run `cubby serve` once to make it, or restore a backup."}
	st, server, _, err := openCloud(ctx, opts)
	if err != nil {
		db.Wrong = err
		if errors.Is(err, store.ErrNewerSchema) || errors.Is(err, ErrDemoData) {
			db.Advice = "" // the sentence says what to do
		}
		return append(findings, db)
	}
	defer st.Close() //nolint:errcheck // only read
	findings = append(findings, db, ownerFinding(ctx, st))
	findings = append(findings, publishFinding(ctx, st, opts))
	findings = append(findings, tablesFindings(ctx, st)...)
	findings = append(findings, auditFinding(ctx, st, opts.Now()))
	findings = append(findings, codesFindings(ctx, server)...)
	return append(findings, mailFinding(ctx, opts))
}

func addressFinding(address string) Finding {
	f := Finding{What: "public address", Detail: address, Advice: "Set server.public_url to the https address that people and controllers use."}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		f.Wrong = fmt.Errorf("%s is no address: %w", address, err)
	case u.Scheme != "https" && !loopback(u.Hostname()):
		f.Wrong = fmt.Errorf("%s is not encrypted: codes and passwords would be read on the way, and no controller enrols", address)
	}
	return f
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func ownerFinding(ctx context.Context, st *store.Store) Finding {
	f := Finding{What: "owner", Detail: "somebody may sign in", Advice: "Run `cubby owner add`."}
	if _, err := st.Read().FirstOrganization(ctx); err != nil {
		f.Wrong = errors.New("nobody can sign in yet")
	}
	return f
}

// tablesFindings names the sites whose tables do not follow their record.
func tablesFindings(ctx context.Context, st *store.Store) []Finding {
	stale, err := st.Read().ListStale(ctx)
	if err != nil || len(stale) == 0 {
		return []Finding{{What: "tables", Detail: "follow the record of every site", Wrong: err}}
	}
	var findings []Finding
	for _, s := range stale {
		findings = append(findings, Finding{
			What: "tables", Wrong: fmt.Errorf("the tables of site %s do not follow its record: %s", s.Site, s.Stale),
			Advice: "Nothing is lost. Run `cubby rebuild " + s.Site + "`; a server that runs tries again each hour.",
		})
	}
	return findings
}

func mailFinding(ctx context.Context, opts ServerOptions) Finding {
	f := Finding{What: "mail", Detail: opts.Config.SMTP.Host + " takes our mail"}
	sender, err := newSender(opts)
	switch {
	case err != nil:
		f.Wrong, f.Advice = err, "Look at server.smtp in the settings."
	case sender == nil:
		f.Wrong, f.Advice = errors.New("no mail server is set: residents get no notices"), "Set server.smtp.host."
	default:
		if err := sender.Check(ctx); err != nil {
			f.Wrong, f.Advice = err, "Look at server.smtp in the settings; messages wait and are tried again."
		}
	}
	return f
}

func clockFinding(now time.Time) Finding {
	f := Finding{What: "clock", Detail: now.UTC().Format(time.RFC3339)}
	if now.Year() < clockSuspects {
		f.Wrong, f.Advice = fmt.Errorf("the clock says %d", now.Year()), "Set it, and run a time service."
	}
	return f
}

// folderFindings writes, syncs and removes a small file: the speed of a sync decides how soon a
// door opens.
func folderFindings(dir string) []Finding {
	folder := Finding{What: "data folder", Detail: dir, Advice: "Make it and give it to the user that runs cubby."}
	took, err := syncOnce(dir)
	if err != nil {
		folder.Wrong = err
		return []Finding{folder}
	}
	speed := Finding{What: "disk speed", Detail: fmt.Sprintf("a sync takes %.1f ms", float64(took.Microseconds())/1000)}
	if took > slowSync {
		speed.Wrong, speed.Advice = fmt.Errorf("a sync takes %s", took), "Use a better card or an SSD: each opening waits for one."
	}
	space := Finding{What: "disk space"}
	d, err := diskOf(dir)()
	switch {
	case err != nil:
		space.Wrong = err
	case d.FreeBytes < leastFree:
		space.Wrong, space.Advice = fmt.Errorf("only %d MiB are free", d.FreeBytes>>20), "Make room: at the end nothing is stored any more."
	default:
		space.Detail = fmt.Sprintf("%d MiB of %d MiB free", d.FreeBytes>>20, d.TotalBytes>>20)
	}
	return []Finding{folder, speed, space}
}

func syncOnce(dir string) (took time.Duration, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, err
	}
	f, err := os.CreateTemp(dir, "doctor-*")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	if _, err := f.WriteString("cubby"); err != nil {
		return 0, err
	}
	start := time.Now()
	if err := f.Sync(); err != nil {
		return 0, err
	}
	return time.Since(start), nil
}

func certFinding(c config.TLS, now time.Time) Finding {
	f := Finding{What: "certificate", Advice: "Renew it."}
	pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		f.Wrong, f.Advice = err, "Look at server.tls in the settings."
		return f
	}
	return expiryFinding("certificate", pair.Leaf, now)
}

// ExamineController looks at an installation's on-site half. It asks boards for their states and
// opens nothing. Run it while the controller is stopped: a line has one owner.
func ExamineController(ctx context.Context, opts SiteOptions) []Finding {
	findings := []Finding{clockFinding(opts.Now()), zoneFinding()}
	findings = append(findings, folderFindings(opts.Config.DataDir)...)
	findings = append(findings, rightsFinding(opts.Config.DataDir), portFinding(ctx, "port of the kiosk", opts.Config.Kiosk.Listen, false))
	enrolled, layout, server := enrolledFinding(ctx, opts)
	findings = append(findings, enrolled)
	if server != "" {
		findings = append(findings, reachFindings(ctx, "server", server, opts.Now())...)
	}
	if len(opts.Config.Buses) == 0 {
		findings = append(findings, Finding{What: "buses", Detail: "none: a room without lock boards"})
	}
	outputs := map[string]int{}
	for _, s := range opts.Config.Buses {
		findings = append(findings, examineBus(ctx, s, opts.Now, outputs)...)
	}
	if layout != nil {
		findings = append(findings, layoutFinding(*layout, outputs))
	}
	return findings
}

// layoutFinding compares the wiring of a layout with the boards of the settings. outputs holds for each
// board how many outputs it has.
func layoutFinding(l locker.Layout, outputs map[string]int) Finding {
	f := Finding{What: "layout", Advice: "Put controller.buses right, or the layout of the site."}
	doors := 0
	for _, p := range l.Places() {
		if p.Kind != locker.PlaceCompartment {
			continue
		}
		doors++
		o := p.Compartment.Output
		part := locker.PartBoard(o.Bus, o.Board)
		switch n, known := outputs[part]; {
		case f.Wrong != nil:
		case !known:
			f.Wrong = fmt.Errorf("door %s hangs on board %s, which controller.buses does not name", p.Name, part)
		case int(o.Channel) > n:
			f.Wrong = fmt.Errorf("door %s hangs on output %d of board %s, which has %d", p.Name, o.Channel, part, n)
		}
	}
	f.Detail = fmt.Sprintf("the boards have outputs for all %d doors", doors)
	return f
}

// enrolledFinding also returns the layout that the site has received, nil when there is none yet, and
// the address of the server.
func enrolledFinding(ctx context.Context, opts SiteOptions) (Finding, *locker.Layout, string) {
	f := Finding{What: "enrolment", Advice: "Make a token in the console and run `cubby enrol TOKEN`."}
	if _, err := auth.LoadIdentity(filepath.Join(opts.Config.DataDir, IdentityFile)); err != nil {
		f.Wrong = errors.New("this controller belongs to no site yet")
		return f, nil, ""
	}
	db, _, err := sitestore.Open(ctx, filepath.Join(opts.Config.DataDir, ReplicaFile))
	if err != nil {
		f.Wrong = err
		return f, nil, ""
	}
	defer db.Close() //nolint:errcheck // only read
	s := &Site{opts: opts, store: db}
	m, err := s.membership(ctx)
	if err != nil {
		f.Wrong = err
		return f, nil, ""
	}
	f.Detail = fmt.Sprintf("site %s at %s", m.Site, m.ServerURL)
	layout, err := layoutOf(ctx, db)
	if err != nil {
		f.Wrong, f.Advice = err, "Start `cubby controller`: it asks the server for the directory again."
	}
	return f, layout, m.ServerURL
}

func layoutOf(ctx context.Context, db *sitestore.Store) (*locker.Layout, error) {
	objects, err := db.Objects(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the directory: %w", err)
	}
	for _, o := range objects {
		if o.Kind != wire.KindLayout {
			continue
		}
		var l locker.Layout
		if err := json.Unmarshal(o.Body, &l); err != nil {
			return nil, fmt.Errorf("read the layout: %w", err)
		}
		return &l, nil
	}
	return nil, nil //nolint:nilnil // a site that was never connected has none
}

// examineBus asks the boards of a line and notes how many outputs each has.
func examineBus(ctx context.Context, s config.Bus, now func() time.Time, outputs map[string]int) []Finding {
	b, err := lock.Open(ctx, s, now)
	if err != nil {
		return []Finding{{What: "bus " + s.Name, Wrong: err, Advice: "Look at its port and family in the settings."}}
	}
	defer b.Close() //nolint:errcheck // only read
	var findings []Finding
	for _, addr := range s.Boards {
		part := locker.PartBoard(s.Name, uint8(addr)) // checked by the settings
		f := Finding{What: "board " + part, Advice: "Look at its power, its address switches and the wires A and B."}
		outputs[part] = b.Driver.Info().Channels
		polling, cancel := context.WithTimeout(ctx, examinePolls)
		reading, err := b.Driver.ReadStates(polling, board.Address(addr)) // checked by the settings
		cancel()
		switch {
		case errors.Is(err, board.ErrLost):
			f.Wrong, f.Advice = err, fmt.Sprintf("Look at the port of bus %s in the settings, at the adapter and at who else uses it.", s.Name)
		case err != nil:
			f.Wrong = err
		default:
			outputs[part] = len(reading.Doors)
			f.Detail = fmt.Sprintf("answers for %d outputs", len(reading.Doors))
		}
		findings = append(findings, f)
	}
	return findings
}

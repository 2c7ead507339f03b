package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cubby/board"
	"cubby/board/rs485"
	"cubby/board/virtual"
	"cubby/internal/app"
	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/config"
	"cubby/internal/link/linktest"
	"cubby/internal/locker"
	"cubby/internal/notify/mailcatch"
	"cubby/internal/store"
)

const (
	killBus      = "lockers"
	killChannels = 24 // of each board
	killDoors    = 8  // of each bank
	killOwner    = "owner@quay.example"
	killPassword = "seven patient doors"
)

const killSite locker.SiteID = "quay"

// killProgram is the program under test, built once and without the race detector, for as long as a
// test uses it.
var killProgram struct {
	mu    sync.Mutex
	dir   string
	users int
}

func killBinary(tb testing.TB) string {
	tb.Helper()
	p := &killProgram
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.users == 0 {
		dir, err := os.MkdirTemp("", "cubby-e2e-") //nolint:usetesting // it outlives the test that builds it
		killMust(tb, err)
		cmd := exec.Command("go", "build", "-o", filepath.Join(dir, "cubby"), "cubby/cmd/cubby")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			tb.Fatalf("build cubby: %v\n%s", err, out)
		}
		p.dir = dir
	}
	p.users++
	tb.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.users--; p.users == 0 {
			_ = os.RemoveAll(p.dir)
		}
	})
	return filepath.Join(p.dir, "cubby")
}

func killMust(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// killRig is a house of real processes: a server, a controller, virtual boards on a line that the
// test owns, and a mail server that the test reads.
type killRig struct {
	t      testing.TB
	dir    string
	binary string
	config string // settings file of both halves
	layout locker.Layout
	world  *virtual.World
	spec   string // of the line
	mail   *mailcatch.Server
	smtp   string         // address of the mail server, whether or not it is there
	kiosk  string         // address
	listen string         // of the server
	public string         // address by which sites and people reach it
	wire   *linktest.Wire // that is in between; nil: nothing

	server     *killProc
	controller *killProc

	courier string // code
	staff   string // code
}

type killOptions struct {
	banks  int
	units  int
	tcp    bool                  // boards behind a TCP port instead of a pseudo terminal
	layout *locker.Layout        // instead of banks
	boards map[board.Address]int // that answer; nil: those of the layout
	noMail bool                  // nobody listens where the mail server should be
	disk   int64                 // bytes of a disk of its own for the controller; 0: none
	wire   bool                  // a line to the server that disturb can break
	seed   uint64                // of that line's faults
}

// newKillRig furnishes a house and starts its server. The controller is enrolled but not started.
func newKillRig(tb testing.TB, opts killOptions) *killRig {
	tb.Helper()
	r := &killRig{t: tb, dir: tb.TempDir(), binary: killBinary(tb), kiosk: killAddress(tb), listen: killAddress(tb)}
	r.public = r.listen
	if opts.wire {
		r.layWire(opts.seed)
	}
	r.layout = killLayout(opts.banks)
	if opts.layout != nil {
		r.layout = *opts.layout
	}
	boards := opts.boards
	if boards == nil {
		boards = killBoards(r.layout)
	}
	var err error
	r.world, err = virtual.NewWorld(virtual.Options{Now: time.Now, Boards: boards})
	killMust(tb, err)
	slave, err := rs485.NewSlave(rs485.SlaveOptions{World: r.world, Polarity: rs485.PolarityClosing})
	killMust(tb, err)
	r.openLine(slave, opts.tcp)
	r.mail, err = mailcatch.New(mailcatch.Options{Logger: slog.New(slog.DiscardHandler), Now: time.Now, Keep: 5000})
	killMust(tb, err)
	r.smtp = killAddress(tb)
	if !opts.noMail {
		killMust(tb, r.mail.Start(tb.Context()))
		tb.Cleanup(func() { _ = r.mail.Stop() })
		r.smtp = r.mail.Addr().String()
	}
	r.writeConfig(r.smtp)
	if opts.disk > 0 {
		r.mount(opts.disk)
	}
	r.furnish(opts.units)
	r.startServer()
	r.enrol()
	return r
}

func (r *killRig) openLine(slave *rs485.Slave, tcp bool) {
	r.t.Helper()
	if tcp {
		l, err := virtual.ListenTCP(context.Background(), "127.0.0.1:0", slave.Serve)
		killMust(r.t, err)
		r.t.Cleanup(func() { _ = l.Stop() })
		r.spec = l.Spec()
		return
	}
	pty, err := virtual.OpenPTY(context.Background(), slave.Serve)
	killMust(r.t, err)
	r.t.Cleanup(func() { _ = pty.Stop() })
	r.spec = pty.Spec()
}

// layWire puts a line between the controller and the server.
func (r *killRig) layWire(seed uint64) {
	r.t.Helper()
	var err error
	r.wire, err = linktest.NewWire(r.listen, seed)
	killMust(r.t, err)
	r.t.Cleanup(r.wire.Close)
	r.public = r.wire.Address()
}

// disturb breaks and freezes the line to the server at random until heal is called.
func (r *killRig) disturb(seed uint64) (heal func()) {
	rng := mathrand.New(mathrand.NewPCG(seed, 3))
	pause := func(most time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(most))) }
	over := make(chan struct{})
	var done sync.WaitGroup
	wait := func(d time.Duration) bool {
		select {
		case <-over:
			return false
		case <-time.After(d):
			return true
		}
	}
	done.Go(func() {
		defer r.wire.Break(0, 0)
		defer r.wire.Freeze(false)
		for wait(pause(2 * time.Second)) {
			switch rng.IntN(4) {
			case 0:
				r.wire.Break(0, 0)
			case 1, 2:
				r.wire.Break(2_000, 150_000)
			case 3:
				r.wire.Freeze(true)
				wait(pause(400 * time.Millisecond))
				r.wire.Freeze(false)
			}
		}
	})
	return sync.OnceFunc(func() {
		close(over)
		done.Wait()
	})
}

// mount gives the controller a small disk of its own.
func (r *killRig) mount(bytes int64) {
	r.t.Helper()
	killMust(r.t, os.MkdirAll(r.controllerDir(), 0o700))
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%d,mode=0700", bytes), "cubby-e2e", r.controllerDir()).CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "\n!!!! SKIPPED for want of a right to mount: %s\n\n", r.t.Name())
		r.t.Skipf("a small disk needs root: %v: %s", err, out)
	}
	r.t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", r.controllerDir()).CombinedOutput(); err != nil {
			r.t.Errorf("unmount: %v: %s", err, out)
		}
	})
}

// killAddress returns an address that is free now and stays the same over restarts.
func killAddress(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	killMust(tb, err)
	defer l.Close()
	return l.Addr().String()
}

// killLayout is a site of many small banks, so that the governor's second between two pulses of a
// bank does not make the test long.
func killLayout(banks int) locker.Layout {
	var l locker.Layout
	wired := 0
	for b := range banks {
		col := locker.Column{Name: string(rune('A' + b))}
		id := fmt.Sprintf("bank%d", b)
		for d := range killDoors {
			name := fmt.Sprintf("%s%02d", col.Name, d+1)
			col.Compartments = append(col.Compartments, locker.Compartment{
				ID: locker.PlaceID(id + "/" + name), Name: name, Size: locker.SizeS, Units: 2, ReachMM: 900,
				Output: locker.Output{
					Bus: killBus, Board: uint8(1 + wired/killChannels), Channel: uint8(1 + wired%killChannels),
				},
			})
			wired++
		}
		l.Banks = append(l.Banks, locker.Bank{
			ID: locker.BankID(id), Name: "Bank " + col.Name, Witness: locker.Witness{Latch: true},
			Columns: []locker.Column{col},
		})
	}
	return l
}

func killBoards(l locker.Layout) map[board.Address]int {
	boards := map[board.Address]int{}
	for _, p := range l.Places() {
		boards[board.Address(p.Compartment.Output.Board)] = killChannels
	}
	return boards
}

func (r *killRig) serverDir() string     { return filepath.Join(r.dir, "server") }
func (r *killRig) controllerDir() string { return filepath.Join(r.dir, "controller") }
func (r *killRig) journal() string       { return filepath.Join(r.controllerDir(), app.JournalFile) }

func (r *killRig) writeConfig(smtp string) {
	r.t.Helper()
	host, port, err := net.SplitHostPort(smtp)
	killMust(r.t, err)
	var boards []string
	for a := range killBoards(r.layout) {
		boards = append(boards, strconv.Itoa(int(a)))
	}
	r.config = filepath.Join(r.dir, "cubby.yaml")
	text := fmt.Sprintf(`
log: {level: info, format: text}
server:
  listen: %[1]s
  public_url: http://%[11]s
  data_dir: %[2]s
  smtp: {host: %[3]q, port: %[4]s, tls: none, from: "Quay House <parcels@quay.example>", timeout: 5s}
controller:
  data_dir: %[5]s
  disk_reserve_mib: 16
  kiosk: {listen: "%[6]s"}
  doors: {poll_idle: 250ms, poll_busy: 40ms}
  buses:
    - name: %[7]s
      port: %[8]s
      family: rs485
      boards: [%[9]s]
      options: {channels: %[10]d, polarity: closing, echo: auto, unlock_replies: true, deadline: 1500ms, status_deadline: 400ms}
`, r.listen, r.serverDir(), host, port, r.controllerDir(), r.kiosk, killBus, r.spec, strings.Join(boards, ","), killChannels, r.public)
	killMust(r.t, os.WriteFile(r.config, []byte(text), 0o600))
}

// withCloud works on the server's tables beside the running server, as commands do.
func (r *killRig) withCloud(f func(ctx context.Context, c *cloud.Cloud, owner cloud.Principal) error) {
	r.t.Helper()
	ctx := context.Background()
	c, err := config.Load(config.Sources{File: r.config, Env: []string{}})
	killMust(r.t, err)
	killMust(r.t, app.WithCloud(ctx, app.ServerOptions{
		Config: c.Server, Logger: slog.New(slog.DiscardHandler), Version: app.Version, Now: time.Now, Random: rand.Reader,
		NewID: store.NewIDs(time.Now, rand.Reader).New,
	}, func(c *cloud.Cloud) error {
		owner, err := c.Operator(ctx, "")
		if err != nil {
			owner, err = c.CreateOwner(ctx, cloud.OwnerDraft{
				Organization: "Quay House", Name: "Olga Owner", Email: killOwner, Password: killPassword,
			})
		}
		if err != nil {
			return err
		}
		return f(ctx, c, owner)
	}))
}

// killUnit returns the number of a unit, counted from 0. Its resident is the only one.
func killUnit(i int) string            { return strconv.Itoa(1001 + i) }
func killAddressOf(unit string) string { return "r" + unit + "@quay.example" }

func (r *killRig) furnish(units int) {
	r.t.Helper()
	r.withCloud(func(ctx context.Context, c *cloud.Cloud, owner cloud.Principal) error {
		property, err := c.CreateProperty(ctx, owner, cloud.PropertyDraft{
			Name: "Quay House", Address: "2 Quay Street", TimeZone: "America/New_York", Phone: "+1 555 0101",
		})
		if err != nil {
			return err
		}
		policy := locker.DefaultPolicy()
		policy.UndoSeconds = 5 // notices wait for it where no courier says "Done"
		_, err = c.CreateSite(ctx, owner, cloud.SiteDraft{
			ID: killSite, Name: "Quay House lockers", Property: property, Layout: r.layout, Policy: policy,
			Settings: cloud.SiteSettings{Phone: "+1 555 0101", Languages: []string{"en"}},
		})
		if err != nil {
			return err
		}
		rows := []byte("unit,number,name,email,language\n")
		for i := range units {
			u := killUnit(i)
			rows = fmt.Appendf(rows, "%s,%s,Resident Of%s,%s,en\n", u, u, u, killAddressOf(u))
		}
		guess, err := c.GuessMapping(ctx, owner, rows)
		if err != nil {
			return err
		}
		plan, err := c.PlanImport(ctx, owner, cloud.ImportInput{Site: killSite, Data: rows, Mapping: guess.Mapping()})
		if err != nil {
			return err
		}
		if plan.Faulty > 0 || plan.Add == 0 {
			return fmt.Errorf("import plan %+v", plan)
		}
		if _, err := c.ApplyImport(ctx, owner, plan.ID); err != nil {
			return err
		}
		if err := c.PutCarrier(ctx, owner, cloud.CarrierView{ID: "ups", Name: "UPS"}); err != nil {
			return err
		}
		courier, err := c.PutCourier(ctx, owner, killSite, cloud.CourierDraft{Carrier: "ups", Name: "Round"})
		if err != nil {
			return err
		}
		code, err := c.CourierCode(ctx, owner, courier)
		if err != nil {
			return err
		}
		r.courier = code.Symbols
		code, err = c.StaffCode(ctx, owner, killSite, owner.User)
		r.staff = code.Symbols
		return err
	})
}

// token makes an enrolment token.
func (r *killRig) token() string {
	r.t.Helper()
	var token auth.Secret
	r.withCloud(func(ctx context.Context, c *cloud.Cloud, owner cloud.Principal) (err error) {
		token, err = c.CreateEnrolToken(ctx, owner, killSite)
		return err
	})
	return string(token)
}

func (r *killRig) enrol() {
	r.t.Helper()
	if out, err := r.run("enrol", r.token()); err != nil {
		r.t.Fatalf("enrol: %v\n%s", err, out)
	}
}

// run runs a command to its end.
func (r *killRig) run(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.binary, append([]string{"--config", r.config}, args...)...)
	cmd.Env = killEnv()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func killEnv() []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "CUBBY_") {
			env = append(env, e)
		}
	}
	return env
}

// killProc is one run of the program.
type killProc struct {
	cmd   *exec.Cmd
	began time.Time
	ready chan struct{} // closed when it says so
	done  chan struct{} // closed when it ended

	mu      sync.Mutex
	log     bytes.Buffer
	readyAt time.Duration
	err     error // of the end
}

// start starts a command that runs until it is stopped. It does not wait for it to be ready.
func (r *killRig) start(args ...string) *killProc {
	r.t.Helper()
	p := &killProc{ready: make(chan struct{}), done: make(chan struct{})}
	p.cmd = exec.Command(r.binary, append([]string{"--config", r.config}, args...)...)
	p.cmd.Env = killEnv()
	out, err := p.cmd.StderrPipe()
	killMust(r.t, err)
	p.began = time.Now()
	killMust(r.t, p.cmd.Start())
	r.t.Cleanup(func() {
		p.kill()
		if r.t.Failed() && (p == r.controller || p == r.server) {
			r.t.Logf("the last lines of cubby %s:\n%s", args[0], p.tail(30))
		}
	})
	go p.listen(out)
	return p
}

func (p *killProc) listen(out io.Reader) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		p.mu.Lock()
		p.log.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), " is ready") && p.readyAt == 0 {
			p.readyAt = time.Since(p.began)
			close(p.ready)
		}
		p.mu.Unlock()
	}
	err := p.cmd.Wait()
	p.mu.Lock()
	p.err = err
	p.mu.Unlock()
	close(p.done)
}

func (p *killProc) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func (p *killProc) tail(n int) string {
	lines := strings.Split(strings.TrimSpace(p.output()), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// kill ends the process as a power cut would.
func (p *killProc) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.done
}

// stop ends the process as an operator would.
func (p *killProc) stop(tb testing.TB) {
	tb.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(15 * time.Second):
		tb.Errorf("the process does not stop:\n%s", p.tail(20))
		p.kill()
	}
}

// await waits until the process is ready and returns how long that took from its start.
func (p *killProc) await(tb testing.TB) time.Duration {
	tb.Helper()
	select {
	case <-p.ready:
	case <-p.done:
		tb.Fatalf("the process ended: %v\n%s", p.err, p.tail(20))
	case <-time.After(30 * time.Second):
		tb.Fatalf("the process is not ready:\n%s", p.tail(20))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.readyAt
}

func (r *killRig) startServer() {
	r.t.Helper()
	r.server = r.start("serve")
	r.server.await(r.t)
}

// startController starts the controller and returns how long it took to be ready.
func (r *killRig) startController() time.Duration {
	r.t.Helper()
	r.controller = r.start("controller")
	return r.controller.await(r.t)
}

// awaitDirectory waits until the controller knows its doors and its people.
func (r *killRig) awaitDirectory() {
	r.t.Helper()
	kiosk := newKillPanel(r.kiosk, "bank0", nil)
	killEventually(r.t, 20*time.Second, "the kiosk has its directory", func() bool {
		page, err := kiosk.get(context.Background(), "")
		return err == nil && strings.Contains(page.text, "Collect a parcel")
	})
}

// killEventually waits for something that must come true.
func killEventually(tb testing.TB, within time.Duration, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(within); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatalf("not within %v: %s", within, what)
		}
	}
}

var errKillDown = errors.New("the kiosk does not answer")

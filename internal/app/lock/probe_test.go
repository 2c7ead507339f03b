package lock_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"cubby/board"
	"cubby/board/virtual"
	"cubby/internal/app/lock"
	"cubby/internal/config"
)

// patience is longer than a busy test machine forgets a goroutine for.
const patience = 300 * time.Millisecond

// boards makes virtual boards of one family, all in a world of their own.
func boards(t *testing.T, s config.Bus, addrs ...board.Address) (*virtual.World, virtual.Boards) {
	t.Helper()
	info, err := lock.Info(s)
	if err != nil {
		t.Fatal(err)
	}
	all := map[board.Address]int{}
	for _, a := range addrs {
		all[a] = info.Channels
	}
	world, err := virtual.NewWorld(virtual.Options{Now: time.Now, Boards: all})
	if err != nil {
		t.Fatal(err)
	}
	slave, err := lock.NewSlave(s, lock.Bench{World: world})
	if err != nil {
		t.Fatal(err)
	}
	return world, slave
}

// together puts the boards of both on one line.
func together(t *testing.T, world *virtual.World, w twins, slaves ...virtual.Boards) virtual.Handler {
	t.Helper()
	line, err := virtual.NewLine(virtual.LineOptions{Echo: w.echo})
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, rw io.ReadWriter) error {
		var sessions []virtual.Slave
		for _, s := range slaves {
			sessions = append(sessions, s.Session())
		}
		return virtual.Serve(ctx, rw, virtual.ServeOptions{
			World: world, Line: line, Slave: virtual.Together(w.clash, sessions...),
		})
	}
}

func tcp(t *testing.T, serve virtual.Handler) string {
	t.Helper()
	l, err := virtual.ListenTCP(context.Background(), "127.0.0.1:0", serve)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(); err != nil {
			t.Errorf("virtual boards: %v", err)
		}
	})
	return l.Spec()
}

func pty(t *testing.T, serve virtual.Handler) string {
	t.Helper()
	p, err := virtual.OpenPTY(context.Background(), serve)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Errorf("virtual boards: %v", err)
		}
	})
	return p.Spec()
}

// Of every family a probe finds one board, several with one address, whether their answers follow each
// other or clash, and nothing where nobody is.
func TestProbe_FindsEveryFamily(t *testing.T) {
	t.Parallel()
	for _, f := range lock.Families() {
		if f.Search.Last == 0 {
			continue
		}
		for kind, w := range map[string]twins{"in turn": {}, "clashing": {clash: true}, "echoed": {echo: true}} {
			t.Run(f.Name+" "+kind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { findTwins(t, f, w, nil) })
			})
		}
	}
}

// The same on real ports, in real time.
func TestProbe_FindsOnPorts(t *testing.T) {
	t.Parallel()
	for _, f := range lock.Families()[:2] {
		for name, join := range map[string]func(*testing.T, virtual.Handler) string{"tcp": tcp, "pty": pty} {
			t.Run(f.Name+" "+name, func(t *testing.T) {
				t.Parallel()
				findTwins(t, f, twins{}, join)
			})
		}
	}
}

// pipe opens lines to boards in memory.
func pipe(t *testing.T, serve virtual.Handler) func(context.Context, string) (board.Conn, error) {
	t.Helper()
	return func(ctx context.Context, _ string) (board.Conn, error) {
		near, far := net.Pipe()
		go func() {
			if err := serve(ctx, far); err != nil {
				t.Errorf("virtual boards: %v", err)
			}
		}()
		return near, nil
	}
}

// twins is how boards with one address answer.
type twins struct {
	clash bool // at the same time
	echo  bool // on a line whose adapter echoes
}

// findTwins joins the boards by a pipe unless join says how.
func findTwins(t *testing.T, f lock.Family, w twins, join func(*testing.T, virtual.Handler) string) {
	t.Helper()
	s := config.Bus{Family: f.Name}
	low := f.MinAddress
	first, one := boards(t, s, low, low+2)
	second, other := boards(t, s, low+2)
	for _, world := range []*virtual.World{first, second} {
		fatal(t, world.Force(low+2, 1)) // so that the answers of twins differ in nothing but time
	}
	opts := lock.ProbeOptions{
		Port: "tcp:pipe:1", Now: time.Now, Families: []string{f.Name}, Last: low + 3,
		BaudRates: []int{f.BaudRate}, Within: patience,
	}
	serve := together(t, first, w, one, other)
	if join != nil {
		opts.Port = join(t, serve)
	} else {
		opts.Open = pipe(t, serve)
	}
	found, err := lock.Probe(t.Context(), opts)
	fatal(t, err)
	var got []lock.Found
	for _, x := range found {
		x.BaudRate = 0 // a pseudo terminal takes them all
		got = append(got, x)
	}
	want := []lock.Found{
		{Family: f.Name, Addr: low, Presence: board.PresenceOne},
		{Family: f.Name, Addr: low + 2, Presence: board.PresenceSeveral},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(first.Pulses()) + len(second.Pulses()); n != 0 {
		t.Errorf("probing pulsed %d times", n)
	}
}

// A board that speaks Modbus TCP is found with the framing that it needs.
func TestProbe_TriesFramings(t *testing.T) {
	t.Parallel()
	options := config.BusOptions{Framing: "tcp"}
	_, slave := boards(t, config.Bus{Family: "modbus", Options: options}, 2)
	found, err := lock.Probe(t.Context(), lock.ProbeOptions{
		Port: tcp(t, slave.Serve), Now: time.Now, Families: []string{"modbus"}, Last: 3, Within: patience,
	})
	fatal(t, err)
	want := []lock.Found{{Family: "modbus", Addr: 2, Presence: board.PresenceOne, Options: options}}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}

// Boards of the last revision count from 1, up to an address that the others do not have.
func TestProbe_FindsTheFourthStation(t *testing.T) {
	t.Parallel()
	_, slave := boards(t, config.Bus{Family: "winnsen", Options: config.BusOptions{FirstStation: 1}}, 4)
	found, err := lock.Probe(t.Context(), lock.ProbeOptions{
		Port: tcp(t, slave.Serve), Now: time.Now, Families: []string{"winnsen"}, Within: patience,
	})
	fatal(t, err)
	want := []lock.Found{{
		Family: "winnsen", Addr: 4, Presence: board.PresenceOne, Options: config.BusOptions{FirstStation: 1},
	}}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}

// At which rate boards answer is found by trying; other rates are left out once somebody has answered.
func TestProbe_FindsTheRate(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{false, true} {
		_, slave := boards(t, config.Bus{Family: "kerong"}, 0)
		clock := &recorder{now: time.Unix(0, 0)}
		var opened []string
		found, err := lock.Probe(t.Context(), lock.ProbeOptions{
			Port: "serial:/dev/none", Now: clock.Now, Families: []string{"kerong"}, Last: 1, All: all,
			Open: func(_ context.Context, spec string) (board.Conn, error) {
				opened = append(opened, strings.TrimPrefix(spec, "serial:/dev/none?baud="))
				clock.slave = nil
				if strings.HasSuffix(spec, "=19200") {
					clock.slave = slave.Session()
				}
				return clock, nil
			},
		})
		fatal(t, err)
		want := []lock.Found{{Family: "kerong", Addr: 0, BaudRate: 19200, Presence: board.PresenceOne}}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Error(diff)
		}
		rates := []string{"9600", "19200"} // each is opened once for each family
		if all {
			rates = append(rates, "115200", "57600")
		}
		if diff := cmp.Diff(rates, opened); diff != "" {
			t.Errorf("all %v: %s", all, diff)
		}
	}
}

// A board with a network plug hangs up on what is no Modbus TCP, and is found all the same.
func TestProbe_SurvivesWhoHangsUp(t *testing.T) {
	t.Parallel()
	options := config.BusOptions{Framing: "tcp"}
	_, slave := boards(t, config.Bus{Family: "modbus", Options: options}, 1)
	picky := func(ctx context.Context, rw io.ReadWriter) error {
		head := make([]byte, 4)
		if n, _ := io.ReadFull(rw, head); n < len(head) || head[2] != 0 || head[3] != 0 {
			return nil // the listener closes
		}
		return slave.Serve(ctx, struct {
			io.Reader
			io.WriteCloser
		}{io.MultiReader(bytes.NewReader(head), rw), rw.(io.WriteCloser)})
	}
	found, err := lock.Probe(t.Context(), lock.ProbeOptions{
		Port: tcp(t, picky), Now: time.Now, Last: 2, Within: patience,
	})
	fatal(t, err)
	want := []lock.Found{{Family: "modbus", Addr: 1, Presence: board.PresenceOne, Options: options}}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
	_, err = lock.Probe(t.Context(), lock.ProbeOptions{Port: "serial:/dev/none", Now: time.Now})
	if !errors.Is(err, board.ErrLost) {
		t.Errorf("no port: %v", err)
	}
	_, err = lock.Probe(t.Context(), lock.ProbeOptions{
		Port: tcp(t, func(context.Context, io.ReadWriter) error { return nil }), Now: time.Now, Families: []string{"rs485"},
	})
	if !errors.Is(err, board.ErrLost) {
		t.Errorf("a port that hangs up at once: %v", err)
	}
}

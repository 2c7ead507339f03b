package lock_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cubby/board"
	"cubby/board/virtual"
	"cubby/internal/app/lock"
	"cubby/internal/config"
)

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
func together(t *testing.T, world *virtual.World, clash bool, slaves ...virtual.Boards) virtual.Handler {
	t.Helper()
	line, err := virtual.NewLine(virtual.LineOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, rw io.ReadWriter) error {
		var sessions []virtual.Slave
		for _, s := range slaves {
			sessions = append(sessions, s.Session())
		}
		return virtual.Serve(ctx, rw, virtual.ServeOptions{
			World: world, Line: line, Slave: virtual.Together(clash, sessions...),
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

func TestProbe_FindsOneAndSeveral(t *testing.T) {
	t.Parallel()
	for name, join := range map[string]func(*testing.T, virtual.Handler) string{"tcp": tcp, "pty": pty} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := config.Bus{Family: "rs485"}
			first, one := boards(t, s, 1, 3)
			second, other := boards(t, s, 3, 7)
			found, err := lock.Probe(t.Context(), lock.ProbeOptions{
				Port: join(t, together(t, first, false, one, other)), Now: time.Now, Families: []string{"rs485"}, Last: 8,
			})
			if err != nil {
				t.Fatal(err)
			}
			baud := 0
			if name == "pty" {
				baud = 9600
			}
			want := []lock.Found{
				{Family: "rs485", Addr: 1, BaudRate: baud, Presence: board.PresenceOne},
				{Family: "rs485", Addr: 3, BaudRate: baud, Presence: board.PresenceSeveral},
				{Family: "rs485", Addr: 7, BaudRate: baud, Presence: board.PresenceOne},
			}
			if diff := cmp.Diff(want, found); diff != "" {
				t.Error(diff)
			}
			if n := len(first.Pulses()) + len(second.Pulses()); n != 0 {
				t.Errorf("probing pulsed %d times", n)
			}
		})
	}
}

package app_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"cubby/internal/app"
	"cubby/internal/app/demo"
	"cubby/internal/config"
	"cubby/internal/store"
)

// systemd listens as a supervisor does and gives what is said.
func systemd(t *testing.T, env map[string]string) (*app.Supervisor, <-chan string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 100)
	go func() {
		defer close(said)
		buffer := make([]byte, 4096)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			said <- string(buffer[:n])
		}
	}()
	t.Cleanup(func() { _ = conn.Close() })
	env["NOTIFY_SOCKET"] = path
	s, err := app.NewSupervisor(t.Context(), app.SupervisorOptions{
		Logger: slog.New(slog.DiscardHandler), PID: os.Getpid(), Env: func(name string) string { return env[name] },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, said
}

func next(t *testing.T, said <-chan string, within time.Duration) string {
	t.Helper()
	select {
	case line := <-said:
		return line
	case <-time.After(within):
		return ""
	}
}

func TestSupervisor_TellsReadyAndStopping(t *testing.T) {
	t.Parallel()
	s, said := systemd(t, map[string]string{})
	s.Ready("answers at x")
	s.Watch(t.Context(), func(context.Context) error { return errors.New("nobody waits for signs") })
	s.Stopping()
	for _, want := range []string{"READY=1\nSTATUS=answers at x", "STOPPING=1"} {
		if got := next(t, said, 10*time.Second); got != want {
			t.Errorf("said %q, want %q", got, want)
		}
	}
}

// Signs of life come while the program turns, stop while it hangs, and come again.
func TestSupervisor_WatchesTheLoop(t *testing.T) {
	t.Parallel()
	const every = 30 * time.Millisecond
	s, said := systemd(t, map[string]string{
		"WATCHDOG_USEC": strconv.FormatInt((3 * every).Microseconds(), 10), "WATCHDOG_PID": strconv.Itoa(os.Getpid()),
	})
	var hangs atomic.Bool
	var asked atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Watch(ctx, func(ctx context.Context) error {
			asked.Add(1)
			if hangs.Load() {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
	}()
	if got := next(t, said, 10*time.Second); got != "WATCHDOG=1" {
		t.Errorf("said %q", got)
	}
	hangs.Store(true)
	for from := asked.Load(); asked.Load() < from+2; { // one that was under way, and one that hung
		next(t, said, every)
	}
	for len(said) > 0 {
		<-said
	}
	if got := next(t, said, 10*every); got != "" {
		t.Errorf("said %q while the program hung", got)
	}
	hangs.Store(false)
	if got := next(t, said, 10*time.Second); got != "WATCHDOG=1" {
		t.Errorf("said %q after the program went on", got)
	}
	cancel()
	<-ended
}

func TestSupervisor_WithoutOneSaysNothing(t *testing.T) {
	t.Parallel()
	none := func(string) string { return "" }
	s, err := app.NewSupervisor(t.Context(), app.SupervisorOptions{Logger: slog.New(slog.DiscardHandler), Env: none})
	if err != nil {
		t.Fatal(err)
	}
	s.Ready("x")
	s.Watch(t.Context(), nil)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	// Another process's watchdog is none of ours.
	other, said := systemd(t, map[string]string{"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"})
	other.Watch(t.Context(), nil)
	if got := next(t, said, 50*time.Millisecond); got != "" {
		t.Errorf("said %q", got)
	}
}

// A server that answers is alive; one whose question ends first is not.
func TestServer_Alive(t *testing.T) {
	t.Parallel()
	s := startWith(t, time.Now, func(*config.Server) {})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Alive(ctx); err != nil {
		t.Error(err)
	}
	over, end := context.WithCancel(t.Context())
	end()
	if err := s.Alive(over); err == nil {
		t.Error("a question that ended was answered with yes")
	}
}

// The controller's sign of life goes through the loop that decides about doors: when that has ended, none comes.
func TestSite_Alive(t *testing.T) {
	t.Parallel()
	house, err := demo.Start(t.Context(), demo.Options{
		Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler), Now: time.Now, Random: rand.Reader,
		NewID: store.NewIDs(time.Now, rand.Reader).New, Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := house.Bank.Alive(ctx); err != nil {
		t.Error(err)
	}
	if err := house.Stop(); err != nil {
		t.Error(err)
	}
	if err := house.Bank.Alive(ctx); err == nil {
		t.Error("a controller whose loop has ended is alive")
	}
}

package app_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"cubby/internal/cloud"
	"cubby/internal/cloud/desk"
	"cubby/internal/locker"
)

// TestDesk_PrintsOnALabelPrinter stands in for a printer at a port of this machine.
func TestDesk_PrintsOnALabelPrinter(t *testing.T) {
	t.Parallel()
	s, p := newServer(t, t.TempDir())
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	printer, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = printer.Close() }() // nobody prints any more
	paper := make(chan string, 1)
	go func() {
		conn, err := printer.Accept()
		if err != nil {
			return
		}
		all, _ := io.ReadAll(conn) // what came is compared
		_ = conn.Close()
		paper <- string(all)
	}()
	what := desk.Print{Kind: desk.KindPlace, Places: []locker.PlaceID{"shelf/1"}, Language: "en"}
	if err := s.Desk().Print(t.Context(), p, "mailroom", what); err == nil {
		t.Error("it printed without a printer")
	}
	if err := s.Desk().SetDesk(t.Context(), p, "mailroom", cloud.DeskSettings{Printer: printer.Addr().String()}); err != nil {
		t.Fatal(err)
	}
	if err := s.Desk().Print(t.Context(), p, "mailroom", what); err != nil {
		t.Fatal(err)
	}
	if got := <-paper; !strings.HasPrefix(got, "^XA") || !strings.Contains(got, "^FDMA,shelf/1^FS") {
		t.Errorf("the printer got %q", got)
	}
}

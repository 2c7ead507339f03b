package port_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"cubby/board"
	"cubby/board/port"
	"cubby/board/virtual"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParseSpec(t *testing.T) {
	t.Parallel()
	serial := port.Spec{
		Kind: port.KindSerial, Path: "/dev/ttyUSB0", BaudRate: 9600, Parity: 'N', DataBits: 8, StopBits: 1,
	}
	even := serial
	even.BaudRate, even.Parity, even.DataBits, even.StopBits = 19200, 'E', 7, 2
	com := serial
	com.Path = "COM3"
	for text, want := range map[string]port.Spec{
		"serial:/dev/ttyUSB0": serial,
		"serial:/dev/ttyUSB0?baud=9600&parity=N&data=8&stop=1":  serial,
		"serial:/dev/ttyUSB0?stop=2&data=7&parity=E&baud=19200": even,
		"serial:COM3":                com,
		"tcp:192.168.1.20:5000":      {Kind: port.KindTCP, Address: "192.168.1.20:5000"},
		"tcp:boards.example:04001":   {Kind: port.KindTCP, Address: "boards.example:4001"},
		"tcp:[fe80::1]:5000":         {Kind: port.KindTCP, Address: "[fe80::1]:5000"},
		"serial:/dev/serial/by-id/x": {Kind: port.KindSerial, Path: "/dev/serial/by-id/x", BaudRate: 9600, Parity: 'N', DataBits: 8, StopBits: 1},
	} {
		got, err := port.ParseSpec(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", text, got, err, want)
		}
		if again, err := port.ParseSpec(got.String()); err != nil || again != got {
			t.Errorf("%s: String gives %s, which reads as %+v, %v", text, got, again, err)
		}
	}
}

func TestParseSpec_Invalid(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                   "want serial:PATH or tcp:HOST:PORT",
		"/dev/ttyUSB0":                       "want serial:PATH",
		"usb:1":                              `starts with "usb"`,
		"serial:":                            "device path",
		"serial:?baud=9600":                  "device path",
		"serial:/dev/\x00":                   "device path",
		"serial:/dev/x?baud=9601":            `baud "9601"`,
		"serial:/dev/x?baud=":                `baud ""`,
		"serial:/dev/x?baud=9600&baud=300":   "baud is given 2 times",
		"serial:/dev/x?parity=X":             `parity "X"`,
		"serial:/dev/x?parity=NE":            `parity "NE"`,
		"serial:/dev/x?data=9":               `data "9"`,
		"serial:/dev/x?stop=0":               `stop "0"`,
		"serial:/dev/x?speed=9600":           `unknown setting "speed"`,
		"serial:/dev/x?baud=%zz":             "settings",
		"tcp:":                               "want tcp:HOST:PORT",
		"tcp:host":                           "want tcp:HOST:PORT",
		"tcp::5000":                          "host",
		"tcp:a b:5000":                       "host",
		"tcp:host:0":                         `port "0"`,
		"tcp:host:65536":                     `port "65536"`,
		"tcp:host:http":                      `port "http"`,
		"serial:" + strings.Repeat("x", 600): "longer than",
	} {
		_, err := port.ParseSpec(text)
		if !errors.Is(err, port.ErrSpec) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

func FuzzParseSpec(f *testing.F) {
	f.Add("serial:/dev/ttyUSB0?baud=9600&parity=N&data=8&stop=1")
	f.Add("tcp:[::1]:5000")
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := port.ParseSpec(text)
		if err != nil {
			if !errors.Is(err, port.ErrSpec) {
				t.Fatalf("%q: %v is no ErrSpec", text, err)
			}
			return
		}
		if again, err := port.ParseSpec(spec.String()); err != nil || again != spec {
			t.Fatalf("%q: %s reads as %+v, %v", text, spec, again, err)
		}
	})
}

// mirror sends everything back.
func mirror(_ context.Context, rw io.ReadWriter) error {
	_, err := io.Copy(rw, rw)
	return err
}

func TestOpen_TCP(t *testing.T) {
	t.Parallel()
	listener, err := virtual.ListenTCP(t.Context(), "127.0.0.1:0", mirror)
	if err != nil {
		t.Fatal(err)
	}
	exerciseConn(t, listener.Spec())
	if err := listener.Stop(); err != nil {
		t.Error(err)
	}
}

func TestOpen_PTY(t *testing.T) {
	t.Parallel()
	pty, err := virtual.OpenPTY(t.Context(), func(ctx context.Context, rw io.ReadWriter) error {
		stop := context.AfterFunc(ctx, func() { _ = rw.(io.Closer).Close() })
		defer stop()
		return mirror(ctx, rw)
	})
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	exerciseConn(t, pty.Spec()+"?baud=115200&parity=E")
	exerciseConn(t, pty.Spec()) // the near end opens again
	if err := pty.Stop(); err != nil {
		t.Error(err)
	}
}

// exerciseConn holds a Conn to its contract, with every byte value: a line in cooked mode would
// swallow or translate some.
func exerciseConn(t *testing.T, spec string) {
	t.Helper()
	conn, err := port.Open(t.Context(), spec, port.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 512)
	for _, wait := range []time.Duration{-time.Second, 20 * time.Millisecond} {
		start := time.Now()
		if err := conn.SetReadDeadline(start.Add(wait)); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(buf); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("%s: read %d, %v, want the deadline", spec, n, err)
		}
		if took := time.Since(start); took < wait || took > wait+2*time.Second {
			t.Errorf("%s: a deadline in %v took %v", spec, wait, took)
		}
	}
	var sent [256]byte
	for i := range sent {
		sent[i] = byte(i)
	}
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Write(sent[:]); n != len(sent) || err != nil {
		t.Fatalf("%s: wrote %d, %v", spec, n, err)
	}
	if _, err := io.ReadFull(conn, buf[:256]); err != nil {
		t.Fatalf("%s: %v", spec, err)
	}
	if [256]byte(buf) != sent {
		t.Errorf("%s: bytes came back changed: % X", spec, buf[:256])
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if _, err := conn.Read(buf); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%s: read after Close: %v", spec, err)
	}
}

// TestOpen_Wedged: an adapter that takes no more bytes and says nothing holds up nobody for ever.
func TestOpen_Wedged(t *testing.T) {
	t.Parallel()
	pty, err := virtual.OpenPTY(t.Context(), func(ctx context.Context, _ io.ReadWriter) error {
		<-ctx.Done() // it reads nothing
		return nil
	})
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	conn, err := port.Open(t.Context(), pty.Spec(), port.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for range 1000 { // more than any buffer on the way takes
		if _, err = conn.Write(make([]byte, 1024)); err != nil {
			break
		}
	}
	if took := time.Since(start); err == nil || took > 20*time.Second {
		t.Errorf("%v after %v, want an error soon", err, took)
	}
	if _, again := conn.Write([]byte{1}); again == nil {
		t.Error("a line that was given up takes bytes again")
	}
	if err := errors.Join(conn.Close(), pty.Stop()); err != nil {
		t.Error(err)
	}
}

func TestOpen_Fails(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	for _, spec := range []string{"tcp:" + free, "serial:" + t.TempDir() + "/none", "serial:/dev/null"} {
		if _, err := port.Open(t.Context(), spec, port.Options{Now: time.Now}); !errors.Is(err, board.ErrLost) {
			t.Errorf("%s: %v, want ErrLost", spec, err)
		}
	}
	if _, err := port.Open(t.Context(), "tcp:"+free, port.Options{}); err == nil {
		t.Error("opened without a clock")
	}
	if _, err := port.Open(t.Context(), "nonsense", port.Options{Now: time.Now}); !errors.Is(err, port.ErrSpec) {
		t.Errorf("%v, want ErrSpec", err)
	}
}

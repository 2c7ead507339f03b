package modbus_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cubby/board"
	"cubby/board/modbus"
	"cubby/board/port"
	"cubby/board/virtual"
)

// patience bounds every process of these tests.
const patience = 20 * time.Second

// missing skips loudly, or fails where all tools must be there.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" || os.Getenv("REQUIRE_TOOLS") != "" {
		t.Fatalf("%s is missing", what)
	}
	t.Skipf("!!!! SKIPPED: %s is missing", what)
}

func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name)
	}
	return path
}

// python returns an interpreter that has pymodbus: the system's own, if the first one is another.
func python(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		err := exec.CommandContext(ctx, name, "-c", "import pymodbus").Run()
		cancel()
		if err == nil {
			return name
		}
	}
	missing(t, "python3-pymodbus")
	return ""
}

// start runs a process until the test ends, and returns its lines of output.
func start(t *testing.T, name string, args ...string) *bufio.Scanner {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = t.Output()
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		cancel()
		_ = cmd.Wait() // it was killed
	})
	return bufio.NewScanner(stdout)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// cable is a pair of pseudo terminals: two serial ports joined by socat.
func cable(t *testing.T) (near, far string) {
	t.Helper()
	dir := t.TempDir()
	near, far = filepath.Join(dir, "near"), filepath.Join(dir, "far")
	start(t, tool(t, "socat"), "pty,raw,echo=0,link="+near, "pty,raw,echo=0,link="+far)
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		_, nearErr := os.Stat(near)
		_, farErr := os.Stat(far)
		if err := errors.Join(nearErr, farErr); err == nil {
			return near, far
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// slave starts pymodbus and opens a line to it.
func slave(t *testing.T, framing modbus.Framing, coils, inputs string) (board.Conn, *bufio.Scanner) {
	t.Helper()
	interpreter := python(t)
	near, far := "", "0"
	if framing == modbus.FramingRTU {
		near, far = cable(t)
	}
	out := start(t, interpreter, "testdata/slave.py", framing.String(), far, coils, inputs)
	if !out.Scan() || !strings.HasPrefix(out.Text(), "ready ") {
		t.Fatalf("pymodbus says %q", out.Text())
	}
	spec := "serial:" + near
	if framing == modbus.FramingTCP {
		spec = "tcp:127.0.0.1:" + strings.TrimPrefix(out.Text(), "ready ")
	}
	conn, err := port.Open(t.Context(), spec, port.Options{Now: time.Now})
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close()) })
	return conn, out
}

// TestPymodbus drives the slave of an unrelated project over a pair of terminals and over TCP.
func TestPymodbus(t *testing.T) {
	t.Parallel()
	for _, framing := range []modbus.Framing{modbus.FramingRTU, modbus.FramingTCP} {
		open := func(t *testing.T, coils string, mode modbus.Mode) (*modbus.Driver, *bufio.Scanner) {
			t.Helper()
			conn, out := slave(t, framing, coils, "10100001")
			d, err := modbus.New(modbus.Options{
				Conn: conn, Now: time.Now, Framing: framing, Mode: mode, Polarity: modbus.PolarityOpening,
				Accept: modbus.Acceptance, Deadline: 2 * time.Second, StatusDeadline: 2 * time.Second,
			})
			must(t, err)
			return d, out
		}
		t.Run(framing.String()+"/refuses flash", func(t *testing.T) {
			t.Parallel()
			d, _ := open(t, "8", modbus.ModeFlash)
			checkInputs(t, d)
			// It has no output at the address of the flash.
			if ack, err := d.Unlock(t.Context(), 1, 3); ack != board.AckRefused || err != nil {
				t.Errorf("flash: %v, %v, want refused", ack, err)
			}
			if c := d.BoardCounts(1); c.Refused != 1 || c.Timeouts != 0 || c.Checksums != 0 || c.Late != 0 {
				t.Errorf("counts %+v", c)
			}
		})
		t.Run(framing.String()+"/takes flash for off", func(t *testing.T) {
			t.Parallel()
			d, _ := open(t, "1024", modbus.ModeFlash)
			ack, err := d.Unlock(t.Context(), 1, 3)
			if ack != board.AckNone || !errors.Is(err, board.ErrGarbled) || !strings.Contains(err.Error(), "does not know flash") {
				t.Errorf("flash: %v, %v, want garbled with a reason", ack, err)
			}
			checkInputs(t, d)
		})
		t.Run(framing.String()+"/switches coils", func(t *testing.T) {
			t.Parallel()
			d, out := open(t, "8", modbus.ModeCoil)
			if ack, err := d.Unlock(t.Context(), 1, 3); ack != board.AckAccepted || err != nil {
				t.Fatalf("coil: %v, %v", ack, err)
			}
			checkInputs(t, d)
			must(t, d.Restore(t.Context(), 1)) // it has no "all off" and no relay is on
			if ack, err := d.Unlock(t.Context(), 1, 8); ack != board.AckAccepted || err != nil {
				t.Fatalf("coil: %v, %v", ack, err)
			}
			for _, want := range []string{"coil 2 1", "coil 2 0", "coil 7 1", "coil 7 0"} {
				if !out.Scan() || out.Text() != want {
					t.Errorf("pymodbus saw %q, want %q", out.Text(), want)
				}
			}
			if found, err := d.Probe(t.Context(), 1); !found || err != nil {
				t.Errorf("probe: %v, %v", found, err)
			}
		})
	}
}

func checkInputs(t *testing.T, d *modbus.Driver) {
	t.Helper()
	reading, err := d.ReadStates(t.Context(), 1)
	must(t, err)
	for i, s := range reading.Doors {
		if open := i == 0 || i == 2 || i == 7; (s == board.StateOpen) != open || s == board.StateUnknown {
			t.Errorf("channel %d is %v", i+1, s)
		}
	}
}

// TestMbpoll has libmodbus read and switch the virtual board over a terminal and over TCP.
func TestMbpoll(t *testing.T) {
	t.Parallel()
	for _, framing := range []modbus.Framing{modbus.FramingRTU, modbus.FramingTCP} {
		t.Run(framing.String(), func(t *testing.T) {
			t.Parallel()
			mbpoll := tool(t, "mbpoll")
			world, err := virtual.NewWorld(virtual.Options{Now: time.Now, Boards: map[board.Address]int{1: 8, 2: 4}})
			must(t, err)
			boards, err := modbus.NewSlave(modbus.SlaveOptions{
				World: world, Framing: framing, Polarity: modbus.PolarityOpening,
			})
			must(t, err)
			var line []string
			if framing == modbus.FramingRTU {
				pty, err := virtual.OpenPTY(context.Background(), boards.Serve)
				must(t, err)
				t.Cleanup(func() { must(t, pty.Stop()) })
				line = []string{"-m", "rtu", "-b", "9600", "-P", "none", pty.Path()}
			} else {
				listener, err := virtual.ListenTCP(context.Background(), "127.0.0.1:0", boards.Serve)
				must(t, err)
				t.Cleanup(func() { must(t, listener.Stop()) })
				host, number, _ := strings.Cut(listener.Addr(), ":")
				line = []string{"-m", "tcp", "-p", number, host}
			}
			poll := func(unit string, args ...string) string {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				args = slices.Concat([]string{"-1", "-o", "5", "-a", unit}, args[:len(args)-1], line, strings.Fields(args[len(args)-1]))
				out, err := exec.CommandContext(ctx, mbpoll, args...).CombinedOutput()
				if err != nil {
					return string(out) + err.Error()
				}
				return string(bytes.TrimSpace(out))
			}
			must(t, world.Force(1, 2))
			checkMbpoll(t, world, poll)
		})
	}
}

// checkMbpoll has door 2 of board 1 open. The last argument of poll is what to write.
func checkMbpoll(t *testing.T, world *virtual.World, poll func(unit string, args ...string) string) {
	t.Helper()
	inputs := poll("1", "-t", "1", "-r", "1", "-c", "8", "")
	for i := 1; i <= 8; i++ {
		want := "[" + string(rune('0'+i)) + "]: \t0"
		if i == 2 {
			want = "[2]: \t1"
		}
		if !strings.Contains(inputs, want) {
			t.Errorf("mbpoll reads %s\nwant %q", inputs, want)
		}
	}
	if out := poll("1", "-t", "0", "-r", "3", "1"); !strings.Contains(out, "Written 1 references") {
		t.Errorf("mbpoll writes: %s", out)
	}
	if !world.Coil(1, 3) || world.PulseCount(1, 3) != 1 || len(world.Pulses()) != 1 {
		t.Errorf("pulses %v, want one of channel 3", world.Pulses())
	}
	if relays := poll("1", "-t", "0", "-r", "1", "-c", "8", ""); !strings.Contains(relays, "[3]: \t1") ||
		strings.Count(relays, ": \t0") != 7 {
		t.Errorf("mbpoll reads relays %s", relays)
	}
	poll("1", "-t", "0", "-r", "1", "0 1 0 0") // several at once
	if world.Coil(1, 3) || !world.Coil(1, 2) {
		t.Error("several coils at once went wrong")
	}
	if out := poll("2", "-t", "1", "-r", "5", "-c", "1", ""); !strings.Contains(out, "Illegal data address") {
		t.Errorf("mbpoll reads an input that is not there: %s", out)
	}
	if out := poll("2", "-t", "4", "-r", "1", "-c", "1", ""); !strings.Contains(out, "Illegal data address") {
		t.Errorf("mbpoll reads a register that is not there: %s", out)
	}
}

package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cubby/board"
	"cubby/board/virtual"
	"cubby/internal/app/lock"
	"cubby/internal/cli"
	"cubby/internal/config"
)

var update = flag.Bool("update", false, "write the goldens of this package")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(committed), got); diff != "" {
		t.Errorf("%s, run go test ./internal/cli -update when the change is meant:\n%s", path, diff)
	}
}

// frameCases are the frames that the makers' documents and public captures show.
func frameCases() map[string]string {
	return map[string]string{
		"--family rs485 --board 1 --channel 1 open":                     "8A 01 01 11 9B",
		"--family rs485 --board 1 --channel 1 open --option pulse=5s":   "8A 01 01 11 05 9E",
		"--family rs485 --board 1 --channel 1 status":                   "80 01 01 33 B3",
		"--family rs485 --board 1 status":                               "80 01 00 33 B2",
		"--model 8a80-24 --board 31 --channel 24 open":                  "8A 1F 18 11 9C",
		"--family kerong --board 0 --channel 1 open":                    "02 00 31 03 36",
		"--family kerong --board 1 --channel 6 open":                    "02 15 31 03 4B",
		"--family kerong --board 0 status":                              "02 00 30 03 35",
		"--family kerong --board 1 status":                              "02 10 30 03 45",
		"--family modbus --board 1 --channel 1 open":                    "01 05 02 00 00 02 4D B3",
		"--model waveshare-rtu-d-8 --board 1 status":                    "01 02 00 00 00 08 79 CC",
		"--model waveshare-rtu-8 --board 1 status":                      "01 01 00 00 00 08 3D CC",
		"--family wkly --board 0 --channel 1 open":                      "57 4B 4C 59 09 00 82 01 83",
		"--family wkly --board 0 --channel 1 status":                    "57 4B 4C 59 09 00 83 01 82",
		"--family wkly --board 0 status":                                "57 4B 4C 59 08 00 84 85",
		"--model lcus-8 --board 1 --channel 1 open":                     "A0 01 01 A2",
		"--family winnsen --board 1 --channel 2 open":                   "90 06 05 01 02 03",
		"--family winnsen --board 0 --channel 1 status":                 "90 06 12 00 01 03",
		"--family usbrelay --board 1 --channel 1 open":                  "A0 01 01 A2",
		"--family gpio --board 1 --channel 3 open":                      "3A 30 30 20 6F 6E 20 33 0A", // :00 on 3
		"--model 8a80-50 --board 2 --channel 50 --option echo=off open": "8A 02 32 11 AB",
	}
}

func TestFrame_IsByteExact(t *testing.T) {
	t.Parallel()
	for args, frame := range frameCases() {
		code, out, errs := run(t, t.TempDir(), "", append([]string{"board", "frame"}, strings.Fields(args)...)...)
		if code != 0 || out != frame+"\n" {
			t.Errorf("frame %s: code %d, %q, want %q; %s", args, code, out, frame, errs)
		}
	}
}

func TestFrame_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for args, part := range map[string]string{
		"--board 1 --channel 25 open":                                   "channel 25 of board 1, want 1 to 24",
		"--board 1 --channel 0 open":                                    "outputs count from 1",
		"--board 1 --channel 0 status":                                  "outputs count from 1",
		"--board 1 --channel 256 open":                                  "channel 256",
		"--board 32 --channel 1 open":                                   "board 32, want 1 to 31",
		"--board 0 --channel 1 status":                                  "board 0, want 1 to 31",
		"--board 300 --channel 1 status":                                "board 300",
		"--board 1 open":                                                "open needs --channel",
		"--channel 1 open":                                              "--board",
		"--board 1 --channel 1 close":                                   "close",
		"--board 1 --channel 1 --family osdp open":                      `no protocol family "osdp"; known are rs485`,
		"--board 1 --channel 1 --model 8a80-13 open":                    `no model "8a80-13"; known are`,
		"--board 1 --channel 1 --option polarty=closing open":           "did you mean polarity?",
		"--board 1 --channel 1 --option polarity=both open":             "not one of closing, opening",
		"--board 1 --channel 13 --model 8a80-12 open":                   "want 1 to 12",
		"--board 1 --channel 1 --option pulse=1500ms open":              "want whole seconds",
		"--board 1 --channel 1 --option channels=60 open":               "60 channels",
		"--board 1 --channel 1 --family rs485 --option channels=x open": "whole number",
	} {
		code, out, errs := run(t, t.TempDir(), "", append([]string{"board", "frame"}, strings.Fields(args)...)...)
		if code != 2 || out != "" || !strings.Contains(errs, part) {
			t.Errorf("frame %s: code %d, %q, says %q, want code 2 and %q", args, code, out, errs, part)
		}
	}
}

func TestDecode_TakesBytesInEveryForm(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"8A 01 01 11 9B 80 01 00 33 B2"},
		{"8a0101119b", "80010033b2"},
		{"8A", "01", "01", "11", "9B", "80", "1", "0", "33", "B2"},
		{"0x8A,0x01,0x01,0x11,0x9B:80:01:00:33:B2"},
	} {
		code, out, errs := run(t, t.TempDir(), "", append([]string{"board", "decode", "--family", "rs485"}, args...)...)
		want(t, code, 0, out, "8A 01 01 11 9B  open channel 1 of board 1", errs)
		want(t, code, 0, out, "80 01 00 33 B2  ask for the state of all channels of board 1", errs)
	}
	for _, args := range [][]string{{}, {"-"}} {
		code, out, errs := run(t, t.TempDir(), "# a capture\n8A 01 01 # half\n11 9B\n", append([]string{"board", "decode"}, args...)...)
		want(t, code, 0, out, "8A 01 01 11 9B  open channel 1 of board 1", errs)
	}
}

func TestDecode_SaysNoToWhatIsNoFrame(t *testing.T) {
	t.Parallel()
	code, out, errs := run(t, t.TempDir(), "", "board", "decode", "FF 8A 01 01 11 9B 8A 01")
	want(t, code, 1, out, "no frame", errs)
	want(t, code, 1, out, "the rest is missing", errs)
	code, out, errs = run(t, t.TempDir(), "", "board", "decode", "8A 01 01 11 9C")
	want(t, code, 1, out, "checksum", errs)
	for _, bad := range []string{"8A 1", "zz", "8A1"} {
		code, out, errs = run(t, t.TempDir(), "", "board", "decode", bad)
		if bad == "8A 1" {
			want(t, code, 1, out, "missing", errs)
			continue
		}
		want(t, code, 2, errs, "no hex digits", out)
	}
	code, out, errs = run(t, t.TempDir(), "", "board", "decode")
	want(t, code, 2, errs, "no bytes", out)
}

// Every annotated frame of the families is understood, but those that are marked as broken.
func TestDecode_KnowsTheAnnotatedFrames(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../board/*/testdata/*.hex")
	if err != nil {
		t.Fatal(err)
	}
	annotated := regexp.MustCompile(`^[<>] ((?:[0-9A-F]{2} )+) *\|`)
	for _, file := range files {
		family := filepath.Base(filepath.Dir(filepath.Dir(file)))
		if _, err := lock.Resolve(config.Bus{Family: family}); err != nil {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range strings.Lines(string(data)) {
			m := annotated.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			n++
			args := []string{"board", "decode", "--family", family, m[1]}
			if option := "order=state-first"; strings.Contains(line, option) {
				args = append(args, "--option", option)
			}
			code, out, errs := run(t, t.TempDir(), "", args...)
			if code != 0 || len(strings.Split(strings.TrimSpace(out), "\n")) != 1 {
				t.Errorf("%s: %q is not understood: code %d, %s%s", file, strings.TrimSpace(line), code, out, errs)
			}
		}
		if n == 0 {
			t.Errorf("%s: no annotated frames, is the pattern still right?", file)
		}
	}
	if len(files) == 0 {
		t.Error("no annotated frames")
	}
}

func TestModels_AreListed(t *testing.T) {
	t.Parallel()
	code, out, errs := run(t, t.TempDir(), "", "board", "models")
	want(t, code, 0, out, "8a80-24", errs)
	golden(t, "models.txt", out)
	code, out, errs = run(t, t.TempDir(), "", "board", "families")
	want(t, code, 0, out, "rs485", errs)
	golden(t, "families.txt", out)
	code, out, errs = run(t, t.TempDir(), "", "board", "models", "--family", "rs485", "--json")
	want(t, code, 0, out, `"evidence": "virtual"`, errs)
	var list struct {
		Models []struct{ ID, Family string }
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list.Models) < 6 {
		t.Errorf("%v, %d models", err, len(list.Models))
	}
	code, out, errs = run(t, t.TempDir(), "", "board", "models", "--family", "osdp")
	want(t, code, 2, errs, "known are", out)
}

// line makes virtual boards of 24 outputs.
func line(t *testing.T, family string, addrs ...board.Address) (*virtual.World, virtual.Boards) {
	t.Helper()
	boards := map[board.Address]int{}
	for _, a := range addrs {
		boards[a] = 24
	}
	world, err := virtual.NewWorld(virtual.Options{Now: time.Now, Boards: boards})
	if err != nil {
		t.Fatal(err)
	}
	slave, err := lock.NewSlave(config.Bus{Family: family}, lock.Bench{World: world})
	if err != nil {
		t.Fatal(err)
	}
	return world, slave
}

func listen(t *testing.T, serve virtual.Handler) string {
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

func TestProbe_Speaks(t *testing.T) {
	t.Parallel()
	first, one := line(t, "rs485", 1, 3)
	second, other := line(t, "rs485", 3)
	spec := listen(t, func(ctx context.Context, rw io.ReadWriter) error {
		wire, err := virtual.NewLine(virtual.LineOptions{})
		if err != nil {
			return err
		}
		return virtual.Serve(ctx, rw, virtual.ServeOptions{
			World: first, Line: wire, Slave: virtual.Together(false, one.Session(), other.Session()),
		})
	})
	probe := []string{"board", "probe", "--port", spec, "--family", "rs485", "--last", "4", "--within", "400ms"}

	code, out, errs := run(t, t.TempDir(), "", probe...)
	want(t, code, 0, out, "two boards answer as 3: set one of them to another address", errs)
	golden(t, "probe.txt", out)
	// What it advises can be written into the settings as it stands.
	_, advice, _ := strings.Cut(errs, "\n- ")
	file := write(t, t.TempDir(), "advised.yaml", "controller:\n  buses:\n    - "+advice)
	code, out, errs = run(t, t.TempDir(), "", "--config", file, "config", "check")
	want(t, code, 0, out, "fine", errs)

	code, out, errs = run(t, t.TempDir(), "", append(probe, "--json")...)
	want(t, code, 0, out, `"presence": "several"`, errs)
	golden(t, "probe.json", out)

	if err := first.SetSilent(1, true); err != nil {
		t.Fatal(err)
	}
	code, out, errs = run(t, t.TempDir(), "", append(probe, "--last", "1")...)
	want(t, code, 1, errs, "nobody answers", out)
	if n := len(first.Pulses()) + len(second.Pulses()); n != 0 {
		t.Errorf("probing pulsed %d times", n)
	}
}

func TestProbe_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for args, part := range map[string]string{
		"--port serial:/dev/none":                  "/dev/none",
		"--port tcp:127.0.0.1:1 --family osdp":     `no protocol family "osdp"`,
		"--port /dev/ttyUSB0":                      "serial",
		"--port tcp:127.0.0.1:1 --within 1ms":      "want 5ms to 10s",
		"--port tcp:127.0.0.1:1 --baud 9600 --foo": "foo",
	} {
		code, out, errs := run(t, t.TempDir(), "", append([]string{"board", "probe"}, strings.Fields(args)...)...)
		if code == 0 || !strings.Contains(errs, part) {
			t.Errorf("probe %s: code %d, %q%q, want %q in it", args, code, out, errs, part)
		}
	}
}

// On a pipe watch prints all states once, then each change.
func TestWatch_PrintsChanges(t *testing.T) {
	t.Parallel()
	world, slave := line(t, "rs485", 1)
	spec := listen(t, slave.Serve)
	if err := world.Force(1, 2); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(500*time.Millisecond, func() {
		_ = world.Force(1, 5) // the door exists
	})
	code, out, errs := run(t, t.TempDir(), "", "board", "watch", "--port", spec, "--board", "1", "--board", "2",
		"--option", "channels=8", "--option", "status_deadline=50ms", "--every", "20ms", "--for", "2s")
	want(t, code, 0, out, "board 1 closed: 1 3 4 5 6 7 8, open: 2", errs)
	want(t, code, 0, out, "board 2 no answer", errs)
	want(t, code, 0, out, "board 1 channel 5 open", errs)
	// A busy machine may miss a reply in time, which is a change too: what is printed must be one each time.
	last := make(map[string]string)
	for line := range strings.Lines(out) {
		clock, said, _ := strings.Cut(strings.TrimSpace(line), " ")
		board := said[:min(len(said), len("board 1"))]
		if last[board] == said {
			t.Errorf("at %s nothing had changed:\n%s", clock, out)
		}
		last[board] = said
	}
	code, out, errs = run(t, t.TempDir(), "", "board", "watch", "--port", spec, "--board", "99")
	want(t, code, 2, errs, "board 99", out)
}

// What board virtual serves can be found and watched; board/catalog tests the boards of every model.
func TestVirtual_StandsIn(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string][]string{
		"kerong": {"--family", "kerong"},
		"gpio":   {"--model", "waveshare-rpi-relay-3", "--option", "input_lines=1,2,3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := serveVirtual(t, append([]string{"--for", "3s"}, kind...)...)
			if name == "kerong" {
				code, out, errs := run(t, t.TempDir(), "", "board", "probe", "--port", spec, "--family", name, "--last", "1", "--within", "400ms")
				want(t, code, 0, out, "one board", errs)
			}
			args := append([]string{"board", "watch", "--port", spec, "--board", "1", "--for", "600ms"}, kind...)
			code, out, errs := run(t, t.TempDir(), "", append(args, "--option", "accept="+lock.Acceptance)...)
			if name == "kerong" {
				want(t, code, 2, errs, "the family kerong does not take the option accept", out)
				return
			}
			want(t, code, 0, out, "board 1 closed: 1 2 3", errs)
		})
	}
}

// serveVirtual runs board virtual beside the test and returns the port that it prints.
func serveVirtual(t *testing.T, args ...string) string {
	t.Helper()
	in, out := io.Pipe()
	done := make(chan int, 1)
	var errs bytes.Buffer
	go func() {
		code := cli.Main(append([]string{"board", "virtual"}, args...),
			cli.Streams{In: strings.NewReader(""), Out: out, Err: &errs})
		_ = out.Close() // so that a failure is read, not waited for
		done <- code
	}()
	t.Cleanup(func() {
		if code := <-done; code != 0 {
			t.Errorf("board virtual %v: code %d, %s", args, code, errs.String())
		}
	})
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// On a terminal watch redraws one table.
func TestWatch_RedrawsOnATerminal(t *testing.T) {
	t.Parallel()
	world, slave := line(t, "rs485", 1)
	spec := listen(t, slave.Serve)
	if err := world.Force(1, 2); err != nil {
		t.Fatal(err)
	}
	shown := make(chan string, 1)
	terminal, err := virtual.OpenPTY(context.Background(), func(_ context.Context, rw io.ReadWriter) error {
		text, err := io.ReadAll(rw)
		shown <- string(text)
		if errors.Is(err, os.ErrClosed) {
			err = nil
		}
		return err
	})
	if err != nil {
		t.Skip(err)
	}
	screen, err := os.OpenFile(terminal.Path(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	code := cli.Main([]string{
		"board", "watch", "--port", spec, "--board", "1", "--board", "2", "--option", "status_deadline=50ms",
		"--every", "20ms", "--for", "1s",
	}, cli.Streams{In: strings.NewReader(""), Out: screen, Err: &errs})
	if err := errors.Join(screen.Close(), terminal.Stop()); err != nil {
		t.Error(err)
	}
	out := <-shown
	for _, part := range []string{"Ctrl-C ends", "OPEN", "closed", "board 2    no answer", "\x1b[5A\x1b[J"} {
		want(t, code, 0, out, part, errs.String())
	}
}

package label_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cubby/internal/cloud/label"
	"cubby/internal/document"
)

func sample() label.Label {
	return label.Label{
		Title: "Harbour House", Big: "S3", QR: "C1.ABCDEFGHIJKLMNOP", Bar: "1Z999AA10123456784", Note: "Front desk, 9 to 18",
		Lines: []string{"Jane Smith", "Unit 4B", "UPS · M · 25 Nov"},
	}
}

func TestZPL_SaysWhatStandsOnALabel(t *testing.T) {
	t.Parallel()
	out, err := label.ZPL(label.DefaultSize(), []label.Label{sample()})
	if err != nil {
		t.Fatal(err)
	}
	text := string(out)
	for _, want := range []string{
		"^XA^CI28^PW816^LL608", "^FDS3^FS", "^FDJane Smith^FS", "^FDMA,C1.ABCDEFGHIJKLMNOP^FS", "^BCN,88,N,N,N,A^FH_^FD1Z999AA10123456784^FS", "^XZ\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

func TestZPL_TextIsNeverACommand(t *testing.T) {
	t.Parallel()
	l := sample()
	l.Lines = []string{"^XZ~JR_5E\\&"}
	out, err := label.ZPL(label.DefaultSize(), []label.Label{l})
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(out, []byte("^XZ")); n != 1 || bytes.Contains(out, []byte("~")) {
		t.Errorf("%d ends of a label in\n%s", n, out)
	}
	if !bytes.Contains(out, []byte("_5EXZ_7EJR_5F5E_5C&")) {
		t.Errorf("the text is not there:\n%s", out)
	}
}

// A code that lacks a symbol opens nothing: it is whole on the smallest label too.
func TestZPL_CodesAreNeverCut(t *testing.T) {
	t.Parallel()
	for width := 50; width <= 220; width += 5 {
		for height := 40; height <= 310; height += 27 {
			size := label.Size{WidthMM: width, HeightMM: height, DotsPerMM: 8}
			out, err := label.ZPL(size, []label.Label{{
				Title: "Harbour House mailroom · A parcel waits for you", Big: "K7M-4PX-9TD", QR: "C1.ABCDEFGHIJKLMNOPQRSTUVWXYZ", Note: "+1 555 0100",
			}})
			if err != nil || !bytes.Contains(out, []byte("^FDK7M-4PX-9TD^FS")) {
				t.Errorf("%d by %d mm: %v\n%s", width, height, err, out)
			}
		}
	}
	l := sample()
	l.Lines = append(l.Lines, "On a keypad: 101, then 419-220-753")
	out, err := label.ZPL(label.DefaultSize(), []label.Label{l})
	if err != nil || !bytes.Contains(out, []byte("419-220-753")) {
		t.Errorf("%v\n%s", err, out)
	}
}

func FuzzZPL(f *testing.F) {
	f.Add("Jane ^XA", "~DG", "a>b")
	f.Fuzz(func(t *testing.T, big, line, note string) {
		out, err := label.ZPL(label.DefaultSize(), []label.Label{{Big: big, Lines: []string{line}, Note: note}})
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(out, []byte("^XA")) != 1 || bytes.Count(out, []byte("^XZ")) != 1 || bytes.ContainsAny(out, "~") {
			t.Errorf("%q, %q, %q gave\n%s", big, line, note, out)
		}
	})
}

func sheet() label.Sheet {
	return label.Sheet{Title: "Labels", Language: "en", At: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), Size: label.DefaultSize()}
}

func TestPDF_HoldsTheWords(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := label.WritePDF(&out, sheet(), []label.Label{sample(), {Big: "S4"}})
	if err != nil {
		t.Fatal(err)
	}
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		if os.Getenv("CI") == "true" || os.Getenv("REQUIRE_TOOLS") != "" {
			t.Fatal("pdftotext is not installed")
		}
		t.Skip("!!!! SKIPPED: pdftotext is not installed")
	}
	file := filepath.Join(t.TempDir(), "labels.pdf")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), tool, file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Harbour House", "S3", "Jane Smith", "1Z999AA10123456784", "S4"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
	l := sample()
	l.Lines = []string{"سارة"}
	if err := label.WritePDF(io.Discard, sheet(), []label.Label{l}); !errors.Is(err, document.ErrScript) {
		t.Errorf("Arabic: %v", err)
	}
}

func TestSize_Check(t *testing.T) {
	t.Parallel()
	for _, s := range []label.Size{{}, {WidthMM: 102, HeightMM: 76, DotsPerMM: 9}, {WidthMM: 20, HeightMM: 76, DotsPerMM: 8}, {WidthMM: 102, HeightMM: 999, DotsPerMM: 8}} {
		if _, err := label.ZPL(s, nil); !errors.Is(err, label.ErrSize) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "10.0.0.7": "10.0.0.7:9100", " printer.lan:9101 ": "printer.lan:9101", "[fd00::7]": "[fd00::7]:9100",
	} {
		if got, err := label.Address(text); err != nil || got != want {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"printer:80", "printer:x", "http://printer", "a b", "printer:99999", ":9100"} {
		if got, err := label.Address(text); !errors.Is(err, label.ErrAddress) {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
}

func TestPrint_ReachesAPrinter(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	got := make(chan string, 1)
	go func() {
		all, _ := io.ReadAll(far) // what came before the end is compared
		got <- string(all)
	}()
	asked := ""
	dial := func(_ context.Context, network, address string) (net.Conn, error) {
		asked = network + " " + address
		return near, nil
	}
	if err := label.Print(t.Context(), dial, "printer:9100", []byte("^XA^XZ")); err != nil {
		t.Fatal(err)
	}
	if text := <-got; text != "^XA^XZ" || asked != "tcp printer:9100" {
		t.Errorf("%s took %q", asked, text)
	}
	refused := func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }
	if err := label.Print(t.Context(), refused, "printer:9100", nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("without a printer: %v", err)
	}
}

func TestBars(t *testing.T) {
	t.Parallel()
	bars, err := label.Bars("CUBBY-1")
	if err != nil || len(bars) < 80 || !bars[0] || !bars[len(bars)-1] {
		t.Errorf("%d modules, %v", len(bars), err)
	}
	for _, text := range []string{"", "é", strings.Repeat("1", 41), "a\x00"} {
		if _, err := label.Bars(text); !errors.Is(err, label.ErrBar) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

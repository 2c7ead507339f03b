package email_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cubby/internal/notify/email"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func letters() map[string]email.Letter {
	return map[string]email.Letter{
		"en": {
			Lang: "en", Subject: "Your parcel is in door 14", Preview: "Collect by Friday 18:00", Greeting: "Hello Ada",
			Lines: []string{"A parcel from <Fast & Sons> arrived today."}, CodeLabel: "Your code", Code: "HJK-3MP-2XY",
			QR: []byte("png"), QRAlt: "QR code that opens the door",
			Details: []email.Detail{
				{Label: "Door", Value: "14", LTR: true},
				{Label: "Collect by", Value: "Friday 3 July, 18:00"},
				{Label: "On a keypad", Value: "412 then 012-345-678", LTR: true},
			},
			LinkLabel: "Open the parcel page", Link: "https://cubby.example/p/x?a=1&b=2", After: []string{"Do not share the code."},
			Help: "Help: front desk, +1 555 0100", Footer: "Harbor Homes, 1 Dock Street",
		},
		"ar": {
			Lang: "ar", RTL: true, Subject: "طردك في الباب 14", Greeting: "مرحبًا", Lines: []string{"وصل طرد اليوم."},
			CodeLabel: "رمزك", Code: "HJK-3MP-2XY", Details: []email.Detail{{Label: "الباب", Value: "A-14", LTR: true}},
		},
		"short": {Lang: "en", Subject: "Site silent", Lines: []string{"Harbor Homes has not reported for 5 minutes."}},
	}
}

func TestLetters_Golden(t *testing.T) {
	t.Parallel()
	l, err := email.NewLetters()
	if err != nil {
		t.Fatal(err)
	}
	for name, letter := range letters() {
		m, err := l.Write(email.Message{ID: "1", To: "ada@homes.example"}, letter)
		if err != nil {
			t.Fatal(err)
		}
		for suffix, got := range map[string]string{".html": m.HTML, ".txt": m.Text} {
			path := filepath.Join("testdata", "letter-"+name+suffix)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
		}
		checkBalanced(t, name, m.HTML)
		if m.Subject != letter.Subject || m.Lang != letter.Lang || m.To != "ada@homes.example" || len(m.Inline) != min(len(letter.QR), 1) {
			t.Errorf("%s: message %q %q, %d pictures", name, m.Subject, m.Lang, len(m.Inline))
		}
	}
}

// checkBalanced finds tags that are not closed in their order.
func checkBalanced(t *testing.T, name, html string) {
	t.Helper()
	closed := regexp.MustCompile(`(<(?:meta|img)\b[^>]*)>`).ReplaceAllString(html, "$1/>")
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(closed, "<!doctype html>")))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

func TestLetters_EscapeAndRefuse(t *testing.T) {
	t.Parallel()
	l, err := email.NewLetters()
	if err != nil {
		t.Fatal(err)
	}
	evil := letters()["en"]
	evil.Greeting, evil.Link, evil.QRAlt = "<script>x</script>", "javascript:alert(1)", `"><b>`
	m, err := l.Write(email.Message{}, evil)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script>", "javascript:", `"><b>`, "ZgotmplZ\" alt"} {
		if strings.Contains(m.HTML, bad) {
			t.Errorf("the letter contains %s", bad)
		}
	}
	if !strings.Contains(m.HTML, `src="cid:qr"`) {
		t.Error("the picture is not shown")
	}
	for name, change := range map[string]func(*email.Letter){
		"no subject":       func(x *email.Letter) { x.Subject = "" },
		"no language":      func(x *email.Letter) { x.Lang = "" },
		"QR without words": func(x *email.Letter) { x.QRAlt = "" },
	} {
		x := letters()["en"]
		change(&x)
		if _, err := l.Write(email.Message{}, x); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

package ui_test

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

	"github.com/a-h/templ"
	"github.com/google/go-cmp/cmp"

	"cubby/internal/web/ui"
)

var update = flag.Bool("update", false, "write the golden files")

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// readable puts each tag on a line and takes out what changes with every asset.
func readable(page string) string {
	page = regexp.MustCompile(`\?v=[0-9a-f]{12}`).ReplaceAllString(page, "?v=VERSION")
	page = regexp.MustCompile(`(<[a-zA-Z!])`).ReplaceAllString(page, "\n$1")
	return strings.TrimSpace(page) + "\n"
}

func TestComponents_MatchTheirGoldens(t *testing.T) {
	t.Parallel()
	for name, c := range fixtures() {
		got := readable(render(t, c))
		path := filepath.Join("testdata", name+".html")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%v (run with -update)", err)
			continue
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s differs from its golden:\n%s", name, diff)
		}
	}
}

// node is an element of a page, or a text when Data is "".
type node struct {
	Data     string
	Attr     map[string]string
	Text     string
	Parent   *node
	Children []*node
}

// parse reads what the components write: well-formed HTML with void elements and boolean attributes.
func parse(t *testing.T, page string) *node {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict = false
	d.AutoClose = xml.HTMLAutoClose
	d.Entity = xml.HTMLEntity
	root := &node{Data: "root"}
	at := root
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			if at != root {
				t.Fatalf("<%s> is not closed", at.Data)
			}
			return root
		}
		if err != nil {
			t.Fatalf("parse: %v in %s", err, page)
		}
		switch tok := token.(type) {
		case xml.StartElement:
			n := &node{Data: tok.Name.Local, Attr: map[string]string{}, Parent: at}
			for _, a := range tok.Attr {
				name := a.Name.Local
				if a.Name.Space != "" {
					name = a.Name.Space + ":" + name
				}
				n.Attr[name] = a.Value
			}
			at.Children = append(at.Children, n)
			at = n
		case xml.EndElement:
			at = at.Parent
		case xml.CharData:
			at.Children = append(at.Children, &node{Text: string(tok), Parent: at})
		}
	}
}

// walk visits the elements of a page.
func walk(n *node, visit func(*node)) {
	if n.Data != "" {
		visit(n)
	}
	for _, c := range n.Children {
		walk(c, visit)
	}
}

func TestComponents_ObeyThePolicy(t *testing.T) {
	t.Parallel()
	if faults := policyFaults(parse(t, `<p style="x" onclick="y"><script>z</script><a href="javascript:1" hx-on:click="q"></a><img src="https://example.org/x.png"></p>`)); len(faults) != 6 {
		t.Fatalf("the check finds %d of 6 faults: %v", len(faults), faults)
	}
	for name, c := range fixtures() {
		for _, fault := range policyFaults(parse(t, render(t, c))) {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

func policyFaults(root *node) []string {
	var faults []string
	walk(root, func(n *node) {
		if n.Data == "style" || n.Data == "script" && n.Attr["src"] == "" && n.Attr["type"] != "application/json" {
			faults = append(faults, "inline "+n.Data)
		}
		for key, value := range n.Attr {
			value = strings.ToLower(strings.TrimSpace(value))
			switch {
			case key == "style", strings.HasPrefix(key, "on"), strings.HasPrefix(key, "hx-on"):
				faults = append(faults, n.Data+" has "+key)
			case strings.HasPrefix(value, "javascript:"):
				faults = append(faults, n.Data+" runs a script from "+key)
			case (key == "src" || key == "action") && strings.Contains(value, "//"):
				faults = append(faults, n.Data+" loads from another host")
			case key == "hx-trigger" && strings.Contains(value, "["):
				faults = append(faults, n.Data+" has a trigger filter, which needs eval")
			}
		}
	})
	return faults
}

// TestComponents_AreAccessible checks what can be checked without a browser: unique ids, labels,
// references that lead somewhere, names of controls, one h1 on a page.
func TestComponents_AreAccessible(t *testing.T) {
	t.Parallel()
	bad := parse(t, `<h1>a</h1><h1>b</h1><p id=x></p><p id=x></p><input id=y><label for=z>c</label><button></button><svg role=img></svg>`)
	if faults := accessFaults(bad, true); len(faults) != 6 {
		t.Fatalf("the check finds %d of 6 faults: %v", len(faults), faults)
	}
	for name, c := range fixtures() {
		source := render(t, c)
		for _, fault := range accessFaults(parse(t, source), strings.Contains(source, "<html")) {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

func accessFaults(root *node, page bool) []string {
	var faults []string
	ids, headings := map[string]int{}, 0
	labelled := map[string]bool{}
	walk(root, func(n *node) {
		if id := n.Attr["id"]; id != "" {
			ids[id]++
		}
		if n.Data == "h1" {
			headings++
		}
		if n.Data == "label" {
			labelled[n.Attr["for"]] = true
		}
	})
	for id, count := range ids {
		if count > 1 {
			faults = append(faults, "id "+id+" stands more than once")
		}
	}
	if page && headings > 1 {
		faults = append(faults, "more than one h1")
	}
	walk(root, func(n *node) {
		for _, reference := range []string{"for", "aria-labelledby", "aria-describedby"} {
			for id := range strings.FieldsSeq(n.Attr[reference]) {
				if ids[id] == 0 && n.Attr["id"] != "sheet" { // the sheet's title comes with its content
					faults = append(faults, n.Data+" "+reference+" leads to "+id+", which is nowhere")
				}
			}
		}
		switch n.Data {
		case "input", "select", "textarea":
			kind := n.Attr["type"]
			if kind != "hidden" && !labelled[n.Attr["id"]] && (n.Parent == nil || n.Parent.Data != "label") {
				faults = append(faults, n.Data+" "+n.Attr["id"]+" has no label")
			}
		case "button", "a":
			if strings.TrimSpace(textOf(n)) == "" {
				faults = append(faults, n.Data+" has no text")
			}
			if n.Attr["aria-label"] != "" {
				faults = append(faults, n.Data+" hides its text behind aria-label")
			}
		case "svg":
			if n.Attr["aria-hidden"] != "true" && n.Attr["aria-label"] == "" {
				faults = append(faults, "picture without a name")
			}
		}
	})
	return faults
}

func textOf(n *node) string {
	var b strings.Builder
	b.WriteString(n.Text)
	for _, c := range n.Children {
		b.WriteString(textOf(c))
	}
	return b.String()
}

func TestDoor_SaysItsNameInOrder(t *testing.T) {
	t.Parallel()
	d := ui.DoorView{ID: "door-B04", Name: "B04", Size: "S", SizeText: "Small", Units: 2, State: ui.DoorOverdue, StateText: "Overdue", Unit: "310", DaysText: "7 days", Href: "/doors/B04"}
	page := parse(t, render(t, ui.Door(fixtureWall(), d)))
	got := strings.Join(strings.Fields(textOf(page)), " ")
	if got != "B04, Small, Overdue, unit 310, 7 days" {
		t.Errorf("a screen reader says %q", got)
	}
}

func TestWall_FillsShortColumns(t *testing.T) {
	t.Parallel()
	v := ui.WallView{ID: "wall", Bays: []ui.BayView{
		{Doors: []ui.DoorView{{ID: "a", Name: "A", Units: 12}, {ID: "b", Name: "B", Units: 12}, {ID: "c", Name: "C", Units: 99}}},
		{Doors: []ui.DoorView{{ID: "d", Name: "D", Units: 0}}},
	}}
	page := render(t, ui.LockerWall(v))
	if got := strings.Count(page, `class="gap u12"`); got != 2 {
		t.Errorf("%d full gaps, want 2 (36 units against 1)", got)
	}
	if strings.Count(page, `class="gap u11"`) != 1 {
		t.Error("the rest of the gap is missing")
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"4F7H2KMX9": "4F7 H2K MX9", "12": "12", "": "", "1234": "123 4"} {
		if got := strings.Join(ui.Groups(code), " "); got != want {
			t.Errorf("Groups(%q) = %q, want %q", code, got, want)
		}
	}
}

func TestQR_DrawsEveryModule(t *testing.T) {
	t.Parallel()
	page := render(t, ui.QR(qr(), "QR code"))
	if !strings.Contains(page, `viewBox="0 0 33 33"`) {
		t.Error("the quiet zone of four modules is missing")
	}
	painted := map[[2]int]bool{}
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-\d+z`).FindAllStringSubmatch(page, -1) {
		x, y, w := number(t, m[1]), number(t, m[2]), number(t, m[3])
		for i := range w {
			painted[[2]int{x + i - 4, y - 4}] = true
		}
	}
	for y, row := range qr() {
		for x, dark := range row {
			if painted[[2]int{x, y}] != dark {
				t.Fatalf("module %d,%d is drawn %v, want %v", x, y, painted[[2]int{x, y}], dark)
			}
		}
	}
}

func number(t *testing.T, s string) int {
	t.Helper()
	n := 0
	for _, r := range s {
		n = n*10 + int(r-'0')
	}
	return n
}

func TestPanelDensity(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		w, h int
		mm   float64
		want int
	}{{1280, 800, 10.1 * 25.4, 59}, {1920, 1080, 15.6 * 25.4, 56}, {100, 100, 0, 30}, {8000, 8000, 10, 120}} {
		if got := ui.PanelDensity(c.w, c.h, c.mm); got != c.want {
			t.Errorf("%dx%d on %.0f mm: %d, want %d", c.w, c.h, c.mm, got, c.want)
		}
	}
}

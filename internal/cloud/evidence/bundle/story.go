package bundle

import (
	"bytes"
	_ "embed" // the page
	"errors"
	"fmt"
	"html/template"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/evidence"
	"cubby/internal/document"
	"cubby/internal/text"
)

//go:embed page.html
var page string

// clock is how times read in evidence: to the second, and the same in every language.
const clock = "2006-01-02 15:04:05"

// story is what a document tells.
type story struct {
	t           *text.Printer
	site        cloud.SiteView
	parcel      cloud.ParcelView
	people      bool // names may be seen
	at          time.Time
	fingerprint string
}

// pageView is a story in words.
type pageView struct {
	Lang, Dir, Title string
	Facts            [][2]string
	Zone             string
	Timeline         string
	Heads            []string
	Rows             [][]string
	Notes            []string
	Verify           string
	What, How        string
	Command          string
	Key              string
	Fingerprint      string
	No               string
	Footer           string
}

// write returns the document: a PDF, or a page where its fonts do not suffice.
func write(s story) (evidence.Document, error) {
	v := s.view()
	pdf, err := s.pdf(v)
	if err == nil {
		return evidence.Document{Name: documentName + ".pdf", Data: pdf}, nil
	}
	if !errors.Is(err, document.ErrScript) {
		return evidence.Document{}, err
	}
	t, err := template.New("page").Parse(page)
	if err != nil {
		return evidence.Document{}, fmt.Errorf("read the page of evidence: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, v); err != nil {
		return evidence.Document{}, fmt.Errorf("write the page of evidence: %w", err)
	}
	return evidence.Document{Name: documentName + ".html", Data: out.Bytes()}, nil
}

func (s story) view() pageView {
	t, d := s.t, s.parcel.Delivery
	zone := time.UTC
	if z, err := time.LoadLocation(s.site.TimeZone); err == nil {
		zone = z
	}
	v := pageView{
		Lang: t.Lang(), Dir: t.Dir(), Title: t.T("evidence.title"), Timeline: t.T("evidence.timeline"),
		Zone: t.T("evidence.zone", "zone", zone.String()),
		Heads: []string{
			t.T("evidence.col.time"), t.T("evidence.col.what"), t.T("evidence.col.where"), t.T("evidence.col.detail"),
			t.T("evidence.col.record"),
		},
		Notes:  []string{t.T("evidence.record"), t.T("evidence.names")},
		Verify: t.T("evidence.verify"), What: t.T("evidence.verify.what", "file", PackName), How: t.T("evidence.verify.how"),
		Command: "cubby verify " + PackName + " --key operator.pub", Key: t.T("evidence.verify.key"), Fingerprint: s.fingerprint,
		No: t.T("evidence.verify.no"), Footer: t.T("evidence.footer", "parcel", string(d.Parcel)),
	}
	add := func(name, value string) {
		if value != "" {
			v.Facts = append(v.Facts, [2]string{name, value})
		}
	}
	add(t.T("evidence.parcel"), string(d.Parcel))
	add(t.T("evidence.site"), s.site.Name)
	if s.people {
		add(t.T("console.parcel.recipient"), d.RecipientName)
		add(t.T("console.parcel.tracking"), d.Tracking)
	}
	add(t.T("console.parcel.carrier"), d.CarrierName)
	add(t.T("evidence.made"), s.at.In(zone).Format(clock))
	for _, e := range s.parcel.Timeline {
		v.Rows = append(v.Rows, []string{
			e.At.In(zone).Format(clock), words(t, "console.fact.", e.Kind), e.PlaceName, s.detail(e),
			fmt.Sprintf("%d, %d", e.Epoch, e.Number),
		})
	}
	return v
}

// words returns what the catalogue calls a code; one that it does not know is shown as it is.
func words(t *text.Printer, family, code string) string {
	switch {
	case code == "":
		return ""
	case t.Has(family + code):
		return t.T(family + code)
	}
	return strings.ReplaceAll(code, "_", " ")
}

// reason is what the catalogues call a code or word of a fact.
func reason(t *text.Printer, code string) string {
	for _, family := range []string{"console.why.", "console.fault.", "console.problem.", "error."} {
		if code != "" && t.Has(family+code) {
			return t.T(family + code)
		}
	}
	return words(t, "", code)
}

// detail is who, what for, what it rests on and why.
func (s story) detail(e cloud.TimelineEntry) string {
	t := s.t
	var parts []string
	add := func(text string) {
		if text != "" {
			parts = append(parts, text)
		}
	}
	role := words(t, "console.actor.", string(e.Actor.Kind))
	if s.people && e.ActorName != "" {
		role = t.T("console.actor.named", "role", role, "name", t.Own(e.ActorName))
	}
	add(role)
	add(words(t, "console.purpose.", string(e.Purpose)))
	add(words(t, "console.evidence.", string(e.Evidence)))
	add(reason(t, e.Reason))
	if s.people && e.Note != "" {
		add(t.Own(t.T("console.quote", "text", t.Own(e.Note))))
	}
	return strings.Join(parts, " · ")
}

func (s story) pdf(v pageView) ([]byte, error) {
	paper, err := document.NewPaper(document.PaperOptions{
		Title: v.Title, Language: v.Lang, Footer: v.Footer, At: s.at,
		PageOf: s.t.T("evidence.page_of", "page", "%d", "pages", "%s"),
	})
	if err != nil {
		return nil, fmt.Errorf("begin the evidence: %w", err)
	}
	var facts []string
	for _, f := range v.Facts {
		facts = append(facts, f[0]+": "+f[1])
	}
	paper.Bullets(facts...)
	table := document.Table{Name: v.Timeline}
	for _, head := range v.Heads {
		table.Columns = append(table.Columns, document.Column{Title: head, Kind: document.KindText})
	}
	for _, row := range v.Rows {
		cells := make([]any, len(row))
		for i, cell := range row {
			cells[i] = cell
		}
		table.Rows = append(table.Rows, cells)
	}
	paper.Table(table)
	paper.Note(v.Zone)
	for _, note := range v.Notes {
		paper.Note(note)
	}
	paper.Heading(v.Verify)
	for _, line := range []string{v.What, v.How, v.Command, v.Key, v.Fingerprint, v.No} {
		paper.Text(line)
	}
	var out bytes.Buffer
	if err := paper.Write(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

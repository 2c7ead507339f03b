package advice

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/sizing/refit"
	"cubby/internal/text"
	"cubby/internal/web/planner/report"
	"cubby/internal/web/ui"
)

// StylePath is the address of Style.
const StylePath = "/advice.css"

// Style serves the style sheet of the page.
func Style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = w.Write([]byte(report.Style())) // nobody is left to tell
}

// Request is one question about a site.
type Request struct {
	Ask   func(ctx context.Context) (sizing.Advice, error)
	Text  *text.Printer
	Shell ui.ShellView
	Now   time.Time
	Zone  *time.Location
	Self  string // path of the page; files stand below it
	Back  string // path of the site's own page
	File  string // html, pdf or json; empty: the page
}

// view is the page.
type view struct {
	Shell  ui.ShellView
	Style  string
	Banner *ui.BannerView // instead of advice: why there is none
	Text   string
	Report *report.Report
	Files  []ui.ButtonView
	Back   ui.ButtonView
}

// Serve answers with the page or with a file. It returns the error of Ask unless it means that a site has too
// little to say yet, which the page explains.
func Serve(w http.ResponseWriter, r *http.Request, q Request) error {
	t := q.Text
	v := view{Shell: q.Shell, Style: StylePath, Back: ui.ButtonView{Text: t.T("advice.back"), Kind: "ghost", Href: q.Back}}
	a, err := q.Ask(r.Context())
	var thin *sizing.ThinRecord
	switch {
	case errors.As(err, &thin):
		v.Banner = &ui.BannerView{Kind: "info", Icon: "clock", Text: t.T("advice.thin.title")}
		v.Text = report.Thin(t, thin)
	case errors.Is(err, refit.ErrNoDoors):
		v.Banner = &ui.BannerView{Kind: "info", Icon: "circle-alert", Text: t.T("advice.no_doors")}
	case err != nil:
		return err
	}
	if err != nil {
		if q.File != "" {
			return locker.Errorf(locker.CodeConflict, "%v", err)
		}
		return ui.Write(w, r, http.StatusOK, page(v))
	}
	v.Report, err = report.NewAdvice(a, report.Options{Printer: t, At: q.Now, Location: q.Zone})
	if err != nil {
		return err
	}
	if q.File != "" {
		return file(w, q.File, v.Report, a)
	}
	for _, f := range []struct{ name, text string }{
		{"advice.pdf", t.T("advice.pdf")}, {"advice.html", t.T("advice.html")}, {"advice.json", t.T("advice.json")},
	} {
		if f.name == "advice.pdf" && t.Dir() == "rtl" {
			continue // paper holds Latin letters only; the page prints
		}
		v.Files = append(v.Files, ui.ButtonView{Text: f.text, Icon: "download", Kind: "ghost", Href: q.Self + "/" + f.name})
	}
	return ui.Write(w, r, http.StatusOK, page(v))
}

// file answers with a file to keep.
func file(w http.ResponseWriter, name string, r *report.Report, a sizing.Advice) error {
	var out bytes.Buffer
	var kind string
	var err error
	switch name {
	case "advice.html":
		kind, err = "text/html; charset=utf-8", r.HTML(&out)
	case "advice.pdf":
		kind, err = "application/pdf", r.PDF(&out)
	case "advice.json":
		enc := json.NewEncoder(&out)
		enc.SetIndent("", "  ")
		kind, err = "application/json", enc.Encode(a)
	default:
		return locker.Errorf(locker.CodeNotFound, "there is no file of that name")
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, _ = w.Write(out.Bytes()) // nobody is left to tell
	return nil
}

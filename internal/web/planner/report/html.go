package report

import (
	"context"
	_ "embed" // the styles
	"fmt"
	"io"

	"github.com/a-h/templ"

	"cubby/internal/sizing/drawing"
)

//go:embed report.css
var style string

//go:embed page.css
var pageStyle string

// Style returns the style sheet of Body and Part, for a page that has the design tokens of package ui.
func Style() string { return style }

// HTML writes the report as one page that is complete in itself: it can be saved, mailed and printed.
func (r *Report) HTML(w io.Writer) error {
	if err := page(r, pageStyle+style).Render(context.Background(), w); err != nil {
		return fmt.Errorf("render the report: %w", err)
	}
	return nil
}

// picture draws a scene inside a page.
func picture(d Drawing) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		return drawing.SVG(w, d.Scene, drawing.SVGOptions{ID: d.Name})
	})
}

// SVG writes one drawing as a file of its own. An empty name is the first drawing of the report. An
// unknown name is an error that lists the known ones.
func (r *Report) SVG(w io.Writer, name string) error {
	var known []string
	for _, d := range r.Drawings() {
		if name == "" || d.Name == name {
			return drawing.SVG(w, d.Scene, drawing.SVGOptions{ID: d.Name, Standalone: true})
		}
		known = append(known, d.Name)
	}
	return fmt.Errorf("the report has no drawing %q, it has %q", name, known)
}

package label

import (
	"fmt"
	"html"
	"strings"

	"cubby/internal/notify/qr"
)

// SVG returns a label as a picture in millimetres, to look at before it is printed and to print from a page: it
// holds any script. The words in it are escaped.
func SVG(l Label, size Size) (string, error) {
	if err := size.Check(); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" aria-hidden="true" focusable="false"><rect width="100%%" height="100%%" fill="#fff"></rect>`,
		size.WidthMM, size.HeightMM)
	for _, p := range layout(l, size) {
		switch p.kind {
		case kindText:
			fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" font-size="%.1f" font-family="sans-serif" fill="#000" unicode-bidi="plaintext">%s</text>`,
				p.x, p.y+p.h*0.85, p.h, html.EscapeString(p.text))
		case kindQR:
			rows, err := qr.Matrix(p.text)
			if err != nil {
				return "", err
			}
			module := p.w / float64(len(rows))
			bars(&b, rows, part{x: p.x, y: p.y, w: module, h: module})
		case kindBar:
			row, err := Bars(p.text)
			if err != nil {
				return "", err
			}
			bars(&b, [][]bool{row}, part{x: p.x, y: p.y, w: min(p.w/float64(len(row)), 0.5), h: p.h})
		}
	}
	b.WriteString("</svg>")
	return b.String(), nil
}

// bars adds dark modules, each row's runs as one path. first is the module at the top left.
func bars(b *strings.Builder, rows [][]bool, first part) {
	b.WriteString(`<path fill="#000" shape-rendering="crispEdges" d="`)
	for n, row := range rows {
		for i := 0; i < len(row); i++ {
			run := 0
			for i+run < len(row) && row[i+run] {
				run++
			}
			if run > 0 {
				fmt.Fprintf(b, "M%.2f %.2fh%.2fv%.2fh-%.2fz", first.x+float64(i)*first.w, first.y+float64(n)*first.h, float64(run)*first.w, first.h, float64(run)*first.w)
			}
			i += run
		}
	}
	b.WriteString(`"></path>`)
}

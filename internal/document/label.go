package document

import (
	"errors"
	"fmt"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// LabelOptions describe a roll or a sheet of labels, one on each page. All fields but Language are required.
type LabelOptions struct {
	Title             string
	Language          string // BCP 47
	At                time.Time
	WidthMM, HeightMM float64
}

// WriteLabels writes one page for each label and lets draw fill it: the units of its canvas are millimetres from
// the top left corner. Text that the fonts do not have is ErrScript.
func WriteLabels(w io.Writer, opts LabelOptions, draw []func(*Canvas)) error {
	if opts.Title == "" || opts.At.IsZero() || opts.WidthMM <= 0 || opts.HeightMM <= 0 {
		return errors.New("labels need a title, a time and a size")
	}
	if len(draw) > maxPages {
		return fmt.Errorf("at most %d labels at once", maxPages)
	}
	pdf := fpdf.NewCustom(&fpdf.InitType{
		OrientationStr: "P", UnitStr: "mm", Size: fpdf.SizeType{Wd: opts.WidthMM, Ht: opts.HeightMM},
	})
	p := &Paper{pdf: pdf, tr: pdf.UnicodeTranslatorFromDescriptor(""), title: opts.Title}
	pdf.SetMargins(0, 0, 0)
	pdf.SetAutoPageBreak(false, 0)
	describe(pdf, opts.Title, opts.Language, opts.At)
	for _, d := range draw {
		pdf.AddPage()
		d(&Canvas{paper: p, scale: 1})
	}
	return p.Write(w)
}

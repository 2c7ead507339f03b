package label

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/boombuler/barcode/code128"

	"cubby/internal/document"
	"cubby/internal/notify/qr"
)

// Label is what stands on one label. Empty fields take no room.
type Label struct {
	Title string   // small, at the top: whose property it is
	Big   string   // what is read from afar: a place, a code
	Lines []string // at most MaxLines
	QR    string   // content of the QR code
	Bar   string   // content of the bar code, printable ASCII; it stands below it as text
	Note  string   // small, at the bottom
}

// MaxLines is how many lines of text a label has room for.
const MaxLines = 6

// Size is the size of a label and the fineness of the printer.
type Size struct {
	WidthMM, HeightMM int
	DotsPerMM         int // 8 (203 dpi), 12 (300 dpi) or 24 (600 dpi)
}

// DefaultSize is 4 by 3 inches at 203 dpi.
func DefaultSize() Size { return Size{WidthMM: 102, HeightMM: 76, DotsPerMM: 8} }

// Limits of a size: the smallest label that still holds a bar code, the largest that desk printers take.
const (
	minWidthMM, maxWidthMM   = 50, 220
	minHeightMM, maxHeightMM = 40, 310
)

// ErrSize means that a label of this size is not printed.
var ErrSize = fmt.Errorf("a label is %d to %d mm wide and %d to %d mm high, with 8, 12 or 24 dots per mm",
	minWidthMM, maxWidthMM, minHeightMM, maxHeightMM)

// Check returns [ErrSize] for a size that is not printed.
func (s Size) Check() error {
	fine := s.DotsPerMM == 8 || s.DotsPerMM == 12 || s.DotsPerMM == 24
	if s.WidthMM < minWidthMM || s.WidthMM > maxWidthMM || s.HeightMM < minHeightMM || s.HeightMM > maxHeightMM || !fine {
		return ErrSize
	}
	return nil
}

// part is something at a point of a label, in millimetres.
type part struct {
	kind kind
	x, y float64 // top left corner
	w, h float64 // of text: its widest and its height
	text string
}

type kind int

const (
	kindText kind = iota + 1
	kindQR
	kindBar
)

// Measures of a label in millimetres.
const (
	marginMM = 4.0
	titleMM  = 3.6
	bigMM    = 10.0
	lineMM   = 4.4
	gapMM    = 1.6
	barMM    = 11.0
	noteMM   = 3.0
	qrShare  = 0.36 // of the width at most
)

// layout places what stands on a label.
func layout(l Label, s Size) []part {
	width, height := float64(s.WidthMM)-2*marginMM, float64(s.HeightMM)-2*marginMM
	p := plan{y: marginMM, width: width, beside: width, bottom: marginMM + height}
	if l.QR != "" {
		side := min(width*qrShare, height*0.55)
		p.beside, p.below = width-side-gapMM, marginMM+side+gapMM
		p.parts = append(p.parts, part{kind: kindQR, x: marginMM + width - side, y: marginMM, w: side, h: side, text: l.QR})
	}
	if l.Note != "" {
		p.bottom -= noteMM + gapMM
		p.parts = append(p.parts, part{
			kind: kindText, x: marginMM, y: p.bottom + gapMM, w: width, h: noteMM, text: fit(l.Note, noteMM, width),
		})
	}
	if l.Bar != "" {
		p.bottom -= barMM + noteMM + gapMM
		p.parts = append(p.parts,
			part{kind: kindBar, x: marginMM, y: p.bottom, w: width, h: barMM, text: l.Bar},
			part{kind: kindText, x: marginMM, y: p.bottom + barMM + gapMM/2, w: width, h: noteMM, text: fit(l.Bar, noteMM, width)})
	}
	p.wrap(l.Title, titleMM)
	p.big(clean(l.Big))
	for _, line := range l.Lines[:min(len(l.Lines), MaxLines)] {
		p.wrap(line, lineMM)
	}
	return p.parts
}

// plan is a label on which words are put from the top.
type plan struct {
	parts         []part
	y             float64
	width, beside float64 // of a line below the QR code, and beside it
	below         float64 // where the QR code ends
	bottom        float64 // where words must end
}

// column is the room of a line that begins here.
func (p *plan) column() float64 {
	if p.y < p.below {
		return p.beside
	}
	return p.width
}

// big puts what is read from afar: a code or a place is never cut, its letters become smaller.
func (p *plan) big(words string) {
	n := float64(utf8.RuneCountInString(words))
	if n == 0 {
		return
	}
	size := min(bigMM, p.column()/(n*capital))
	p.parts = append(p.parts, part{kind: kindText, x: marginMM, y: p.y, w: p.column(), h: size, text: words})
	p.y += size + gapMM
}

// wrap puts words over as many lines as they need; what finds no room is left out, so what stands first matters most.
func (p *plan) wrap(words string, size float64) {
	rest := strings.Fields(clean(words))
	for len(rest) > 0 && p.y+size <= p.bottom {
		most := max(int(p.column()/(size*glyph)), 1)
		line := rest[0]
		rest = rest[1:]
		for len(rest) > 0 && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(rest[0]) <= most {
			line, rest = line+" "+rest[0], rest[1:]
		}
		p.parts = append(p.parts, part{kind: kindText, x: marginMM, y: p.y, w: p.column(), h: size, text: fit(line, size, p.column())})
		p.y += size + gapMM/2
	}
	p.y += gapMM / 2
}

// How wide a letter is for its height: on average, and a capital or a digit.
const (
	glyph   = 0.56
	capital = 0.66
)

// clean takes out marks of direction, which printers draw as boxes.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '\u2066' && r <= '\u2069' || r == '\u200e' || r == '\u200f' {
			return -1
		}
		return r
	}, text)
}

// fit shortens a text to a width.
func fit(text string, size, width float64) string {
	runes := []rune(strings.Join(strings.Fields(clean(text)), " "))
	most := max(int(width/(size*glyph)), 1)
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most-1]) + "…"
}

// Bars returns the modules of a Code 128 bar code, true for dark, without quiet zones. The content is printable
// ASCII of at most [MaxBar] characters, else ErrBar.
func Bars(content string) ([]bool, error) {
	if content == "" || len(content) > MaxBar || strings.IndexFunc(content, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
		return nil, ErrBar
	}
	code, err := code128.Encode(content)
	if err != nil {
		return nil, fmt.Errorf("encode a bar code: %w", err)
	}
	bars := make([]bool, code.Bounds().Dx())
	for x := range bars {
		r, _, _, _ := code.At(code.Bounds().Min.X+x, 0).RGBA()
		bars[x] = r == 0
	}
	return bars, nil
}

// MaxBar is the longest content of a bar code: longer ones no hand scanner reads on a label.
const MaxBar = 40

// ErrBar means that a text cannot be a bar code.
var ErrBar = errors.New("a bar code has 1 to 40 printable ASCII characters")

// Sheet describes the PDF of labels.
type Sheet struct {
	Title    string
	Language string // BCP 47
	At       time.Time
	Size     Size
}

// WritePDF writes labels, one on each page. A text that the fonts of a PDF do not have is document.ErrScript.
func WritePDF(w io.Writer, sheet Sheet, labels []Label) error {
	size := sheet.Size
	if err := size.Check(); err != nil {
		return err
	}
	var draw []func(*document.Canvas)
	var failed error
	for _, l := range labels {
		parts := layout(l, size)
		draw = append(draw, func(c *document.Canvas) {
			for _, p := range parts {
				if err := p.draw(c); err != nil && failed == nil {
					failed = err
				}
			}
		})
	}
	err := document.WriteLabels(w, document.LabelOptions{
		Title: sheet.Title, Language: sheet.Language, At: sheet.At, WidthMM: float64(size.WidthMM), HeightMM: float64(size.HeightMM),
	}, draw)
	return errors.Join(failed, err)
}

func (p part) draw(c *document.Canvas) error {
	black := document.Colour{}
	ink := document.Stroke{Fill: &black}
	switch p.kind {
	case kindText:
		c.Text(p.x, p.y+p.h*0.85, p.text, document.Letters{Size: p.h, Align: document.AlignStart, Colour: black})
	case kindQR:
		rows, err := qr.Matrix(p.text)
		if err != nil {
			return err
		}
		module := p.w / float64(len(rows))
		for y, row := range rows {
			for x := 0; x < len(row); x++ {
				run := 0
				for x+run < len(row) && row[x+run] {
					run++
				}
				if run > 0 {
					c.Rect(p.x+float64(x)*module, p.y+float64(y)*module, float64(run)*module, module, ink)
				}
				x += run
			}
		}
	case kindBar:
		bars, err := Bars(p.text)
		if err != nil {
			return err
		}
		module := min(p.w/float64(len(bars)), 0.5)
		for x, dark := range bars {
			if dark {
				c.Rect(p.x+float64(x)*module, p.y, module, p.h, ink)
			}
		}
	}
	return nil
}

package desk

import (
	"fmt"
	"strconv"
	"strings"

	"cubby/internal/cloud/entry"
	"cubby/internal/locker"
)

// A signature is what the pen drew, as text: "W H;x,y x,y;x,y x,y": the size of the field and then the strokes, in
// whole pixels. Whoever cannot draw types a name instead: "=Jane Smith".

// Limits of a signature: it travels in the annex of a fact, which is small.
const (
	maxSignature = 6000
	maxStrokes   = 100
	maxPoints    = 1000
	maxPixels    = 4000
	typedMark    = "="
)

// Signature is a signature that was read.
type Signature struct {
	Typed         string // a typed name; empty: it was drawn
	Width, Height int
	Strokes       [][][2]int // points of each stroke
}

// Path returns the strokes as the path of an SVG picture.
func (s Signature) Path() string {
	var b strings.Builder
	for _, stroke := range s.Strokes {
		for i, at := range stroke {
			command := " L"
			if i == 0 {
				command = " M"
			}
			fmt.Fprintf(&b, "%s%d %d", command, at[0], at[1])
		}
		if len(stroke) == 1 {
			b.WriteString(" h1") // a dot
		}
	}
	return strings.TrimSpace(b.String())
}

// ParseSignature reads a signature, else INPUT_INVALID.
func ParseSignature(text string) (Signature, error) {
	bad := locker.Errorf(locker.CodeInputInvalid, "the signature cannot be read: sign again, or type the name")
	if len(text) > maxSignature {
		return Signature{}, bad
	}
	if name, ok := strings.CutPrefix(text, typedMark); ok {
		name, err := entry.Text("name", name, 1, maxWho)
		if err != nil {
			return Signature{}, bad
		}
		return Signature{Typed: name}, nil
	}
	size, rest, _ := strings.Cut(text, ";")
	var s Signature
	width, height, ok := strings.Cut(size, " ")
	if !ok || !pixel(width, &s.Width) || !pixel(height, &s.Height) || s.Width == 0 || s.Height == 0 {
		return Signature{}, bad
	}
	points := 0
	for stroke := range strings.SplitSeq(rest, ";") {
		var line [][2]int
		for at := range strings.FieldsSeq(stroke) {
			x, y, ok := strings.Cut(at, ",")
			var p [2]int
			if points++; !ok || points > maxPoints || !pixel(x, &p[0]) || !pixel(y, &p[1]) || p[0] > s.Width || p[1] > s.Height {
				return Signature{}, bad
			}
			line = append(line, p)
		}
		if len(line) > 0 {
			s.Strokes = append(s.Strokes, line)
		}
	}
	if len(s.Strokes) == 0 || len(s.Strokes) > maxStrokes {
		return Signature{}, bad
	}
	return s, nil
}

func pixel(text string, into *int) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	*into = int(n)
	return err == nil && n <= maxPixels
}

// checkSignature returns a signature as it is kept; empty stays empty.
func checkSignature(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" || text == typedMark {
		return "", nil
	}
	s, err := ParseSignature(text)
	if err != nil {
		return "", err
	}
	if s.Typed != "" {
		return typedMark + s.Typed, nil
	}
	return text, nil
}

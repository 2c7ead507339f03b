package report

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"
)

// Widths of the text form, in characters.
const (
	plainWidth  = 100
	plainIndent = 2
	leastColumn = 6
)

// Text writes the report for a terminal, at most 100 characters wide. Drawings are named only.
func (r *Report) Text(w io.Writer) error {
	out := &plain{w: bufio.NewWriter(w)}
	out.line(r.Title)
	out.line(strings.Repeat("=", utf8.RuneCountInString(r.Title)))
	for _, s := range r.Sections {
		out.line("")
		out.line(s.Title)
		out.line(strings.Repeat("-", utf8.RuneCountInString(s.Title)))
		for _, b := range s.Blocks {
			out.block(b)
		}
	}
	return out.w.Flush() // keeps the first error of any write
}

type plain struct{ w *bufio.Writer }

func (p *plain) line(s string) {
	_, _ = p.w.WriteString(strings.TrimRight(s, " ") + "\n") // Flush returns its error
}

func (p *plain) block(b Block) {
	switch {
	case b.Heading != "":
		p.line("")
		p.line(b.Heading + ":")
	case b.Text != "":
		p.wrapped(b.Text, "", "")
	case b.Note != "":
		p.wrapped(b.Note, "  ", "  ")
	case len(b.List) > 0:
		mark := "- "
		if b.Warn {
			mark = "! "
		}
		for _, item := range b.List {
			p.wrapped(item, mark, "  ")
		}
	case len(b.Facts) > 0:
		p.facts(b.Facts)
	case b.Table != nil:
		p.table(*b.Table)
	case b.Drawing != nil:
		p.line("")
		p.wrapped("["+b.Drawing.Caption+": --svg, --html, --pdf]", "  ", "  ")
	}
}

func (p *plain) facts(all []Fact) {
	label := 0
	for _, f := range all {
		label = max(label, utf8.RuneCountInString(f.Label))
	}
	p.line("")
	for _, f := range all {
		line := "  " + pad(f.Label, label, false) + "  " + f.Value + " " + f.Unit
		if f.More != "" {
			line += " (" + f.More + ")"
		}
		p.line(line)
	}
}

// wrapped writes a paragraph: first before its first line, rest before the others.
func (p *plain) wrapped(s, first, rest string) {
	lead := first
	for _, line := range wrap(s, plainWidth-utf8.RuneCountInString(first)) {
		p.line(lead + line)
		lead = rest
	}
}

// wrap breaks a text between words into lines of at most so many characters. A longer word is cut.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		for utf8.RuneCountInString(word) > width {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			runes := []rune(word)
			lines, word = append(lines, string(runes[:width])), string(runes[width:])
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

func pad(s string, width int, end bool) string {
	fill := strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0))
	if end {
		return fill + s
	}
	return s + fill
}

func (p *plain) table(g Grid) {
	p.line("")
	p.wrapped(g.Title, "  ", "  ")
	widths := g.widths(plainWidth - plainIndent)
	head := make([]string, len(g.Heads))
	rule := make([]string, len(g.Heads))
	for i, h := range g.Heads {
		head[i] = h.Text
		rule[i] = strings.Repeat("-", widths[i])
	}
	p.row(g, head, widths)
	p.line("  " + strings.Join(rule, "  "))
	for _, row := range g.Rows {
		p.row(g, row, widths)
	}
	if g.Source != "" {
		p.wrapped(g.Source, "  ", "  ")
	}
}

func (p *plain) row(g Grid, cells []string, widths []int) {
	lines, most := make([][]string, len(cells)), 1
	for i, c := range cells {
		lines[i] = wrap(c, widths[i])
		most = max(most, len(lines[i]))
	}
	for n := range most {
		parts := make([]string, len(cells))
		for i := range cells {
			text := ""
			if n < len(lines[i]) {
				text = lines[i][n]
			}
			parts[i] = pad(text, widths[i], g.Heads[i].Numeric)
		}
		p.line("  " + strings.Join(parts, "  "))
	}
}

// widths shares a width among the columns: each gets its longest word, and what is left goes to
// those that need more.
func (g Grid) widths(all int) []int {
	least, want := make([]int, len(g.Heads)), make([]int, len(g.Heads))
	measure := func(i int, s string, head bool) {
		if !head {
			want[i] = max(want[i], utf8.RuneCountInString(s))
		}
		for _, word := range strings.Fields(s) {
			least[i] = max(least[i], min(utf8.RuneCountInString(word), 24))
		}
	}
	for i, h := range g.Heads {
		measure(i, h.Text, true)
		for _, row := range g.Rows {
			measure(i, row[i], false)
		}
		least[i] = max(least[i], leastColumn)
		want[i] = max(want[i], least[i])
	}
	left := all - 2*(len(g.Heads)-1)
	for _, n := range least {
		left -= n
	}
	for left > 0 {
		grown := false
		for i := range least {
			if least[i] < want[i] && left > 0 {
				least[i]++
				left--
				grown = true
			}
		}
		if !grown {
			break
		}
	}
	for left < 0 { // too many columns: the widest gives way
		widest := 0
		for i := range least {
			if least[i] > least[widest] {
				widest = i
			}
		}
		if least[widest] <= leastColumn {
			break
		}
		least[widest]--
		left++
	}
	return least
}

package commission

import (
	"fmt"
	"slices"

	"cubby/internal/locker"
	"cubby/internal/text"
)

// maxNamed is how many outputs a sentence names; more would not be read.
const maxNamed = 12

// Sentence says a finding in the printer's language: what was found, and what to do about it. Faces
// and the sheet say the same.
func Sentence(p *text.Printer, f Finding) (found, todo string) {
	args := []any{
		"doors", p.List(ltr(f.Doors)...), "outputs", p.List(ltr(outputNames(f.Outputs))...), "board", isolate(f.Board),
		"setting", f.Setting, "from", isolate(f.From), "to", isolate(f.To), "seconds", fmt.Sprintf("%.1f", f.Late.Seconds()),
	}
	return p.T("service.finding."+string(f.Kind), args...), p.T("service.todo."+string(f.Kind), args...)
}

func outputNames(outputs []locker.Output) []string {
	names := make([]string, 0, len(outputs))
	for _, o := range outputs[:min(len(outputs), maxNamed)] {
		names = append(names, o.String())
	}
	if more := len(outputs) - maxNamed; more > 0 {
		names = append(names, fmt.Sprintf("+%d", more))
	}
	return names
}

// ltr keeps labels and outputs in their order inside a sentence that runs the other way. The marks do
// not show; a language that runs from left to right gets them too, which costs nothing.
func ltr(texts []string) []string {
	texts = slices.Clone(texts)
	for i, s := range texts {
		texts[i] = isolate(s)
	}
	return texts
}

func isolate(s string) string {
	if s == "" {
		return ""
	}
	return text.LTR(s)
}

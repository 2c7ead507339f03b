package report

import (
	"errors"
	"time"

	"cubby/internal/sizing"
	"cubby/internal/sizing/drawing"
	"cubby/internal/text"
)

// Options of a report. Printer and At are required.
type Options struct {
	Printer  *text.Printer
	At       time.Time      // when the plan was made: printed, and the time of the paper
	Location *time.Location // of At; nil: UTC
	Letter   bool           // US Letter instead of A4
	Warnings []string       // what reading the plan or its log found odd, in English
}

// Report is an answer in one language. It does not change after New.
type Report struct {
	Title    string
	Lead     string // the recommendation in one sentence
	Feasible bool   // the recommendation fits and holds the target
	Room     bool   // a room with shelves belongs to the recommendation
	Sections []Section
	Tag, Dir string // language tag; "ltr" or "rtl"

	answer  sizing.Answer
	words   words
	options Options
}

// Section is a part of a report. Its ID is the same in every language: answer, service, occupancy,
// place, cost, sensitivity, rules, carbon, demand, basis, method.
type Section struct {
	ID     string
	Title  string
	Blocks []Block
}

// Block is one of: a subheading, a paragraph, a note, a list, facts, a table, a drawing.
type Block struct {
	Heading string
	Text    string
	Note    string // sources and limits, in small letters
	List    []string
	Warn    bool // the list is something to look at
	Facts   []Fact
	Table   *Grid
	Drawing *Drawing
}

// Fact is a number that must be seen, with its unit, and what else is to be said of it: its limits, or
// what it is made of.
type Fact struct{ Label, Value, Unit, More string }

// Grid is a table as people read it. The first column names the row.
type Grid struct {
	Title  string
	Heads  []Head
	Rows   [][]string
	Strong int    // row that stands out, counted from 1; 0: none
	Source string // where the figures come from
}

// Head is the head of a column, with the unit of its cells.
type Head struct {
	Text    string
	Numeric bool
}

// Drawing is a picture. Its name is stable: elevation-1, floor, fan-normal, fan-peak, cost, tornado.
type Drawing struct {
	Name    string
	Caption string
	Scene   *drawing.Scene
	MaxMM   float64 // height on paper
}

// New says an answer in the printer's language.
func New(a sizing.Answer, o Options) (*Report, error) {
	if o.Printer == nil || o.At.IsZero() {
		return nil, errors.New("a report needs a printer and a time")
	}
	if o.Location == nil {
		o.Location = time.UTC
	}
	w := words{Printer: o.Printer, currency: a.Problem.Currency}
	r := &Report{
		Title: w.T("report.title", "name", a.Problem.Name), Feasible: a.Feasible, Room: a.Recommended.Room != nil,
		Tag: w.Lang(), Dir: w.Dir(), answer: a, words: w, options: o,
	}
	r.Lead = r.lead()
	r.Sections = []Section{
		r.answerSection(), r.serviceSection(), r.occupancySection(), r.placeSection(), r.costSection(), r.sensitivitySection(),
		r.rulesSection(), r.carbonSection(), r.demandSection(), r.basisSection(), r.methodSection(),
	}
	return r, nil
}

// Section returns the section with an id, and false when there is none.
func (r *Report) Section(id string) (Section, bool) {
	for _, s := range r.Sections {
		if s.ID == id {
			return s, true
		}
	}
	return Section{}, false
}

// Drawings lists the pictures in the order of the report.
func (r *Report) Drawings() []Drawing {
	var all []Drawing
	for _, s := range r.Sections {
		for _, b := range s.Blocks {
			if b.Drawing != nil {
				all = append(all, *b.Drawing)
			}
		}
	}
	return all
}

// named is an alternative with its role in the report.
type named struct {
	name string
	*sizing.Alternative
}

// all lists the recommended alternative and the other kinds.
func (r *Report) all() []named {
	out := []named{{r.words.T("report.alt.recommended", "kind", r.words.kind(r.answer.Recommended.Kind)), &r.answer.Recommended}}
	for i := range r.answer.Others {
		out = append(out, named{r.words.kind(r.answer.Others[i].Kind), &r.answer.Others[i]})
	}
	return out
}

// sizesOf lists the recommended alternative between its neighbours, smallest first.
func (r *Report) sizesOf() []named {
	var out []named
	if s := r.answer.Smaller; s != nil {
		out = append(out, named{r.words.T("report.alt.smaller", "doors", r.standOf(s)), s})
	}
	a := &r.answer.Recommended
	out = append(out, named{r.words.T("report.alt.this", "kind", r.words.kind(a.Kind), "size", r.standOf(a)), a})
	if l := r.answer.Larger; l != nil {
		out = append(out, named{r.words.T("report.alt.larger", "doors", r.standOf(l)), l})
	}
	return out
}

// standOf says how large an alternative is: doors, shelves or both.
func (r *Report) standOf(a *sizing.Alternative) string {
	w, doors := r.words, r.words.N("report.doors", a.Doors)
	if a.Room == nil {
		return doors
	}
	shelf := w.short(float64(a.Room.ShelfMM) / 1000)
	if a.Doors == 0 {
		return w.T("report.alt.shelves", "shelf", shelf)
	}
	return w.T("report.alt.stand", "doors", doors, "shelf", shelf)
}

// neighbour names the next smaller or larger one.
func (r *Report) neighbour(a *sizing.Alternative) named {
	if a == r.answer.Smaller {
		return named{r.words.T("report.glance.smaller", "kind", r.words.kind(a.Kind)), a}
	}
	return named{r.words.T("report.glance.larger", "kind", r.words.kind(a.Kind)), a}
}

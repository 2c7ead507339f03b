package commission

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"cubby/internal/locker"
)

const (
	// maxLayout is the most bytes of a layout file: a thousand doors have a sixth of it.
	maxLayout = 1 << 20
	// Of doors that no plan knows: a middling door, at a height that nobody measured.
	unknownUnits = 3
	mainBank     = "main"
)

// ParseLayout reads and checks a layout file: YAML, or JSON, with the keys of the API.
func ParseLayout(data []byte) (locker.Layout, error) {
	var l locker.Layout
	if len(data) > maxLayout {
		return l, fmt.Errorf("the layout has %d bytes, at most %d", len(data), maxLayout)
	}
	if err := yaml.UnmarshalWithOptions(data, &l, yaml.UseJSONUnmarshaler(), yaml.Strict()); err != nil {
		return l, fmt.Errorf("read the layout: %w", err)
	}
	if err := l.Validate(); err != nil {
		return l, fmt.Errorf("check the layout: %w", err)
	}
	return l, nil
}

// PlanColumns makes the layout of a bank that is wired in order: columns of doors from the left, each
// from the top, on the outputs of the boards one after another. Doors are named A01, A02, ..., B01.
// It returns an error when there are more doors than outputs.
func PlanColumns(columns []int, boards []Board) (locker.Layout, error) {
	var outputs []locker.Output
	sees := len(boards) > 0
	for _, b := range boards {
		sees = sees && b.Sees
		for ch := 1; ch <= b.Channels; ch++ {
			outputs = append(outputs, b.output(ch))
		}
	}
	bank := locker.Bank{ID: mainBank, Name: mainBank, Witness: locker.Witness{Latch: sees}}
	for i, n := range columns {
		if n < 1 || n > len(outputs) || i > 'Z'-'A' {
			return locker.Layout{}, errors.New("write the doors of each column from the left, e.g. 6,5,5: at most 26 columns, and no more doors than the boards have outputs")
		}
		col := locker.Column{Name: string(rune('A' + i))}
		for row := 1; row <= n; row++ {
			col.Compartments = append(col.Compartments, compartment(fmt.Sprintf("%s%02d", col.Name, row), "", outputs[0]))
			outputs = outputs[1:]
			if len(outputs) == 0 && (row < n || i < len(columns)-1) {
				return locker.Layout{}, errors.New("there are more doors than outputs: is a board missing on the bus?")
			}
		}
		bank.Columns = append(bank.Columns, col)
	}
	if len(bank.Columns) == 0 {
		return locker.Layout{}, errors.New("write the doors of each column from the left, e.g. 6,5,5")
	}
	return locker.Layout{Banks: []locker.Bank{bank}}, nil
}

// NameBank gives a layout's only bank another id and name, and its doors the ids that go with it.
func NameBank(l locker.Layout, name string) locker.Layout {
	l.Banks = slices.Clone(l.Banks)
	for bi, b := range l.Banks[:min(1, len(l.Banks))] {
		b.ID, b.Name, b.Columns = locker.BankID(name), name, slices.Clone(b.Columns)
		for ci, c := range b.Columns {
			c.Compartments = slices.Clone(c.Compartments)
			for di, d := range c.Compartments {
				c.Compartments[di].ID = locker.PlaceID(name + "/" + d.Name)
			}
			b.Columns[ci] = c
		}
		l.Banks[bi] = b
	}
	return l
}

// ParseColumns reads "6,5,5" or "6 5 5".
func ParseColumns(text string) ([]int, error) {
	var columns []int
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || n > 99 {
			return nil, fmt.Errorf("%q is no number of doors from 1 to 99: write the doors of each column from the left, e.g. 6,5,5", word)
		}
		columns = append(columns, n)
	}
	return columns, nil
}

func compartment(label string, size locker.Size, o locker.Output) locker.Compartment {
	return locker.Compartment{
		ID: locker.PlaceID(mainBank + "/" + label), Name: label, Size: cmp.Or(size, locker.SizeM), Units: unknownUnits, Output: o,
	}
}

// Layout returns the plan as the doors really hang. Doors that were found have the output that opened
// them. Others keep their planned output, unless it opens another door: such a door has none, is left
// out, and stands in Findings. Doors that the plan does not know are added to the bank; without a plan
// the whole bank is made of the doors that were named, one column for each letter.
func (w *Walk) Layout() locker.Layout {
	taken := map[locker.Output]bool{}
	var extra []locker.Compartment
	for _, r := range w.records {
		if !r.Answer.one() {
			continue
		}
		label := r.Answer.Labels[0]
		if at, _ := w.found(label); at != r.Output {
			continue // a second output of one label
		}
		taken[r.Output] = true
		if _, planned := w.planned(label); !planned {
			extra = append(extra, compartment(label, r.Answer.Size, r.Output))
		}
	}
	l := locker.Layout{}
	if w.plan.Layout != nil {
		l = w.rewired(taken)
	}
	return w.withDoors(l, extra)
}

// rewired is the plan with the outputs that were found.
func (w *Walk) rewired(taken map[locker.Output]bool) locker.Layout {
	l := *w.plan.Layout
	l.Banks = slices.Clone(l.Banks)
	for bi, b := range l.Banks {
		l.Banks[bi].Columns = slices.Clone(b.Columns)
		for ci, c := range b.Columns {
			var doors []locker.Compartment
			for _, d := range c.Compartments {
				if at, ok := w.found(d.Name); ok {
					d.Output = at
				} else if taken[d.Output] {
					continue
				}
				doors = append(doors, d)
			}
			col := c
			col.Compartments = doors
			col.ScreenAbove = min(col.ScreenAbove, len(doors))
			l.Banks[bi].Columns[ci] = col
		}
	}
	return l
}

// withDoors puts doors that no plan knows into the first bank, each into the column of its letters.
func (w *Walk) withDoors(l locker.Layout, extra []locker.Compartment) locker.Layout {
	if len(extra) == 0 && len(l.Banks) > 0 {
		return l
	}
	if len(l.Banks) == 0 {
		id := cmp.Or(w.plan.Bank, mainBank)
		sees := !slices.ContainsFunc(w.plan.Boards, func(b Board) bool { return b.Answers() && !b.Sees })
		l.Banks = []locker.Bank{{ID: locker.BankID(id), Name: id, Witness: locker.Witness{Latch: sees}}}
	}
	slices.SortStableFunc(extra, func(a, b locker.Compartment) int {
		ha, na := splitLabel(a.Name)
		hb, nb := splitLabel(b.Name)
		return cmp.Or(cmp.Compare(ha, hb), cmp.Compare(na, nb))
	})
	bank := &l.Banks[0]
	for _, d := range extra {
		d.ID = locker.PlaceID(string(bank.ID) + "/" + d.Name)
		head, _ := splitLabel(d.Name)
		i := slices.IndexFunc(bank.Columns, func(c locker.Column) bool { return sameLabel(c.Name, head) })
		if i < 0 {
			bank.Columns, i = append(bank.Columns, locker.Column{Name: head}), len(bank.Columns)
		}
		bank.Columns[i].Compartments = append(bank.Columns[i].Compartments, d)
	}
	return l
}

// splitLabel splits "B07" into "B" and 7. The number is -1 when the label ends in none.
func splitLabel(label string) (head string, number int) {
	i := len(label)
	for i > 0 && label[i-1] >= '0' && label[i-1] <= '9' {
		i--
	}
	n, err := strconv.Atoi(label[i:])
	if err != nil {
		return label, -1
	}
	return label[:i], n
}

// WriteLayout returns a layout file that `cubby site add --layout` reads, one line for each door.
func WriteLayout(l locker.Layout, comment string) []byte {
	var b bytes.Buffer
	for line := range strings.Lines(comment) {
		fmt.Fprintf(&b, "# %s\n", strings.TrimSpace(line))
	}
	fmt.Fprintln(&b, "banks:")
	for _, bank := range l.Banks {
		fmt.Fprintf(&b, "  - id: %s\n    name: %s\n    witness: %s\n", quoted(bank.ID), quoted(bank.Name), quoted(bank.Witness))
		if bank.Closed {
			fmt.Fprintln(&b, "    closed: true")
		}
		fmt.Fprintln(&b, "    columns:")
		for _, c := range bank.Columns {
			writeColumn(&b, c)
		}
	}
	if len(l.Rooms) > 0 {
		fmt.Fprintf(&b, "rooms: %s\n", quoted(l.Rooms))
	}
	if l.Desk != nil {
		fmt.Fprintf(&b, "desk: %s\n", quoted(l.Desk))
	}
	return b.Bytes()
}

func writeColumn(b *bytes.Buffer, c locker.Column) {
	fmt.Fprintf(b, "      - name: %s\n", quoted(c.Name))
	if c.ScreenUnits > 0 {
		fmt.Fprintf(b, "        screen_units: %d\n        screen_above: %d\n", c.ScreenUnits, c.ScreenAbove)
	}
	if len(c.Compartments) == 0 {
		fmt.Fprintln(b, "        compartments: []")
		return
	}
	fmt.Fprintln(b, "        compartments:")
	for _, d := range c.Compartments {
		features := ""
		if d.Features != (locker.Features{}) {
			features = ", features: " + quoted(d.Features)
		}
		fmt.Fprintf(b, "          - {id: %s, name: %s, size: %s, units: %d, reach_mm: %d%s, output: {bus: %s, board: %d, channel: %d}}\n",
			quoted(d.ID), quoted(d.Name), quoted(d.Size), d.Units, d.ReachMM, features,
			quoted(d.Output.Bus), d.Output.Board, d.Output.Channel)
	}
}

// quoted writes a value as JSON, which is YAML too.
func quoted(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return `""` // no value of a layout can fail
	}
	return string(data)
}

package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"cubby/board/catalog"
	"cubby/internal/app/lock"
)

type familiesCmd struct{}

// Run prints one line for each family.
func (familiesCmd) Run(e *env) error {
	t := newTable(e.Out, "FAMILY", "BOARDS", "ADDRESSES", "BAUD", "FOUND BY A PROBE")
	for _, f := range lock.Families() {
		found := "yes"
		if f.Search.Last == 0 {
			found = "no, they answer nothing"
		}
		t.row(f.Name, f.Title, span(int(f.MinAddress), int(f.MaxAddress)), rate(f.BaudRate), found)
	}
	return t.flush()
}

type modelsCmd struct {
	Family string `help:"Only models of this family." placeholder:"FAMILY"`
	JSON   bool   `name:"json" help:"Print JSON instead of a table."`
}

// modelJSON is a model as programs read it.
type modelJSON struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Maker     string            `json:"maker"`
	Family    string            `json:"family"`
	Channels  int               `json:"channels"`
	Addresses [2]int            `json:"addresses"`
	BaudRate  int               `json:"baud,omitempty"`
	Settings  map[string]string `json:"settings,omitempty"`
	Evidence  string            `json:"evidence"`
	Sources   []string          `json:"sources"`
	Notes     string            `json:"notes,omitempty"`
}

// Run prints the catalogue.
func (cmd modelsCmd) Run(e *env) error {
	models, err := catalog.Models()
	if err != nil {
		return err
	}
	if cmd.Family != "" {
		if _, err := (kindFlags{Family: cmd.Family}).bus(); err != nil {
			return err
		}
	}
	var list []modelJSON
	t := newTable(e.Out, "MODEL", "FAMILY", "OUTPUTS", "ADDRESSES", "BAUD", "EVIDENCE", "NAME")
	for _, m := range models {
		if cmd.Family != "" && m.Family != cmd.Family {
			continue
		}
		low, high := int(m.MinAddress), int(m.MaxAddress)
		t.row(m.ID, m.Family, strconv.Itoa(m.Channels), span(low, high), rate(m.BaudRate), m.Evidence.String(), m.Name)
		j := modelJSON{
			ID: m.ID, Name: m.Name, Maker: m.Maker, Family: m.Family, Channels: m.Channels, Addresses: [2]int{low, high},
			BaudRate: m.BaudRate, Settings: map[string]string{}, Evidence: m.Evidence.String(), Sources: m.Sources, Notes: m.Notes,
		}
		for _, s := range m.Settings {
			j.Settings[s.Key] = s.Value
		}
		list = append(list, j)
	}
	if cmd.JSON {
		return printJSON(e.Out, map[string]any{"models": list})
	}
	return t.flush()
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// span writes a range of addresses.
func span(low, high int) string {
	if low == high {
		return strconv.Itoa(low)
	}
	return fmt.Sprintf("%d-%d", low, high)
}

func rate(baud int) string {
	if baud == 0 {
		return "-"
	}
	return strconv.Itoa(baud)
}

// table prints columns.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer, heads ...string) table {
	t := table{w: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	t.row(heads...)
	return t
}

func (t table) row(cells ...string) {
	fmt.Fprintln(t.w, strings.Join(cells, "\t"))
}

func (t table) flush() error { return t.w.Flush() }

package catalog

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"cubby/board"
)

//go:embed *.yaml
var files embed.FS

// Evidence is what a model's entry rests on.
type Evidence uint8

// The kinds of evidence, rising. The zero value is invalid.
const (
	EvidenceVirtual Evidence = iota + 1 // public facts and a board made of software; nobody tried a real one
	EvidenceBench                       // tried with a real board on a bench
	EvidenceField                       // runs in a building
)

// String returns the word used in the files.
func (e Evidence) String() string {
	switch e {
	case EvidenceVirtual:
		return "virtual"
	case EvidenceBench:
		return "bench"
	case EvidenceField:
		return "field"
	}
	return "invalid"
}

// ParseEvidence reads "virtual", "bench" or "field".
func ParseEvidence(text string) (Evidence, error) {
	for e := EvidenceVirtual; e <= EvidenceField; e++ {
		if e.String() == text {
			return e, nil
		}
	}
	return 0, fmt.Errorf("evidence %q, want virtual, bench or field", text)
}

// Model is one model of lock board.
type Model struct {
	ID     string // the name of its file, lower case with dashes, e.g. "8a80-24"
	Name   string // as people know it
	Maker  string // "various" where nobody knows
	Family string // folder of board that speaks its protocol

	Channels   int           // outputs of one board, 1 to 255
	MinAddress board.Address // what its switches or its set-up allow, both ends included
	MaxAddress board.Address
	// BaudRate is how boards are delivered, in bits per second; 0 where there is no serial line.
	BaudRate int

	// Settings are the family's options in the words of the settings file, e.g. polarity: closing.
	// What stands here beats the family's own value and yields to what an operator writes.
	Settings []Setting

	Evidence Evidence
	Sources  []string // where the facts come from, at least one
	Notes    string   // what an installer should know; empty when there is nothing
}

// Setting is one option of a model, e.g. pulse and 500ms. Lists are words between commas.
type Setting struct {
	Key   string
	Value string
}

// Setting returns the value of an option, empty when the model does not set it.
func (m Model) Setting(key string) string {
	for _, s := range m.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// Models returns every model, by family, outputs and id. An error means that the program was built
// with a broken file; it names file and line.
func Models() ([]Model, error) { return Load(files) }

// Load reads the models of a folder: every *.yaml file in it.
func Load(folder fs.FS) ([]Model, error) {
	names, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list models: %w", err)
	}
	models := make([]Model, 0, len(names))
	for _, name := range names {
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("read model: %w", err)
		}
		m, err := Parse(name, data)
		if err != nil {
			return nil, err
		}
		if want := strings.TrimSuffix(path.Base(name), ".yaml"); m.ID != want {
			return nil, fmt.Errorf("%s:1: id %q, want the name of the file: %s", name, m.ID, want)
		}
		models = append(models, m)
	}
	slices.SortFunc(models, func(a, b Model) int {
		return cmp.Or(strings.Compare(a.Family, b.Family), cmp.Compare(a.Channels, b.Channels), strings.Compare(a.ID, b.ID))
	})
	return models, nil
}

// Find returns one model. The error for an unknown one lists those that there are.
func Find(id string) (Model, error) {
	models, err := Models()
	if err != nil {
		return Model{}, err
	}
	var known []string
	for _, m := range models {
		if m.ID == id {
			return m, nil
		}
		known = append(known, m.ID)
	}
	return Model{}, fmt.Errorf("no model %q; known are %s", id, strings.Join(known, ", "))
}

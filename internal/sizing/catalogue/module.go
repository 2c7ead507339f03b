package catalogue

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"cubby/internal/locker"
	"cubby/internal/sizing/figure"
)

//go:embed make/*.yaml
var makes embed.FS

// Catalogue is what one maker, or one kind of maker, offers.
type Catalogue struct {
	ID       string // lower case letters, digits and dashes
	Name     string
	Maker    string
	Currency string // ISO 4217
	Notes    string
	Sources  []string
	Sizes    []Size // smallest first
	Modules  []Module
}

// Size is a compartment of a size class.
type Size struct {
	Size     locker.Size
	WidthMM  int // clear inside
	HeightMM int // clear inside
	DepthMM  int // clear inside
	PitchMM  int // height that it takes in a column, its share of the frame included
}

// Module is a cabinet that is bought in one piece: one column or several equal ones side by side.
type Module struct {
	ID       string
	Name     string
	WidthMM  int // of the whole module
	HeightMM int
	DepthMM  int // without the swing of doors
	BaseMM   int // foot below the lowest compartment
	Columns  int
	Doors    []Door // of one column, from the bottom up
	Kiosk    *Kiosk // nil: it has none
	Outdoor  bool   // may stand in rain and frost
	Cold     bool   // compartments are refrigerated
	Price    figure.Figure
}

// Door is one compartment of a column.
type Door struct {
	Size     locker.Size
	BottomMM int // above the floor
	HeightMM int
}

// Kiosk is the screen in a module. In a module of several columns it stands in the first.
type Kiosk struct {
	BottomMM int // lower edge above the floor
	HeightMM int
}

// Count returns how many compartments of a size class the whole module has.
func (m Module) Count(size locker.Size) int {
	n := 0
	for _, d := range m.Doors {
		if d.Size == size {
			n++
		}
	}
	return n * m.Columns
}

// Counts returns the compartments of each size class of the catalogue, smallest first.
func (c Catalogue) Counts(m Module) []int {
	counts := make([]int, len(c.Sizes))
	for i, s := range c.Sizes {
		counts[i] = m.Count(s.Size)
	}
	return counts
}

// Names lists the catalogues that the program brings, in alphabetical order.
func Names() []string {
	files, err := makes.ReadDir("make")
	if err != nil {
		return nil // the folder is compiled in: it can always be read
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(f.Name(), ".yaml")
	}
	slices.Sort(names)
	return names
}

// Load returns a catalogue that the program brings. An unknown name is an error that lists the known
// ones.
func Load(name string) (Catalogue, error) {
	if !slices.Contains(Names(), name) {
		return Catalogue{}, fmt.Errorf("no catalogue is called %q, there are %s", name, strings.Join(Names(), ", "))
	}
	file := path.Join("make", name+".yaml")
	data, err := makes.ReadFile(file)
	if err != nil {
		return Catalogue{}, fmt.Errorf("read catalogue %s: %w", name, err)
	}
	return Parse(file, data)
}

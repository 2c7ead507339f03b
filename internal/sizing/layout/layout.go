package layout

import (
	"cmp"
	"errors"
	"fmt"

	"cubby/internal/locker"
	"cubby/internal/sizing"
)

// Names are what the layout of a site needs beyond the plan. Empty ones get usual words.
type Names struct {
	Bank     string // "Locker": banks become "Locker 1", "Locker 2"
	Room     string // "Package room"
	Desk     string // "Front desk"; "-" leaves the desk out
	Bus      string // the problem's bus
	Channels int    // outputs of one board; 0: the problem's
	Shelves  int    // places in the room; 0: one per shelf run of a metre
}

// Limits of a layout.
const (
	maxBoards    = 255 // addresses on one bus
	maxShelves   = 400
	unitsHighest = 12 // units of the highest door in a layout
)

// Of turns a plan into the layout of a site: banks with their doors, sizes, heights and reach, the
// screen in its column, outputs numbered over boards of so many channels, a room with shelves and a
// desk. The outputs are a proposal: whoever wires the bank writes them down as they are.
//
// Errors: the alternative keeps nothing in the building; more boards than one bus has addresses;
// whatever locker.Layout.Validate says.
func Of(p sizing.Problem, a sizing.Alternative, n Names) (locker.Layout, error) {
	if a.Kind == sizing.OffSite {
		return locker.Layout{}, errors.New("a service elsewhere has no layout: nothing stands in the building")
	}
	n.Bank, n.Room, n.Desk = cmp.Or(n.Bank, "Locker"), cmp.Or(n.Room, "Package room"), cmp.Or(n.Desk, "Front desk")
	n.Bus, n.Channels = cmp.Or(n.Bus, p.Hardware.Bus), cmp.Or(n.Channels, p.Hardware.BoardChannels)
	if n.Channels < 1 {
		return locker.Layout{}, fmt.Errorf("boards of %d outputs: want at least 1", n.Channels)
	}
	unit := unitMM(a)
	var out locker.Layout
	wiring := wiring{bus: n.Bus, channels: n.Channels}
	column := 0
	for i, b := range a.Banks {
		bank, err := bankLayout(b, bankNames{id: fmt.Sprintf("bank-%d", i+1), name: fmt.Sprintf("%s %d", n.Bank, i+1)}, &column, unit, &wiring)
		if err != nil {
			return locker.Layout{}, err
		}
		out.Banks = append(out.Banks, bank)
	}
	if a.Room != nil {
		out.Rooms = []locker.Room{roomLayout(*a.Room, n)}
	}
	if n.Desk != "-" {
		out.Desk = &locker.Desk{ID: "desk", Name: n.Desk}
	}
	if err := out.Validate(); err != nil {
		return locker.Layout{}, fmt.Errorf("layout of the plan: %w", err)
	}
	return out, nil
}

// unitMM is the height that counts as one unit on the wall: half of the lowest door, as in layouts
// written by hand, or more so that the highest door has no more than a layout allows.
func unitMM(a sizing.Alternative) float64 {
	lowest, highest := 0, 0
	for _, b := range a.Banks {
		for _, c := range b.Columns {
			for _, d := range c.Doors {
				if lowest == 0 || d.HeightMM < lowest {
					lowest = d.HeightMM
				}
				highest = max(highest, d.HeightMM)
			}
		}
	}
	return max(float64(lowest)/2, float64(highest)/unitsHighest, 1)
}

func unitsOf(heightMM int, unit float64) int {
	return min(max(int(float64(heightMM)/unit+0.5), 1), unitsHighest)
}

// wiring numbers outputs board by board.
type wiring struct {
	bus      string
	channels int
	used     int
}

func (w *wiring) next() (locker.Output, error) {
	board := w.used/w.channels + 1
	if board > maxBoards {
		return locker.Output{}, fmt.Errorf("%d doors need more than %d boards of %d outputs: use boards with more outputs",
			w.used+1, maxBoards, w.channels)
	}
	out := locker.Output{Bus: w.bus, Board: uint8(board), Channel: uint8(w.used%w.channels + 1)}
	w.used++
	return out, nil
}

type bankNames struct {
	id, name string
}

// bankLayout names columns by letters over all banks of the site, so that no two doors have the same
// name painted on them.
func bankLayout(b sizing.BankPlan, n bankNames, column *int, unit float64, w *wiring) (locker.Bank, error) {
	bank := locker.Bank{ID: locker.BankID(n.id), Name: n.name, Witness: locker.Witness{Latch: true}}
	for _, c := range b.Columns {
		letter := columnName(*column)
		*column++
		col := locker.Column{Name: letter}
		if c.ScreenMM > 0 {
			col.ScreenUnits, col.ScreenAbove = max(int(float64(c.ScreenMM)/unit+0.5), 1), c.ScreenAbove
		}
		for i, d := range c.Doors {
			output, err := w.next()
			if err != nil {
				return bank, err
			}
			name := doorName(letter, i)
			col.Compartments = append(col.Compartments, locker.Compartment{
				ID: locker.PlaceID(n.id + "/" + name), Name: name, Size: d.Size, Units: unitsOf(d.HeightMM, unit),
				ReachMM: min(d.BottomMM+d.HeightMM/2, maxReachMM), Output: output,
			})
		}
		bank.Columns = append(bank.Columns, col)
	}
	return bank, nil
}

// maxReachMM is the highest that a layout takes.
const maxReachMM = 3000

// columnName is A to Z, then AA, AB and so on: the name of column i of a site, from 0.
func columnName(i int) string {
	const letters = 26
	name := ""
	for i >= 0 {
		name = string(rune('A'+i%letters)) + name
		i = i/letters - 1
	}
	return name
}

// doorName is what is painted on a door: its column and its place from the top.
func doorName(column string, i int) string { return fmt.Sprintf("%s%02d", column, i+1) }

// roomLayout divides the shelves into places of about a metre.
func roomLayout(r sizing.RoomPlan, n Names) locker.Room {
	room := locker.Room{ID: "room", Name: n.Room}
	count := min(max(cmp.Or(n.Shelves, r.ShelfMM/1000), 1), maxShelves)
	for i := range count {
		room.Shelves = append(room.Shelves, locker.Shelf{
			ID: locker.PlaceID(fmt.Sprintf("room/%d", i+1)), Name: fmt.Sprintf("Shelf %d", i+1),
		})
	}
	return room
}

// Boards returns how many boards a layout uses on each bus.
func Boards(l locker.Layout) map[string]int {
	boards := map[string]int{}
	for _, place := range l.Places() {
		if o := place.Compartment.Output; place.Kind == locker.PlaceCompartment {
			boards[o.Bus] = max(boards[o.Bus], int(o.Board))
		}
	}
	return boards
}

package demo

import (
	"fmt"
	"strconv"

	"cubby/internal/locker"
)

// Names of the sample installation.
const (
	BankBus  = "lockers"  // bus of the bank's boards
	RoomBus  = "room"     // bus of the room's board
	UnitMM   = 80         // height of one wall unit
	PlinthMM = 100        // below the lowest door
	wallUnit = 24         // height of the bank in units
	channels = 24         // of each board
	screen   = "C"        // column with the kiosk's screen
	deskName = "Desk"     // of the package room
	roomName = "Mailroom" // of the package room
)

// column is one vertical module: sizes from the top.
type column struct {
	name        string
	sizes       []locker.Size
	screenAbove int // index of the door right below the screen
	screenUnits int
}

func repeat(s locker.Size, n int) []locker.Size {
	sizes := make([]locker.Size, n)
	for i := range sizes {
		sizes[i] = s
	}
	return sizes
}

func joined(groups ...[]locker.Size) []locker.Size {
	var all []locker.Size
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

// harbour is the bank of the pictures: 45 doors in six columns of 24 units.
func harbour() []column {
	s, m, l, xl := locker.SizeS, locker.SizeM, locker.SizeL, locker.SizeXL
	return []column{
		{name: "A", sizes: joined(repeat(s, 4), repeat(m, 2), repeat(l, 2))},
		{name: "B", sizes: joined(repeat(s, 6), repeat(m, 4))},
		{name: screen, sizes: joined(repeat(s, 2), repeat(m, 4)), screenAbove: 2, screenUnits: 8},
		{name: "D", sizes: joined(repeat(m, 3), repeat(l, 3))},
		{name: "E", sizes: repeat(xl, 3)},
		{name: "F", sizes: repeat(s, 12)},
	}
}

func units(s locker.Size) int {
	switch s {
	case locker.SizeS:
		return 2
	case locker.SizeM:
		return 3
	case locker.SizeL:
		return 5
	case locker.SizeXL:
		return 8
	}
	return 1
}

// BankLayout returns the site of Harbour House: one bank of 45 doors on two boards of 24 channels, and
// the front desk for what fits no door.
func BankLayout() locker.Layout {
	bank := locker.Bank{ID: "main", Name: "Locker 1", Witness: locker.Witness{Latch: true}}
	wired := 0
	for _, c := range harbour() {
		col := locker.Column{Name: c.name, ScreenUnits: c.screenUnits, ScreenAbove: c.screenAbove}
		top := wallUnit
		for i, size := range c.sizes {
			if c.screenUnits > 0 && i == c.screenAbove {
				top -= c.screenUnits
			}
			u := units(size)
			name := fmt.Sprintf("%s%02d", c.name, i+1)
			col.Compartments = append(col.Compartments, locker.Compartment{
				ID: locker.PlaceID("main/" + name), Name: name, Size: size, Units: u,
				ReachMM: PlinthMM + (2*top-u)*UnitMM/2,
				Output: locker.Output{
					Bus: BankBus, Board: uint8(1 + wired/channels), Channel: uint8(1 + wired%channels), // 45 doors
				},
			})
			top -= u
			wired++
		}
		bank.Columns = append(bank.Columns, col)
	}
	return locker.Layout{Banks: []locker.Bank{bank}, Desk: &locker.Desk{ID: "desk", Name: "Front desk"}}
}

// RoomLayout returns the package room of the same property: three oversize compartments on one
// board, forty shelves, and the desk.
func RoomLayout() locker.Layout {
	bank := locker.Bank{ID: "oversize", Name: "Oversize", Witness: locker.Witness{Latch: true}}
	col := locker.Column{Name: "X"}
	for i := range 3 {
		name := fmt.Sprintf("X%02d", i+1)
		col.Compartments = append(col.Compartments, locker.Compartment{
			ID: locker.PlaceID("oversize/" + name), Name: name, Size: locker.SizeXL, Units: 8,
			ReachMM: PlinthMM + (2-i)*8*UnitMM + 4*UnitMM, Features: locker.Features{Oversize: true},
			Output: locker.Output{Bus: RoomBus, Board: 1, Channel: uint8(i + 1)}, // three doors
		})
	}
	bank.Columns = []locker.Column{col}
	room := locker.Room{ID: "mailroom", Name: roomName}
	for i := range 40 {
		name := strconv.Itoa(i + 1)
		room.Shelves = append(room.Shelves, locker.Shelf{ID: locker.PlaceID("shelf/" + name), Name: name})
	}
	return locker.Layout{
		Banks: []locker.Bank{bank}, Rooms: []locker.Room{room},
		Desk: &locker.Desk{ID: "desk", Name: deskName},
	}
}

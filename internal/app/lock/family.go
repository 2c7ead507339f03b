package lock

import (
	"fmt"
	"strings"
	"time"

	"cubby/board"
	"cubby/board/modbus"
	"cubby/board/virtual"
	"cubby/internal/config"
)

// Family describes a protocol family to tools and pages.
type Family struct {
	Name  string // folder of board, and the word of the settings, e.g. "rs485"
	Title string // what people call the boards
	// MinAddress and MaxAddress are the addresses that the protocol allows.
	MinAddress, MaxAddress board.Address
	// BaudRate is the usual rate of its boards; 0 for a family without a line.
	BaudRate int
	// Search is what a probe tries; zero for a family whose boards answer nothing.
	Search Search
}

// Search is where a probe looks for boards of one family.
type Search struct {
	Last      board.Address // the last address that is tried; boards with higher ones are rare
	BaudRates []int         // in order, the likely ones first
	// Options are the settings to try, each set on its own; none means the family's own settings.
	Options []config.BusOptions
}

// family is one entry of the list: what a family is, and how its parts are made from settings that
// resolve has filled in and held to the family's range of addresses.
type family struct {
	Family
	// driver makes a driver on an open line.
	driver func(s config.Bus, line board.Conn, now func() time.Time) (board.Driver, error)
	codec  func(s config.Bus) (board.Codec, error)
	slave  func(s config.Bus, bench Bench) (virtual.Boards, error)
}

// Bench is what virtual boards stand on.
type Bench struct {
	World *virtual.World // required
	Line  *virtual.Line  // default: a perfect line
}

// entries is the list of protocol families, one line for each folder of board.
func entries() []family {
	return []family{
		rs485Family(),
		kerongFamily(),
		modbusFamily(),
		wklyFamily(),
		winnsenFamily(),
		usbrelayFamily(),
		gpioFamily(),
	}
}

// Acceptance is the sentence by which the option accept takes on families and modes without a pulse
// of the board's own, word for word.
const Acceptance = modbus.Acceptance

// Families lists the protocol families, the most common boards first.
func Families() []Family {
	var all []Family
	for _, f := range entries() {
		all = append(all, f.Family)
	}
	return all
}

// Names lists the names of the protocol families.
func Names() []string {
	var names []string
	for _, f := range entries() {
		names = append(names, f.Name)
	}
	return names
}

// find returns one entry of the list.
func find(name string) (family, error) {
	for _, f := range entries() {
		if f.Name == name {
			return f, nil
		}
	}
	return family{}, fmt.Errorf("no protocol family %q; known are %s", name, strings.Join(Names(), ", "))
}

// word reads an option of a few words; unset it is the zero value, by which families mean their own.
func word[T any](text string, parse func(string) (T, error)) (T, error) {
	var own T
	if text == "" {
		return own, nil
	}
	return parse(text)
}

package lock

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cubby/board"
	"cubby/board/port"
	"cubby/internal/config"
)

// DefaultProbeWithin is how long a probe waits for each answer. A board thinks for a few milliseconds
// and its longest answer takes 20 at 9600 baud; serial servers add some tens.
const DefaultProbeWithin = 120 * time.Millisecond

// ProbeOptions say where to look for boards. Zero means the default where one is named.
type ProbeOptions struct {
	Port      string                // required: as in the settings; a rate in it is the only one that is tried
	Now       func() time.Time      // required
	Families  []string              // default: every family whose boards answer questions
	BaudRates []int                 // default: the usual ones of each family
	Last      board.Address         // the last address that is tried; default: the family's usual last
	Within    time.Duration         // for one answer; default DefaultProbeWithin
	All       bool                  // go on with other rates when boards were found at one
	Progress  func(done, total int) // called after each question; default: nothing
	// Open opens the line at a rate, which spec names; default: port.Open.
	Open func(ctx context.Context, spec string) (board.Conn, error)
}

// Found is one address at which something answers.
type Found struct {
	Family   string
	Addr     board.Address
	BaudRate int               // 0 on a line without one
	Options  config.BusOptions // beside the family's own settings, e.g. the framing
	Presence board.Presence    // PresenceOne or PresenceSeveral
}

// Conflict says what to do about several boards with one address; empty for one board.
func (f Found) Conflict() string {
	if f.Presence != board.PresenceSeveral {
		return ""
	}
	return fmt.Sprintf("two boards answer as %d: set one of them to another address", f.Addr)
}

// try is one family at one rate with one set of options.
type try struct {
	family  family
	baud    int
	options config.BusOptions
	last    board.Address
}

// Probe asks every address of the families at every rate who is there. It opens nothing: it sends only
// questions about states, and a test shows that no family's question is an order in another family.
// Silence everywhere is an empty list. What was found before an error is returned with it.
func Probe(ctx context.Context, opts ProbeOptions) ([]Found, error) {
	tries, err := opts.tries()
	if err != nil {
		return nil, err
	}
	if opts.Within == 0 {
		opts.Within = DefaultProbeWithin
	}
	if opts.Open == nil {
		opts.Open = func(ctx context.Context, spec string) (board.Conn, error) {
			return port.Open(ctx, spec, port.Options{Now: opts.Now})
		}
	}
	done, total := 0, 0
	for _, t := range tries {
		total += t.questions()
	}
	var found []Found
	var lost error // of the last try
	for i, t := range tries {
		if i > 0 && t.baud != tries[i-1].baud && len(found) > 0 && !opts.All {
			break // boards of one line have one rate
		}
		more, err := t.ask(ctx, opts, known(found, t), func(asked int) {
			if opts.Progress != nil {
				opts.Progress(done+asked, total)
			}
		})
		done += t.questions()
		found = append(found, more...)
		// Whoever speaks Modbus TCP hangs up on everything else, so a lost line ends one try only.
		if lost = err; err != nil && (!errors.Is(err, board.ErrLost) || errors.Is(err, errOpen)) {
			return found, err
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	return nil, lost
}

// errOpen means that the line could not be opened at all.
var errOpen = errors.New("the port does not open")

// tries lists what is tried, rate by rate: opening a line anew takes longer than a question.
func (o ProbeOptions) tries() ([]try, error) {
	names := o.Families
	for _, f := range entries() {
		if len(o.Families) == 0 && f.Search.Last > 0 {
			names = append(names, f.Name)
		}
	}
	rates, err := o.rates()
	if err != nil {
		return nil, err
	}
	var all []try
	for _, name := range names {
		f, err := find(name)
		if err != nil {
			return nil, err
		}
		if f.Search.Last == 0 {
			return nil, fmt.Errorf("boards of the family %s answer nothing: there is no way to find them", name)
		}
		last := f.Search.Last
		if o.Last != 0 {
			last = min(o.Last, f.MaxAddress)
		}
		variants := f.Search.Options
		if len(variants) == 0 {
			variants = []config.BusOptions{{}}
		}
		for _, baud := range ratesOf(f, rates) {
			for _, v := range variants {
				if baud != 0 && v.Framing == "tcp" {
					continue // only a network has it
				}
				all = append(all, try{family: f, baud: baud, options: v, last: last})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b try) int { return likely(a.baud) - likely(b.baud) })
	return all, nil
}

// rates returns the rates that the caller wants; nil means the families' own, [0] that there are none.
func (o ProbeOptions) rates() ([]int, error) {
	spec, err := port.ParseSpec(o.Port)
	if err != nil {
		return nil, err
	}
	switch {
	case spec.Kind == port.KindTCP:
		return []int{0}, nil
	case strings.Contains(o.Port, "baud="):
		return []int{spec.BaudRate}, nil
	}
	return o.BaudRates, nil
}

func ratesOf(f family, wanted []int) []int {
	if len(wanted) > 0 {
		return wanted
	}
	return f.Search.BaudRates
}

// likely puts the rates into the order in which boards are delivered.
func likely(baud int) int {
	order := []int{0, 9600, 19200, 115200, 57600, 38400, 4800}
	if i := slices.Index(order, baud); i >= 0 {
		return i
	}
	return len(order)
}

// known lists the addresses at which earlier tries have found boards of the same family.
func known(found []Found, t try) map[board.Address]bool {
	addrs := map[board.Address]bool{}
	for _, f := range found {
		if f.Family == t.family.Name && f.BaudRate == t.baud {
			addrs[f.Addr] = true
		}
	}
	return addrs
}

// questions is how many addresses are asked.
func (t try) questions() int { return int(t.last) - int(t.family.MinAddress) + 1 }

// ask puts the question to every address but those that are known, on a line of its own: what one
// family has sent must not be the start of what another one hears.
func (t try) ask(
	ctx context.Context, opts ProbeOptions, known map[board.Address]bool, asked func(int),
) (found []Found, err error) {
	spec, err := withBaud(opts.Port, t.baud)
	if err != nil {
		return nil, err
	}
	line, err := opts.Open(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errOpen, err)
	}
	defer func() {
		_ = line.Close() // nothing is under way on it
	}()
	s := config.Bus{Family: t.family.Name, Options: t.options}
	s.Options.Deadline, s.Options.StatusDeadline = opts.Within, opts.Within
	driver, err := t.family.driver(s, line, opts.Now)
	if err != nil {
		return nil, err
	}
	for i := range t.questions() {
		addr := t.family.MinAddress + board.Address(i)
		if !known[addr] {
			presence, err := census(ctx, driver, addr)
			switch {
			case errors.Is(err, board.ErrRange): // some options move the range
			case err != nil:
				return found, fmt.Errorf("probe for %s: %w", t.family.Name, err)
			case presence != board.PresenceNone:
				found = append(found, Found{
					Family: t.family.Name, Addr: addr, BaudRate: t.baud, Options: t.options, Presence: presence,
				})
			}
		}
		asked(i + 1)
	}
	return found, nil
}

// census asks with what the driver has.
func census(ctx context.Context, driver board.Driver, addr board.Address) (board.Presence, error) {
	switch d := driver.(type) {
	case board.Censor:
		return d.Census(ctx, addr)
	case board.Prober:
		found, err := d.Probe(ctx, addr)
		if found {
			return board.PresenceOne, err
		}
		return board.PresenceNone, err
	}
	return 0, fmt.Errorf("boards of the family %s answer no questions", driver.Info().Family)
}

package lock

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cubby/board"
	"cubby/board/catalog"
	"cubby/board/port"
	"cubby/board/virtual"
	"cubby/internal/config"
)

// Bus is one line with its driver. It is for one goroutine, as the driver is.
type Bus struct {
	Name     string
	Driver   board.Driver
	Settings config.Bus // with what the model and the family added
	line     board.Conn
}

// Open makes the driver of a bus. A line that is not there yet is no error: it is opened by the first
// request after it comes. ctx bounds every later attempt as well.
func Open(ctx context.Context, s config.Bus, now func() time.Time) (*Bus, error) {
	s, f, err := resolve(s)
	if err != nil {
		return nil, err
	}
	line, err := openLine(ctx, s, now)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", s.Port, err)
	}
	driver, err := f.driver(s, line, now)
	if err != nil {
		return nil, errors.Join(err, line.Close())
	}
	return &Bus{Name: s.Name, Driver: driver, Settings: s, line: line}, nil
}

// openLine returns a line that heals; it is opened by the first request.
func openLine(ctx context.Context, s config.Bus, now func() time.Time) (board.Conn, error) {
	if !strings.HasPrefix(s.Port, chipPort) {
		return port.NewSpecReopener(ctx, s.Port, port.Options{Now: now})
	}
	return port.NewReopener(port.ReopenOptions{
		Now: now, Open: func() (board.Conn, error) { return openChip(s, now) },
	})
}

// NewDriver makes the driver of a bus on a line that is open already.
func NewDriver(s config.Bus, line board.Conn, now func() time.Time) (board.Driver, error) {
	s, f, err := resolve(s)
	if err != nil {
		return nil, err
	}
	return f.driver(s, line, now)
}

// Close closes the line for good. Restore boards that need it before.
func (b *Bus) Close() error {
	return b.line.Close()
}

// Reopens returns how often the line was opened again after it had been lost; 0 where nobody counts.
func (b *Bus) Reopens() uint64 {
	if c, ok := b.line.(interface{ Reopens() uint64 }); ok {
		return c.Reopens()
	}
	return 0
}

// Check reports what is wrong with the settings of a bus, without opening anything.
func Check(s config.Bus) error {
	s, f, err := resolve(s)
	if err != nil {
		return err
	}
	_, err = f.driver(s, noLine{}, func() time.Time { return time.Time{} })
	return err
}

// NewCodec makes the codec of a family with the settings of a bus. Port and addresses do not matter.
func NewCodec(s config.Bus) (board.Codec, error) {
	s, f, err := resolveDry(s)
	if err != nil {
		return nil, err
	}
	return f.codec(s)
}

// NewSlave makes virtual boards that behave as the settings of a bus say. Port and addresses do not
// matter: the boards are those of the world.
func NewSlave(s config.Bus, bench Bench) (virtual.Boards, error) {
	s, f, err := resolveDry(s)
	if err != nil {
		return nil, err
	}
	return f.slave(s, bench)
}

// Resolve returns the settings of a bus with family, options and rate filled in from its model, and
// refuses what the family does not take. Options that stay unset are the family's own.
func Resolve(s config.Bus) (config.Bus, error) {
	s, _, err := resolve(s)
	return s, err
}

func resolve(s config.Bus) (config.Bus, family, error) {
	baud := 0
	if s.Model != "" {
		m, err := catalog.Find(s.Model)
		if err != nil {
			return s, family{}, fmt.Errorf("model: %w", err)
		}
		if s.Family != "" && s.Family != m.Family {
			return s, family{}, fmt.Errorf("model %s is of the family %s, not %s: leave family out", m.ID, m.Family, s.Family)
		}
		options, err := modelOptions(m)
		if err != nil {
			return s, family{}, err
		}
		s.Family, s.Options, baud = m.Family, s.Options.Or(options), m.BaudRate
	}
	if s.Family == "" {
		s.Family = "rs485" // the only one before there were models
	}
	f, err := find(s.Family)
	if err != nil {
		return s, family{}, err
	}
	if err := f.takes(s); err != nil {
		return s, family{}, err
	}
	if baud == 0 {
		baud = f.BaudRate
	}
	s.Port, err = withBaud(s.Port, baud)
	return s, f, err
}

// modelOptions reads the settings of a model in the words of the settings file.
func modelOptions(m catalog.Model) (config.BusOptions, error) {
	var options config.BusOptions
	if takes("channels", m.Family) {
		options.Channels = m.Channels
	}
	for _, setting := range m.Settings {
		if setting.Key == "accept" {
			return options, fmt.Errorf("model %s: accept is for an operator to write, not for a model", m.ID)
		}
		if err := options.Set(setting.Key, setting.Value); err != nil {
			return options, fmt.Errorf("model %s: %w", m.ID, err)
		}
	}
	return options, nil
}

// takes holds the settings of a bus to its family.
func (f family) takes(s config.Bus) error {
	given := map[string]bool{}
	for _, key := range s.Options.Given() {
		given[key] = true
	}
	for _, o := range config.BusOptionList() {
		if given[o.Key] && !o.Takes(f.Name) {
			return fmt.Errorf("the family %s does not take the option %s (it is for %s): leave it out",
				f.Name, o.Key, strings.Join(o.Families, ", "))
		}
	}
	if strings.HasPrefix(s.Port, chipPort) && f.Name != "gpio" {
		return fmt.Errorf("the port %s is for the family gpio, not %s: name a serial or tcp port", s.Port, f.Name)
	}
	for _, addr := range s.Boards {
		if addr < int(f.MinAddress) || addr > int(f.MaxAddress) {
			return fmt.Errorf("%w: board %d: boards of the family %s have addresses %d to %d",
				board.ErrRange, addr, f.Name, f.MinAddress, f.MaxAddress)
		}
	}
	return nil
}

// withBaud adds the rate to a serial port that names none.
func withBaud(spec string, baud int) (string, error) {
	if baud == 0 || !strings.HasPrefix(spec, "serial:") {
		return spec, nil
	}
	device, query, _ := strings.Cut(spec, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return spec, fmt.Errorf("port %s: %w", spec, err)
	}
	if values.Has("baud") {
		return spec, nil
	}
	values.Set("baud", strconv.Itoa(baud))
	return device + "?" + values.Encode(), nil
}

// noLine is a line that nobody can use, for drivers that only check their settings.
type noLine struct{}

var _ board.Conn = noLine{}

func (noLine) Read([]byte) (int, error)        { return 0, board.ErrLost }
func (noLine) Write([]byte) (int, error)       { return 0, board.ErrLost }
func (noLine) Close() error                    { return nil }
func (noLine) SetReadDeadline(time.Time) error { return nil }

// Info says what the boards of a bus can see and how long they may take, without opening anything.
func Info(s config.Bus) (board.Info, error) {
	s, f, err := resolveDry(s)
	if err != nil {
		return board.Info{}, err
	}
	driver, err := f.driver(s, noLine{}, func() time.Time { return time.Time{} })
	if err != nil {
		return board.Info{}, err
	}
	return driver.Info(), nil
}

// dryLines is how many GPIO lines there are where none are named and none are touched.
const dryLines = 8

// resolveDry leaves out what matters only where current flows: the port, the addresses, the
// acceptance of coils that may stay energised, and which lines they hang on.
func resolveDry(s config.Bus) (config.Bus, family, error) {
	s.Port, s.Boards = "", nil
	s, f, err := resolve(s)
	if s.Options.Accept == "" && takes("accept", f.Name) {
		s.Options.Accept = Acceptance
	}
	if len(s.Options.OutputLines) == 0 && len(s.Options.InputLines) == 0 && takes("output_lines", f.Name) {
		for line := range dryLines {
			s.Options.OutputLines = append(s.Options.OutputLines, line)
		}
	}
	return s, f, err
}

// takes reports whether a family takes an option.
func takes(key, family string) bool {
	for _, o := range config.BusOptionList() {
		if o.Key == key {
			return o.Takes(family)
		}
	}
	return false
}

// FirstAddress returns the address that a single board of a bus usually has: 1 where the family has
// it, else the lowest.
func FirstAddress(s config.Bus) board.Address {
	if f, err := find(s.Family); err == nil {
		return max(f.MinAddress, min(1, f.MaxAddress))
	}
	return 1
}

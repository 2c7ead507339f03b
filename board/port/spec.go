package port

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ErrSpec means that the text that names a line cannot be understood. Nothing was opened.
var ErrSpec = errors.New("invalid line")

// Kind is the sort of line.
type Kind uint8

// The sorts of line. The zero value is invalid.
const (
	KindSerial Kind = iota + 1
	KindTCP
)

// String returns the word that starts a spec of this kind.
func (k Kind) String() string {
	switch k {
	case KindSerial:
		return "serial"
	case KindTCP:
		return "tcp"
	}
	return "invalid"
}

// Spec is a parsed line. Serial fields are unset for TCP and the other way round.
type Spec struct {
	Kind     Kind
	Path     string // serial: device, e.g. /dev/ttyUSB0 or COM3
	BaudRate int    // serial: bits per second
	Parity   byte   // serial: 'N', 'E' or 'O'
	DataBits int    // serial: 7 or 8
	StopBits int    // serial: 1 or 2
	Address  string // tcp: host:port
}

// Defaults of a serial line: what most boards use.
const (
	DefaultBaudRate = 9600
	DefaultParity   = 'N'
	DefaultDataBits = 8
	DefaultStopBits = 1
)

// maxSpecBytes bounds the text; a device path is at most 255 bytes on the systems we run on.
const maxSpecBytes = 512

// ParseSpec reads "serial:PATH[?baud=&parity=&data=&stop=]" or "tcp:HOST:PORT". It is strict:
// unknown or repeated settings, values out of range and missing parts are errors that wrap ErrSpec
// and name the part.
func ParseSpec(text string) (Spec, error) {
	if len(text) > maxSpecBytes {
		return Spec{}, fmt.Errorf("%w: longer than %d bytes", ErrSpec, maxSpecBytes)
	}
	kind, rest, found := strings.Cut(text, ":")
	if !found {
		return Spec{}, fmt.Errorf("%w %q: want serial:PATH or tcp:HOST:PORT", ErrSpec, text)
	}
	switch kind {
	case "serial":
		return parseSerial(text, rest)
	case "tcp":
		return parseTCP(text, rest)
	}
	return Spec{}, fmt.Errorf("%w %q: starts with %q, want serial or tcp", ErrSpec, text, kind)
}

// String returns the spec in full, with every setting, such that ParseSpec gives it back.
func (s Spec) String() string {
	switch s.Kind {
	case KindSerial:
		return fmt.Sprintf("serial:%s?baud=%d&parity=%c&data=%d&stop=%d",
			s.Path, s.BaudRate, s.Parity, s.DataBits, s.StopBits)
	case KindTCP:
		return "tcp:" + s.Address
	}
	return "invalid"
}

func parseTCP(text, rest string) (Spec, error) {
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		return Spec{}, fmt.Errorf("%w %q: want tcp:HOST:PORT", ErrSpec, text)
	}
	if host == "" || strings.ContainsAny(host, " \t/?#") {
		return Spec{}, fmt.Errorf("%w %q: host %q is missing or malformed", ErrSpec, text, host)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return Spec{}, fmt.Errorf("%w %q: port %q is not a number from 1 to 65535", ErrSpec, text, port)
	}
	return Spec{Kind: KindTCP, Address: net.JoinHostPort(host, strconv.FormatUint(number, 10))}, nil
}

func parseSerial(text, rest string) (Spec, error) {
	path, query, _ := strings.Cut(rest, "?")
	spec := Spec{
		Kind: KindSerial, Path: path, BaudRate: DefaultBaudRate, Parity: DefaultParity,
		DataBits: DefaultDataBits, StopBits: DefaultStopBits,
	}
	if path == "" || strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7F }) {
		return Spec{}, fmt.Errorf("%w %q: the device path is missing or malformed", ErrSpec, text)
	}
	settings, err := url.ParseQuery(query)
	if err != nil {
		return Spec{}, fmt.Errorf("%w %q: settings: %w", ErrSpec, text, err)
	}
	for key, values := range settings {
		if len(values) != 1 {
			return Spec{}, fmt.Errorf("%w %q: %s is given %d times", ErrSpec, text, key, len(values))
		}
		if err := spec.set(key, values[0]); err != nil {
			return Spec{}, fmt.Errorf("%w %q: %w", ErrSpec, text, err)
		}
	}
	return spec, nil
}

func (s *Spec) set(key, value string) error {
	var err error
	switch key {
	case "baud":
		s.BaudRate, err = oneOf(key, value, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)
	case "data":
		s.DataBits, err = oneOf(key, value, 7, 8)
	case "stop":
		s.StopBits, err = oneOf(key, value, 1, 2)
	case "parity":
		if len(value) != 1 || !strings.Contains("NEO", value) {
			return fmt.Errorf("parity %q, want N, E or O", value)
		}
		s.Parity = value[0]
	default:
		return fmt.Errorf("unknown setting %q, want baud, parity, data or stop", key)
	}
	return err
}

func oneOf(key, value string, allowed ...int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || !slices.Contains(allowed, n) {
		return 0, fmt.Errorf("%s %q, want one of %v", key, value, allowed)
	}
	return n, nil
}

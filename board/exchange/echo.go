package exchange

import "fmt"

// Echo says whether the adapter returns what was sent.
type Echo uint8

// The echo settings. The zero value means EchoAuto where it is a setting.
const (
	EchoAuto Echo = iota + 1 // found out by each request that is no twin of its answer
	EchoOn
	EchoOff
)

// String returns the word used in the configuration.
func (e Echo) String() string {
	switch e {
	case EchoAuto:
		return "auto"
	case EchoOn:
		return "on"
	case EchoOff:
		return "off"
	}
	return "invalid"
}

// ParseEcho reads "auto", "on" or "off".
func ParseEcho(text string) (Echo, error) {
	for e := EchoAuto; e <= EchoOff; e++ {
		if e.String() == text {
			return e, nil
		}
	}
	return 0, fmt.Errorf("echo %q, want auto, on or off", text)
}

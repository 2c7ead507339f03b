package wkly

import (
	"bytes"
	"slices"

	"cubby/board"
	"cubby/board/exchange"
)

// letters start every frame.
const letters = "WKLY"

// Limits of the protocol.
const (
	MinAddress = 0
	MaxAddress = 31
	// MaxChannels bounds what a frame is believed to carry; boards of up to 24 channels are known.
	MaxChannels = 64

	headSize = len(letters) + 3 // and LEN ADDR CMD
	minFrame = headSize + 1     // no data
	maxFrame = minFrame + 2 + MaxChannels
)

// Values of ST and DD.
const (
	stDone     = 0x00
	failed     = 0xFF // of ST and DD alike
	doorOpen   = 0x00
	doorClosed = 0x01
)

// Command is the sort of a frame. Its value is the byte on the line; zero is invalid.
type Command uint8

// The commands.
const (
	CommandOpenSome  Command = 0x80 // pulse several locks at once
	CommandBlink     Command = 0x81 // let the light of a channel blink
	CommandOpen      Command = 0x82 // pulse one lock
	CommandQuery     Command = 0x83 // state of one door
	CommandQueryAll  Command = 0x84 // states of all doors
	CommandChange    Command = 0x85 // board: a door moved
	CommandOpenAll   Command = 0x86 // pulse all locks
	CommandOpenQueue Command = 0x87 // pulse several locks one after another
	CommandLight     Command = 0x88 // light of a channel on
	CommandDark      Command = 0x89 // and off
)

// String returns what the command asks for or says.
func (c Command) String() string {
	switch c {
	case CommandOpenSome:
		return "open several"
	case CommandBlink:
		return "blink"
	case CommandOpen:
		return "open"
	case CommandQuery:
		return "ask for one door"
	case CommandQueryAll:
		return "ask for all doors"
	case CommandChange:
		return "door changed"
	case CommandOpenAll:
		return "open all"
	case CommandOpenQueue:
		return "open one after another"
	case CommandLight:
		return "light on"
	case CommandDark:
		return "light off"
	}
	return "invalid"
}

// Role is the direction of a frame, which its length tells.
type Role uint8

// The roles. The zero value is invalid: no frame of its command has such data.
const (
	RoleRequest Role = iota + 1 // host to board
	RoleReply                   // board to host, asked
	RoleChange                  // board to host, unasked
)

// String returns the role in lower case.
func (r Role) String() string {
	switch r {
	case RoleRequest:
		return "request"
	case RoleReply:
		return "reply"
	case RoleChange:
		return "change"
	}
	return "invalid"
}

// Frame is one frame, of either direction.
type Frame struct {
	Command Command
	Addr    board.Address // 0 to 31
	Data    []byte        // between the command and the checksum, nil for none
}

// Encode returns the bytes of the frame. It does not check the ranges.
func (f Frame) Encode() []byte {
	frame := append([]byte(letters), byte(minFrame+len(f.Data)), byte(f.Addr), byte(f.Command))
	frame = append(frame, f.Data...)
	return append(frame, xor(frame))
}

// Role tells by the data what the frame is.
func (f Frame) Role() Role {
	d := f.Data
	switch f.Command {
	case CommandOpenSome, CommandOpenQueue:
		switch {
		case isStatus(d):
			return RoleReply
		case len(d) > 1 && int(d[0]) == len(d)-1 && !slices.ContainsFunc(d[1:], notChannel):
			return RoleRequest
		}
	case CommandOpenAll:
		switch {
		case isStatus(d):
			return RoleReply
		case len(d) == 0:
			return RoleRequest
		}
	case CommandBlink, CommandLight, CommandDark:
		switch {
		case len(d) == 1 && !notChannel(d[0]):
			return RoleRequest
		case hasFailed(d), len(d) == 2 && isStatus(d[:1]) && !notChannel(d[1]):
			return RoleReply
		}
	case CommandOpen, CommandQuery:
		switch {
		case len(d) == 1 && !notChannel(d[0]):
			return RoleRequest
		case hasFailed(d), len(d) == 3 && isStatus(d[:1]) && !notChannel(d[1]) && !notDoor(d[2]):
			return RoleReply
		}
	case CommandQueryAll:
		switch {
		case len(d) == 0:
			return RoleRequest
		case hasFailed(d), len(d) > 2 && isStatus(d[:1]) && int(d[1]) == len(d)-2 && !slices.ContainsFunc(d[2:], notDoor):
			return RoleReply
		}
	case CommandChange:
		if len(d) == 2 && !notChannel(d[0]) && !notDoor(d[1]) {
			return RoleChange
		}
	}
	return 0
}

func isStatus(d []byte) bool  { return len(d) == 1 && (d[0] == stDone || d[0] == failed) }
func hasFailed(d []byte) bool { return len(d) == 1 && d[0] == failed }
func notChannel(b byte) bool  { return b < 1 || b > MaxChannels }
func notDoor(b byte) bool     { return b != doorOpen && b != doorClosed && b != failed }

// Failed reports whether the frame is a reply by which the board says no.
func (f Frame) Failed() bool { return f.Role() == RoleReply && f.Data[0] == failed }

// Names reports whether the frame is about this one channel.
func (f Frame) Names(ch board.Channel) bool {
	role := f.Role()
	switch f.Command {
	case CommandBlink, CommandOpen, CommandQuery, CommandLight, CommandDark:
		if role == RoleReply {
			return len(f.Data) > 1 && f.Data[1] == byte(ch)
		}
		return role == RoleRequest && f.Data[0] == byte(ch)
	case CommandChange:
		return role == RoleChange && f.Data[0] == byte(ch)
	case CommandOpenSome, CommandOpenAll, CommandOpenQueue, CommandQueryAll:
	}
	return false
}

// Door returns the DD of a channel. ok is false when the frame says nothing of it.
func (f Frame) Door(ch board.Channel) (door byte, ok bool) {
	role := f.Role()
	switch {
	case role == RoleChange && f.Names(ch):
		return f.Data[1], true
	case role != RoleReply || len(f.Data) < 3:
	case f.Command == CommandQueryAll && ch >= 1 && int(ch) <= len(f.Data)-2:
		return f.Data[1+int(ch)], true
	case f.Names(ch):
		return f.Data[2], true
	}
	return failed, false
}

// EncodeOpen returns the request to pulse one lock.
func EncodeOpen(addr board.Address, ch board.Channel) []byte {
	return Frame{Command: CommandOpen, Addr: addr, Data: []byte{byte(ch)}}.Encode()
}

// EncodeQuery returns the request for the state of one door.
func EncodeQuery(addr board.Address, ch board.Channel) []byte {
	return Frame{Command: CommandQuery, Addr: addr, Data: []byte{byte(ch)}}.Encode()
}

// EncodeQueryAll returns the request for the states of all doors of a board.
func EncodeQueryAll(addr board.Address) []byte {
	return Frame{Command: CommandQueryAll, Addr: addr}.Encode()
}

func xor(p []byte) byte {
	var sum byte
	for _, b := range p {
		sum ^= b
	}
	return sum
}

// Split tells frames in the bytes of a line, of both directions; it is an exchange.Splitter.
func Split(p []byte, quiet bool) (Frame, int, exchange.Verdict) {
	f, n, v := parse(p, quiet)
	if v == exchange.BadChecksum {
		n = 0 // a good frame may begin inside
	}
	return f, n, v
}

// parse is Split with the length of a frame whose checksum is wrong.
func parse(p []byte, _ bool) (Frame, int, exchange.Verdict) {
	if head := min(len(p), len(letters)); !bytes.Equal(p[:head], []byte(letters[:head])) {
		return Frame{}, 0, exchange.Garbage
	}
	p = p[:min(len(p), maxFrame)]
	at := len(letters)
	if len(p) > at && (int(p[at]) < minFrame || int(p[at]) > maxFrame) ||
		len(p) > at+1 && p[at+1] > MaxAddress ||
		len(p) > at+2 && Command(p[at+2]).String() == "invalid" {
		return Frame{}, 0, exchange.Garbage
	}
	if len(p) < minFrame || len(p) < int(p[at]) {
		return Frame{}, 0, exchange.Incomplete
	}
	n := int(p[at])
	f := Frame{Command: Command(p[at+2]), Addr: board.Address(p[at+1]), Data: slices.Clone(p[headSize : n-1])}
	switch {
	case xor(p[:n-1]) != p[n-1]:
		return Frame{}, n, exchange.BadChecksum
	case f.Role() == 0:
		return Frame{}, 0, exchange.Garbage
	}
	return f, n, exchange.Valid
}

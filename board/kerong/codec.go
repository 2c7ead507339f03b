package kerong

import (
	"slices"
	"time"

	"cubby/board"
	"cubby/board/exchange"
)

// Bytes around every frame.
const (
	stx = 0x02
	etx = 0x03
)

// Limits of the protocol.
const (
	MinAddress = 0
	MaxAddress = 15
	// MaxChannels is a CU16; a CU12 has 12.
	MaxChannels = 16
	// TimeUnit is one step of the unlock time.
	TimeUnit = 10 * time.Millisecond
	// MaxTime is the longest unlock time that two bytes hold.
	MaxTime = 0xFFFF * TimeUnit

	headSize   = 3 // 02 ADDR CMD
	tailSize   = 2 // 03 SUM
	plainFrame = headSize + tailSize
	timeFrame  = plainFrame + 2
	stateFrame = plainFrame + 4
	allBoards  = 0xF0
)

// Command is the sort of a frame. Its value is the byte on the line; zero is invalid.
type Command uint8

// The commands.
const (
	CommandStatus    Command = 0x30 // host: states of one board
	CommandUnlock    Command = 0x31 // host: pulse one lock
	CommandStatusAll Command = 0x32 // host: states of every board on the bus
	CommandUnlockAll Command = 0x33 // host: pulse all locks of a board
	CommandStates    Command = 0x35 // board: its states
	CommandStatesAll Command = 0x36 // board: its states, in answer to CommandStatusAll
	CommandSetTime   Command = 0x37 // host: set the unlock time
	CommandTime      Command = 0x38 // host: ask for the unlock time; board: the unlock time
	CommandDelayed   Command = 0x39 // host: unlock after a delay
)

// String returns what the command asks for or says.
func (c Command) String() string {
	switch c {
	case CommandStatus:
		return "ask for states"
	case CommandUnlock:
		return "unlock"
	case CommandStatusAll:
		return "ask all boards for states"
	case CommandUnlockAll:
		return "unlock all"
	case CommandStates:
		return "states"
	case CommandStatesAll:
		return "states, asked of all"
	case CommandSetTime:
		return "set unlock time"
	case CommandTime:
		return "unlock time"
	case CommandDelayed:
		return "unlock with delay"
	}
	return "invalid"
}

// sizes returns the lengths that a whole frame of this command can have, longest first.
func (c Command) sizes() []int {
	switch c {
	case CommandStatus, CommandUnlock, CommandStatusAll, CommandUnlockAll:
		return []int{plainFrame}
	case CommandStates, CommandStatesAll:
		return []int{stateFrame}
	case CommandSetTime, CommandTime:
		return []int{timeFrame, plainFrame}
	case CommandDelayed:
		return []int{plainFrame + 1}
	}
	return nil
}

// Frame is one frame, of either direction.
type Frame struct {
	Command Command
	Addr    board.Address // 0 to 15; 15 also stands for all boards
	// Channel is the lock in the low four bits of ADDR. A frame that names no lock has 1 there.
	Channel board.Channel
	// Data is what lies between the command and 03, nil for none.
	Data []byte
}

// Encode returns the bytes of the frame. It does not check the ranges.
func (f Frame) Encode() []byte {
	frame := append([]byte{stx, addrByte(f.Addr, f.Channel), byte(f.Command)}, f.Data...)
	frame = append(frame, etx)
	return append(frame, sum(frame))
}

// Hook returns the hook bit of a channel. ok is false when the frame has none.
func (f Frame) Hook(ch board.Channel) (bit, ok bool) { return f.bit(0, ch) }

// Infrared returns the presence bit of a channel. ok is false when the frame has none.
func (f Frame) Infrared(ch board.Channel) (bit, ok bool) { return f.bit(2, ch) }

func (f Frame) bit(from int, ch board.Channel) (bit, ok bool) {
	states := f.Command == CommandStates || f.Command == CommandStatesAll
	if !states || len(f.Data) != stateFrame-plainFrame || ch < 1 || ch > MaxChannels {
		return false, false
	}
	index := int(ch) - 1
	return f.Data[from+index/8]>>(index%8)&1 == 1, true
}

// Time returns the unlock time that a frame carries. ok is false when it has none.
func (f Frame) Time() (d time.Duration, ok bool) {
	if f.Command != CommandSetTime && f.Command != CommandTime || len(f.Data) != timeFrame-plainFrame {
		return 0, false
	}
	return time.Duration(int(f.Data[0])<<8|int(f.Data[1])) * TimeUnit, true
}

// EncodeUnlock returns the request to pulse one lock.
func EncodeUnlock(addr board.Address, ch board.Channel) []byte {
	return Frame{Command: CommandUnlock, Addr: addr, Channel: ch}.Encode()
}

// EncodeStatus returns the request for the states of a board.
func EncodeStatus(addr board.Address) []byte {
	return Frame{Command: CommandStatus, Addr: addr, Channel: 1}.Encode()
}

// EncodeStatusAll returns the request for the states of every board on the bus.
func EncodeStatusAll() []byte {
	return Frame{Command: CommandStatusAll, Addr: allBoards >> 4, Channel: 1}.Encode()
}

// EncodeTime returns the request for the unlock time of a board. It moves nothing.
func EncodeTime(addr board.Address) []byte {
	return Frame{Command: CommandTime, Addr: addr, Channel: 1}.Encode()
}

// EncodeSetTime returns the request to set the unlock time of a board, 10 ms to MaxTime in steps of
// TimeUnit; times between are rounded down.
func EncodeSetTime(addr board.Address, d time.Duration) []byte {
	units := uint16(min(max(d, TimeUnit), MaxTime) / TimeUnit)
	return Frame{
		Command: CommandSetTime, Addr: addr, Channel: 1, Data: []byte{byte(units >> 8), byte(units)},
	}.Encode()
}

func addrByte(addr board.Address, ch board.Channel) byte {
	return byte(addr)<<4 | byte(ch-1)&0x0F
}

func sum(p []byte) byte {
	var s byte
	for _, b := range p {
		s += b
	}
	return s
}

// Split tells frames in the bytes of a line, of both directions; it is an exchange.Splitter.
//
// One ambiguity is in the protocol: an unlock time of 7.68 s to 10.23 s has the bytes of a question
// for it in front when its low byte happens to be the checksum. A whole frame with the time wins.
func Split(p []byte, quiet bool) (Frame, int, exchange.Verdict) {
	f, n, v := parse(p, quiet)
	if v == exchange.BadChecksum {
		n = 0 // a good frame may begin inside
	}
	return f, n, v
}

// parse is Split with the length of a frame whose checksum is wrong.
func parse(p []byte, _ bool) (Frame, int, exchange.Verdict) {
	if p[0] != stx {
		return Frame{}, 0, exchange.Garbage
	}
	if len(p) < headSize {
		return Frame{}, 0, exchange.Incomplete
	}
	length, verdict := 0, exchange.Garbage
	for _, n := range Command(p[2]).sizes() {
		switch {
		case len(p) >= n-1 && p[n-2] != etx:
		case len(p) < n:
			if verdict == exchange.Garbage {
				verdict = exchange.Incomplete
			}
		case sum(p[:n-1]) == p[n-1]:
			return Frame{
				Command: Command(p[2]), Addr: board.Address(p[1] >> 4), Channel: board.Channel(p[1]&0x0F) + 1,
				Data: slices.Clone(p[headSize : n-tailSize]),
			}, n, exchange.Valid
		case verdict == exchange.Garbage:
			length, verdict = n, exchange.BadChecksum
		}
	}
	return Frame{}, length, verdict
}

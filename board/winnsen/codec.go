package winnsen

import (
	"cubby/board"
	"cubby/board/exchange"
)

// Bytes of the protocol.
const (
	header      = 0x90
	end         = 0x03
	requestSize = 0x06
	replySize   = 0x07
	replyBit    = 0x80
)

// Limits of the protocol.
const (
	MinAddress  = 0
	MaxAddress  = 3 // with Options.FirstStation 1 the stations are 1 to 4
	MaxChannels = 16

	maxStation = MaxAddress + 1
)

// Function is what a frame is about. Its value is the byte of the request; zero is invalid.
type Function uint8

// The functions.
const (
	FunctionUnlock Function = 0x05
	FunctionStatus Function = 0x12
)

// String returns the function in lower case.
func (f Function) String() string {
	switch f {
	case FunctionUnlock:
		return "unlock"
	case FunctionStatus:
		return "status"
	}
	return "invalid"
}

// Result is what a board answers: to an unlock whether it was done, to a status how the feedback is.
type Result uint8

// The results, as they are on the line.
const (
	ResultNo    Result = 0x00 // failed, or the feedback is 0
	ResultYes   Result = 0x01 // done, or the feedback is 1
	ResultEarly Result = 0x02 // to an unlock: the lock has to cool down
)

// String returns the result in lower case.
func (r Result) String() string {
	switch r {
	case ResultNo:
		return "no"
	case ResultYes:
		return "yes"
	case ResultEarly:
		return "too early"
	}
	return "invalid"
}

// Frame is one frame, of either direction.
type Frame struct {
	Function Function
	Addr     board.Address // the station
	Channel  board.Channel // the lock
	Reply    bool          // board to host
	Result   Result        // of a reply
}

// Encode returns the bytes of the frame, with the reply to status in this order.
func (f Frame) Encode(order Order) []byte {
	if !f.Reply {
		return []byte{header, requestSize, byte(f.Function), byte(f.Addr), byte(f.Channel), end}
	}
	lock, result := byte(f.Channel), byte(f.Result)
	if f.swapped(order) {
		lock, result = result, lock
	}
	return []byte{header, replySize, byte(f.Function) | replyBit, byte(f.Addr), lock, result, end}
}

func (f Frame) swapped(order Order) bool {
	return f.Function == FunctionStatus && order == OrderStateFirst
}

// valid reports whether every field is in its range.
func (f Frame) valid() bool {
	early := f.Result == ResultEarly && f.Function == FunctionUnlock
	return f.Addr <= maxStation && f.Channel >= 1 && f.Channel <= MaxChannels && (f.Result <= ResultYes || early)
}

// EncodeUnlock returns the request to pulse one lock.
func EncodeUnlock(addr board.Address, ch board.Channel) []byte {
	return Frame{Function: FunctionUnlock, Addr: addr, Channel: ch}.Encode(OrderLockFirst)
}

// EncodeStatus returns the request for the state of one lock.
func EncodeStatus(addr board.Address, ch board.Channel) []byte {
	return Frame{Function: FunctionStatus, Addr: addr, Channel: ch}.Encode(OrderLockFirst)
}

// Split returns the splitter for boards with this order of the reply to status. It tells frames of
// both directions.
func Split(order Order) exchange.Splitter[Frame] {
	return func(p []byte, _ bool) (Frame, int, exchange.Verdict) {
		if p[0] != header {
			return Frame{}, 0, exchange.Garbage
		}
		size := replySize
		switch {
		case len(p) < 2:
			return Frame{}, 0, exchange.Incomplete
		case p[1] == requestSize:
			size = requestSize
		case p[1] != replySize:
			return Frame{}, 0, exchange.Garbage
		}
		// What is not there yet is filled in with what fits, so that a wrong byte is noticed at once.
		whole := [replySize]byte{header, p[1], byte(FunctionStatus), 0, 1, 1, end}
		if size == replySize {
			whole[2] |= replyBit
		}
		whole[size-1] = end
		copy(whole[:size], p)
		f, ok := read(whole[:size], order)
		switch {
		case !ok:
			return Frame{}, 0, exchange.Garbage
		case len(p) < size:
			return Frame{}, 0, exchange.Incomplete
		}
		return f, size, exchange.Valid
	}
}

// read takes a frame of the right length apart.
func read(p []byte, order Order) (Frame, bool) {
	f := Frame{
		Function: Function(p[2] &^ replyBit), Addr: board.Address(p[3]), Channel: board.Channel(p[4]),
		Reply: len(p) == replySize,
	}
	if f.Reply {
		f.Result = Result(p[5])
		if f.swapped(order) {
			f.Channel, f.Result = board.Channel(p[5]), Result(p[4])
		}
	}
	known := f.Function == FunctionUnlock || f.Function == FunctionStatus
	return f, known && p[2]&replyBit != 0 == f.Reply && p[len(p)-1] == end && f.valid()
}

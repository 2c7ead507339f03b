package modbus

import (
	"encoding/binary"
	"fmt"

	"cubby/board"
	"cubby/board/exchange"
)

// Limits of the protocol.
const (
	MinAddress = 1
	// MaxAddress is the highest unit id. Source: Modbus over Serial Line V1.02 §2.2.
	MaxAddress = 247
	// MaxChannels is the largest board seen, with 32 relays.
	MaxChannels = 32
)

// Functions. Source: Modbus Application Protocol V1.1b3 §6.
const (
	functionCoils     = 0x01 // read relays
	functionInputs    = 0x02 // read discrete inputs
	functionRegisters = 0x03 // read registers
	functionInputRegs = 0x04
	functionWrite     = 0x05 // write one relay; the boards' flash as well
	functionSet       = 0x06 // write one register
	functionWriteMany = 0x0F
	functionSetMany   = 0x10
	exceptionBit      = 0x80
)

// Addresses and values of the boards. Source: testdata/frames.hex.
const (
	flashOn      = 0x0200 // plus the channel less one
	flashOff     = 0x0400
	allRelays    = 0x00FF
	unitRegister = 0x4000
	valueOn      = 0xFF00
	valueOff     = 0x0000
)

// Lengths in bytes.
const (
	crcBytes    = 2
	headBytes   = 2 // unit and function
	mbapBytes   = 6 // transaction, protocol and length, before the unit
	writeBytes  = 4 // address and value
	minLength   = 3 // of what a Modbus TCP header counts: unit, function, one byte
	maxLength   = 254
	maxBitBytes = 250 // 2000 bits, the most that one reply carries
)

// crc is CRC-16/MODBUS, bit by bit: a frame has a dozen bytes and a table would be a global.
func crc(p []byte) uint16 {
	sum := uint16(0xFFFF)
	for _, b := range p {
		sum ^= uint16(b)
		for range 8 {
			carry := sum & 1
			sum >>= 1
			if carry == 1 {
				sum ^= 0xA001
			}
		}
	}
	return sum
}

// Framing is how frames are wrapped on the line.
type Framing uint8

// The framings. The zero value means FramingRTU.
const (
	FramingRTU Framing = iota + 1 // with a CRC: serial lines, and serial servers that pass bytes through
	FramingTCP                    // Modbus TCP: with a transaction number
)

// String returns the word used in the configuration.
func (f Framing) String() string {
	switch f {
	case FramingRTU:
		return "rtu"
	case FramingTCP:
		return "tcp"
	}
	return "invalid"
}

// ParseFraming reads "rtu" or "tcp".
func ParseFraming(text string) (Framing, error) {
	for f := FramingRTU; f <= FramingTCP; f++ {
		if f.String() == text {
			return f, nil
		}
	}
	return 0, fmt.Errorf("framing %q, want rtu or tcp", text)
}

// Frame is one frame from the line, without what wraps it.
type Frame struct {
	Transaction uint16        // FramingTCP only: a reply carries its request's
	Unit        board.Address // 0 in requests to whoever is on the line
	Function    byte          // with bit 7 set: an exception
	Body        []byte        // what follows the function
}

// Encode returns the frame's bytes on the line.
func (f Frame) Encode(framing Framing) []byte {
	if framing == FramingTCP {
		out := make([]byte, 0, mbapBytes+headBytes+len(f.Body))
		out = binary.BigEndian.AppendUint16(out, f.Transaction)
		out = binary.BigEndian.AppendUint16(out, 0)
		out = binary.BigEndian.AppendUint16(out, uint16(headBytes+len(f.Body)))
		return append(append(out, byte(f.Unit), f.Function), f.Body...)
	}
	out := make([]byte, 0, headBytes+len(f.Body)+crcBytes)
	out = append(append(out, byte(f.Unit), f.Function), f.Body...)
	return binary.LittleEndian.AppendUint16(out, crc(out))
}

// Exception returns the code by which a board refuses a request.
func (f Frame) Exception() (code byte, refused bool) {
	if f.Function&exceptionBit == 0 || len(f.Body) == 0 {
		return 0, false
	}
	return f.Body[0], true
}

// ofGateway reports whether the frame is an exception of a gateway between the networks, which speaks in
// the name of a board that it cannot reach. Source: Modbus Application Protocol V1.1b3 §7, codes 0A, 0B.
func (f Frame) ofGateway() bool {
	code, refused := f.Exception()
	return refused && (code == 0x0A || code == 0x0B)
}

// Bit returns one bit of a reply to reading relays or inputs, counted from 0. present is false when
// the reply has no such bit.
func (f Frame) Bit(index int) (on, present bool) {
	if f.Function != functionCoils && f.Function != functionInputs || index < 0 || 1+index/8 >= len(f.Body) {
		return false, false
	}
	return f.Body[1+index/8]>>(index%8)&1 == 1, true
}

// word returns the two bytes at a place of the body, high byte first; 0 when they are not there.
func (f Frame) word(at int) uint16 {
	if len(f.Body) < at+2 {
		return 0
	}
	return binary.BigEndian.Uint16(f.Body[at:])
}

// words builds a frame of two words: nearly every request, and the replies to writes.
func words(unit board.Address, function byte, first, second uint16) Frame {
	body := binary.BigEndian.AppendUint16(nil, first)
	return Frame{Unit: unit, Function: function, Body: binary.BigEndian.AppendUint16(body, second)}
}

// FlashFrame is the request for one pulse of a channel, in units of 100 ms.
func FlashFrame(unit board.Address, ch board.Channel, tenths int) Frame {
	return words(unit, functionWrite, flashOn+uint16(ch)-1, uint16(tenths))
}

// RelayFrame is the request to switch a channel's relay.
func RelayFrame(unit board.Address, ch board.Channel, on bool) Frame {
	value := uint16(valueOff)
	if on {
		value = valueOn
	}
	return words(unit, functionWrite, uint16(ch)-1, value)
}

// AllOffFrame is the request to switch all relays of a board off.
func AllOffFrame(unit board.Address) Frame { return words(unit, functionWrite, allRelays, valueOff) }

// RelaysFrame is the request for the state of the first relays.
func RelaysFrame(unit board.Address, count int) Frame {
	return words(unit, functionCoils, 0, uint16(count))
}

// InputsFrame is the request for the state of inputs, from offset on.
func InputsFrame(unit board.Address, offset, count int) Frame {
	return words(unit, functionInputs, uint16(offset), uint16(count))
}

// UnitFrame is the request for the unit id of the only board on a line.
func UnitFrame() Frame { return words(0, functionRegisters, unitRegister, 1) }

// Side is who sent a frame: the same function has other data in a request than in a reply.
type Side uint8

// The sides of a line. The zero value is invalid.
const (
	SideHost Side = iota + 1
	SideBoard
)

// String returns the side in lower case.
func (s Side) String() string {
	switch s {
	case SideHost:
		return "host"
	case SideBoard:
		return "board"
	}
	return "invalid"
}

// Split returns what finds the frames of one side on a line.
func Split(framing Framing, side Side) exchange.Splitter[Frame] {
	return func(p []byte, _ bool) (Frame, int, exchange.Verdict) {
		f, n, v := parse(p, framing, side)
		if v == exchange.BadChecksum {
			n = 1 // a good frame may begin inside
		}
		return f, n, v
	}
}

// parse looks for a frame at the start of p and returns its length, also of one with a bad checksum.
// The frame keeps no part of p.
func parse(p []byte, framing Framing, side Side) (Frame, int, exchange.Verdict) {
	if framing == FramingTCP {
		return parseTCP(p, side)
	}
	return parseRTU(p, side)
}

// parseRTU relies on the function for the length: gaps in time do not survive adapters and TCP.
func parseRTU(p []byte, side Side) (Frame, int, exchange.Verdict) {
	if len(p) > 0 && p[0] > MaxAddress {
		return Frame{}, 0, exchange.Garbage
	}
	if len(p) < headBytes {
		return Frame{}, 0, exchange.Incomplete
	}
	body, v := bodyLength(p[1], p[headBytes:], side)
	if v != exchange.Valid {
		return Frame{}, 0, v
	}
	n := headBytes + body + crcBytes
	if len(p) < n {
		return Frame{}, 0, exchange.Incomplete
	}
	if crc(p[:n-crcBytes]) != binary.LittleEndian.Uint16(p[n-crcBytes:]) {
		return Frame{}, n, exchange.BadChecksum
	}
	return newFrame(0, p[:n-crcBytes]), n, exchange.Valid
}

// parseTCP checks the length in the header against the function as well: there is no checksum.
func parseTCP(p []byte, side Side) (Frame, int, exchange.Verdict) {
	if len(p) > 2 && p[2] != 0 || len(p) > 3 && p[3] != 0 || len(p) > 4 && p[4] != 0 ||
		len(p) > 5 && (p[5] < minLength || p[5] > maxLength) {
		return Frame{}, 0, exchange.Garbage
	}
	if len(p) < mbapBytes+headBytes {
		return Frame{}, 0, exchange.Incomplete
	}
	n := mbapBytes + int(p[mbapBytes-1])
	rest := p[mbapBytes:min(len(p), n)]
	body, v := bodyLength(rest[1], rest[headBytes:], side)
	if v == exchange.Garbage || v == exchange.Valid && headBytes+body != n-mbapBytes {
		return Frame{}, 0, exchange.Garbage
	}
	if len(p) < n {
		return Frame{}, 0, exchange.Incomplete
	}
	if v == exchange.Incomplete {
		return Frame{}, 0, exchange.Garbage
	}
	return newFrame(binary.BigEndian.Uint16(p), rest), n, exchange.Valid
}

// newFrame copies: p is the line's buffer.
func newFrame(transaction uint16, p []byte) Frame {
	return Frame{
		Transaction: transaction, Unit: board.Address(p[0]), Function: p[1],
		Body: append([]byte(nil), p[headBytes:]...),
	}
}

// bodyLength tells how long the data of a function is. It looks at the bytes that are there.
func bodyLength(function byte, body []byte, side Side) (int, exchange.Verdict) {
	switch function {
	case functionCoils, functionInputs, functionRegisters, functionInputRegs:
		if side == SideHost {
			return writeBytes, exchange.Valid
		}
		if len(body) == 0 {
			return 0, exchange.Incomplete
		}
		if body[0] == 0 || body[0] > maxBitBytes {
			return 0, exchange.Garbage
		}
		return 1 + int(body[0]), exchange.Valid
	case functionWrite, functionSet:
		return writeBytes, exchange.Valid
	case functionWriteMany, functionSetMany:
		if side == SideBoard {
			return writeBytes, exchange.Valid
		}
		if len(body) <= writeBytes {
			return 0, exchange.Incomplete
		}
		if body[writeBytes] == 0 || body[writeBytes] > maxBitBytes {
			return 0, exchange.Garbage
		}
		return writeBytes + 1 + int(body[writeBytes]), exchange.Valid
	}
	if side == SideBoard && exceptionFunction(function) {
		return 1, exchange.Valid
	}
	return 0, exchange.Garbage
}

func exceptionFunction(function byte) bool {
	switch function &^ exceptionBit {
	case functionCoils, functionInputs, functionRegisters, functionInputRegs,
		functionWrite, functionSet, functionWriteMany, functionSetMany:
		return function&exceptionBit != 0
	}
	return false
}

package modbus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"cubby/board"
	"cubby/board/exchange"
	"cubby/board/virtual"
)

// Exceptions that the virtual boards use. Source: Modbus Application Protocol V1.1b3 §7.
const (
	illegalFunction = 1
	illegalAddress  = 2
	illegalValue    = 3
)

// SlaveOptions configure the boards' end of a line. Zero means the default where one is named.
type SlaveOptions struct {
	World       *virtual.World // required; addresses 1 to 247, at most 32 channels
	Framing     Framing        // default FramingRTU
	Polarity    Polarity       // required
	InputOffset int            // number of the input of channel 1, from 0
	Line        *virtual.Line  // default: a perfect line
	// ReplyDelay is the board's time to think about anything; default 0.
	ReplyDelay time.Duration
	// NoFlash makes a board that keeps to the standard: it refuses the flash.
	NoFlash bool
	// NoUnlockReply makes a board that does not answer when a relay moves.
	NoUnlockReply bool
}

// Slave is the boards of one line as a family of virtual boards. It is safe for concurrent use.
type Slave struct {
	opts SlaveOptions
}

var _ virtual.Boards = (*Slave)(nil)

// NewSlave checks the options.
func NewSlave(opts SlaveOptions) (*Slave, error) {
	if opts.Framing == 0 {
		opts.Framing = FramingRTU
	}
	switch {
	case opts.World == nil:
		return nil, errors.New("modbus slave: World is required")
	case opts.Framing > FramingTCP:
		return nil, fmt.Errorf("modbus slave: framing %d is invalid", opts.Framing)
	case opts.Polarity != PolarityClosing && opts.Polarity != PolarityOpening:
		return nil, errors.New("modbus slave: the polarity of the door contacts is not set, want closing or opening")
	case opts.InputOffset < 0 || opts.InputOffset > 0xFFFF-MaxChannels || opts.ReplyDelay < 0:
		return nil, errors.New("modbus slave: the input offset or the delay is out of range")
	}
	for _, addr := range opts.World.Addresses() {
		channels := opts.World.Channels(addr)
		if addr < MinAddress || addr > MaxAddress || channels > MaxChannels {
			return nil, fmt.Errorf("modbus slave: board %d with %d channels, want 1 to %d with at most %d",
				addr, channels, MaxAddress, MaxChannels)
		}
	}
	if opts.Line == nil {
		line, err := virtual.NewLine(virtual.LineOptions{})
		if err != nil {
			return nil, err
		}
		opts.Line = line
	}
	return &Slave{opts: opts}, nil
}

// Serve answers on rw until ctx ends or the peer hangs up; it is a virtual.Handler.
func (s *Slave) Serve(ctx context.Context, rw io.ReadWriter) error {
	return virtual.Serve(ctx, rw, virtual.ServeOptions{
		World: s.opts.World, Line: s.opts.Line, Slave: s.Session(),
	})
}

// Session returns the boards' end of one connection without a line, for a simulator that moves the
// bytes itself. Its Feed is for one goroutine.
func (s *Slave) Session() virtual.Slave {
	return &session{SlaveOptions: s.opts, scan: exchange.NewScanner(Split(s.opts.Framing, SideHost))}
}

// Serve is NewSlave and Slave.Serve with the defaults and contacts that close with the door.
func Serve(ctx context.Context, rw io.ReadWriter, world *virtual.World) error {
	slave, err := NewSlave(SlaveOptions{World: world, Polarity: PolarityClosing})
	if err != nil {
		return err
	}
	return slave.Serve(ctx, rw)
}

// session is one connection.
type session struct {
	SlaveOptions
	scan *exchange.Scanner[Frame]
}

var _ virtual.Slave = (*session)(nil)

// Announce returns nil: Modbus boards speak only when asked.
func (*session) Announce(virtual.Event) []byte { return nil }

// Feed splits the bytes into requests and answers them.
func (s *session) Feed(p []byte) []virtual.Reply {
	_, _ = s.scan.Write(p) // it never fails
	var replies []virtual.Reply
	for found, ok := s.scan.Next(false); ok; found, ok = s.scan.Next(false) {
		replies = append(replies, s.wrap(found.Raw, found.Frame))
	}
	return replies
}

// wrap puts the answer on the line, with what faults may make of it.
func (s *session) wrap(raw []byte, request Frame) virtual.Reply {
	answer, ok := s.answer(request)
	if !ok {
		return virtual.Reply{Request: raw}
	}
	answer.Transaction = request.Transaction
	foreign, extra := answer, Frame{
		Transaction: request.Transaction + 0x8000, Unit: request.Unit, Function: functionCoils, Body: []byte{1, 0},
	}
	foreign.Unit = request.Unit%MaxAddress + 1
	if request.Function == functionCoils {
		extra.Function = functionInputs
	}
	return virtual.Reply{
		Request: raw, Frame: answer.Encode(s.Framing), Foreign: foreign.Encode(s.Framing),
		Extra: extra.Encode(s.Framing), After: s.ReplyDelay,
	}
}

// answer obeys a request. ok is false when nothing comes back.
func (s *session) answer(f Frame) (answer Frame, ok bool) {
	if !s.World.Answers(f.Unit) {
		return Frame{}, false
	}
	first, count := int(f.word(0)), int(f.word(2))
	switch f.Function {
	case functionCoils:
		return s.bits(f, first, count, func(i int) bool {
			return s.World.Coil(f.Unit, board.Channel(i+1))
		}), true
	case functionInputs:
		return s.bits(f, first-s.InputOffset, count, func(i int) bool {
			return s.Polarity.on(s.World.Sensed(f.Unit, board.Channel(i+1)))
		}), true
	case functionRegisters:
		if first != unitRegister || count != 1 {
			return refuse(f, illegalAddress), true
		}
		return Frame{Unit: f.Unit, Function: f.Function, Body: []byte{2, 0, byte(f.Unit)}}, true
	case functionWrite:
		return s.write(f)
	case functionWriteMany:
		return s.writeMany(f, first, count)
	}
	return refuse(f, illegalFunction), true
}

func refuse(f Frame, code byte) Frame {
	return Frame{Unit: f.Unit, Function: f.Function | exceptionBit, Body: []byte{code}}
}

// bits answers a question about bits of this board's channels.
func (s *session) bits(f Frame, first, count int, bit func(i int) bool) Frame {
	if first < 0 || count < 1 || first+count > s.World.Channels(f.Unit) {
		return refuse(f, illegalAddress)
	}
	body := make([]byte, 1+(count+7)/8)
	body[0] = byte(len(body) - 1)
	for i := range count {
		if bit(first + i) {
			body[1+i/8] |= 1 << (i % 8)
		}
	}
	return Frame{Unit: f.Unit, Function: f.Function, Body: body}
}

// write obeys function 05: one relay, all off, or a flash.
func (s *session) write(f Frame) (Frame, bool) {
	address, value := int(f.word(0)), f.word(2)
	channels := s.World.Channels(f.Unit)
	answers := true
	switch {
	case address == allRelays && value == valueOff:
		for i := range channels {
			s.World.SetCoil(f.Unit, board.Channel(i+1), false)
		}
	case address < channels && (value == valueOn || value == valueOff):
		answers = s.World.SetCoil(f.Unit, board.Channel(address+1), value == valueOn)
	case address >= flashOn && address < flashOn+channels && !s.NoFlash && value > 0 && value < valueOn:
		answers = s.World.Pulse(f.Unit, board.Channel(address-flashOn+1))
	case address >= flashOff && address < flashOff+channels && !s.NoFlash:
		// A relay that is off stays off for a while: nothing moves.
	case value != valueOn && value != valueOff:
		return refuse(f, illegalValue), true
	default:
		return refuse(f, illegalAddress), true
	}
	return f, answers && !s.NoUnlockReply
}

func (s *session) writeMany(f Frame, first, count int) (Frame, bool) {
	values := f.Body[writeBytes+1:]
	if count < 1 || len(values) != (count+7)/8 {
		return refuse(f, illegalValue), true
	}
	if first+count > s.World.Channels(f.Unit) {
		return refuse(f, illegalAddress), true
	}
	for i := range count {
		s.World.SetCoil(f.Unit, board.Channel(first+i+1), values[i/8]>>(i%8)&1 == 1)
	}
	body := binary.BigEndian.AppendUint16(slices.Clone(f.Body[:2]), uint16(count))
	return Frame{Unit: f.Unit, Function: f.Function, Body: body}, !s.NoUnlockReply
}

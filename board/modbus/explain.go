package modbus

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cubby/board"
	"cubby/board/exchange"
)

// Codec says what frames mean to people and tools.
type Codec struct{ opts Options }

var _ board.Codec = (*Codec)(nil)

// NewCodec checks the options as New does, but for Conn, Now and Accept: nothing is sent.
func NewCodec(opts Options) (*Codec, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Codec{opts: opts}, nil
}

// OpenFrame returns the flash request, or in ModeCoil the request to switch on. On Modbus TCP its
// transaction is 1.
func (c *Codec) OpenFrame(addr board.Address, ch board.Channel) ([]byte, error) {
	if err := c.opts.inRange(addr, ch); err != nil {
		return nil, err
	}
	if c.opts.Mode == ModeCoil {
		return c.encode(RelayFrame(addr, ch, true)), nil
	}
	return c.encode(FlashFrame(addr, ch, int(c.opts.Pulse/flashUnit))), nil
}

// StatusFrame returns the request by which a board is polled: for all its inputs, or for the relays of
// a board without inputs. A driver never asks for one channel, so the channel only has to be in range.
func (c *Codec) StatusFrame(addr board.Address, ch board.Channel) ([]byte, error) {
	if err := c.opts.inRange(addr, max(ch, 1)); err != nil {
		return nil, err
	}
	if c.opts.NoInputs {
		return c.encode(words(addr, functionCoils, 0, uint16(c.opts.Channels))), nil
	}
	return c.encode(InputsFrame(addr, c.opts.InputOffset, c.opts.Channels)), nil
}

func (c *Codec) encode(f Frame) []byte {
	if c.opts.Framing == FramingTCP {
		f.Transaction = 1
	}
	return f.Encode(c.opts.Framing)
}

// Explain splits what was seen on a line, of both directions, into frames.
func (c *Codec) Explain(seen []byte) []board.Explanation { return exchange.Explain(seen, c.read) }

// read prefers the side whose reading fits. A write and its reply have the same bytes.
func (c *Codec) read(p []byte, _ bool) (string, int, exchange.Verdict) {
	host, hn, hv := parse(p, c.opts.Framing, SideHost)
	reply, rn, rv := parse(p, c.opts.Framing, SideBoard)
	switch {
	case hv == exchange.Valid:
		return c.request(host), hn, hv
	case rv == exchange.Valid:
		return c.reply(reply), rn, rv
	case hv == exchange.Incomplete || rv == exchange.Incomplete:
		return "", 0, exchange.Incomplete
	case hv == exchange.BadChecksum:
		return badCRC, hn, hv
	case rv == exchange.BadChecksum:
		return badCRC, rn, rv
	}
	return "", 0, exchange.Garbage
}

const badCRC = "a frame with a wrong checksum"

func (c *Codec) request(f Frame) string {
	switch f.Function {
	case functionCoils:
		return fmt.Sprintf("ask board %d for %s %s", f.Unit, plural(f.word(2), "relay"), span(f))
	case functionInputs:
		return fmt.Sprintf("ask board %d for %s %s", f.Unit, plural(f.word(2), "input"), span(f))
	case functionRegisters:
		if f.word(0) == unitRegister && f.Unit == 0 {
			return "ask the only board on the line for its unit id"
		}
		return fmt.Sprintf("ask board %d for %d registers from %04X", f.Unit, f.word(2), f.word(0))
	case functionInputRegs:
		return fmt.Sprintf("ask board %d for %d input registers from %04X", f.Unit, f.word(2), f.word(0))
	case functionWrite:
		return writeText(f)
	case functionSet:
		if f.word(0) == unitRegister {
			return fmt.Sprintf("set the unit id of board %d to %d", f.Unit, f.word(2))
		}
		return fmt.Sprintf("set register %04X of board %d to %04X", f.word(0), f.Unit, f.word(2))
	case functionWriteMany:
		return fmt.Sprintf("switch %s of board %d %s", plural(f.word(2), "relay"), f.Unit, span(f))
	case functionSetMany:
		return fmt.Sprintf("set %d registers of board %d from %04X", f.word(2), f.Unit, f.word(0))
	}
	return fmt.Sprintf("function %02X to board %d", f.Function, f.Unit)
}

func writeText(f Frame) string {
	address, value := f.word(0), f.word(2)
	channel := address&0xFF + 1
	for1 := time.Duration(value) * flashUnit
	switch {
	case address == allRelays && value == valueOff:
		return fmt.Sprintf("switch all relays of board %d off, or the answer", f.Unit)
	case address < MaxChannels && value == valueOn:
		return fmt.Sprintf("switch relay %d of board %d on, or the answer", channel, f.Unit)
	case address < MaxChannels && value == valueOff:
		return fmt.Sprintf("switch relay %d of board %d off, or the answer", channel, f.Unit)
	case address >= flashOn && address < flashOn+MaxChannels:
		return fmt.Sprintf("open channel %d of board %d: flash on for %v, or the answer", channel, f.Unit, for1)
	case address >= flashOff && address < flashOff+MaxChannels:
		return fmt.Sprintf("flash channel %d of board %d off for %v, or the answer", channel, f.Unit, for1)
	}
	return fmt.Sprintf("write %04X to output %04X of board %d, or the answer", value, address, f.Unit)
}

func (c *Codec) reply(f Frame) string {
	if code, refused := f.Exception(); refused {
		return fmt.Sprintf("board %d refuses function %02X: %s", f.Unit, f.Function&^exceptionBit, exception(code))
	}
	switch f.Function {
	case functionCoils:
		return fmt.Sprintf("board %d: %s", f.Unit, bitText(f, "relay"))
	case functionInputs:
		return fmt.Sprintf("board %d: %s", f.Unit, bitText(f, "input"))
	case functionRegisters, functionInputRegs:
		return fmt.Sprintf("board %d: registers % X", f.Unit, f.Body[1:])
	case functionWriteMany:
		return fmt.Sprintf("board %d switched %s %s", f.Unit, plural(f.word(2), "relay"), span(f))
	case functionSetMany:
		return fmt.Sprintf("board %d set %d registers from %04X", f.Unit, f.word(2), f.word(0))
	}
	return fmt.Sprintf("function %02X from board %d", f.Function, f.Unit)
}

// bitText lists what is on, counted from the first bit that was asked for.
func bitText(f Frame, noun string) string {
	var on []string
	for i := range 8 * (len(f.Body) - 1) {
		if set, _ := f.Bit(i); set {
			on = append(on, strconv.Itoa(i+1))
		}
	}
	if on == nil {
		return "no " + noun + " on"
	}
	return noun + " " + strings.Join(on, ", ") + " on"
}

func plural(n uint16, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// span names the first one as people count, from 1.
func span(f Frame) string { return fmt.Sprintf("from number %d", int(f.word(0))+1) }

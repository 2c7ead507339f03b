package modbus_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"cubby/board"
	"cubby/board/boardtest"
	"cubby/board/modbus"
	"cubby/board/virtual"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// channels of each board under test.
const channels = 16

func family(tb testing.TB, framing modbus.Framing, mode modbus.Mode) boardtest.Family {
	tb.Helper()
	settings := modbus.Options{Framing: framing, Mode: mode, Channels: channels, Polarity: modbus.PolarityOpening}
	codec, err := modbus.NewCodec(settings)
	if err != nil {
		tb.Fatal(err)
	}
	coil := mode == modbus.ModeCoil
	rtu := framing == modbus.FramingRTU
	return boardtest.Family{
		Name: "modbus", Now: time.Now, Addr: 1, Other: 247, Channels: channels, Codec: codec,
		Acks: true, Cycle: true, Checksum: rtu, Echoes: rtu, Software: coil,
		Piped: coil, // TestPymodbus switches coils on a terminal and over TCP
		NewDriver: func(s boardtest.Setup) (board.Driver, error) {
			opts := settings
			opts.Conn, opts.Now, opts.Deadline, opts.StatusDeadline = s.Conn, s.Now, s.Deadline, s.Deadline
			if coil {
				opts.Accept, opts.Pulse = modbus.Acceptance, s.Pulse
				opts.Deadline, opts.StatusDeadline = s.Deadline/2, s.Deadline*3/4
			}
			return modbus.New(opts)
		},
		NewSlave: func(w *virtual.World, l *virtual.Line) (virtual.Boards, error) {
			return modbus.NewSlave(modbus.SlaveOptions{
				World: w, Line: l, Framing: framing, Polarity: modbus.PolarityOpening,
			})
		},
	}
}

func TestDriver_Conformance(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]boardtest.Family{
		"rtu":      family(t, modbus.FramingRTU, modbus.ModeFlash),
		"tcp":      family(t, modbus.FramingTCP, modbus.ModeFlash),
		"rtu coil": family(t, modbus.FramingRTU, modbus.ModeCoil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			boardtest.Exercise(t, f)
		})
	}
}

func TestDriver_PollSpeed(t *testing.T) {
	t.Parallel()
	// 64 doors on four boards; RTU demands a silence before each request.
	boardtest.PollSpeed(t, family(t, modbus.FramingRTU, modbus.ModeFlash), boardtest.Poll{
		Addrs: []board.Address{1, 2, 3, 4}, Channels: 16, BaudRate: 9600, Gap: modbus.DefaultGap,
	})
}

func BenchmarkDriver_Poll(b *testing.B) {
	boardtest.BenchmarkPoll(b, family(b, modbus.FramingRTU, modbus.ModeFlash), boardtest.Poll{
		Addrs: []board.Address{1, 2, 3, 4}, Channels: 16, BaudRate: 9600, Gap: modbus.DefaultGap,
	})
}

// TestSlave_BitErrors: the CRC finds every frame with two wrong bits, so none opens another door.
func TestSlave_BitErrors(t *testing.T) {
	t.Parallel()
	flips := boardtest.BitErrors(t, family(t, modbus.FramingRTU, modbus.ModeFlash), []board.Address{1, 2, 3, 247})
	if flips.Wrong != 0 || flips.Right != 0 {
		t.Errorf("%+v, want no frame obeyed", flips)
	}
}

func BenchmarkSlave_BitErrors(b *testing.B) {
	boardtest.BenchmarkBitErrors(b, family(b, modbus.FramingRTU, modbus.ModeFlash), []board.Address{1, 2, 3, 247})
}

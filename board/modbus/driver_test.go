package modbus_test

import (
	"flag"
	"testing"
	"time"

	"go.uber.org/goleak"

	"cubby/board"
	"cubby/board/boardtest"
	"cubby/board/modbus"
	"cubby/board/virtual"
)

// TestMain lets eight tests wait at once: on real lines the suite waits for deadlines, not for a processor.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func family(t *testing.T, framing modbus.Framing, mode modbus.Mode) boardtest.Family {
	t.Helper()
	settings := modbus.Options{Framing: framing, Mode: mode, Channels: 12, Polarity: modbus.PolarityOpening}
	codec, err := modbus.NewCodec(settings)
	if err != nil {
		t.Fatal(err)
	}
	coil := mode == modbus.ModeCoil
	rtu := framing == modbus.FramingRTU
	return boardtest.Family{
		Name: "modbus", Now: time.Now, Addr: 1, Other: 247, Channels: 12, Codec: codec,
		Acks: true, Cycle: true, Checksum: rtu, Echoes: rtu, Software: coil,
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

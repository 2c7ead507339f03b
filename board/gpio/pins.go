package gpio

import (
	"errors"

	"cubby/board"
	"cubby/board/exchange"
)

// Pins are the lines of one board by channel, at the far end of a Conn: those of a chip, or a virtual
// bank's.
type Pins interface {
	// Set switches the output of a channel.
	Set(ch board.Channel, on bool) error
	// Get reads the input of a channel.
	Get(ch board.Channel) (on bool, err error)
	// Count returns how many outputs there are, and how many inputs.
	Count() (outputs, inputs int)
}

// errMute makes pins give no answer, as a board without power does. Only virtual ones are mute.
var errMute = errors.New("no answer")

// server obeys requests. It is for one goroutine.
type server struct {
	pins Pins
	scan *exchange.Scanner[Frame]
}

func newServer(pins Pins) *server { return &server{pins: pins, scan: exchange.NewScanner(Split)} }

// feed calls answered for each whole request in what has come; ok is false when nothing goes back.
func (s *server) feed(p []byte, answered func(raw []byte, answer Frame, ok bool)) {
	_, _ = s.scan.Write(p) // it never fails
	for found, some := s.scan.Next(false); some; found, some = s.scan.Next(false) {
		answer, ok := s.obey(found.Frame)
		answered(found.Raw, answer, ok)
	}
}

func (s *server) obey(f Frame) (answer Frame, ok bool) {
	answer = Frame{Seq: f.Seq, Kind: KindOK}
	var err error
	outputs, inputs := s.pins.Count()
	switch f.Kind {
	case KindOn, KindOff:
		if int(f.Channel) > outputs {
			return Frame{Seq: f.Seq, Kind: KindError, Text: "no such channel"}, true
		}
		err = s.pins.Set(f.Channel, f.Kind == KindOn)
	case KindAllOff:
		err = allOff(s.pins)
	case KindRead:
		answer.Kind, answer.Inputs = KindInputs, make([]bool, inputs)
		for i := 0; i < inputs && err == nil; i++ {
			answer.Inputs[i], err = s.pins.Get(board.Channel(i + 1))
		}
	case KindOK, KindInputs, KindError:
		return Frame{}, false // no request
	}
	if errors.Is(err, errMute) {
		return Frame{}, false
	}
	if err != nil {
		return Frame{Seq: f.Seq, Kind: KindError, Text: err.Error()}, true
	}
	return answer, true
}

// allOff tries every output, also after one that failed.
func allOff(pins Pins) error {
	outputs, _ := pins.Count()
	var errs []error
	for i := range outputs {
		errs = append(errs, pins.Set(board.Channel(i+1), false))
	}
	return errors.Join(errs...)
}

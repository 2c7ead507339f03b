package virtual

import (
	"time"

	"cubby/board"
)

// SetCoil switches one output, for boards without a pulse of their own. Switching on is a pulse, once
// until it is switched off. It reports whether the board answers; a board without power or one that is
// silent does nothing at all, so that a coil stays as it is.
func (w *World) SetCoil(addr board.Address, ch board.Channel, on bool) bool {
	if !w.Answers(addr) {
		return false
	}
	answers := false
	err := w.change(addr, ch, func(d *door, now time.Time) []Event {
		answers = d.behaviour != BehaviourDead
		switch {
		case on && !d.coil:
			d.coil, d.coilAt = true, now
			return w.energise(addr, d, now)
		case !on:
			d.release(now)
		}
		return nil
	})
	return err == nil && answers
}

// Coil reports whether an output is energised by SetCoil right now.
func (w *World) Coil(addr board.Address, ch board.Channel) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.door(addr, ch)
	return d != nil && d.coil
}

// CoilTime returns how long the last energising by SetCoil lasted that has ended; 0 for none.
func (w *World) CoilTime(addr board.Address, ch board.Channel) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := w.door(addr, ch); d != nil {
		return d.coilFor
	}
	return 0
}

func (d *door) release(now time.Time) {
	if d.coil {
		d.coil, d.coilFor = false, now.Sub(d.coilAt)
	}
}

package sim

import (
	"time"

	"cubby/board"
	"cubby/internal/controller"
	"cubby/internal/locker"
	"cubby/internal/sim/oracle"
)

// answerTimeout is how long the line waits for a board.
const answerTimeout = 100 * time.Millisecond

// unlock is what the line does with a pulse: the only place of the simulation where a coil is switched.
func (s *site) unlock(p controller.Pulse, boot int) {
	w := s.w
	if s.boot != boot || s.m == nil {
		return // the power went before the frame was out
	}
	ref := controller.BoardRef{Bus: p.Output.Bus, Board: board.Address(p.Output.Board)}
	dead := w.now < s.wall.silent[ref]
	lost := dead || w.hits(FaultNoise, 0.02)
	deaf := lost || w.hits(FaultNoise, 0.02) // the pulse happened, its answer is lost
	end := coil
	if deaf {
		end = coil + answerTimeout
	}
	if !lost {
		s.feel(p, ref, boot)
	}
	result := controller.PulseSent
	if deaf {
		result = controller.PulseSilent
	}
	w.after(end, func() {
		if s.boot != boot {
			return
		}
		if _, ok := s.ask(controller.Pulsed{Request: p.Request, Result: result}); ok {
			s.read(ref, boot)
		}
	})
}

// feel is the lock's side of a pulse.
func (s *site) feel(p controller.Pulse, ref controller.BoardRef, boot int) {
	w := s.w
	for _, d := range s.wall.doors {
		if d.ref == ref && d.channel == int(p.Output.Channel) {
			w.counters["pulses"]++
			w.tell(oracle.Pulse{
				Head: w.head(s), Bank: string(d.bank), Place: string(d.place), Request: string(p.Request),
				End: w.now + coil.Milliseconds(), Boot: boot,
			})
			w.trace("%s  lock of %s pulsed for %s", s.id, d.place, p.Request)
			s.wall.pulse(d)
			return
		}
	}
}

// look has a board read soon, once however often it is asked for.
func (s *site) look(ref controller.BoardRef, in time.Duration) {
	if s.reads[ref] {
		return
	}
	s.reads[ref] = true
	boot := s.boot
	s.w.after(in, func() {
		if s.boot == boot {
			s.reads[ref] = false
			s.read(ref, boot)
		}
	})
}

// read polls a board now.
func (s *site) read(ref controller.BoardRef, boot int) {
	if s.m == nil || s.boot != boot {
		return
	}
	if s.w.now < s.wall.silent[ref] || s.w.hits(FaultNoise, 0.02) {
		_, _ = s.ask(controller.BoardFailed{Bus: ref.Bus, Board: ref.Board}) // nobody waits for an answer
		if s.w.now >= s.wall.silent[ref] {
			s.look(ref, 500*time.Millisecond)
		}
		return
	}
	_, _ = s.ask(controller.BoardRead{Bus: ref.Bus, Board: ref.Board, Reading: s.wall.read(ref)}) // nor here
}

// sightings turns a reading into the words of the rules, for a start.
func sightings(r board.Reading) []locker.Sighting {
	seen := make([]locker.Sighting, len(r.Doors))
	for i, d := range r.Doors {
		seen[i].Door = locker.DoorShut
		if d == board.StateOpen {
			seen[i].Door = locker.DoorAjar
		}
		if i >= len(r.Occupancy) {
			continue
		}
		seen[i].Occupancy = locker.OccupancyEmpty
		if r.Occupancy[i] == board.OccupancyOccupied {
			seen[i].Occupancy = locker.OccupancyOccupied
		}
	}
	return seen
}

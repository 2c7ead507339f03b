package virtual

import "slices"

// Together is several boards with the same address on one line: each obeys every request in a world
// of its own. Their answers come one after another, or clash: then they are sent at the same time, one
// byte apart, and a wire that one of them pulls to 0 is 0. Events are announced for the first only.
func Together(clash bool, slaves ...Slave) Slave { return &together{clash: clash, slaves: slaves} }

type together struct {
	clash  bool
	slaves []Slave
}

func (t *together) Announce(e Event) []byte {
	if len(t.slaves) == 0 {
		return nil
	}
	return t.slaves[0].Announce(e)
}

func (t *together) Feed(p []byte) []Reply {
	var all []Reply
	for i, s := range t.slaves {
		for at, r := range s.Feed(slices.Clone(p)) {
			switch {
			case i > 0 && t.clash && at < len(all) && len(all[at].Frame) > 0 && len(r.Frame) > 0:
				all[at].Frame = clashed(all[at].Frame, r.Frame)
			case i > 0 && len(r.Frame) == 0:
			default:
				if i > 0 {
					r.Request = nil // it is on the wire once
				}
				all = append(all, r)
			}
		}
	}
	return all
}

// clashed is two frames on one pair of wires, the second one byte late; an idle line is 1.
func clashed(a, b []byte) []byte {
	const idle = 0xFF
	at := func(p []byte, i int) byte {
		if i < 0 || i >= len(p) {
			return idle
		}
		return p[i]
	}
	sum := make([]byte, max(len(a), len(b)+1))
	for i := range sum {
		sum[i] = at(a, i) & at(b, i-1)
	}
	return sum
}

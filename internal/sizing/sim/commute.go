package sim

import (
	"math"
	"time"
)

// commute draws stays that end in one of the coming commutes.
type commute struct {
	from, span []int32 // minutes of the week
	next       []int32 // for each minute of the week, the first commute that begins then or later; may be len(from)
	missed     float64 // 1 / log(1 - Prob); 0 when nobody misses one
}

func newCommute(d Dwell) *commute {
	c := &commute{}
	for _, h := range d.Commutes {
		from := int32(h.From / time.Minute)
		c.from = append(c.from, from)
		c.span = append(c.span, max(1, int32(h.To/time.Minute)-from))
	}
	if d.Prob < 1 {
		c.missed = 1 / math.Log1p(-d.Prob)
	}
	c.next = make([]int32, weekMinutes)
	i := 0
	for m := range c.next {
		for i < len(c.from) && c.from[i] < int32(m) {
			i++
		}
		c.next[m] = int32(i)
	}
	return c
}

// stay returns the minutes from the minute of the week at until the resident comes.
func (c *commute) stay(at int32, random uint64) int32 {
	// 40 bits say how many commutes are missed, 24 the moment within the one that is not.
	skip := int32(0)
	if c.missed != 0 {
		u := (float64(random>>24) + 0.5) * 0x1p-40
		skip = int32(math.Log(u) * c.missed)
	}
	n := int32(len(c.from))
	i := c.next[at] + skip
	from := c.from[i%n] + i/n*weekMinutes
	return from - at + int32(uint64(c.span[i%n])*(random&(1<<24-1))>>24) + 1
}

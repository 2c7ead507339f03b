package oracle

// Bounds of I7, by the default limits: 20 tries come at once and 20 more come back in a day.
const (
	guessesPerDay = 40
	dayMS         = 24 * 3600 * 1000
)

// guessingChecker holds I7: guesses open nothing, their number is bounded over every day of true time,
// and each is on record before its answer is shown.
type guessingChecker struct {
	judge
	refused map[string]int
	wrong   map[string]int
	tried   map[string][]int64
}

func newGuessingChecker(j judge) *guessingChecker {
	return &guessingChecker{judge: j, refused: map[string]int{}, wrong: map[string]int{}, tried: map[string][]int64{}}
}

func (c *guessingChecker) see(_ *truth, ev Event) {
	switch e := ev.(type) {
	case Fact:
		if e.Kind == "code_refused" && e.Reason == "CODE_WRONG" {
			c.refused[e.Site]++
		}
	case Lost, Replaced: // so is what was counted
		h := e.head()
		c.refused[h.Site], c.wrong[h.Site], c.tried[h.Site] = 0, 0, nil
	case Guessed:
		c.guessed(e)
	}
}

func (c *guessingChecker) guessed(e Guessed) {
	c.hold(e.Answer != "open", e, "a guess opened a door")
	if e.Answer != "wrong" {
		return
	}
	c.wrong[e.Site]++
	c.hold(c.wrong[e.Site] <= c.refused[e.Site], e, "%d guesses were answered and %d are on record", c.wrong[e.Site], c.refused[e.Site])
	tried := append(c.tried[e.Site], e.At)
	for len(tried) > 0 && tried[0] <= e.At-dayMS {
		tried = tried[1:]
	}
	c.tried[e.Site] = tried
	c.hold(len(tried) <= guessesPerDay, e, "%d guesses were taken within a day", len(tried))
}

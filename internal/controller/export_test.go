package controller

// EqualTurns lets a test hold equal against every field of a Turn.
func EqualTurns(a, b Turn) bool { return a.equal(&b) }

package text

// LTR keeps labels, codes and numbers in their order inside a sentence that runs the other way. The marks do
// not show; a language that runs from left to right gets them too, which costs nothing. Source: UAX #9 §2.4,
// left-to-right isolate.
func LTR(s string) string { return "\u2066" + s + "\u2069" }

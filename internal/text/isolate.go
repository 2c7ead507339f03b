package text

// LTR keeps labels, codes and numbers in their order inside a sentence that runs the other way. The marks do
// not show; a language that runs from left to right gets them too, which costs nothing. Source: UAX #9 §2.4,
// left-to-right isolate.
func LTR(s string) string { return "\u2066" + s + "\u2069" }

// Own keeps what somebody typed in its own direction inside a sentence that runs from right to left; elsewhere it
// is left as it is. Source: UAX #9 §2.4, first strong isolate.
func (p *Printer) Own(s string) string {
	if s == "" || p.Dir() != "rtl" {
		return s
	}
	return "\u2068" + s + "\u2069"
}

package credential

import "strings"

// Alphabet holds the twenty symbols of a code, in the order of their values 0 to 19.
//
// Left out, with the symbol that it could be taken for: 0 O Q D (each other), 1 I (L), 5 S, 8 B
// (each other), Z (2), G (6 and C), U V (each other and Y), and the vowels A and E, so that a code
// never spells a word. What remains differs in print, in handwriting and on a dim screen.
const Alphabet = "234679CFHJKLMNPRTWXY"

const (
	// SymbolCount is how many symbols of a code are random. One more checks them.
	SymbolCount = 8
	// CodeLength is how many symbols, or digits, a person types.
	CodeLength = 9

	base      = uint64(len(Alphabet))
	groupSize = 3 // shown 3-3-3
)

// symbolValue returns the value of an upper-case symbol. Look-alikes that can only mean one symbol
// are taken for it: Z is 2, I and 1 are L. Others (O, 0, G, V ...) are not in the alphabet.
func symbolValue(r byte) (uint64, bool) {
	switch r {
	case 'Z':
		r = '2'
	case 'I', '1':
		r = 'L'
	}
	i := strings.IndexByte(Alphabet, r)
	return uint64(max(i, 0)), i >= 0
}

// checkSymbol returns the value of the symbol that makes values a whole code. It is Damm's scheme
// over the product of the fields of four and five elements: x*y = a(x-y), with a = w (a root of
// w²=w+1) in the first and a = 2 in the second. As a is neither 0 nor 1 in either field, every
// single wrong symbol and every swap of two neighbours changes the result; as a² is not 1, so does
// every swap across one symbol.
//
// Source: H. M. Damm, Total anti-symmetrische Quasigruppen, Marburg 2004, theorem on products.
func checkSymbol(values []uint64) uint64 {
	var four, five uint64
	for _, v := range values {
		four = timesW(four ^ v/5)
		five = 2 * (five + 5 - v%5) % 5
	}
	return four*5 + five
}

// timesW multiplies by w in the field of four elements 0, 1, w=2, w+1=3.
func timesW(x uint64) uint64 {
	return (x << 1) ^ (x>>1)*7 // 0→0, 1→2, 2→3, 3→1: w² is replaced by w+1
}

// symbolDigits writes code (below 20^8) as eight values, the most significant first, and appends
// the check value.
func symbolDigits(code uint64) [CodeLength]uint64 {
	var values [CodeLength]uint64
	for i := SymbolCount - 1; i >= 0; i-- {
		values[i] = code % base
		code /= base
	}
	values[SymbolCount] = checkSymbol(values[:SymbolCount])
	return values
}

// needsLetter reports whether code could be read as nine digits: every symbol is a digit or an L,
// which people type as 1. Such codes are never issued, so nine digits are never a symbol code.
func needsLetter(code uint64) bool {
	values := symbolDigits(code)
	for _, v := range values[:SymbolCount] {
		if s := Alphabet[v]; s > '9' && s != 'L' {
			return false
		}
	}
	return true
}

// formatGroups writes text in groups of three with dashes between.
func formatGroups(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if i > 0 && i%groupSize == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func symbolText(code uint64) string {
	var text [CodeLength]byte
	for i, v := range symbolDigits(code) {
		text[i] = Alphabet[v]
	}
	return string(text[:])
}

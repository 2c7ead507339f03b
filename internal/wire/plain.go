package wire

import (
	"strconv"

	"cubby/internal/locker"
)

// plainer reads and writes operations in the one form that EncodeOperation gives them: fields in the order
// of their types, no spaces, text that stands for itself. A walk names the fields of a type once, for
// both directions. Whatever is not in that form sets bad, and encoding/json has the word: a plainer never
// decides that something is malformed, and a test holds that both say the same.
type plainer struct {
	out     []byte // when writing
	in      string // when reading
	at      int
	reading bool
	more    bool // a field of this object stands before
	bad     bool
}

// literal takes or writes what stands there as it is.
func (p *plainer) literal(s string) {
	switch {
	case p.bad:
	case !p.reading:
		p.out = append(p.out, s...)
	case p.has(s):
		p.at += len(s)
	default:
		p.bad = true
	}
}

func (p *plainer) has(s string) bool { return len(p.in)-p.at >= len(s) && p.in[p.at:p.at+len(s)] == s }

func (p *plainer) open()  { p.literal("{"); p.more = false }
func (p *plainer) close() { p.literal("}"); p.more = true }

// name goes to a field's value. It reports whether there is one: absent is whether the field may be left
// out, and when writing whether it is.
func (p *plainer) name(name string, absent bool) bool {
	if p.bad {
		return false
	}
	if !p.reading {
		if absent {
			return false
		}
		if p.more {
			p.out = append(p.out, ',')
		}
		p.out = append(append(append(p.out, '"'), name...), '"', ':')
		p.more = true
		return true
	}
	at := p.at
	if p.more {
		if at >= len(p.in) || p.in[at] != ',' {
			p.bad = !absent
			return false
		}
		at++
	}
	end := at + len(name) + 3
	if end > len(p.in) || p.in[at] != '"' || p.in[at+1:end-2] != name || p.in[end-2:end] != `":` {
		p.bad = !absent
		return false
	}
	p.at, p.more = end, true
	return true
}

// plainByte reports whether a byte of a text stands for itself in both directions: encoding/json escapes
// what HTML could take for markup.
func plainByte(c byte) bool {
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
}

// value reads or writes a text between quotation marks.
func (p *plainer) value(s string) string {
	if !p.reading {
		for i := range len(s) {
			if !plainByte(s[i]) {
				p.bad = true
				return ""
			}
		}
		p.out = append(append(append(p.out, '"'), s...), '"')
		return s
	}
	if p.at >= len(p.in) || p.in[p.at] != '"' {
		p.bad = true
		return ""
	}
	for i := p.at + 1; i < len(p.in); i++ {
		if p.in[i] == '"' {
			s = p.in[p.at+1 : i]
			p.at = i + 1
			return s
		}
		if !plainByte(p.in[i]) {
			break
		}
	}
	p.bad = true
	return ""
}

// text walks a field that is always there.
func text[S ~string](p *plainer, name string, v *S) {
	if p.name(name, false) {
		*v = S(p.value(string(*v)))
	}
}

// optional walks a field that is left out when it is empty.
func optional[S ~string](p *plainer, name string, v *S) {
	if p.name(name, !p.reading && *v == "" || p.reading) {
		*v = S(p.value(string(*v)))
	}
}

// list walks texts; none are left out.
func list[S ~string](p *plainer, name string, v *[]S) {
	if !p.name(name, p.reading || len(*v) == 0) {
		return
	}
	p.literal("[")
	if !p.reading {
		for i, s := range *v {
			if i > 0 {
				p.literal(",")
			}
			p.value(string(s))
		}
		p.literal("]")
		return
	}
	for !p.bad {
		*v = append(*v, S(p.value("")))
		if p.has("]") {
			p.at++
			return
		}
		p.literal(",")
	}
}

// maxDigits is the most digits that are read here: no int64 overflows with them.
const maxDigits = 18

// number walks a whole number that is always there.
func number[N ~int | ~int64 | ~uint32 | ~uint64](p *plainer, name string, v *N) {
	if !p.name(name, false) {
		return
	}
	if !p.reading {
		if *v < 0 {
			p.out = strconv.AppendInt(p.out, int64(*v), 10)
		} else {
			p.out = strconv.AppendUint(p.out, uint64(*v), 10)
		}
		return
	}
	start, n, negative := p.at, int64(0), p.has("-")
	if negative {
		start++
	}
	end := start
	for ; end < len(p.in) && end-start <= maxDigits && p.in[end] >= '0' && p.in[end] <= '9'; end++ {
		n = 10*n + int64(p.in[end]-'0')
	}
	digits := end - start
	if negative {
		n = -n
	}
	*v = N(n)
	follows := end < len(p.in) && (p.in[end] == ',' || p.in[end] == '}')
	fits := int64(*v) == n && (n >= 0) == (*v >= 0)
	if digits == 0 || digits > maxDigits || p.in[start] == '0' && (digits > 1 || negative) || !follows || !fits {
		p.bad = true
		return
	}
	p.at = end
}

// truth walks a yes or no that is always there.
func (p *plainer) truth(name string, v *bool) {
	if p.name(name, false) {
		p.yes(v)
	}
}

// flag walks a yes that is left out when it is a no.
func (p *plainer) flag(name string, v *bool) {
	if p.name(name, p.reading || !*v) {
		p.yes(v)
	}
}

func (p *plainer) yes(v *bool) {
	switch {
	case !p.reading:
		p.out = strconv.AppendBool(p.out, *v)
	case p.has("true"):
		*v = true
		p.at += len("true")
	default:
		*v = false
		p.literal("false")
	}
}

// actor walks an actor that is always there.
func (p *plainer) actor(name string, v *locker.Actor) {
	if !p.name(name, false) {
		return
	}
	p.open()
	text(p, "kind", &v.Kind)
	optional(p, "id", &v.ID)
	p.close()
}

package credential

import (
	"errors"
	"fmt"
)

// ErrCollision means that a code would equal a live one of somebody else in one of its forms. The
// remedy is the next generation, see [Index.NextFree].
var ErrCollision = errors.New("credential: the code equals a live one")

// ErrFull means that an index holds as many codes as it may.
var ErrFull = errors.New("credential: too many live codes")

const (
	// MaxLive bounds the live codes of one site; a match stays below 100 microseconds with it.
	MaxLive = 20_000

	maxBumps = 16 // one bump fails with chance 2e-5 at MaxLive; sixteen in a row never do
)

// Kind says what a code stands for. The caller chooses the words; the index only hands them back.
type Kind string

// Live describes one code that is valid at a site.
type Live struct {
	Subject    string // "stay:<id>", "grant:<id>", "courier:<id>" or "staff:<id>"
	Key        Key    // the key the code was made under
	Generation uint32
	Holder     string // the unit, courier or member of staff whose budget wrong guesses spend
	Number     string // unit or pass number that goes with the digits; "" = no digits form
	Alias      string // numeric alias of a lettered number, or ""
	Kind       Kind
}

// Match is the live code that an entry turned out to be.
type Match struct {
	Subject    string
	Generation uint32
	Holder     string
	Kind       Kind
	Form       Form
}

// Index holds the live codes of one site. One goroutine owns it. The zero Index is not usable,
// see [NewIndex].
type Index struct {
	bySubject map[string]int
	numbers   map[string]number
	nextID    uint32
	rows      []row  // scanned whole for each entry
	lives     []Live // beside rows; the keys are not kept
}

// row is the part of a code that is compared. Number ids are not secret.
type row struct {
	code          Credential
	number, alias uint32 // 0 = none
}

// number is a unit or pass number with live codes.
type number struct {
	id     uint32
	holder string
	uses   int
}

// NewIndex returns an empty index.
func NewIndex() *Index {
	return &Index{bySubject: map[string]int{}, numbers: map[string]number{}}
}

// Len returns the number of live codes.
func (x *Index) Len() int { return len(x.rows) }

// Most returns how many live codes stand under the number with the most of them, 0 when none has a
// number.
func (x *Index) Most() int {
	most := 0
	for _, n := range x.numbers {
		most = max(most, n.uses)
	}
	return most
}

// Put adds a live code, or replaces the one of the same subject. It returns [ErrCollision] when
// the code equals another subject's in any form, [ErrFull] at [MaxLive] codes, and [ErrKey] when
// there is no key or subject; the index is then unchanged.
func (x *Index) Put(live Live) error {
	code := Derive(live.Key, live.Subject, live.Generation)
	if code.IsZero() {
		return ErrKey
	}
	var err error
	if live.Number, err = optionalNumber(live.Number); err != nil {
		return fmt.Errorf("number of %s: %w", live.Subject, err)
	}
	if live.Alias, err = optionalNumber(live.Alias); err != nil {
		return fmt.Errorf("alias of %s: %w", live.Subject, err)
	}
	if x.Collides(code, live.Subject) {
		return ErrCollision
	}
	if _, known := x.bySubject[live.Subject]; !known && len(x.rows) >= MaxLive {
		return ErrFull
	}
	x.Remove(live.Subject)
	live.Key = Key{}
	x.bySubject[live.Subject] = len(x.rows)
	x.lives = append(x.lives, live)
	x.rows = append(x.rows, row{code: code, number: x.use(live.Number, live.Holder), alias: x.use(live.Alias, live.Holder)})
	return nil
}

// Remove takes the code of subject out. An unknown subject is no error.
func (x *Index) Remove(subject string) {
	i, ok := x.bySubject[subject]
	if !ok {
		return
	}
	x.release(x.lives[i].Number)
	x.release(x.lives[i].Alias)
	last := len(x.rows) - 1
	if i != last {
		x.rows[i], x.lives[i] = x.rows[last], x.lives[last]
		x.bySubject[x.lives[i].Subject] = i
	}
	x.rows[last], x.lives[last] = row{}, Live{}
	x.rows, x.lives = x.rows[:last], x.lives[:last]
	delete(x.bySubject, subject)
}

// Collides reports whether code equals a live one of another subject in any form.
func (x *Index) Collides(code Credential, subject string) bool {
	for i := range x.rows {
		if x.rows[i].code.equalsAny(code) && x.lives[i].Subject != subject {
			return true
		}
	}
	return false
}

// NextFree returns the first generation from the given one on at which the code of subject equals
// no live one, and that code. It returns [ErrKey] without a key or subject.
func (x *Index) NextFree(key Key, subject string, from uint32) (uint32, Credential, error) {
	for generation := range uint32(maxBumps) {
		code := Derive(key, subject, from+generation)
		if code.IsZero() {
			return 0, Credential{}, ErrKey
		}
		if !x.Collides(code, subject) {
			return from + generation, code, nil
		}
	}
	return 0, Credential{}, ErrCollision
}

// Holder returns whose budget an entry with this number spends: the holder of the live codes under
// it, or "number:<n>" where nothing is live, so that a lock-out looks the same in both cases.
// Without a number it returns "".
func (x *Index) Holder(normal string) string {
	if normal == "" {
		return ""
	}
	if n, ok := x.numbers[normal]; ok {
		return n.holder
	}
	return "number:" + normal
}

// Match finds the live code that entry is. It looks at every code, with no branch that depends on
// one, so the time does not tell how close a guess came. An entry with a number matches only codes
// under that number. It does not allocate.
func (x *Index) Match(entry Entry) (Match, bool) {
	var numberID uint32
	if entry.number != "" {
		if numberID = x.numbers[entry.number].id; numberID == 0 {
			numberID = ^uint32(0) // no code is live under it, but the scan is the same
		}
	}
	found := 0
	for i := range x.rows {
		hit := x.rows[i].compare(entry, numberID)
		found |= hit * (i + 1)
	}
	if found == 0 || entry.form == 0 {
		return Match{}, false
	}
	live := &x.lives[found-1]
	return Match{
		Subject: live.Subject, Generation: live.Generation,
		Holder: live.Holder, Kind: live.Kind, Form: entry.form,
	}, true
}

// compare returns 1 when the row is what entry names, else 0. The form and the presence of a
// number are public, the codes are not.
func (r *row) compare(entry Entry, numberID uint32) int {
	var diff uint64
	switch entry.form {
	case FormToken:
		return isZero(r.code.tokenHigh ^ entry.high | r.code.tokenLow ^ entry.low)
	case FormSymbols:
		diff = r.code.symbols ^ entry.low
	case FormDigits:
		diff = uint64(r.code.digits) ^ entry.low
	}
	if numberID == 0 {
		return isZero(diff)
	}
	return isZero(diff) & (isZero(uint64(r.number^numberID)) | isZero(uint64(r.alias^numberID)))
}

// isZero returns 1 for zero and 0 for all else, without a branch.
func isZero(x uint64) int { return int((x|-x)>>63) ^ 1 }

func (x *Index) use(normal, holder string) uint32 {
	if normal == "" {
		return 0
	}
	n := x.numbers[normal]
	if n.uses == 0 {
		x.nextID++
		n = number{id: x.nextID, holder: holder}
	}
	n.uses++
	x.numbers[normal] = n
	return n.id
}

func (x *Index) release(normal string) {
	n, ok := x.numbers[normal]
	if !ok {
		return
	}
	if n.uses--; n.uses == 0 {
		delete(x.numbers, normal)
		return
	}
	x.numbers[normal] = n
}

func optionalNumber(n string) (string, error) {
	if n == "" {
		return "", nil
	}
	return NormalizeNumber(n)
}

package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

const (
	publicationOrigin = "cubby/heads"
	publicationFirst  = "first"
	// MaxPublished is the most heads in one publication: a note has at most a million bytes, and so many
	// sites are more than one server keeps.
	MaxPublished = 20_000
	// maxPublicationFile bounds the file: the publication, and each head in it.
	maxPublicationFile = 1<<20 + MaxPublished*maxNote
)

// Publication is what an operator gives out each day: for each site the hash of its newest signed head, and the
// hash of the publication before. Whoever keeps one can tell later whether the record of a site still holds
// what the site had signed then. The hashes say neither which sites there are nor how much happens there: who
// has the record of a site finds its head among them, and nobody else does.
//
// Its text is the line "cubby/heads", the day, the hash of the publication before or "first", and the hashes in
// rising order.
type Publication struct {
	Day  string     // of UTC, as 2026-11-25
	Prev [32]byte   // HashHead of the publication before; zero for the first
	Sums [][32]byte // HashHead of each site's newest head, sorted
}

// Text returns the lines that the operator signs.
func (p Publication) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", publicationOrigin, p.Day)
	prev := publicationFirst
	if p.Prev != [32]byte{} {
		prev = base64.StdEncoding.EncodeToString(p.Prev[:])
	}
	b.WriteString(prev + "\n")
	for i := range p.Sums {
		b.WriteString(base64.StdEncoding.EncodeToString(p.Sums[i][:]) + "\n")
	}
	return b.String()
}

// ParsePublication reads exactly what Text writes. The error is ErrBadHead.
func ParsePublication(text string) (Publication, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] != publicationOrigin || len(lines) > MaxPublished+4 {
		return Publication{}, fmt.Errorf("%w: it is no publication", ErrBadHead)
	}
	p := Publication{Day: lines[1]}
	if _, err := time.Parse(time.DateOnly, p.Day); err != nil {
		return Publication{}, fmt.Errorf("%w: its day %q is none", ErrBadHead, p.Day)
	}
	for i, line := range lines[2 : len(lines)-1] {
		if i == 0 && line == publicationFirst {
			continue
		}
		sum, err := base64.StdEncoding.Strict().DecodeString(line)
		switch {
		case err != nil || len(sum) != sha256.Size:
			return Publication{}, fmt.Errorf("%w: line %d of it is no hash", ErrBadHead, i+3)
		case i == 0:
			p.Prev = [32]byte(sum)
		default:
			p.Sums = append(p.Sums, [32]byte(sum))
		}
	}
	sorted := slices.IsSortedFunc(p.Sums, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	if !sorted || p.Text() != text {
		return Publication{}, fmt.Errorf("%w: it is not in its canonical form", ErrBadHead)
	}
	return p, nil
}

// Holds reports whether a head with that hash was published.
func (p Publication) Holds(sum [32]byte) bool {
	_, found := slices.BinarySearchFunc(p.Sums, sum, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	return found
}

// Sort brings the hashes into their order.
func (p *Publication) Sort() {
	slices.SortFunc(p.Sums, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
}

// Published is a publication as it was kept, with the heads that came with it.
type Published struct {
	Publication

	Sum   [32]byte // HashHead of it
	Heads [][]byte // signed heads, for who may see them; each of them is in Sums
}

// IsPublication reports whether a file looks like a publication.
func IsPublication(begin []byte) bool { return bytes.HasPrefix(begin, []byte(publicationOrigin+"\n")) }

// OpenPublication reads a publication that the operator signed and the heads after it, each of which must be
// one of those that it names. With a nil verifier the operator's signature is not checked. The error is
// ErrBadHead.
func OpenPublication(file []byte, operator note.Verifier) (Published, error) {
	if len(file) > maxPublicationFile {
		return Published{}, fmt.Errorf("%w: it has %d bytes, at most %d", ErrBadHead, len(file), maxPublicationFile)
	}
	notes := splitNotes(file)
	if len(notes) == 0 {
		return Published{}, fmt.Errorf("%w: it is empty", ErrBadHead)
	}
	signed, err := note.Open(notes[0], note.VerifierList(some(operator)...))
	if unverified, ok := err.(*note.UnverifiedNoteError); ok && operator == nil { //nolint:errorlint // note.Open returns it bare
		signed, err = unverified.Note, nil
	}
	if err != nil {
		return Published{}, fmt.Errorf("%w: the publication is not signed by the operator's key: %w", ErrBadHead, err)
	}
	p := Published{Sum: HashHead(notes[0]), Heads: notes[1:]}
	if p.Publication, err = ParsePublication(signed.Text); err != nil {
		return Published{}, err
	}
	for _, head := range p.Heads {
		if _, err := OpenCheckpoint(head); err != nil {
			return Published{}, err
		}
		if !p.Holds(HashHead(head)) {
			return Published{}, fmt.Errorf("%w: a head in the file is not one that was published on %s", ErrBadHead, p.Day)
		}
	}
	return p, nil
}

// JoinPublication returns the file that OpenPublication reads.
func JoinPublication(signed []byte, heads [][]byte) []byte {
	file := slices.Clone(signed)
	for _, head := range heads {
		file = append(append(file, '\n'), head...)
	}
	return file
}

// splitNotes divides a file at the ends of its notes: a text, an empty line, and signatures.
func splitNotes(file []byte) (notes [][]byte) {
	var current []byte
	signatures := false
	for line := range bytes.Lines(file) {
		blank := len(bytes.TrimRight(line, "\r\n")) == 0
		if signatures && !bytes.HasPrefix(line, []byte("— ")) {
			notes = append(notes, current)
			current, signatures = nil, false
			if blank {
				continue // between two notes
			}
		}
		signatures = signatures || bytes.HasPrefix(line, []byte("— "))
		current = append(current, line...)
	}
	if len(bytes.TrimSpace(current)) > 0 {
		notes = append(notes, current)
	}
	return notes
}

package wire

import "cubby/internal/locker"

// The two ways of the encoding, for tests that hold them equal.

// WritePlain encodes without encoding/json.
func WritePlain(op Operation) ([]byte, bool) { return writeOperation(op) }

// ReadPlain decodes without encoding/json.
func ReadPlain(data []byte) (Operation, bool) { return readOperation(data) }

// Marshal encodes with encoding/json.
func Marshal(op Operation) ([]byte, error) { return marshalOperation(op) }

// Scan decodes with encoding/json.
func Scan(data []byte) (Operation, error) { return scanOperation(data) }

// WalkFact encodes and decodes the body of one fact without encoding/json.
func WalkFact(f locker.Fact) (body []byte, back locker.Fact, ok bool) {
	w := plainer{}
	writeFact(&w, f)
	r := plainer{in: string(w.out), reading: true}
	back = readFact(&r, f.Kind())
	return w.out, back, !w.bad && !r.bad && r.at == len(r.in)
}

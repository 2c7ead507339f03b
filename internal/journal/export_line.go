package journal

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"golang.org/x/mod/sumdb/tlog"
)

// numberedLine is one line of an export, read.
type numberedLine struct {
	exportLine

	at   int       // from 1
	leaf tlog.Hash // of a record
}

// exportLines reads the lines of an export. The error says that the input cannot be read.
func exportLines(r io.Reader) iter.Seq2[numberedLine, error] {
	return func(yield func(numberedLine, error) bool) {
		in := bufio.NewScanner(r)
		in.Buffer(make([]byte, 0, 64<<10), maxExportLine)
		var room arena
		at := 0
		for in.Scan() {
			at++
			line := numberedLine{at: at}
			if !line.fast(in.Bytes(), &room) {
				if err := line.decode(in.Bytes()); err != nil {
					yield(line, fmt.Errorf("line %d: %w", at, err))
					return
				}
			}
			if line.Type == typeRecord {
				line.leaf = LeafHash(line.Body)
			}
			if !yield(line, nil) {
				return
			}
		}
		if err := in.Err(); errors.Is(err, bufio.ErrTooLong) {
			yield(numberedLine{}, fmt.Errorf("line %d is longer than %d bytes: %w", at+1, maxExportLine, ErrBadExport))
		} else if err != nil {
			yield(numberedLine{}, fmt.Errorf("read export: %w", err))
		}
	}
}

const typeRecord = "record"

// decode reads a line in any form that JSON allows.
func (l *exportLine) decode(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(l); err != nil {
		return fmt.Errorf("%w: %w", ErrBadExport, err)
	}
	if dec.More() {
		return fmt.Errorf("%q does not belong here: %w", l.Type, ErrBadExport)
	}
	return nil
}

// fast reads a record's line in the form that Export writes, without a general reader of JSON, which
// takes eight times as long; false for any other line, which is then read by decode.
func (l *exportLine) fast(data []byte, room *arena) bool {
	p := lineReader{rest: data}
	line := exportLine{Type: typeRecord}
	p.literal(`{"type":"record","epoch":`)
	line.Epoch = p.number()
	p.literal(`,"number":`)
	line.Number = p.number()
	p.literal(`,"body":"`)
	line.Body = p.bytes(room)
	p.literal(`,"chain":"`)
	line.Chain = p.bytes(room)
	p.literal(`}`)
	if p.bad || len(p.rest) > 0 {
		return false
	}
	*l = line
	return true
}

// lineReader takes a line apart from the left.
type lineReader struct {
	rest []byte
	bad  bool
}

func (p *lineReader) literal(text string) {
	if p.bad || len(p.rest) < len(text) || string(p.rest[:len(text)]) != text {
		p.bad = true
		return
	}
	p.rest = p.rest[len(text):]
}

// number reads digits as JSON has them: no zero in front, and few enough for 64 bits.
func (p *lineReader) number() (n uint64) {
	const mostDigits = 18
	digits := 0
	for digits < len(p.rest) && p.rest[digits] >= '0' && p.rest[digits] <= '9' {
		n = n*10 + uint64(p.rest[digits]-'0')
		digits++
		if digits > mostDigits {
			break
		}
	}
	if digits == 0 || digits > mostDigits || p.rest[0] == '0' {
		p.bad = true
		return 0
	}
	p.rest = p.rest[digits:]
	return n
}

// bytes reads base64 up to and with the closing quotation mark.
func (p *lineReader) bytes(room *arena) []byte {
	end := bytes.IndexByte(p.rest, '"')
	if p.bad || end <= 0 {
		p.bad = true
		return nil
	}
	out := room.take(base64.StdEncoding.DecodedLen(end))
	n, err := base64.StdEncoding.Strict().Decode(out, p.rest[:end])
	if err != nil {
		p.bad = true
		return nil
	}
	p.rest = p.rest[end+1:]
	return out[:n:n]
}

// arena gives out pieces of large allocations: a million small ones would keep the collector busy.
type arena struct{ free []byte }

const arenaSize = 256 << 10

func (a *arena) take(n int) []byte {
	if n > len(a.free) {
		if n > arenaSize/4 {
			return make([]byte, n)
		}
		a.free = make([]byte, arenaSize)
	}
	piece := a.free[:n:n]
	a.free = a.free[n:]
	return piece
}

package store

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"sync"
	"time"
)

// IDs makes UUIDv7 texts in lower case: they sort by the millisecond in which they were made.
// Source: RFC 9562 §5.7. It is safe for concurrent use.
type IDs struct {
	now  func() time.Time
	rand io.Reader

	mu   sync.Mutex
	last int64
	seq  uint16
}

// NewIDs returns a maker of ids; a nil reader means crypto/rand.
func NewIDs(now func() time.Time, random io.Reader) *IDs {
	if random == nil {
		random = rand.Reader
	}
	return &IDs{now: now, rand: random}
}

// New returns a fresh id. Ids of one maker ascend, also within a millisecond and when the clock
// goes back.
func (m *IDs) New() string {
	var b [16]byte
	m.mu.Lock()
	// crypto/rand never fails; a reader of a test that does leaves zeroes, and seq keeps ids apart.
	_, _ = io.ReadFull(m.rand, b[8:])
	ms := m.now().UnixMilli()
	if ms > m.last {
		m.last, m.seq = ms, 0
	} else if m.seq++; m.seq > 0xfff {
		m.last, m.seq = m.last+1, 0
	}
	ms, seq := m.last, m.seq
	m.mu.Unlock()
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6], b[7] = 0x70|byte(seq>>8), byte(seq)
	b[8] = b[8]&0x3f | 0x80
	var text [36]byte
	at := 0
	for i, part := range [][]byte{b[:4], b[4:6], b[6:8], b[8:10], b[10:]} {
		if i > 0 {
			text[at] = '-'
			at++
		}
		at += hex.Encode(text[at:], part)
	}
	return string(text[:])
}

package journal

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
)

// Memory is a Storage without a disk, for simulation: its content outlives the Log over it, as a
// disk outlives a process.
type Memory struct {
	mu     sync.Mutex
	fault  func(Change) error
	epochs []Epoch
	heads  map[uint64][]Head
	rows   map[uint64][]Record
}

var _ Storage = (*Memory)(nil)

// NewMemory returns an empty storage.
func NewMemory() *Memory {
	return &Memory{heads: map[uint64][]Head{}, rows: map[uint64][]Record{}}
}

// SetFault makes Commit ask f first. When f returns an error the commit fails with it and nothing
// is changed. Nil takes the fault away.
func (m *Memory) SetFault(f func(Change) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = f
}

// Tamper calls f with the records of an epoch and keeps what it returns. It is there to test what
// notices.
func (m *Memory) Tamper(epoch uint64, f func([]Record) []Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[epoch] = f(m.rows[epoch])
}

// Mark is a moment of a Memory.
type Mark struct {
	epochs []Epoch
	rows   map[uint64]int
	heads  map[uint64]int
}

// Mark returns where the storage stands now.
func (m *Memory) Mark() Mark {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := Mark{epochs: slices.Clone(m.epochs), rows: map[uint64]int{}, heads: map[uint64]int{}}
	for epoch, rows := range m.rows {
		k.rows[epoch] = len(rows)
	}
	for epoch, heads := range m.heads {
		k.heads[epoch] = len(heads)
	}
	return k
}

// Return takes back all that was stored since a mark, as a disk does that had not written what it said it
// had. Annexes that were erased since stay erased.
func (m *Memory) Return(to Mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.epochs = slices.Clone(to.epochs)
	for epoch := range m.rows {
		m.rows[epoch] = slices.Clip(m.rows[epoch][:to.rows[epoch]])
	}
	for epoch := range m.heads {
		m.heads[epoch] = slices.Clip(m.heads[epoch][:to.heads[epoch]])
	}
}

// Epochs implements Storage.
func (m *Memory) Epochs(context.Context) ([]Epoch, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	epochs := slices.Clone(m.epochs)
	for i := range epochs {
		epochs[i].Prev = bytes.Clone(epochs[i].Prev)
		epochs[i].Tip.Frontier = bytes.Clone(epochs[i].Tip.Frontier)
	}
	return epochs, nil
}

// Heads implements Storage.
func (m *Memory) Heads(_ context.Context, epoch uint64) ([]Head, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	heads := slices.Clone(m.heads[epoch])
	for i := range heads {
		heads[i].Note = bytes.Clone(heads[i].Note)
		heads[i].Frontier = bytes.Clone(heads[i].Frontier)
	}
	return heads, nil
}

// Read implements Storage.
func (m *Memory) Read(_ context.Context, epoch, from uint64, limit int) ([]Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rows := m.rows[epoch]
	i, _ := slices.BinarySearchFunc(rows, from, func(r Record, n uint64) int {
		if r.Number < n {
			return -1
		}
		return 1
	})
	rows = slices.Clone(rows[i:min(len(rows), i+max(limit, 0))])
	for i := range rows {
		rows[i].Body = bytes.Clone(rows[i].Body)
		rows[i].Annex = bytes.Clone(rows[i].Annex)
	}
	return rows, nil
}

// Commit implements Storage.
func (m *Memory) Commit(_ context.Context, change Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault != nil {
		if err := m.fault(change); err != nil {
			return err
		}
	}
	switch {
	case change.Append != nil:
		return m.append(change.Append)
	case change.Start != nil:
		return m.start(change.Start)
	case change.Head != nil:
		return m.putHead(change.Head)
	case change.Erase != nil:
		return m.erase(change.Erase)
	}
	return nil
}

// Close implements Storage; the content stays.
func (m *Memory) Close() error { return nil }

func (m *Memory) append(b *Batch) error {
	if len(m.epochs) == 0 {
		return ErrConflict
	}
	last := &m.epochs[len(m.epochs)-1]
	if last.Number != b.Epoch || last.Tip.Size+1 != b.Expect {
		return ErrConflict
	}
	for _, r := range b.Records {
		r.Body, r.Annex = bytes.Clone(r.Body), bytes.Clone(r.Annex)
		m.rows[b.Epoch] = append(m.rows[b.Epoch], r)
	}
	last.Tip = b.Tip
	last.Tip.Frontier = bytes.Clone(b.Tip.Frontier)
	return nil
}

func (m *Memory) start(e *Epoch) error {
	if n := len(m.epochs); n > 0 && m.epochs[n-1].Number >= e.Number {
		return ErrConflict
	}
	epoch := *e
	epoch.Prev, epoch.Tip.Frontier = bytes.Clone(e.Prev), bytes.Clone(e.Tip.Frontier)
	m.epochs = append(m.epochs, epoch)
	return nil
}

func (m *Memory) putHead(h *Head) error {
	head := *h
	head.Note, head.Frontier = bytes.Clone(h.Note), bytes.Clone(h.Frontier)
	heads := m.heads[h.Epoch]
	i, found := slices.BinarySearchFunc(heads, h.Size, func(h Head, size uint64) int {
		switch {
		case h.Size < size:
			return -1
		case h.Size > size:
			return 1
		}
		return 0
	})
	if found {
		heads[i] = head
		return nil
	}
	m.heads[h.Epoch] = slices.Insert(heads, i, head)
	return nil
}

func (m *Memory) erase(p *Position) error {
	rows := m.rows[p.Epoch]
	for i := range rows {
		if rows[i].Number == p.Number {
			rows[i].Annex = nil
			return nil
		}
	}
	return fmt.Errorf("record %d of epoch %d: %w", p.Number, p.Epoch, ErrNotFound)
}

package wire

import (
	"encoding/binary"
	"fmt"
)

// Upload is one operation on its way to the server: its bytes as they stand in the journal, and its
// annex, which may be empty or erased. Position repeats what the operation says, so that a batch is
// sorted and checked for gaps before anything is decoded; whoever commits it compares the two.
type Upload struct {
	Position
	Op    []byte
	Annex []byte
}

// Size returns how many bytes the upload takes of a frame.
func (u Upload) Size() int {
	n := u.innerSize()
	return uvarintSize(uint64(n)) + n
}

func (u Upload) innerSize() int {
	return uvarintSize(u.Epoch) + uvarintSize(u.Number) +
		uvarintSize(uint64(len(u.Op))) + len(u.Op) + uvarintSize(uint64(len(u.Annex))) + len(u.Annex)
}

func uvarintSize(n uint64) int {
	var b [binary.MaxVarintLen64]byte
	return binary.PutUvarint(b[:], n)
}

// FitUploads returns how many of the uploads, from the first, fit into one frame.
func FitUploads(items []Upload) int {
	size := frameHead + binary.MaxVarintLen64
	for i, u := range items {
		size += u.Size()
		if size > MaxFrameSize || i == MaxBatch {
			return i
		}
	}
	return len(items)
}

// appendTo writes the batch: the number of items, then for each its length, epoch, number,
// operation and annex, all numbers as unsigned varints. Fields may be added at the end of an item.
func (b UploadBatch) appendTo(frame []byte) []byte {
	frame = binary.AppendUvarint(frame, uint64(len(b.Items)))
	for _, u := range b.Items {
		frame = binary.AppendUvarint(frame, uint64(u.innerSize()))
		frame = binary.AppendUvarint(frame, u.Epoch)
		frame = binary.AppendUvarint(frame, u.Number)
		frame = appendBytes(frame, u.Op)
		frame = appendBytes(frame, u.Annex)
	}
	return frame
}

func appendBytes(frame, b []byte) []byte {
	frame = binary.AppendUvarint(frame, uint64(len(b)))
	return append(frame, b...)
}

func decodeUploads(payload []byte) (Message, error) {
	r := reader{data: payload}
	count := r.uvarint()
	if count > MaxBatch {
		return nil, fmt.Errorf("%d operations: %w", count, ErrTooLarge)
	}
	batch := UploadBatch{Items: make([]Upload, 0, min(count, uint64(len(payload))))}
	for range count {
		item := reader{data: r.bytes()}
		u := Upload{
			Position: Position{Epoch: item.uvarint(), Number: item.uvarint()},
			Op:       item.bytes(), Annex: item.bytes(),
		}
		switch {
		case r.bad || item.bad:
			return nil, ErrMalformed
		case len(u.Op) > MaxOperationSize || len(u.Annex) > MaxAnnexSize:
			return nil, fmt.Errorf("operation %s: %w", u.Position, ErrTooLarge)
		}
		batch.Items = append(batch.Items, u)
	}
	if r.bad || len(r.data) > 0 {
		return nil, ErrMalformed
	}
	return batch, nil
}

// reader takes numbers and bytes off the front of data. After the first that is not there bad is
// set and everything is zero.
type reader struct {
	data []byte
	bad  bool
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.data)
	if size <= 0 {
		r.bad, r.data = true, nil
		return 0
	}
	r.data = r.data[size:]
	return n
}

// bytes returns nil for no bytes.
func (r *reader) bytes() []byte {
	n := r.uvarint()
	if r.bad || n > uint64(len(r.data)) {
		r.bad, r.data = true, nil
		return nil
	}
	b := r.data[:n:n]
	r.data = r.data[n:]
	if n == 0 {
		return nil
	}
	return b
}

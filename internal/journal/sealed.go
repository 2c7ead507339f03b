package journal

import (
	"context"
	"errors"
	"fmt"
)

// ReadSealed reads a journal file that Open has sealed, without changing it, and calls yield with
// its records in order, epoch after epoch, up to the first that is wrong. It returns what is wrong
// there, nil when nothing is. What it yields fits the chain: a site takes from it what was in its
// places before they have been seen again, and what the server has not got yet.
//
// The error is yield's, or says that the file cannot be opened for another reason than damage.
func ReadSealed(ctx context.Context, path string, yield func(Record) error) (*Fault, error) {
	f, err := openReadOnly(ctx, path)
	if err != nil {
		return asFault(err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	epochs, err := f.Epochs(ctx)
	if err != nil {
		return asFault(err)
	}
	for _, e := range epochs {
		if fault, err := readSealedEpoch(ctx, f, e, yield); fault != nil || err != nil {
			return fault, err
		}
	}
	return nil, nil //nolint:nilnil // a nil fault is the good answer
}

func readSealedEpoch(ctx context.Context, f *File, e Epoch, yield func(Record) error) (*Fault, error) {
	chain, page := HashHead(e.Prev), verifyPage
	for from := uint64(1); ; {
		rows, err := f.Read(ctx, e.Number, from, page)
		switch {
		case errors.Is(err, ErrCorrupt) && page > 1:
			page = 1 // some of that page may be readable
			continue
		case errors.Is(err, ErrCorrupt):
			return &Fault{Kind: KindUnreadable, Epoch: e.Number, Number: from, Detail: err.Error()}, nil
		case err != nil:
			return nil, fmt.Errorf("read sealed epoch %d from %d: %w", e.Number, from, err)
		}
		fault := chainFault(e.Number, from, chain, rows)
		if fault != nil {
			rows = rows[:fault.Number-from]
		}
		for _, r := range rows {
			if err := yield(r); err != nil {
				return nil, err
			}
			chain, from = r.Chain, r.Number+1
		}
		switch {
		case fault != nil:
			return fault, nil
		case len(rows) == 0 && from <= e.Tip.Size:
			return &Fault{Kind: KindTruncated, Epoch: e.Number, Number: from}, nil
		case len(rows) == 0:
			return nil, nil //nolint:nilnil // a nil fault is the good answer
		}
	}
}

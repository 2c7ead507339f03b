package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ReadPast calls yield with every record that can still be read in the files that Open has sealed
// beside path, oldest file first, epoch after epoch, in the order of their numbers. fits says that the
// record and all before it in its epoch fit the chain: only those are part of the record. The others
// are advice: without them a site would believe in its places what later records ended.
//
// A file that cannot be read at all is passed over. The error is yield's, or the operating system's.
func ReadPast(ctx context.Context, path string, yield func(r Record, fits bool) error) error {
	files, err := sealedFiles(path)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := readPastFile(ctx, file, yield); err != nil && !errors.Is(err, ErrCorrupt) {
			return err
		}
	}
	return nil
}

// sealedFiles returns the files that were sealed beside path, oldest first.
func sealedFiles(path string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("look for sealed journals: %w", err)
	}
	prefix := filepath.Base(path) + ".sealed-"
	var numbers []uint64
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), prefix)
		if n, err := strconv.ParseUint(number, 10, 64); ok && err == nil {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	files := make([]string, 0, len(numbers))
	for _, n := range numbers {
		files = append(files, path+".sealed-"+strconv.FormatUint(n, 10))
	}
	return files, nil
}

func readPastFile(ctx context.Context, path string, yield func(Record, bool) error) error {
	f, err := openReadOnly(ctx, path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // nothing was written
	epochs, err := f.Epochs(ctx)
	if err != nil {
		return fmt.Errorf("read epochs of %s: %w", filepath.Base(path), err)
	}
	for _, e := range epochs {
		if err := readPastEpoch(ctx, f, e, yield); err != nil {
			return err
		}
	}
	return nil
}

func readPastEpoch(ctx context.Context, f *File, e Epoch, yield func(Record, bool) error) error {
	chain, fits, page := HashHead(e.Prev), true, verifyPage
	for from := uint64(1); ; {
		rows, err := f.Read(ctx, e.Number, from, page)
		switch {
		case errors.Is(err, ErrCorrupt) && page > 1:
			page = 1 // some of that page may be readable
			continue
		case errors.Is(err, ErrCorrupt) && from < e.Tip.Size:
			fits, from = false, from+1
			continue
		case errors.Is(err, ErrCorrupt):
			return nil
		case err != nil:
			return fmt.Errorf("read sealed epoch %d from %d: %w", e.Number, from, err)
		case len(rows) == 0:
			return nil
		}
		for _, r := range rows {
			fits = fits && chainFault(e.Number, from, chain, []Record{r}) == nil
			if err := yield(r, fits); err != nil {
				return err
			}
			chain, from = r.Chain, r.Number+1
		}
	}
}

package backup

import (
	"context"
	"errors"
	"fmt"
	"io"

	"cubby/internal/store"
)

// Copy moves the tables of a server into an empty database, of whichever engine, reads them back and holds
// numbers and sums of all tables against the source. Stop the server first: what it writes meanwhile is not in
// the copy, and then Copy says that the tables differ.
func Copy(ctx context.Context, from, to store.Options) (sums store.Sums, err error) {
	source, err := store.Open(ctx, from)
	if err != nil {
		return sums, fmt.Errorf("open the source: %w", err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	read, written := io.Pipe()
	dumped := make(chan error, 1)
	go func() {
		_, err := source.Dump(ctx, written)
		dumped <- errors.Join(err, written.CloseWithError(err))
	}()
	_, loadErr := store.Load(ctx, to, read, nil)
	_ = read.CloseWithError(errors.New("nobody loads any more")) // ends the dump
	if err := errors.Join(loadErr, <-dumped); err != nil {
		return sums, fmt.Errorf("copy the tables: %w", err)
	}
	if sums, err = source.Sums(ctx); err != nil { // once more: what changed since shows
		return sums, err
	}
	if err := compare(ctx, to, sums); err != nil {
		return sums, fmt.Errorf("the copy differs; was the server stopped? %w", err)
	}
	return sums, nil
}

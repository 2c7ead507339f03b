//go:build !linux

package virtual

import (
	"context"
	"errors"
	"fmt"
)

// PTY is boards behind a pseudo terminal. It exists on Linux only.
type PTY struct{}

// OpenPTY returns an error that wraps errors.ErrUnsupported: use ListenTCP here.
func OpenPTY(context.Context, Handler) (*PTY, error) {
	return nil, fmt.Errorf("open pseudo terminal: %w on this system, use a TCP port", errors.ErrUnsupported)
}

// Path returns nothing here.
func (*PTY) Path() string { return "" }

// Spec returns nothing here.
func (*PTY) Spec() string { return "" }

// Stop does nothing here.
func (*PTY) Stop() error { return nil }

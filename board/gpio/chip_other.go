//go:build !linux

package gpio

import (
	"errors"
	"fmt"
)

func openPins(Options) (closablePins, error) {
	return nil, fmt.Errorf("%w: GPIO chips are devices of Linux", errors.ErrUnsupported)
}

package cli

import (
	"io"
	"os"
)

// bars returns where progress bars go: the terminal, or nowhere when there is none.
func (e *env) bars() io.Writer {
	if f, ok := e.Err.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return f
		}
	}
	return io.Discard
}

package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"
)

// DefaultReserve is how much disk is kept back for the journal, in bytes. It holds about 60,000
// operations: weeks of pick-ups.
const DefaultReserve = 64 << 20

// reserve is a file that takes up disk space until the journal needs it. A nil *reserve is empty.
type reserve struct {
	path string
	size int64

	mu   sync.Mutex
	held bool
}

// openReserve finds the reserve or makes it. A full disk leaves it released.
func openReserve(path string, size int64) (*reserve, error) {
	if size <= 0 {
		return nil, nil //nolint:nilnil // no reserve is a valid reserve, see the type
	}
	r := &reserve{path: path, size: size}
	if info, err := os.Stat(path); err == nil && info.Size() == size {
		r.held = true
		return r, nil
	}
	if err := r.fill(); err != nil && !errors.Is(err, ErrFull) {
		return nil, err
	}
	return r, nil
}

// release gives the space back and reports whether there was any.
func (r *reserve) release() bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.held {
		return false
	}
	r.held = false
	// When it cannot be removed there is no room, and the caller's second try says so.
	return os.Remove(r.path) == nil
}

func (r *reserve) released() bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.held
}

func (r *reserve) fill() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held {
		return nil
	}
	err := r.write()
	if err == nil {
		r.held = true
		return nil
	}
	if removed := os.Remove(r.path); removed != nil && !errors.Is(removed, fs.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	if noSpace(err) {
		return fmt.Errorf("reserve %d bytes: %w", r.size, ErrFull)
	}
	return fmt.Errorf("reserve %d bytes: %w", r.size, err)
}

// noSpace reports whether a write was refused for want of room: of the disk, of a quota, or of the file.
func noSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// probeBytes is more than what a failed commit leaves of the room that there was.
const probeBytes = 64 << 10

// probeRoom writes beside a database, as far from the beginning of a file as the database and its
// write-ahead log go, and returns why that is refused; nil: it is not.
func probeRoom(path string) error {
	var end int64
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(path + suffix); err == nil {
			end = max(end, info.Size())
		}
	}
	probe := path + ".probe"
	f, err := os.OpenFile(probe, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, probeBytes), end)
	return errors.Join(err, f.Close(), os.Remove(probe))
}

func (r *reserve) write() error {
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = allocate(f, r.size)
	return errors.Join(err, f.Close())
}

// writeZeros takes up space on file systems that cannot allocate without writing.
func writeZeros(f *os.File, size int64) error {
	zeros := make([]byte, 1<<20)
	for size > 0 {
		n, err := f.Write(zeros[:min(size, int64(len(zeros)))])
		if err != nil {
			return err
		}
		size -= int64(n)
	}
	return nil
}

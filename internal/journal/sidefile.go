package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// sideFile is the small file beside the database that outlives it: which epochs were used, and the
// last heads. Its first line is the SHA-256 of the rest. A nil *sideFile does nothing.
type sideFile struct {
	path  string
	state sideState
}

type sideState struct {
	// Announced is the highest epoch that was about to start, Started the highest that did. They
	// differ only when the power went between the two.
	Announced uint64 `json:"announced"`
	Started   uint64 `json:"started"`
	// Head and Countersigned are the newest of each. Neither claims more than the database had.
	Head          []byte `json:"head,omitempty"`
	Countersigned []byte `json:"countersigned,omitempty"`
	// Suspect is what Condemn was told.
	Suspect *Fault `json:"suspect,omitempty"`
}

// readSide reads the file. A missing or damaged one gives an empty state: the database then says
// what it knows.
func readSide(path string) (*sideFile, error) {
	s := &sideFile{path: path}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read epoch counter: %w", err)
	}
	sum, body, ok := bytes.Cut(data, []byte("\n"))
	var state sideState
	if ok && string(sum) == hexSum(body) && json.Unmarshal(body, &state) == nil {
		s.state = state
	}
	return s, nil
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// used returns the highest epoch that was ever announced.
func (s *sideFile) used() uint64 {
	if s == nil {
		return 0
	}
	return s.state.Announced
}

func (s *sideFile) announce(epoch uint64) error {
	if s == nil {
		return nil
	}
	state := s.state
	state.Announced = max(state.Announced, epoch)
	return s.write(state)
}

func (s *sideFile) started(epoch uint64) error {
	if s == nil {
		return nil
	}
	state := s.state
	state.Announced, state.Started = max(state.Announced, epoch), max(state.Started, epoch)
	state.Suspect = nil
	return s.write(state)
}

func (s *sideFile) signed(head Head) error {
	if s == nil {
		return nil
	}
	state := s.state
	state.Head = laterHead(state.Head, head.Note)
	if head.Countersigned {
		state.Countersigned = laterHead(state.Countersigned, head.Note)
	}
	return s.write(state)
}

func (s *sideFile) condemn(f Fault) error {
	if s == nil {
		return nil
	}
	state := s.state
	state.Suspect = &f
	return s.write(state)
}

// laterHead returns the head that covers more; b when they cover the same.
func laterHead(a, b []byte) []byte {
	ca, errA := OpenCheckpoint(a)
	cb, errB := OpenCheckpoint(b)
	switch {
	case errB != nil:
		return a
	case errA != nil:
		return b
	case ca.Epoch > cb.Epoch, ca.Epoch == cb.Epoch && ca.Size > cb.Size:
		return a
	}
	return b
}

func (s *sideFile) write(state sideState) error {
	body, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("encode epoch counter: %w", err)
	}
	err = writeDurably(s.path, append([]byte(hexSum(body)+"\n"), body...))
	if noSpace(err) {
		return fmt.Errorf("write epoch counter: %w: %w", ErrFull, err)
	}
	if err != nil {
		return fmt.Errorf("write epoch counter: %w", err)
	}
	s.state = state
	return nil
}

// writeDurably replaces a file so that after a power cut it holds the old or the new data.
func writeDurably(path string, data []byte) (err error) {
	temp := path + ".new"
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync())
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

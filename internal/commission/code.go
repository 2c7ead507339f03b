package commission

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	// codeDigits gives a stranger CodeTries chances in 100 million.
	codeDigits = 8
	// CodeFor is how long a code works.
	CodeFor = 15 * time.Minute
	// CodeTries is how many wrong codes end a code.
	CodeTries = 5
	// maxCodeFile bounds what is read back, in bytes.
	maxCodeFile = 1024
)

// Errors of Codes.
var (
	// ErrCodeWrong means that this is not the code.
	ErrCodeWrong = errors.New("this is not the code")
	// ErrCodeOver means that no code works now: used, too old, or tried wrong too often.
	ErrCodeOver = errors.New("no code works now: get a new one at the controller with 'cubby controller service-code'")
)

// codeFile is a code as it waits on disk: by a keyed hash alone.
type codeFile struct {
	Hash  []byte    `json:"hash"`
	Until time.Time `json:"until"`
	Left  int       `json:"left"` // wrong codes that may still come
}

// Codes keeps the one code that lets somebody test the doors. It lives in a file, so that a command on
// the controller's terminal makes it for the program that runs, and so that a restart gives no further
// tries. Codes is safe for concurrent use within a process.
type Codes struct {
	Path string
	Key  []byte // of the hash: a reader of the file alone learns nothing
	Now  func() time.Time

	mu sync.Mutex
}

// New makes a code, which ends any other, and returns it as people read it: two groups of four digits.
func (c *Codes) New(random io.Reader) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, err := randomBelow(random, 100_000_000)
	if err != nil {
		return "", fmt.Errorf("draw a code: %w", err)
	}
	digits := fmt.Sprintf("%0*d", codeDigits, n)
	if err := c.write(codeFile{Hash: c.hash(digits), Until: c.Now().Add(CodeFor), Left: CodeTries}); err != nil {
		return "", err
	}
	return digits[:4] + " " + digits[4:], nil
}

// randomBelow draws evenly below limit.
func randomBelow(random io.Reader, limit int64) (int64, error) {
	var raw [16]byte // 128 bits: the remainder's unevenness is below 1e-30
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return 0, err //nolint:wrapcheck // the caller names it
	}
	n := new(big.Int).SetBytes(raw[:])
	return n.Mod(n, big.NewInt(limit)).Int64(), nil
}

func (c *Codes) hash(digits string) []byte {
	mac := hmac.New(sha256.New, c.Key)
	mac.Write([]byte("cubby/service-code/v1 " + digits))
	return mac.Sum(nil)
}

// Live reports whether a code works now.
func (c *Codes) Live() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.read()
	return err == nil
}

// Take uses a code up. A wrong one is counted on disk before the answer. It returns ErrCodeWrong,
// ErrCodeOver, or why the count could not be kept: then the code is not taken either.
func (c *Codes) Take(typed string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := c.read()
	if err != nil {
		return err
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, typed)
	if hmac.Equal(c.hash(digits), f.Hash) {
		return c.remove()
	}
	if f.Left--; f.Left < 1 {
		return errors.Join(ErrCodeOver, c.remove())
	}
	if err := c.write(f); err != nil {
		return err
	}
	return ErrCodeWrong
}

// End ends the code, if there is one.
func (c *Codes) End() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.remove()
}

// read returns the code that works now, or ErrCodeOver.
func (c *Codes) read() (codeFile, error) {
	var f codeFile
	file, err := os.Open(c.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, ErrCodeOver
	}
	if err != nil {
		return f, fmt.Errorf("open the code: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	if err := json.NewDecoder(io.LimitReader(file, maxCodeFile)).Decode(&f); err != nil {
		return f, ErrCodeOver // half a file is no code
	}
	left := f.Until.Sub(c.Now())
	if left <= 0 || left > CodeFor || f.Left < 1 || len(f.Hash) != sha256.Size { // a clock that jumped back revives nothing
		return f, ErrCodeOver
	}
	return f, nil
}

func (c *Codes) write(f codeFile) error {
	data, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode the code: %w", err)
	}
	return WriteFile(c.Path, data)
}

func (c *Codes) remove() error {
	if err := os.Remove(c.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("end the code: %w", err)
	}
	return syncFolder(c.Path)
}

// WriteFile replaces a file as a whole, durable when it returns, readable for its owner only.
func WriteFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), errors.Join(err, os.Remove(f.Name())))
	}
	return syncFolder(path)
}

// syncFolder makes a change of the folder's entries durable.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("open the folder of %s: %w", filepath.Base(path), err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync the folder of %s: %w", filepath.Base(path), err)
	}
	return nil
}

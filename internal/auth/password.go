package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

const (
	// MinPassword is the fewest characters of a password.
	MinPassword = 12
	// MaxPassword is the most characters of a password: enough for any phrase, and a bound on the
	// work that a stranger can ask for.
	MaxPassword = 256

	// Argon2id with 19 MiB, two passes, one lane.
	// Source: OWASP Password Storage Cheat Sheet, Argon2id, first of the equivalent settings.
	argonMemoryKiB = 19 * 1024
	argonPasses    = 2
	argonLanes     = 1
	saltSize       = 16
	hashSize       = 32

	// Stored parameters above these are refused: a damaged row must not take the server's memory.
	maxMemoryKiB = 256 * 1024
	maxPasses    = 16
	maxLanes     = 16

	minDistinct       = 5 // different characters
	minBesidePersonal = 8 // characters that are left without the person's own words
	defaultParallel   = 2 // hashes at a time: 38 MiB
)

// What can be wrong with a password.
var (
	ErrPasswordShort    = errors.New("auth: a password has at least 12 characters")
	ErrPasswordLong     = errors.New("auth: a password has at most 256 characters")
	ErrPasswordSimple   = errors.New("auth: the password is too simple: few different characters, a row of keys or a well-known word")
	ErrPasswordPersonal = errors.New("auth: the password is mostly your name, e-mail address or organization")
	// ErrPasswordHash means that a stored hash cannot be read.
	ErrPasswordHash = errors.New("auth: the stored password hash is damaged")
)

// CheckPassword says whether a person may choose this password. There are no rules about kinds of
// characters; length matters. Personal lists words such as the name, the e-mail address and the
// organization, which may be in the password but not be most of it.
func CheckPassword(password string, personal ...string) error {
	if !utf8.ValidString(password) || strings.ContainsRune(password, 0) {
		return ErrPasswordSimple
	}
	password = norm.NFC.String(password)
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return ErrPasswordShort
	case n > MaxPassword:
		return ErrPasswordLong
	}
	folded := strings.ToLower(password)
	if isSimple(folded) {
		return ErrPasswordSimple
	}
	for _, text := range personal {
		for word := range strings.FieldsFuncSeq(strings.ToLower(text), isSeparator) {
			if utf8.RuneCountInString(word) >= 3 {
				folded = strings.ReplaceAll(folded, word, "")
			}
		}
	}
	if utf8.RuneCountInString(folded) < minBesidePersonal {
		return ErrPasswordPersonal
	}
	return nil
}

func isSeparator(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// isSimple finds what every list of stolen passwords starts with: repetitions, rows of keys and
// the usual words with something behind them.
func isSimple(folded string) bool {
	distinct := map[rune]bool{}
	for _, r := range folded {
		distinct[r] = true
	}
	if len(distinct) < minDistinct {
		return true
	}
	rest := folded
	for _, common := range []string{
		"password", "passwort", "contraseña", "passw0rd", "p@ssw0rd", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwerty",
		"1234567890", "123456789", "12345678", "123456", "12345", "1234", "abcdefghijkl", "abcdef", "letmein", "welcome",
		"iloveyou", "administrator", "admin", "changeme", "cubby", "locker", "parcel", "secret",
	} {
		rest = strings.ReplaceAll(rest, common, "")
	}
	return rest != folded && utf8.RuneCountInString(rest) < minBesidePersonal
}

// PasswordOptions configure [NewPasswords].
type PasswordOptions struct {
	// Rand makes salts; nil means crypto/rand.
	Rand io.Reader
	// Parallel bounds how many hashes are computed at a time, 19 MiB each; 0 means 2.
	Parallel int
}

// Passwords hashes and verifies passwords with Argon2id, few at a time, so that a rush of sign-ins
// waits instead of taking all memory. It is safe for concurrent use.
type Passwords struct {
	rand  io.Reader
	slots chan struct{}
}

// NewPasswords returns a hasher.
func NewPasswords(opts PasswordOptions) *Passwords {
	if opts.Rand == nil {
		opts.Rand = rand.Reader
	}
	if opts.Parallel <= 0 {
		opts.Parallel = defaultParallel
	}
	return &Passwords{rand: opts.Rand, slots: make(chan struct{}, opts.Parallel)}
}

// Hash returns the PHC string of a password, to be stored. It does not judge the password, see
// [CheckPassword].
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if len(password) > MaxPassword*utf8.UTFMax {
		return "", ErrPasswordLong
	}
	var salt [saltSize]byte
	if _, err := io.ReadFull(p.rand, salt[:]); err != nil {
		return "", fmt.Errorf("make a salt: %w", err)
	}
	h := phc{memoryKiB: argonMemoryKiB, passes: argonPasses, lanes: argonLanes, salt: salt[:]}
	sum, err := p.compute(ctx, h, password, hashSize)
	if err != nil {
		return "", err
	}
	h.hash = sum
	return h.String(), nil
}

// Verdict is the outcome of [Passwords.Verify].
type Verdict struct {
	OK bool
	// Rehash asks to hash the password again and store that: the parameters have been raised
	// since. Set only when OK.
	Rehash bool
}

// Verify compares a password with a stored PHC string in constant time. With an empty string, for
// a person who does not exist, it takes as long and says no. It returns [ErrPasswordHash] for a
// string that it cannot read.
func (p *Passwords) Verify(ctx context.Context, stored, password string) (Verdict, error) {
	if len(password) > MaxPassword*utf8.UTFMax {
		return Verdict{}, nil
	}
	h := phc{memoryKiB: argonMemoryKiB, passes: argonPasses, lanes: argonLanes, salt: make([]byte, saltSize), hash: make([]byte, hashSize)}
	if stored != "" {
		var err error
		if h, err = parsePHC(stored); err != nil {
			return Verdict{}, err
		}
	}
	sum, err := p.compute(ctx, h, password, len(h.hash))
	if err != nil {
		return Verdict{}, err
	}
	ok := subtle.ConstantTimeCompare(sum, h.hash) == 1 && stored != ""
	weak := h.memoryKiB < argonMemoryKiB || h.passes < argonPasses || len(h.hash) < hashSize || len(h.salt) < saltSize
	return Verdict{OK: ok, Rehash: ok && weak}, nil
}

func (p *Passwords) compute(ctx context.Context, h phc, password string, size int) ([]byte, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to check a password: %w", context.Cause(ctx))
	}
	normal := []byte(norm.NFC.String(password))
	return argon2.IDKey(normal, h.salt, h.passes, h.memoryKiB, h.lanes, uint32(size)), nil
}

// phc is a hash in the format of the password hashing competition:
// $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
type phc struct {
	memoryKiB, passes uint32
	lanes             uint8
	salt, hash        []byte
}

func (h phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.memoryKiB, h.passes, h.lanes, b64.EncodeToString(h.salt), b64.EncodeToString(h.hash))
}

func parsePHC(text string) (phc, error) {
	var h phc
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, ErrPasswordHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memoryKiB, &h.passes, &h.lanes); err != nil {
		return phc{}, ErrPasswordHash
	}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	h.hash, err2 = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	switch {
	case err1 != nil, err2 != nil,
		h.passes < 1, h.passes > maxPasses, h.lanes < 1, h.lanes > maxLanes,
		h.memoryKiB < 8*uint32(h.lanes), h.memoryKiB > maxMemoryKiB,
		len(h.salt) < 8, len(h.salt) > 64, len(h.hash) < 16, len(h.hash) > 64,
		h.String() != text:
		return phc{}, ErrPasswordHash
	}
	return h, nil
}

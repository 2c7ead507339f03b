package wire

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// scanner splits JSON without reading it twice: ingest decodes ten thousand operations a second
// on half a core, and each body goes to the decoder of its type as it stands. Every byte is
// validated exactly once: the outer structure here, bodies by encoding/json.
type scanner struct {
	data []byte
	at   int
}

// object reads an object and calls member with each key; member reads the value.
func (s *scanner) object(member func(key string) error) error {
	return s.list('{', '}', func() error {
		key, err := s.text()
		if err != nil {
			return err
		}
		if !s.take(':') {
			return ErrMalformed
		}
		return member(key)
	})
}

// array reads an array and calls element for each element, which reads it.
func (s *scanner) array(element func() error) error { return s.list('[', ']', element) }

func (s *scanner) list(open, end byte, item func() error) error {
	if !s.take(open) {
		return ErrMalformed
	}
	if s.take(end) {
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if s.take(end) {
			return nil
		}
		if !s.take(',') {
			return ErrMalformed
		}
	}
}

// take skips spaces and the byte c, and reports whether it was there.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.at < len(s.data) && s.data[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) space() {
	for s.at < len(s.data) && isSpace(s.data[s.at]) {
		s.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// end checks that nothing follows.
func (s *scanner) end() error {
	s.space()
	if s.at != len(s.data) {
		return ErrMalformed
	}
	return nil
}

// raw returns the next value as it stands. Its brackets and quotes are matched by number only:
// whoever uses it validates it.
func (s *scanner) raw() ([]byte, error) {
	s.space()
	start, depth := s.at, 0
	for s.at < len(s.data) {
		c := s.data[s.at]
		switch {
		case c == '"':
			if !s.skipString() {
				return nil, ErrMalformed
			}
		case c == '{' || c == '[':
			depth++
			s.at++
			continue
		case c == '}' || c == ']':
			if depth == 0 {
				return s.scalar(start)
			}
			depth--
			s.at++
		case depth == 0 && (c == ',' || c == ':' || isSpace(c)):
			return s.scalar(start)
		default:
			s.at++
			continue
		}
		if depth == 0 {
			return s.data[start:s.at], nil
		}
	}
	if depth > 0 {
		return nil, ErrMalformed
	}
	return s.scalar(start)
}

// scalar returns what stands between start and here, unless it is nothing.
func (s *scanner) scalar(start int) ([]byte, error) {
	if start == s.at {
		return nil, ErrMalformed
	}
	return s.data[start:s.at], nil
}

// skipString moves behind the string that begins here, and reports whether it ends.
func (s *scanner) skipString() bool {
	for i := s.at + 1; i < len(s.data); i++ {
		next := bytes.IndexByte(s.data[i:], '"')
		if next < 0 {
			return false
		}
		i += next
		slashes := 0
		for s.data[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			s.at = i + 1
			return true
		}
	}
	return false
}

// skip moves behind the next value, which must be valid.
func (s *scanner) skip() error {
	raw, err := s.raw()
	if err != nil {
		return err
	}
	if !json.Valid(raw) {
		return ErrMalformed
	}
	return nil
}

// text reads a string.
func (s *scanner) text() (string, error) {
	raw, err := s.raw()
	if err != nil {
		return "", err
	}
	if raw[0] != '"' || len(raw) < 2 || raw[len(raw)-1] != '"' {
		return "", ErrMalformed
	}
	inner := raw[1 : len(raw)-1]
	if plain(inner) {
		return string(inner), nil
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return "", ErrMalformed
	}
	return text, nil
}

// plain reports whether a string stands for itself: nothing escaped, nothing to repair.
func plain(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == '\\' || c == '"' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// integer reads a whole number with a sign.
func (s *scanner) integer() (int64, error) {
	digits, err := s.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, ErrMalformed
	}
	return n, nil
}

// unsigned reads a whole number without a sign.
func (s *scanner) unsigned() (uint64, error) {
	digits, err := s.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, ErrMalformed
	}
	return n, nil
}

// number returns the digits of a number that JSON allows: strconv alone takes "+1" and "01".
func (s *scanner) number() (string, error) {
	raw, err := s.raw()
	if err != nil {
		return "", err
	}
	digits := bytes.TrimPrefix(raw, []byte("-"))
	if len(digits) == 0 || digits[0] < '0' || digits[0] > '9' || digits[0] == '0' && len(digits) > 1 {
		return "", ErrMalformed
	}
	return string(raw), nil
}

func (s *scanner) boolean() (bool, error) {
	raw, err := s.raw()
	switch {
	case err != nil:
		return false, err
	case string(raw) == "true":
		return true, nil
	case string(raw) == "false":
		return false, nil
	}
	return false, ErrMalformed
}

package config

import "log/slog"

const redacted = "redacted"

// Secret is a value that never shows: whatever prints, logs or encodes it gets the word
// "redacted", or nothing when it is empty. The zero value is empty.
type Secret struct{ value string }

// NewSecret wraps a value.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns the value, for the one place that uses it.
func (s Secret) Reveal() string { return s.value }

// IsZero reports whether there is no value.
func (s Secret) IsZero() bool { return s.value == "" }

// String returns "redacted", or nothing when there is no value.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// GoString is String, so that %#v shows nothing either.
func (s Secret) GoString() string { return s.String() }

// LogValue is String for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is String for JSON and whatever else encodes text. There is no UnmarshalText: a
// secret comes in by Load only.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML is String for YAML.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

package wire

import (
	"fmt"
)

// EncodeFrames returns messages as one body of the HTTPS fallback: each frame with its length in
// front as an unsigned varint. It returns [ErrTooLarge] above [MaxFrames] or [MaxBodySize].
func EncodeFrames(messages ...Message) ([]byte, error) {
	if len(messages) > MaxFrames {
		return nil, fmt.Errorf("encode %d messages: %w", len(messages), ErrTooLarge)
	}
	var body []byte
	for _, m := range messages {
		frame, err := Encode(m)
		if err != nil {
			return nil, err
		}
		body = appendBytes(body, frame)
	}
	if len(body) > MaxBodySize {
		return nil, fmt.Errorf("encode a body of %d bytes: %w", len(body), ErrTooLarge)
	}
	return body, nil
}

// DecodeFrames reads a body that EncodeFrames made. It returns the errors of [Decode].
func DecodeFrames(body []byte) ([]Message, error) {
	if len(body) > MaxBodySize {
		return nil, fmt.Errorf("decode a body of %d bytes: %w", len(body), ErrTooLarge)
	}
	var messages []Message
	r := reader{data: body}
	for len(r.data) > 0 {
		frame := r.bytes()
		if r.bad {
			return nil, fmt.Errorf("decode a body of %d bytes: %w", len(body), ErrMalformed)
		}
		if len(messages) == MaxFrames {
			return nil, fmt.Errorf("decode more than %d messages: %w", MaxFrames, ErrTooLarge)
		}
		m, err := Decode(frame)
		if err != nil {
			return nil, err
		}
		messages = append(messages, m)
	}
	return messages, nil
}

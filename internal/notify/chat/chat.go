package chat

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"

	"cubby/internal/notify/email"
)

// DefaultTimeout is how long a room may take to answer.
const DefaultTimeout = 15 * time.Second

// Client tells rooms. It is safe for concurrent use.
type Client struct {
	// Private allows addresses of "generic" services, which lead anywhere: into this network too.
	Private bool
	Timeout time.Duration // 0: DefaultTimeout
}

// Error is a room that was not told. Its text holds no address: that is a secret.
type Error struct {
	Class email.Class
	err   error
}

// Error describes the failure.
func (e *Error) Error() string { return "chat: " + e.err.Error() }

// Fate says what to do about the message.
func (e *Error) Fate() email.Class { return e.Class }

// Send tells a room. An error is an *[Error].
func (c Client) Send(ctx context.Context, address, text string) error {
	if !c.Private && strings.HasPrefix(strings.ToLower(address), "generic") {
		return &Error{Class: email.ClassPermanent, err: errors.New("this server sends to known chats only: see webhooks.addresses")}
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	room, err := router.New(nil, address)
	if err != nil {
		return &Error{Class: email.ClassPermanent, err: errors.New("the address of the room cannot be read")}
	}
	room.Timeout = c.Timeout
	done := make(chan []error, 1) // the library takes no context
	go func() { done <- room.Send(text, nil) }()
	select {
	case <-ctx.Done():
		return &Error{Class: email.ClassTemporary, err: ctx.Err()}
	case errs := <-done:
		if err := errors.Join(errs...); err != nil {
			return &Error{Class: email.ClassTemporary, err: errors.New("the room did not take the message: " + without(err.Error(), address))}
		}
		return nil
	}
}

// without leaves the parts of an address out of a text: tokens stand in them.
func without(text, address string) string {
	_, rest, _ := strings.Cut(address, "://")
	for _, part := range strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune("/:@?&=#", r) }) {
		if len(part) >= 4 {
			text = strings.ReplaceAll(text, part, "…")
		}
	}
	return text[:min(len(text), 300)]
}

package link

import (
	"errors"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Errors of the link.
var (
	// ErrServerKey means that whoever answered does not hold the server's key.
	ErrServerKey = errors.New("link: the server did not prove its key")
	// ErrProtocol means that the other half said something that it must not say.
	ErrProtocol = errors.New("link: protocol error")
	// ErrHalfOpen means that the other half went silent.
	ErrHalfOpen = errors.New("link: the connection is dead")
	// ErrCut means that Cut(true) holds the link down.
	ErrCut = errors.New("link: cut on purpose")
	// ErrStopped means that the client or the server was stopped.
	ErrStopped = errors.New("link: stopped")
	// errNoUpgrade means that no WebSocket session came about: a proxy may be in the way.
	errNoUpgrade = errors.New("link: no websocket")
)

// refusal turns an error into what the other half is told: the code of a domain error, and nothing
// of any other.
func refusal(err error) wire.Refuse {
	var domain *locker.Error
	if errors.As(err, &domain) {
		return wire.Refuse{Code: domain.Code, Message: domain.Message}
	}
	return wire.Refuse{Code: locker.CodeInternal, Message: "the server could not do it now, try again later"}
}

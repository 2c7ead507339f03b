package wire

import (
	"errors"

	"cubby/internal/locker"
)

// Limits of what is decoded and encoded. They hold for both halves; raising one needs a version in
// between that accepts more than it sends.
const (
	// MaxOperationSize is the most bytes of one operation: a decision is a handful of facts of a
	// few hundred bytes each.
	MaxOperationSize = 64 << 10
	// MaxFacts is the most facts of one operation: sweeping a full site ends that many stays.
	MaxFacts = 256
	// MaxAnnexSize is the most bytes of the annex of one operation.
	MaxAnnexSize = 16 << 10
	// MaxAnnexEntries is the most entries of the annex of one operation.
	MaxAnnexEntries = 64
	// MaxFrameSize is the most bytes of one message of the link.
	MaxFrameSize = 1 << 20
	// MaxBatch is the most operations of one upload: the server commits as many at a time.
	MaxBatch = 1024
	// MaxChanges is the most directory changes of one batch.
	MaxChanges = 1000
	// MaxIntents is the most intents of one message: they live for seconds to minutes.
	MaxIntents = 256
	// MaxFrames is the most messages in one body of the HTTPS fallback.
	MaxFrames = 64
	// MaxBodySize is the most bytes of one body of the HTTPS fallback.
	MaxBodySize = 4 << 20
)

// Errors of decoding and encoding.
var (
	// ErrMalformed means that bytes are not what they should be.
	ErrMalformed = errors.New("wire: malformed")
	// ErrTooLarge means that something is above a limit of this package.
	ErrTooLarge = errors.New("wire: too large")
)

// errVersion says that the other half speaks a version that this one does not.
func errVersion(what string, got int) error {
	return locker.Errorf(locker.CodeVersionUnsupported, "%s has version %d, this program reads version %d",
		what, got, Version)
}

// Version is the version of every encoding of this package. Fields are added within it.
const Version = 1

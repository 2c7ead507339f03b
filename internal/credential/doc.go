// Package credential makes, reads and guards the codes that open doors.
//
// A code is never stored. [Derive] computes it from a site's [Key], a subject ("stay:…",
// "grant:…", "courier:…", "staff:…") and a generation, so that both halves of Cubby reach the same
// code apart. A [Credential] has three forms: a token for scanners, nine symbols for touch screens
// and nine digits for keypads, which go with a unit or pass number.
//
// [Parse] reads what a person typed or scanned. [Index] holds the live codes of one site and says
// whose code an [Entry] is, without a branch that depends on a secret. [Budget] counts wrong
// guesses; [Policy] says what those limits are worth as the chance that a stranger opens anything
// in a year. [NewProof] and [VerifyProof] are the rotating proof of standing at the locker.
//
// The package is pure: no clock, randomness, storage or network. It knows nothing of parcels,
// people or doors; holders and subjects are names that it compares.
package credential

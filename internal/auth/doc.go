// Package auth proves who somebody is: staff by password and session, programs by API token,
// controllers and servers by an Ed25519 identity, new controllers by a one-time enrolment token.
//
// It stores nothing and decides no permissions. Secrets leave it once, to be shown; what is kept
// is their SHA-256 (random secrets of 256 bits need no slow hash) or, for passwords that people
// choose, an Argon2id string. The structs are plain records for internal/store.
//
// Codes that open doors are not here but in internal/credential: a scan over all live codes must
// take microseconds, which Argon2id is made to prevent.
package auth

// Package email sends one message at a time to an SMTP server and says what went wrong in the
// three ways that matter: try again, this address is bad, our settings are wrong.
//
// It renders the letters that residents and staff get, from views whose sentences are already
// translated. It keeps no queue: what to send when, and how often to try again, is decided by the
// server's outbox.
package email

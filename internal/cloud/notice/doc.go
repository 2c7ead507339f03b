// Package notice tells people: recipients that a parcel waits, again when it waits on, and whoever is
// on duty when something needs a person.
//
// Jobs of the outbox become rows of the table of notices, unique for one parcel, recipient, kind and
// generation of the code, and each row is one mail whose Message-ID is made from the row. A reply of
// the mail server that gets lost leads to a second copy with the same Message-ID, never to a second
// row: at least once, with a mark that tells copies. Reminders are not queued for weeks: each minute
// they are worked out again from what waits.
//
// The package decides what is sent when, and puts the words together from the catalogues. It knows
// nothing of SMTP, of pages or of who may see what.
package notice

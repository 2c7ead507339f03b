// Package holder is what the holder of a resident's link may do beside looking and opening: say what is
// wrong, send somebody else, keep parcels longer, choose how to be told, and end everything that a lost
// phone could open.
//
// There is no account: the link is the right, and each act is about parcels of the recipient whose link
// it is. What decides about permission travels to the sites as changes of their directory, so they hold
// it with the network down: a pass that was taken back, a code that was lost. What is said of a parcel
// becomes a fact of the site by an intent; words and pictures stay here, beside it, and are erased after
// a while.
//
// The package knows nothing of pages or of how messages are sent.
package holder

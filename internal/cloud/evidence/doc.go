// Package evidence writes and checks what anybody can verify of a site's record: an evidence pack for
// one parcel, the whole record as an export, and the tree heads that are given out each day.
//
// A pack is one JSON file. It holds the operations in which the parcel stands, byte for byte, and for
// each the way of hashes (RFC 6962) to a tree head that the site signed and the operator's server
// countersigned. Every other record of the site is in it as a hash only. The operator signs the pack
// as a whole, so that nothing can be left out or added later. Whoever has the operator's public key
// checks it with Check, without a network, a database or trust in whoever handed the file over.
//
// The package must not know how a pack reaches anybody.
package evidence

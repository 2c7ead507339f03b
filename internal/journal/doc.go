// Package journal keeps the append-only record of one site, so that anyone can check later that
// nothing was changed, taken out or put in.
//
// A Record is one encoded operation, opaque here. Numbers are contiguous and start at 1 in each
// epoch. Two hashes protect the bodies. The chain, Chain(n) = SHA-256(Chain(n-1) || Body(n)), names
// the exact first record that is wrong. The Merkle tree (RFC 6962) gives heads that are signed and
// countersigned, and proofs about single records. A record's annex is personal data that travels
// beside it and can be erased; no hash covers it.
//
// Log is the one writer. It stands over a Storage: File (SQLite, on site), Memory (simulation), or
// the server's own table for a site that it hosts. Append is all or nothing and returns after the
// record is durable. There is no queue inside: whoever has several things waiting passes them in
// one call, and they share one commit. After an I/O error the Log is poisoned and refuses
// everything, because a second fsync may report success for data that the first one lost. The
// process then exits and Open reads back what is really there.
//
// A torn or corrupt file is never repaired. Open seals it (renames it, makes it read-only), says in
// its report which record is wrong, and starts a new file with a new epoch. The epoch counter
// stands in a file of its own, so that no epoch is used twice when the database is lost.
//
// The package must not know what a body means, who the other half is, or how a head gets there.
//
// Locks: Log.mu is held over one Storage call, because appends are serial by nature; Storage takes
// its own locks after it and never calls back.
package journal

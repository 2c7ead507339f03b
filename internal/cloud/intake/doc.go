// Package intake takes in what sites record: it stores their operations byte for byte, keeps the
// Merkle tree of each site's record and countersigns its heads, and folds the facts into the
// tables that pages read.
//
// The record comes first: operations are committed whatever the tables do. A site whose tables cannot
// follow is flagged stale and left behind until Rebuild has built them again, while the others go
// on. What contradicts permission becomes an incident; it is never refused or changed.
//
// A site that runs inside the server writes its journal through the same door, see Hosted.
//
// The package knows nothing of people, pages or sockets.
package intake

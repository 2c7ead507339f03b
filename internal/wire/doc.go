// Package wire holds what the two halves of Cubby say to each other, and how it looks as bytes:
// operations with their facts, the annex beside them, directory changes, intents, status, and the
// messages of the link.
//
// An [Operation] is one decision's facts, indivisible. It is encoded once, by whoever decided, and
// its bytes are one leaf of the site's Merkle log; from then on the bytes travel and are stored as
// they are and are never encoded again. Decoding is for reading only.
//
// What a reader must bear. Fields are only ever added, so unknown fields are ignored and missing
// ones are zero; both halves accept messages of the version before. A fact is a record and never
// lost: a kind that this version does not know, and a fact of a known kind that it cannot read,
// come back as [locker.Unknown] with their body byte for byte. The same happens to a value that
// rules branch on to free a place or to lift a limit (the purpose and the cause of an opening, what
// a sensor says of a space) when this version does not know it; descriptive values (evidence,
// problems, faults, sizes, reasons) pass as they are.
//
// Every fact type, kind of change and message has a golden file under testdata that is decoded for
// ever. Every decoder has limits, listed in limit.go, and a fuzz test.
//
// The package does no I/O and knows nothing of sockets, stores, keys or clocks.
package wire

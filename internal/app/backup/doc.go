// Package backup writes what a server keeps into one encrypted file, and makes a server of it again.
//
// A backup is encrypted with age to keys whose private halves the server does not hold. Inside, compressed, are
// lines of JSON: a head, the files of the data folder in pieces, and a dump of the tables, which is the same for
// both engines. Nothing counts that did not read back: each backup is restored once, aside, before it is reported.
//
// A server that was restored is older than its sites. They send again what it has not seen; for what it has
// forgotten of its own, [Restore] begins new epochs of directories and of the records that the server keeps itself.
//
// The package knows files, keys and the store; it starts no server.
package backup

// Package lock puts lock boards together: it is the one list of protocol families, and the only place
// that turns settings and models (board/catalog) into drivers, codecs and virtual boards. A new family
// is one file here and one line in entries. The package must not know doors, journals or people.
package lock

// Package importer reads lists of residents as property systems and spreadsheets write them, and
// says what importing them would change.
//
// A file becomes a [Table]: its characters and its separator are recognized, rows keep the line
// on which they begin. A [Mapping] says which column is what; [Guess] proposes one from the header.
// [Parse] turns rows into [Row] values and names every [Problem] by line and column. [Compare] sets
// rows against who is known already and returns what to add, change and leave.
//
// The package is pure: it reads no file and no table, and it writes nothing.
package importer

// Package text holds every sentence a person reads: catalogues in English, Spanish and
// Arabic, plurals, dates, sizes and the words that say where a door is.
//
// A sentence has a key ("kiosk.home.collect"). The catalogues are JSON files in catalog/,
// one per face and language (kiosk.en.json), so that several people can edit at once. A key
// stands in exactly one file of each language; the first part of the key usually names the
// file. Placeholders are names in double braces ("Door {{.door}}"); a sentence that counts
// has one text per plural form of its language and uses {{.n}}.
//
// To add a sentence, add its key to the same file of every language; the tests compare keys,
// placeholders and plural forms (Arabic: zero, one, two, few, many, other), and find keys that
// sources use with T("...") or N("...") but no catalogue has. T("state." + s) uses a family of
// keys. Sentences are plain: sentence case, verb first, no exclamation marks.
//
// The package must not know pages, sites or the directory: callers pass what they want said.
// A Catalog and its Printers do not change after New and may be used from many goroutines.
package text

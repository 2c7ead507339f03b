// Package bundle makes the file that people take away about one parcel: the evidence pack of package
// evidence, and a document that tells the same in plain words, in one archive (ZIP). The document is a
// PDF; where a language or a name needs letters that its fonts lack, it is a page to be opened in a
// browser and printed. The pack covers the document by its hash.
package bundle

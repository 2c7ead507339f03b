// Package linktest holds what tests of the link need on both sides: a hub that keeps everything in
// memory and insists on a record without gaps, a site that makes operations, a relay that drops,
// repeats and delays messages like a bad proxy, and a wire that breaks in the middle of a byte.
// Nothing here is for production.
package linktest

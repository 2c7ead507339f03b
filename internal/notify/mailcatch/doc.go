// Package mailcatch is a mail server for the demo: it takes every mail on loopback, keeps the
// last ones in memory and shows them on a page. It delivers nothing.
package mailcatch

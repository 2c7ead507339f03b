// Package recovery makes the memory of a lost controller again, from the server's copy of its record: it
// checks the copy against the last head that the server signed, and keeps what the site then knows as the
// snapshot that the controller of another computer starts from. It must not know how the copy comes here.
package recovery

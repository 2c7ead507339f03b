// Package consoletest gives the console something to show: a Fake in the place of the server half, with
// a sample property, and Fixtures, which name a request for every page. Goldens, handler tests and the
// gallery use the same ones.
package consoletest

// Package e2e holds journeys through the finished program: real processes, real bytes on a line, a
// real browser. It has tests only, and it must not know how anything inside works.
package e2e

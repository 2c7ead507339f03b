// Package audits draws the audit of a site and the guided audits on a phone: what the last look at the books
// found, and place after place for staff who look themselves. Everything works without scripts and from the
// keyboard: a label scanner types and presses Enter. It knows nothing of sessions; the console does.
package audits

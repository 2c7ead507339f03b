// Package incident says what a person must look at and how soon, and keeps the book of it: one open
// incident for a cause, however often it happens. It knows nothing of pages or messages.
package incident

// Package feed tells live pages what changed and waiting requests that their intent was answered,
// within one process. It holds no history and never makes a writer wait.
package feed

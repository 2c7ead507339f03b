// Package cli is the command line: one file for each subcommand. It reads settings, calls
// internal/app and prints to the streams it was given. Machine-readable output goes to Out; all
// else, progress bars included, to Err.
package cli

// Package catalog is the list of lock board models: data, one YAML file each. A model names its
// protocol family and what that family leaves open, in the words of the settings file, so that an
// operator writes `model: ...` and nothing else. A Go package is needed for a new protocol only.
//
// The command line, the console and docs/hardware.md take their lists from here. The package must
// not know families or settings: whether a file's words mean something to its family is checked
// where families are put together, internal/app/lock.
package catalog

// Package config holds every setting of both halves: its key, default, unit, range and
// documentation stand on one struct, and the commented default file, docs/config.md, the
// environment names and the messages for wrong keys are made from that struct.
//
// A flag beats the environment, the environment beats the file, the file beats the default.
// Secrets never stand in the file or in a flag: the file names another file that holds one, or
// the environment gives it.
//
// It knows values only. No other package sees these structs: internal/app maps them to the
// options of whoever needs them.
package config

//go:build !race

package sim_test

// raced says that the race detector slows the tests down.
const raced = false

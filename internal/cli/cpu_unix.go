//go:build unix

package cli

import (
	"syscall"
	"time"
)

// cpuTime returns how long this process has kept processor cores busy, the collector of garbage included;
// zero where nobody knows. Other programs on the computer do not count.
// Source: getrusage(2), ru_utime and ru_stime.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

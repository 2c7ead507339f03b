//go:build !unix

package cli

import "time"

// cpuTime returns zero: nobody knows.
func cpuTime() time.Duration { return 0 }

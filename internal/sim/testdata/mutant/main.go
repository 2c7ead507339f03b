// Command mutant plays seeds until a promise is broken, and says which. TestMutants builds it over sources
// with a mistake in them: `mutant DAYS SEED...`. Exit status 3 means that something was found.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"

	"cubby/internal/sim"
)

const found = 3

func main() {
	debug.SetGCPercent(sim.GCPercent)
	days, _ := strconv.Atoi(os.Args[1]) // the test passes numbers
	for _, arg := range os.Args[2:] {
		seed, _ := strconv.ParseUint(arg, 10, 64) // as above
		play(seed, days)
	}
}

// play ends the program when something is wrong with a seed: a broken promise, a panic, or a run that cannot
// go on.
func play(seed uint64, days int) {
	defer func() {
		if p := recover(); p != nil {
			say(seed, fmt.Sprintf("panic: %v", p))
		}
	}()
	r, err := sim.Run(context.Background(), sim.Options{Seed: seed, Days: days, Faults: sim.Faults(), UntilBroken: true})
	switch {
	case err != nil:
		say(seed, err.Error())
	case len(r.Violations) > 0:
		say(seed, r.Violations[0].String())
	}
}

func say(seed uint64, what string) {
	_, _ = fmt.Fprintf(os.Stdout, "seed %d: %.200s\n", seed, what) // the exit status says the same
	os.Exit(found)
}

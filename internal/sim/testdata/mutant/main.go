// Command mutant plays seeds until a promise is broken, and says which. TestMutants builds it over sources
// with a mistake in them: `mutant FIRST SEEDS DAYS`. Exit status 3 means that something was found.
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
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(os.Args[i+1]) // the test passes numbers
	}
	for seed := n[0]; seed < n[0]+n[1]; seed++ {
		play(uint64(seed), n[2])
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

package sim_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"cubby/internal/sim"
)

func TestOne(t *testing.T) {
	seed, _ := strconv.ParseUint(os.Getenv("SEED"), 10, 64)
	n, _ := strconv.ParseUint(os.Getenv("N"), 10, 64)
	days, _ := strconv.Atoi(os.Getenv("DAYS"))
	faults, err := sim.ParseFaults(os.Getenv("FAULTS"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range max(n, 1) {
		opts := sim.Options{Seed: seed + i, Days: max(days, 5), Faults: faults}
		if os.Getenv("TRACE") != "" {
			f, _ := os.Create(os.Getenv("TRACE"))
			defer f.Close()
			opts.Trace = f
		}
		began := time.Now()
		r, err := sim.Run(t.Context(), opts)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("seed %d %v %d deliveries, %d openings, broken %d\n", r.Seed, time.Since(began), r.Deliveries, r.Openings, r.Broken)
		if n <= 1 {
			fmt.Println(r.Counters)
		}
		by := map[string]int{}
		for _, v := range r.Violations {
			if by[v.Promise]++; by[v.Promise] <= 2 {
				fmt.Println("   ", v)
			}
		}
	}
}

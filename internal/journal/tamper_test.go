package journal_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"cubby/internal/journal"
)

const (
	// tamperCount is how many records the test of random places has, unless CUBBY_TAMPER names
	// another number: 1,000,000 in the nightly run.
	tamperCount = 20_000
	// tamperPlaces is how many places each way of falsifying is tried at.
	tamperPlaces = 4
)

// TestVerify_NamesTamperedRecordAmongMany falsifies a large journal at random places, in each way that
// the test of a thousand records tries everywhere: what was done and where is found and named.
func TestVerify_NamesTamperedRecordAmongMany(t *testing.T) {
	t.Parallel()
	count, seed := tamperCount, rand.Uint64()
	for name, set := range map[string]func(int64){
		"CUBBY_TAMPER": func(n int64) { count = int(n) }, "CUBBY_TAMPER_SEED": func(n int64) { seed = uint64(n) },
	} {
		if text := os.Getenv(name); text != "" {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || n < 0 {
				t.Fatalf("%s=%s is not a number", name, text)
			}
			set(n)
		}
	}
	seed &= 1<<63 - 1 // so that it can be given again
	t.Logf("%d records; repeat with CUBBY_TAMPER=%d CUBBY_TAMPER_SEED=%d", count, count, seed)
	st := journal.NewMemory()
	filled(t, st, count, min(count, 4000))
	c := contentOf(t, st)
	rng := rand.New(rand.NewPCG(seed, 1))
	for _, tc := range tampers() {
		for range tamperPlaces {
			n := 1 + rng.IntN(count-1)
			if tc.name == "swap with the last" {
				n = min(n, count-2) // the one before the last is a swap of neighbours
			}
			rows := tc.do(slices.Clone(c.rows), n)
			report, err := journal.VerifyRecords(site, c.epoch, c.heads, stream(rows), journal.VerifyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if f := report.Fault; f == nil || f.Kind != tc.kind || f.Number != uint64(n) || f.Epoch != 1 {
				t.Errorf("%s at record %d: found %v, want %v", tc.name, n, f, tc.kind)
			}
		}
	}
}

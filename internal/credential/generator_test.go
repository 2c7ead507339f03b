package credential_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"cubby/internal/credential"
)

// nightly is how many codes the generator is judged by: CUBBY_CODES=10000000 at night, fewer beside
// other tests.
func nightly(tb testing.TB, usual int) int {
	tb.Helper()
	if text := os.Getenv("CUBBY_CODES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			tb.Fatalf("CUBBY_CODES: %v", err)
		}
		return n
	}
	return usual
}

// tally is what a share of the codes looked like.
type tally struct {
	symbols [credential.CodeLength][20]float64 // the check symbol too
	digits  [credential.CodeLength][10]float64
	token   [26][32]float64
	pairs   [20][20]float64 // first symbols of one code and of the next: stays are numbered in a row
	last    [20][20]float64 // last symbols of two generations of one stay
	seen    []uint64        // 0 to 20^8
}

const tokenAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUV"

func (c *tally) count(key credential.Key, from, to int) {
	before := -1
	for i := from; i < to; i++ {
		subject := "stay:" + strconv.Itoa(i)
		code := credential.Derive(key, subject, 1)
		text := strings.ReplaceAll(code.Symbols(), "-", "")
		value := uint64(0)
		for place := range text {
			s := strings.IndexByte(credential.Alphabet, text[place])
			c.symbols[place][s]++
			if place < credential.SymbolCount {
				value = value*20 + uint64(s)
			}
		}
		c.seen = append(c.seen, value)
		for place, d := range strings.ReplaceAll(code.Digits(), "-", "") {
			c.digits[place][d-'0']++
		}
		for place, s := range strings.TrimPrefix(code.Token(), credential.TokenPrefix) {
			c.token[place][strings.IndexRune(tokenAlphabet, s)]++
		}
		first := strings.IndexByte(credential.Alphabet, text[0])
		if before >= 0 {
			c.pairs[before][first]++
		}
		before = first
		if i%8 == 0 {
			next := credential.Derive(key, subject, 2).Symbols()
			c.last[strings.IndexByte(credential.Alphabet, text[7])][strings.IndexByte(credential.Alphabet, next[9])]++
		}
	}
}

// TestDerive_LooksRandom judges the generator by chi-square: each place of each form, and whether one
// code tells anything about the next or about its next generation. Bounds are the 99.99 % points.
// With a key of its own the sequence is fixed, so that a good generator passes always.
func TestDerive_LooksRandom(t *testing.T) {
	t.Parallel()
	const shares = 2
	n := nightly(t, 200_000)
	key := testKey(t, 77)
	var all [shares]tally
	var work sync.WaitGroup
	for i := range shares {
		work.Go(func() { all[i].count(key, i*n/shares, (i+1)*n/shares) })
	}
	work.Wait()
	worst := 0.0
	judge := func(what string, limit float64, rows ...[]float64) {
		t.Helper()
		sum := make([]float64, len(rows[0]))
		total := 0.0
		for _, row := range rows {
			for k, v := range row {
				sum[k], total = sum[k]+v, total+v
			}
		}
		x := chiSquare(sum, int(total))
		worst = max(worst, x/limit)
		if x > limit {
			t.Errorf("%s: chi-square %.1f over %.0f codes, at most %.1f", what, x, total, limit)
		}
	}
	for place := range credential.CodeLength {
		judge(fmt.Sprintf("symbol %d", place+1), 52.4, all[0].symbols[place][:], all[1].symbols[place][:])
		judge(fmt.Sprintf("digit %d", place+1), 33.8, all[0].digits[place][:], all[1].digits[place][:])
	}
	for place := range 25 { // the 26th character holds three bits
		judge(fmt.Sprintf("token character %d", place+1), 71.1, all[0].token[place][:], all[1].token[place][:])
	}
	judge("a code and the next", 511, flat(&all[0].pairs), flat(&all[1].pairs))
	judge("two generations", 511, flat(&all[0].last), flat(&all[1].last))
	repeats(t, n, all[0].seen, all[1].seen)
	t.Logf("%d codes: the worst chi-square is %.2f of its bound", n, worst)
}

func flat(table *[20][20]float64) []float64 {
	var all []float64
	for i := range table {
		all = append(all, table[i][:]...)
	}
	return all
}

// repeats counts equal codes. A generator that reuses a seed has far more than the birthday paradox
// gives, one that walks through the codes in a row has none.
func repeats(t *testing.T, n int, shares ...[]uint64) {
	t.Helper()
	seen := make(map[uint64]struct{}, n)
	found := 0.0
	for _, share := range shares {
		for _, v := range share {
			if _, again := seen[v]; again {
				found++
			}
			seen[v] = struct{}{}
		}
	}
	// Source: birthday paradox, n²/2 pairs over 20⁸ codes less those without a letter; five sigma.
	expected := float64(n) * float64(n) / 2 / (25_600_000_000 - 5_764_801)
	sigma := max(1, expected)
	if diff := found - expected; diff*diff > 25*sigma {
		t.Errorf("%.0f of %d codes came twice, expected %.1f", found, n, expected)
	}
	t.Logf("%.0f of %d codes came twice, expected %.1f", found, n, expected)
}

// TestIndex_LiveCodesAreFarApart fills an index to its limit: no live code becomes another by one
// wrong symbol, by two neighbours in the wrong order, or by two across one symbol.
func TestIndex_LiveCodesAreFarApart(t *testing.T) {
	t.Parallel()
	key, index := testKey(t, 78), credential.NewIndex()
	codes := map[string]bool{}
	near := map[string]string{} // a code with one place hidden
	for i := range credential.MaxLive {
		subject := "stay:" + strconv.Itoa(i)
		generation, code, err := index.NextFree(key, subject, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := index.Put(credential.Live{Subject: subject, Key: key, Generation: generation}); err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(code.Symbols(), "-", "")
		for place := range text {
			hidden := text[:place] + "?" + text[place+1:]
			if other := near[hidden]; other != "" {
				t.Errorf("two live codes differ in symbol %d alone", place+1)
			}
			near[hidden] = text
		}
		codes[text] = true
		if i == 2_000 && testing.Short() {
			break
		}
	}
	for text := range codes {
		for place := range len(text) {
			for _, step := range []int{1, 2} {
				if place+step >= len(text) || text[place] == text[place+step] {
					continue
				}
				swapped := []byte(text)
				swapped[place], swapped[place+step] = swapped[place+step], swapped[place]
				if codes[string(swapped)] {
					t.Errorf("a live code is another with symbols %d and %d exchanged", place+1, place+step+1)
				}
			}
		}
	}
}

// A generator that is too even, or that repeats itself, fails the judgement.
func TestDerive_JudgementCanFail(t *testing.T) {
	t.Parallel()
	var row [20][20]float64
	for i := range 200_000 { // each symbol is followed by the next one
		row[i%20][(i+1)%20]++
	}
	if x := chiSquare(flat(&row), 200_000); x < 511 {
		t.Errorf("symbols in a row pass with %.1f", x)
	}
}

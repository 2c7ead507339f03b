package governor_test

import (
	"testing"

	"pgregory.net/rapid"

	"cubby/internal/controller/governor"
	"cubby/internal/locker"
)

// TestGovernor_Bounds asks at random for pulses and checks what was let through against the limits,
// counted apart.
func TestGovernor_Bounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var g governor.Governor
		banks := []locker.BankID{"a", "b"}
		causes := []locker.Cause{locker.CauseLocal, locker.CausePhone, locker.CauseRemote, "of a newer version"}
		flying, ended := map[locker.BankID]bool{}, map[locker.BankID]int64{}
		var remote []int64
		now := int64(0)
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			now += rapid.Int64Range(0, 1500).Draw(t, "ms")
			bank := rapid.SampledFrom(banks).Draw(t, "bank")
			if flying[bank] && rapid.Bool().Draw(t, "end") {
				g.End(bank, now)
				flying[bank], ended[bank] = false, now
				continue
			}
			cause := rapid.SampledFrom(causes).Draw(t, "cause")
			service := rapid.IntRange(0, 9).Draw(t, "service") == 0
			isRemote := cause != locker.CauseLocal && cause != locker.CausePhone
			recent := 0
			for _, at := range remote {
				if now-at < governor.RemoteSpan.Milliseconds() {
					recent++
				}
			}
			last, used := ended[bank]
			busy := flying[bank] || used && now-last < governor.PulseGap.Milliseconds()
			switch got := g.Take(bank, cause, service, now); got {
			case governor.RulingGo:
				if busy {
					t.Fatalf("a second pulse within a second at %d", now)
				}
				if isRemote && !service && recent >= governor.RemoteLimit {
					t.Fatalf("remote pulse %d within a minute", recent+1)
				}
				flying[bank] = true
				if isRemote {
					remote = append(remote, now)
				}
			case governor.RulingWait:
				if !busy {
					t.Fatal("told to wait for nothing")
				}
			case governor.RulingRefuse:
				if !isRemote || service || recent < governor.RemoteLimit {
					t.Fatalf("refused %s with %d recent", cause, recent)
				}
			}
		}
	})
}

package e2e_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var killStage = regexp.MustCompile(` (replica|journal|lines|parts|kiosk|load|first_look|record)=([0-9.]+[a-zµ]+)`)

// killStages are how long the parts of starts took, as their logs say.
type killStages map[string][]time.Duration

// add takes in a start that ended with the process being ready.
func (s killStages) add(p *killProc, ready time.Duration) {
	known := time.Duration(0)
	for line := range strings.SplitSeq(p.output(), "\n") {
		if !strings.Contains(line, `msg="site opened"`) && !strings.Contains(line, `msg="controller ready"`) {
			continue
		}
		for _, m := range killStage.FindAllStringSubmatch(line, -1) {
			if d, err := time.ParseDuration(m[2]); err == nil {
				s[m[1]] = append(s[m[1]], d)
				known += d
			}
		}
	}
	s["process"] = append(s["process"], ready-known) // the program is read, the settings, the folder is claimed
}

// tell logs the median and the worst of each stage.
func (s killStages) tell(tb testing.TB) {
	tb.Helper()
	var parts []string
	for _, name := range []string{"process", "replica", "journal", "lines", "parts", "kiosk", "load", "first_look", "record"} {
		all := slices.Sorted(slices.Values(s[name]))
		if len(all) == 0 {
			tb.Errorf("no start says how long %q took", name)
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %d/%d", name, all[len(all)/2].Milliseconds(), all[len(all)-1].Milliseconds()))
	}
	tb.Logf("stages of a start, median/worst in ms: %s", strings.Join(parts, ", "))
}

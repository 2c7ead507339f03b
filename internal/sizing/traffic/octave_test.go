package traffic_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"cubby/internal/sizing/traffic"
)

// TestErlangB_octave checks the formulas against the package queueing of GNU Octave, and the exact
// chain against its solver of continuous-time Markov chains.
func TestErlangB_octave(t *testing.T) {
	t.Parallel()
	octave, err := exec.LookPath("octave-cli")
	if err != nil {
		if os.Getenv("CI") == "true" || os.Getenv("REQUIRE_TOOLS") != "" {
			t.Fatal("octave is not installed: apt-get install octave octave-queueing")
		}
		t.Skip("!!!! SKIPPED: octave is not installed: apt-get install octave octave-queueing")
	}
	type pair struct {
		load    float64
		servers int
	}
	var pairs []pair
	var script strings.Builder
	script.WriteString("pkg load queueing;\n")
	for _, servers := range []int{1, 2, 7, 30, 100, 120} {
		for _, part := range []float64{0.3, 0.7, 0.95, 1.2} {
			p := pair{load: part * float64(servers), servers: servers}
			pairs = append(pairs, p)
			fmt.Fprintf(&script, "printf('%%.15g\\n', erlangb(%.17g, %d));\n", p.load, p.servers)
		}
	}
	// Two doors small, one large, loads 1 and 1/2: states (small, large) in mixed radix.
	script.WriteString(`Q = zeros(6);
for s = 0:2 for l = 0:1
  i = s + 3*l + 1;
  if s < 2 Q(i, i+1) += 1; elseif l < 1 Q(i, i+3) += 1; end
  if l < 1 Q(i, i+3) += 0.5; end
  if s > 0 Q(i, i-1) += s; end
  if l > 0 Q(i, i-3) += l; end
end end
Q -= diag(sum(Q, 2));
p = ctmc(Q);
printf('%.15g\n%.15g\n%.15g\n', p(6), p(4)+p(5)+p(6), p(3));
`)
	cmd := exec.CommandContext(t.Context(), octave, "--norc", "--quiet", "--eval", script.String())
	out, err := cmd.Output()
	values := strings.Fields(string(out))
	if len(values) != len(pairs)+3 {
		t.Fatalf("octave answered %d of %d figures (%v)", len(values), len(pairs)+3, err)
	}
	figure := func(i int) float64 {
		v, err := strconv.ParseFloat(values[i], 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for i, p := range pairs {
		got := must(traffic.ErlangB(p.load, float64(p.servers)))(t)
		near(t, fmt.Sprintf("ErlangB(%v, %d)", p.load, p.servers), got, figure(i), 1e-11)
	}
	bank := must(traffic.BestFit([]int{2, 1}, []float64{1, 0.5}, nil))(t)
	near(t, "blocked small", bank.Blocked[0], figure(len(pairs)), 1e-11)
	near(t, "blocked large", bank.Blocked[1], figure(len(pairs)+1), 1e-11)
	near(t, "upgraded small", bank.Upgraded[0], figure(len(pairs)+2), 1e-11)
}

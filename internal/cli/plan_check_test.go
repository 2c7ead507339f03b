package cli_test

import (
	"bytes"
	"strings"
	"testing"

	"cubby/internal/cli"
)

func runPlan(t *testing.T, args ...string) (out, errs string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = cli.Main(append([]string{"plan"}, args...), cli.Streams{In: strings.NewReader(""), Out: &o, Err: &e})
	return o.String(), e.String(), code
}

// The published values, each to the digits that are printed.
func TestPlan_Formulas(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"erlang --load 8 --doors 10":                                "blocking 0.1216610643\n",
		"erlang --load 4 --doors 2":                                 "blocking 0.6153846154\n",
		"erlang --load 100 --doors 100":                             "blocking 0.0757004527\n",
		"erlang --blocking 0.01 --doors 50":                         "load 37.901398",
		"erlang --blocking 0.1217 --load 8":                         "doors 10\n",
		"kaufman --capacity 4 --sizes 1,2 --loads 1,1":              "blocking 0.1824817518\nblocking 0.3868613139\noccupied 2.0437956204\n",
		"kaufman --capacity 20 --sizes 1,4 --loads 8,2":             "blocking 0.0576447",
		"mix --heights 1,2 --loads 5,2":                             "height 21\ndoors 9,6 loss 0.0073985950\n",
		"mix --heights 1,2 --loads 5,2 --worst":                     "height 23\ndoors 9,7 loss 0.0068906744\ndoors 7,8 loss 0.0073192885\n",
		"mix --heights 1,2 --loads 5,2 --height 21":                 "height 21\ndoors 9,6 loss 0.0073985950\n",
		"columns --heights 10,21,43 --column 180":                   "patterns 189\nmaximal 25\n",
		"columns --heights 10,21,43 --column 180 --demand 30,24,12": "patterns 189\nmaximal 25\ncolumns 8\n",
		"columns --heights 10,21,43 --column 180 --demand 60,30,10": "patterns 189\nmaximal 25\ncolumns 10\n",
	} {
		out, errs, code := runPlan(t, strings.Fields(args)...)
		if code != 0 || !strings.HasPrefix(out, want) {
			t.Errorf("plan %s: code %d\n%s%s\nwant %s", args, code, out, errs, want)
		}
	}
}

func TestPlan_FormulasRefuse(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"erlang --load 8":                                    "give two of",
		"erlang --load=-1 --doors 3":                         "load",
		"erlang --blocking 1.5 --doors 3":                    "",
		"kaufman --capacity 4 --sizes 1,2 --loads 1":         "",
		"mix --heights 1,2 --loads 5":                        "2 heights and 1 loads",
		"columns --heights 10,21 --column 5":                 "",
		"columns --heights 10,21 --column 50 --demand 3,3,3": "",
	} {
		out, errs, code := runPlan(t, strings.Fields(args)...)
		if code != 2 || out != "" && !strings.HasPrefix(out, "patterns") || !strings.Contains(errs, want) {
			t.Errorf("plan %s: code %d\n%s%s\nwant %q", args, code, out, errs, want)
		}
	}
}

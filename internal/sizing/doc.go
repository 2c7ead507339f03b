// Package sizing is the planner: how many doors of which size a building needs, whether they fit
// its walls, what they cost over the years, and what happens in the peak week.
//
// A Problem holds what is known, each value with its source; Solve answers it. Solve screens with
// formulas (package traffic), searches door mixes that fit the walls (mix, fit, catalogue), decides
// by simulation (sim), and prices the alternatives (cost). The packages below this one do not know
// it, and none of them reads files, clocks or the network: planfile turns files into problems, and
// whoever prints an answer lives elsewhere.
package sizing

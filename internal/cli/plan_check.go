package cli

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"cubby/internal/sizing/mix"
	"cubby/internal/sizing/traffic"
)

// The commands of this file print formulas alone, one value in a line with ten digits, for people
// who check the planner with other tools.

type planErlangCmd struct {
	Load     *float64 `help:"Offered load in erlangs: parcels per day times the days that one stays." placeholder:"A"`
	Doors    *float64 `help:"Doors; need not be whole." placeholder:"N"`
	Blocking *float64 `help:"Fraction that finds no door, above 0 and below 1, e.g. 0.01." placeholder:"B"`
}

// Run answers with whatever of the three is missing.
func (cmd planErlangCmd) Run(e *env) error {
	var value float64
	var err error
	var what string
	switch {
	case cmd.Load != nil && cmd.Doors != nil && cmd.Blocking == nil:
		what = "blocking"
		value, err = traffic.ErlangB(*cmd.Load, *cmd.Doors)
	case cmd.Blocking != nil && cmd.Doors != nil && cmd.Load == nil:
		what = "load"
		value, err = traffic.InverseLoad(*cmd.Blocking, *cmd.Doors)
	case cmd.Blocking != nil && cmd.Load != nil && cmd.Doors == nil:
		doors, err := traffic.InverseServers(*cmd.Blocking, *cmd.Load)
		if err != nil {
			return usageError{err}
		}
		return e.print("doors %d", doors)
	default:
		return usageError{errors.New("give two of --load, --doors and --blocking; the third is the answer")}
	}
	if err != nil {
		return usageError{err}
	}
	return e.print("%s %s", what, tenDigits(value))
}

// tenDigits prints ten digits behind the point; a fraction too small for them keeps ten that count.
func tenDigits(v float64) string {
	if v != 0 && math.Abs(v) < 1e-4 {
		return strconv.FormatFloat(v, 'e', 9, 64)
	}
	return strconv.FormatFloat(v, 'f', 10, 64)
}

type planKaufmanCmd struct {
	Capacity int       `help:"Capacity in whole units: litres, centimetres of shelf." required:"" placeholder:"C"`
	Sizes    []int     `help:"Units that one parcel of each class takes." required:"" placeholder:"U,..."`
	Loads    []float64 `help:"Offered load of each class in erlangs, in the same order." required:"" placeholder:"A,..."`
}

// Run prints the blocking of each class in the order given, and the mean number of units occupied.
func (cmd planKaufmanCmd) Run(e *env) error {
	room, err := traffic.KaufmanRoberts(cmd.Capacity, cmd.Sizes, cmd.Loads)
	if err != nil {
		return usageError{err}
	}
	for _, b := range room.Blocking {
		if err := e.print("blocking %s", tenDigits(b)); err != nil {
			return err
		}
	}
	return e.print("occupied %s", tenDigits(room.MeanOccupied))
}

type planMixCmd struct {
	Heights []int     `help:"Height of a door of each size in whole units, smallest size first." required:"" placeholder:"H,..."`
	Loads   []float64 `help:"Offered load of each size in erlangs, in the same order." required:"" placeholder:"A,..."`
	Height  int       `help:"Height of all doors together; without it the least height that keeps --loss." placeholder:"H"`
	Loss    float64   `help:"Fraction of parcels that may find no door." default:"0.01"`
	Worst   bool      `help:"--loss holds for each size by itself, not for all parcels together."`
	Most    int       `help:"Greatest height to try." default:"2000"`
}

// maxMixes bounds the list that plan mix prints.
const maxMixes = 20

// Run prints the mixes of doors, best first, with the loss of each: exact chains where a bank is
// small, the cascade of upgrades where it is not.
func (cmd planMixCmd) Run(e *env) error {
	if len(cmd.Heights) != len(cmd.Loads) || slices.Min(cmd.Heights) < 1 {
		return usageError{fmt.Errorf("%d heights and %d loads: give one of each for every size, heights above 0", len(cmd.Heights), len(cmd.Loads))}
	}
	if !(cmd.Loss > 0 && cmd.Loss < 1) || cmd.Height < 0 {
		return usageError{fmt.Errorf("--loss %v and --height %d: the loss lies between 0 and 1, both excluded, and a height is above 0", cmd.Loss, cmd.Height)}
	}
	var failed error
	approximate := false
	loss := func(doors mix.Pattern) float64 {
		bank, err := traffic.BestFit(doors, cmd.Loads, nil)
		if err != nil {
			approximate = true
			bank, err = traffic.Cascade(doors, cmd.Loads)
		}
		if err != nil {
			failed = cmp.Or(failed, err) // one is enough: every mix has the same loads
			return 1
		}
		if !cmd.Worst {
			return bank.Total
		}
		worst := 0.0
		for _, b := range bank.Blocked {
			worst = max(worst, b)
		}
		return worst
	}
	var mixes []mix.Mix
	var err error
	height := cmd.Height
	if height > 0 {
		mixes, err = mix.InHeight(cmd.Heights, height, loss)
	} else {
		height, mixes, err = cmd.least(loss)
	}
	if failed != nil {
		return usageError{failed}
	}
	if err != nil {
		return usageError{err}
	}
	if err := e.print("height %d", height); err != nil {
		return err
	}
	for _, m := range mixes[:min(len(mixes), maxMixes)] {
		if err := e.print("doors %s loss %s", list(m.Doors), tenDigits(m.Loss)); err != nil {
			return err
		}
	}
	if approximate {
		e.say("These losses are the cascade's approximation: the bank is too large for its exact chain.")
	}
	return nil
}

// least doubles the height until the loss is reached: looking at a great height first would list
// millions of mixes.
func (cmd planMixCmd) least(loss mix.Loss) (height int, mixes []mix.Mix, err error) {
	for most := 2 * slices.Max(cmd.Heights); ; most *= 2 {
		most = min(most, cmd.Most)
		height, mixes, err = mix.LeastHeight(cmd.Heights, cmd.Loss, most, loss)
		if !errors.Is(err, mix.ErrTarget) || most >= cmd.Most {
			return height, mixes, err
		}
	}
}

type planColumnsCmd struct {
	Heights []int `help:"Height of a compartment of each size in whole units, smallest size first." required:"" placeholder:"H,..."`
	Column  int   `help:"Usable height of a column." required:"" placeholder:"H"`
	Demand  []int `help:"Doors of each size that are needed; without it only the patterns are counted." placeholder:"N,..."`
	Upgrade bool  `help:"Larger doors may stand in for smaller ones."`
	List    bool  `help:"Print every maximal pattern."`
}

// Run prints how many patterns fill a column and the fewest columns for a demand.
func (cmd planColumnsCmd) Run(e *env) error {
	space := mix.Space{Height: cmd.Column, Sizes: cmd.Heights}
	all, err := mix.Patterns(space)
	if err != nil {
		return usageError{err}
	}
	maximal, err := mix.Maximal(space)
	if err != nil {
		return usageError{err}
	}
	if err := e.print("patterns %d\nmaximal %d", len(all), len(maximal)); err != nil {
		return err
	}
	if cmd.List {
		for _, p := range maximal {
			if err := e.print("pattern %s", list(p)); err != nil {
				return err
			}
		}
	}
	if len(cmd.Demand) == 0 {
		return nil
	}
	cover := mix.Cover{Groups: []mix.Group{{Patterns: maximal}}, Demand: cmd.Demand, Upgrade: cmd.Upgrade}
	found, err := cover.Solve()
	if err != nil {
		return usageError{err}
	}
	if err := e.print("columns %d", found.Total); err != nil {
		return err
	}
	for i, n := range found.Columns[0] {
		if n > 0 {
			if err := e.print("use %d of %s", n, list(maximal[i])); err != nil {
				return err
			}
		}
	}
	if !found.Exact {
		e.say("Fewer than %.0f columns are impossible; whether %d are the fewest is not proved.", found.Bound, found.Total)
	}
	return nil
}

func list(p mix.Pattern) string {
	texts := make([]string, len(p))
	for i, n := range p {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ",")
}

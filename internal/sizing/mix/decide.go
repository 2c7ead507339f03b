package mix

import (
	"context"
	"fmt"
)

// Decision is a mix chosen in two steps.
type Decision struct {
	Mix       Mix       // the chosen one
	Screened  []Mix     // the best by the screen, best first
	Selection Selection // how they did in the simulation
}

// Decide screens the fillings of a problem with its loss, simulates the best few side by side and
// selects among them. The screen says where to look, the simulation decides. Errors: those of Best
// and Select.
func Decide(ctx context.Context, p Problem, search SearchOptions, sample Sample, o SelectOptions) (Decision, error) {
	screened, err := Best(ctx, p, search)
	if err != nil {
		return Decision{}, err
	}
	doors := make([]Pattern, len(screened))
	for i, m := range screened {
		doors[i] = m.Doors
	}
	selection, err := Select(ctx, doors, sample, o)
	if err != nil {
		return Decision{}, fmt.Errorf("decide among %d mixes: %w", len(doors), err)
	}
	return Decision{Mix: screened[selection.Contenders[0].Index], Screened: screened, Selection: selection}, nil
}

package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"cubby/board"
	"cubby/internal/app/lock"
)

type probeCmd struct {
	Port   string        `help:"The line, e.g. serial:/dev/ttyUSB0 or tcp:192.0.2.10:4196." required:"" placeholder:"PORT"`
	Family []string      `help:"Only boards of these families. Default: all that answer questions." placeholder:"FAMILY"`
	Baud   []int         `help:"Only these rates. Default: the usual ones of each family." placeholder:"RATE"`
	Last   uint8         `help:"The last address to try; 0: the last usual one of each family." default:"0" placeholder:"ADDRESS"`
	Within time.Duration `help:"How long to wait for each answer." default:"120ms"`
	All    bool          `help:"Try every rate, even when boards were found at one."`
	JSON   bool          `name:"json" help:"Print JSON."`
}

// foundJSON is one find as programs read it.
type foundJSON struct {
	Family   string            `json:"family"`
	Address  int               `json:"address"`
	BaudRate int               `json:"baud,omitempty"`
	Options  map[string]string `json:"options,omitempty"`
	Presence string            `json:"presence"` // "one" or "several"
	Conflict string            `json:"conflict,omitempty"`
}

// Run prints one line for each address that answers, and says no when none does.
func (cmd probeCmd) Run(ctx context.Context, e *env) error {
	if cmd.Within < 5*time.Millisecond || cmd.Within > 10*time.Second {
		return usageError{fmt.Errorf("--within %s: want 5ms to 10s", cmd.Within)}
	}
	var bar *progressbar.ProgressBar
	found, err := lock.Probe(ctx, lock.ProbeOptions{
		Port: cmd.Port, Now: time.Now, Families: cmd.Family, BaudRates: cmd.Baud,
		Last: board.Address(cmd.Last), Within: cmd.Within, All: cmd.All,
		Progress: func(done, total int) {
			if bar == nil {
				bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(e.bars()),
					progressbar.OptionSetDescription("probe"), progressbar.OptionClearOnFinish())
			}
			_ = bar.Set(done) // a bar that cannot be drawn stops nothing
		},
	})
	if bar != nil {
		_ = bar.Finish() // likewise
	}
	if perr := cmd.print(e, found); perr != nil {
		return perr
	}
	if err != nil {
		return err
	}
	if len(found) == 0 {
		e.say("nobody answers: look at the power of the boards, at the wires A and B, and at the port")
		return errFailed
	}
	if !cmd.JSON {
		cmd.advise(e, found)
	}
	return nil
}

// advise writes the entries of controller.buses that were found, one for each kind of board.
func (cmd probeCmd) advise(e *env, found []lock.Found) {
	var kinds []string
	boards := map[string][]string{}
	for _, f := range found {
		port := cmd.Port
		if f.BaudRate != 0 && !strings.Contains(port, "?") {
			port += "?baud=" + strconv.Itoa(f.BaudRate)
		}
		kind := fmt.Sprintf("port: %q, family: %s", port, f.Family)
		words := f.Options.Words()
		if given := f.Options.Given(); len(given) > 0 { // a probe tries one option at a time
			kind += fmt.Sprintf(", options: {%s: %s}", given[0], words[given[0]])
		}
		if boards[kind] == nil {
			kinds = append(kinds, kind)
		}
		boards[kind] = append(boards[kind], strconv.Itoa(int(f.Addr)))
	}
	e.say("\nFor controller.buses in the settings; name the model instead of the family when cubby board models lists it:")
	for _, kind := range kinds {
		e.say("- {name: left, %s, boards: [%s]}", kind, strings.Join(boards[kind], ", "))
	}
}

func (cmd probeCmd) print(e *env, found []lock.Found) error {
	list := make([]foundJSON, 0, len(found))
	t := newTable(e.Out, "FAMILY", "BOARD", "BAUD", "OPTIONS", "WHO")
	for _, f := range found {
		who := "one board"
		if conflict := f.Conflict(); conflict != "" {
			who = conflict
		}
		options, words := f.Options.Words(), ""
		for _, key := range f.Options.Given() {
			words += " " + key + "=" + options[key]
		}
		if words == "" {
			words = " -"
		}
		t.row(f.Family, fmt.Sprint(f.Addr), rate(f.BaudRate), words[1:], who)
		list = append(list, foundJSON{
			Family: f.Family, Address: int(f.Addr), BaudRate: f.BaudRate, Options: options,
			Presence: f.Presence.String(), Conflict: f.Conflict(),
		})
	}
	if cmd.JSON {
		return printJSON(e.Out, map[string]any{"boards": list})
	}
	if len(found) == 0 {
		return nil
	}
	return t.flush()
}

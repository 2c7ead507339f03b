package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"cubby/internal/app"
	"cubby/internal/commission"
	"cubby/internal/config"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/service"
)

type walkCmd struct {
	kindFlags
	Port      string `help:"The line, e.g. serial:/dev/ttyUSB0 or tcp:192.0.2.10:4196. Without it the buses of the settings file are taken." placeholder:"PORT"`
	Board     []int  `help:"Addresses of the boards on the line; cubby board probe finds them." default:"1" placeholder:"ADDRESS"`
	Bus       string `help:"Name of the line in the layout." default:"left"`
	Layout    string `help:"How the bank should be wired: a layout file, as cubby site add takes it." type:"existingfile" placeholder:"FILE"`
	Columns   string `help:"Or the doors of each column from the left, e.g. 6,5,5: named A01, A02 and so on, wired in order." placeholder:"N,N"`
	Out       string `help:"File for the layout as it really is." default:"layout.yaml" type:"path"`
	Sheet     string `help:"File for the hand-over sheet (HTML, to print)." type:"path" placeholder:"FILE"`
	Bank      string `help:"Name of the bank when no layout names it." default:"main"`
	Site      string `help:"Name of the site, for the sheet." placeholder:"NAME"`
	Installer string `help:"Your name, for the sheet. It is not recorded." placeholder:"NAME"`
	Language  string `help:"Language of the sheet." default:"en" enum:"en,es,ar"`
	Resume    bool   `help:"Go on where the last walk was interrupted."`
}

// errStopped ends a walk before its last door.
var errStopped = errors.New("stopped: go on with --resume")

// Run opens door after door, asks which one moved, and writes down what was found. It says no when
// something must be mended.
func (cmd walkCmd) Run(ctx context.Context, e *env) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	opts := e.siteOptions(c)
	buses, err := cmd.buses(c.Controller)
	if err != nil {
		return err
	}
	release, err := app.OwnFolder(opts.Config.DataDir)
	if err != nil {
		return err
	}
	defer release() //nolint:errcheck // it ends with the process at the latest
	bench, err := app.OpenBench(ctx, opts, buses)
	if err != nil {
		return err
	}
	session, err := commission.NewSession(commission.SessionOptions{
		Opener: bench, Now: opts.Now, Keep: app.KeepWalk(opts.Config.DataDir),
	})
	if err != nil {
		return errors.Join(err, bench.Release())
	}
	w := &walker{env: e, session: session, lines: readLines(e)}
	walked := cmd.begin(ctx, w, opts.Config.DataDir)
	if walked == nil {
		walked = w.run(ctx)
	}
	ctx = context.WithoutCancel(ctx) // a walk that was stopped ends on record too
	err = session.Close(ctx)
	head, herr := session.Head(ctx)
	err = errors.Join(walked, err, herr, bench.Release())
	if walked != nil && !errors.Is(walked, errStopped) {
		return err
	}
	return errors.Join(err, cmd.finish(ctx, w, bench.Session(), head))
}

// buses returns the lines that the flags stand for; nil means those of the settings.
func (cmd walkCmd) buses(c config.Controller) ([]config.Bus, error) {
	if cmd.Port == "" {
		if len(c.Buses) == 0 {
			return nil, usageError{errors.New("name the line by --port, or the buses under controller.buses in the settings file")}
		}
		return nil, nil
	}
	s, err := cmd.bus()
	if err != nil {
		return nil, err
	}
	s.Name, s.Port, s.Boards = cmd.Bus, cmd.Port, cmd.Board
	return []config.Bus{s}, nil
}

// begin takes up the last walk, or starts a new one once the doors are shut.
func (cmd walkCmd) begin(ctx context.Context, w *walker, dir string) error {
	if cmd.Resume {
		data, err := app.LoadWalk(dir)
		if err != nil {
			return err
		}
		if data == nil {
			return usageError{errors.New("no walk was interrupted here: leave --resume out")}
		}
		return w.session.Resume(data)
	}
	boards, err := w.session.Probe(ctx)
	if err != nil {
		return err
	}
	for _, b := range boards {
		w.say("board %s: %s, %d outputs, %s answers", locker.PartBoard(b.Bus, b.Address), b.Family, b.Channels, b.Presence)
	}
	plan, err := cmd.plan(boards)
	if err != nil {
		return err
	}
	w.say("Shut all doors, then press Enter.")
	if _, err := w.line(ctx); err != nil {
		return err
	}
	return w.session.Begin(ctx, plan)
}

func (cmd walkCmd) plan(boards []commission.Board) (*locker.Layout, error) {
	switch {
	case cmd.Layout != "" && cmd.Columns != "":
		return nil, usageError{errors.New("give --layout or --columns, not both")}
	case cmd.Layout != "":
		l, err := readLayout(cmd.Layout)
		if err != nil {
			return nil, usageError{err}
		}
		return &l, nil
	case cmd.Columns != "":
		columns, err := commission.ParseColumns(cmd.Columns)
		if err != nil {
			return nil, usageError{err}
		}
		l, err := commission.PlanColumns(columns, slices.DeleteFunc(slices.Clone(boards), func(b commission.Board) bool { return !b.Answers() }))
		if err != nil {
			return nil, usageError{err}
		}
		return &l, nil
	}
	return nil, nil
}

// finish writes the files and prints what was found.
func (cmd walkCmd) finish(ctx context.Context, w *walker, session locker.SessionID, head commission.RecordHead) error {
	catalog, err := text.New()
	if err != nil {
		return err
	}
	var layout locker.Layout
	var sheet commission.Sheet
	var tally commission.Tally
	if err := w.session.View(func(walk *commission.Walk) {
		layout, sheet, tally = walk.Layout(), walk.Sheet(), walk.Tally()
	}); err != nil {
		return err
	}
	if cmd.Layout == "" {
		layout = commission.NameBank(layout, cmd.Bank)
	}
	comment := "Made by cubby board walk. Sizes, units and reach_mm of doors that no plan knew are guesses: set them."
	if err := os.WriteFile(cmd.Out, commission.WriteLayout(layout, comment), 0o644); err != nil { //nolint:gosec // no secret
		return err
	}
	sheet.Site, sheet.Installer, sheet.Session, sheet.Record = cmd.Site, cmd.Installer, session, head
	if cmd.Sheet != "" {
		page, err := service.RenderSheet(ctx, catalog.For(cmd.Language), sheet, time.Local)
		if err != nil {
			return err
		}
		if err := os.WriteFile(cmd.Sheet, page, 0o644); err != nil { //nolint:gosec // it is printed
			return err
		}
	}
	return cmd.print(w, catalog.For("en"), sheet, tally)
}

func (cmd walkCmd) print(w *walker, p *text.Printer, sheet commission.Sheet, tally commission.Tally) error {
	faults := 0
	for _, f := range sheet.Findings {
		found, todo := commission.Sentence(p, f)
		if f.Kind.Fault() {
			faults++
		}
		if err := w.print("%s: %s. %s", f.Kind, plain(found), plain(todo)); err != nil {
			return err
		}
	}
	if err := w.print("%d doors good, %d to look at, %d not tested; took %s; layout in %s",
		tally.Good, tally.Faulty, tally.Skipped+tally.Waiting, sheet.Ended.Sub(sheet.Began).Round(time.Second), cmd.Out); err != nil {
		return err
	}
	if cmd.Sheet != "" {
		if err := w.print("hand-over sheet in %s: open it in a browser and print it", cmd.Sheet); err != nil {
			return err
		}
	}
	if err := w.print("record %s up to %d, root %s", sheet.Record.Site, sheet.Record.Size, sheet.Record.Root); err != nil {
		return err
	}
	if faults > 0 || tally.Waiting > 0 {
		return errFailed
	}
	return nil
}

// plain takes the marks out that keep labels in order in text from right to left.
func plain(s string) string { return strings.NewReplacer("\u2066", "", "\u2069", "").Replace(s) }

// walker leads a person at a terminal through a walk.
type walker struct {
	*env
	session *commission.Session
	lines   <-chan string // closed at the end of the input
}

// readLines reads the input beside everything else, so that a walk can be stopped while it waits.
func readLines(e *env) <-chan string {
	lines := make(chan string)
	go func() { // it ends with the input, at the latest with the process
		defer close(lines)
		scanner := bufio.NewScanner(e.In)
		for scanner.Scan() {
			lines <- strings.TrimSpace(scanner.Text())
		}
	}()
	return lines
}

func (w *walker) line(ctx context.Context) (string, error) {
	select {
	case line, ok := <-w.lines:
		if !ok {
			return "", errStopped
		}
		return line, nil
	case <-ctx.Done():
		return "", errStopped
	}
}

// run goes on until every output is tested, or the person stops.
func (w *walker) run(ctx context.Context) error {
	for {
		step, _, err := w.session.Step()
		if err != nil {
			return err
		}
		switch step.Kind {
		case commission.StepDone:
			return nil
		case commission.StepOpen:
			w.say("[%d/%d, about %s left] opening %s ...", step.Done+1, step.Of, left(step.Left), nameOf(step))
			err = w.session.Open(ctx)
		case commission.StepConfirm, commission.StepAsk:
			err = w.ask(ctx, step)
		}
		if err != nil {
			return err
		}
	}
}

func left(d time.Duration) string {
	if d < time.Minute {
		return "1 min"
	}
	return fmt.Sprintf("%d min", int((d + time.Minute - 1).Minutes()))
}

// nameOf names the door of a step with its output.
func nameOf(s commission.Step) string {
	if s.Door == "" {
		return "output " + s.Output.String()
	}
	return s.Door + " (" + s.Output.String() + ")"
}

// ask asks until the answer is one.
func (w *walker) ask(ctx context.Context, step commission.Step) error {
	for {
		w.question(step)
		line, err := w.line(ctx)
		if err != nil {
			return err
		}
		err = w.take(ctx, step, line)
		if err == nil || errors.Is(err, errStopped) {
			return err
		}
		if !errors.Is(err, commission.ErrLabel) && !errors.Is(err, commission.ErrStep) && !errors.Is(err, commission.ErrUndo) {
			return err
		}
		w.say("  %v", err)
	}
}

func (w *walker) question(step commission.Step) {
	keys := "n nothing, t two doors (t A03 A04), a again, s skip, u undo, q stop"
	switch {
	case step.Kind == commission.StepConfirm:
		w.say("  a parcel lies in %s: c open it all the same, s skip, q stop", nameOf(step))
	case step.Door != "":
		w.say("  did %s open? Enter yes, or the label of the door that opened; %s", step.Door, keys)
	case step.Guess != "":
		w.say("  which door opened? Enter for %s, or its label (and size, e.g. A03 L); %s", step.Guess, keys)
	default:
		w.say("  which door opened? Its label (and size, e.g. A03 L); %s", keys)
	}
}

// take makes an answer of what was typed.
func (w *walker) take(ctx context.Context, step commission.Step, line string) error {
	word, rest, more := strings.Cut(line, " ")
	word = strings.ToLower(word)
	if more && word != "t" && word != "o" {
		return w.session.Answer(ctx, other(words(line))) // a label of one letter, with its size
	}
	a := commission.Answer{}
	switch word {
	case "q":
		return errStopped
	case "u":
		return w.session.Undo(ctx)
	case "c":
		a.Kind = commission.AnswerConfirm
	case "s":
		a.Kind = commission.AnswerSkip
	case "a":
		a.Kind = commission.AnswerAgain
	case "n":
		a.Kind = commission.AnswerNothing
	case "t":
		a.Kind, a.Labels = commission.AnswerSeveral, words(rest)
	case "", "y":
		a.Kind = commission.AnswerYes
		if step.Door == "" {
			a.Kind, a.Labels = commission.AnswerOther, []string{step.Guess}
		}
	case "o":
		a = other(words(rest))
	default:
		a = other(words(line))
	}
	return w.session.Answer(ctx, a)
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' })
}

// other is the answer that names a door, and perhaps its size.
func other(typed []string) commission.Answer {
	a := commission.Answer{Kind: commission.AnswerOther, Labels: typed}
	if len(typed) == 2 {
		if size := locker.Size(strings.ToUpper(typed[1])); size.Valid() {
			a.Labels, a.Size = typed[:1], size
		}
	}
	return a
}

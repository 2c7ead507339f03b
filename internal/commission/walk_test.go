package commission_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cubby/board"
	"cubby/internal/commission"
	"cubby/internal/locker"
)

// Each thing that can be wrong with a bank is found and named, and nothing else is.
func TestWalk_NamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		harm func(r *rig)
		want []string
	}{
		{"all is well", func(*rig) {}, nil},
		{"crossed doors", func(r *rig) { r.swap(out(1, 3), out(1, 4), true) }, []string{"crossed_doors [A03 A04]"}},
		{
			"crossed locks, right sensors", func(r *rig) { r.swap(out(1, 3), out(1, 4), false) },
			[]string{"crossed_doors [A03 A04]", "crossed_sensor [A03 A04]"},
		},
		{
			"three in a ring", func(r *rig) { r.swap(out(1, 1), out(1, 2), true); r.swap(out(1, 2), out(2, 1), true) },
			[]string{"crossed_doors [A01 A02 B05]"},
		},
		{
			"crossed sensors", func(r *rig) { r.sensor["A03"], r.sensor["A04"] = out(1, 4), out(1, 3) },
			[]string{"crossed_sensor [A03 A04]"},
		},
		{"stuck", func(r *rig) { r.lock[out(1, 5)] = nil }, []string{"stuck [B01]"}},
		{"dead sensor", func(r *rig) { delete(r.sensor, "A02") }, []string{"dead_sensor [A02]"}},
		{"one sensor inverted", func(r *rig) { r.shut[out(1, 2)] = board.StateOpen }, []string{"inverted [A02]"}},
		{"a board inverted", func(r *rig) {
			for ch := 1; ch <= 8; ch++ {
				r.shut[out(1, ch)] = board.StateOpen
			}
		}, []string{"polarity"}},
		{"slow", func(r *rig) { r.late["A01"] = 2 * time.Second }, []string{"slow [A01]"}},
		{"board refuses", func(r *rig) { r.refuse[out(1, 1)] = true; r.lock[out(1, 1)] = nil }, []string{"refused [A01]"}},
		{"moved to a spare output", func(r *rig) {
			r.lock[out(1, 2)], r.lock[out(2, 8)] = nil, []string{"A02"}
			r.sensor["A02"] = out(2, 8)
		}, []string{"moved_door [A02]"}},
		{"two doors on one output", func(r *rig) { r.lock[out(1, 1)] = []string{"A01", "Z01"} }, []string{"two_doors [A01 Z01]"}},
		{"two cards with one address", func(r *rig) {
			r.lock[out(1, 1)], r.lock[out(1, 2)] = []string{"A01", "Z01"}, []string{"A02", "Z02"}
		}, []string{"shared_address [A01 A02 Z01 Z02]"}},
		{
			"a door that nobody planned", func(r *rig) { r.lock[out(2, 8)] = []string{"C01"}; r.sensor["C01"] = out(2, 8) },
			[]string{"extra_door [C01]"},
		},
		{"a door in another's place", func(r *rig) {
			r.lock[out(1, 1)] = []string{"X01"}
			r.sensor["X01"] = out(1, 1)
		}, []string{"no_channel [A01]", "extra_door [X01]"}},
		{"silent board", func(r *rig) { r.silent["left/2"] = true }, []string{"silent_board [B05 B06 B07]"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			boards := seeing(2, 8)
			l := planned(t, []int{4, 7}, boards)
			r := newRig(boards, l)
			tt.harm(r)
			w, err := commission.New(commission.Plan{Boards: boards, Layout: &l, Rest: r.rest()}, start())
			must(t, err)
			r.walk(t, w)
			got := slices.DeleteFunc(told(w.Findings()), func(s string) bool { return s == "spare" })
			if !slices.Equal(got, tt.want) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

// The findings about boards say what the probe saw, and which setting to change to what.
func TestWalk_NamesBoards(t *testing.T) {
	t.Parallel()
	boards := seeing(2, 4)
	boards[1].Presence = board.PresenceSeveral
	l := planned(t, []int{4}, boards)
	r := newRig(boards, l)
	for ch := 1; ch <= 4; ch++ {
		r.shut[out(1, ch)] = board.StateOpen
	}
	w, err := commission.New(commission.Plan{Boards: boards, Layout: &l, Rest: r.rest()}, start())
	must(t, err)
	r.walk(t, w)
	f := w.Findings()
	if len(f) < 2 || f[0].Kind != commission.KindSharedAddress || f[0].Board != "left/2" {
		t.Errorf("want left/2 named as an address of two boards first, got %+v", f)
	}
	i := slices.IndexFunc(f, func(f commission.Finding) bool { return f.Kind == commission.KindPolarity })
	if i < 0 || f[i].Setting != "polarity" || f[i].From != "closing" || f[i].To != "opening" {
		t.Errorf("want the setting polarity from closing to opening, got %+v", f)
	}
}

// Whatever the wiring, the proposed map is the true one for every door that a pulse opens, and every
// harm is named.
func TestWalk_ProposesTheTrueMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		boards := seeing(rapid.IntRange(1, 3).Draw(t, "boards"), rapid.IntRange(6, 12).Draw(t, "channels"))
		for i := range boards {
			boards[i].Sees = rapid.Bool().Draw(t, "sees")
		}
		total := len(boards) * boards[0].Channels
		doors := rapid.IntRange(3, total-1).Draw(t, "doors")
		l := locker.Layout{Banks: []locker.Bank{{ID: "main", Name: "main", Columns: []locker.Column{{Name: "A"}}}}}
		all := outputsOf(boards)
		for i := range doors {
			name := label(i)
			l.Banks[0].Columns[0].Compartments = append(l.Banks[0].Columns[0].Compartments, locker.Compartment{
				ID: locker.PlaceID("main/" + name), Name: name, Size: locker.SizeM, Units: 3, Output: all[i],
			})
		}
		r := newRig(boards, l)
		// Cables are plugged anywhere: some doors change places, some hang on spare outputs.
		plugs := rapid.Permutation(all).Draw(t, "plugs")
		moved := rapid.IntRange(0, doors).Draw(t, "moved")
		truth := wiring(l)
		if moved > 1 {
			rewire(r, truth, moved, plugs)
		}
		dead, stuck, double := map[string]bool{}, map[string]bool{}, map[string]bool{}
		for i := range doors {
			name := label(i)
			switch rapid.IntRange(0, 9).Draw(t, "harm") {
			case 0:
				delete(r.sensor, name)
				dead[name] = true
			case 1:
				r.lock[truth[name]] = nil
				stuck[name] = true
			case 2: // a second lock hangs on the same output, or a second board has the address
				r.lock[truth[name]] = append(r.lock[truth[name]], "Z"+name)
				double[name] = true
			}
		}
		w, err := commission.New(commission.Plan{Boards: boards, Layout: &l, Rest: r.rest()}, start())
		must(t, err)
		r.walk(t, w)
		check(t, w, l, truth, harms{stuck: stuck, dead: dead, double: double})
	})
}

func outputsOf(boards []commission.Board) []locker.Output {
	var all []locker.Output
	for _, b := range boards {
		for ch := 1; ch <= b.Channels; ch++ {
			all = append(all, out(int(b.Address), ch))
		}
	}
	return all
}

func label(i int) string { return "A" + string(rune('0'+i/10)) + string(rune('0'+i%10)) }

// rewire plugs the first n doors into other outputs: those of each other and free ones.
func rewire(r *rig, truth map[string]locker.Output, n int, plugs []locker.Output) {
	used := map[locker.Output]bool{}
	names := slices.Sorted(maps.Keys(truth))
	for _, name := range names[n:] {
		used[truth[name]] = true
	}
	for _, name := range names[:n] {
		delete(r.lock, truth[name])
	}
	i := 0
	for _, name := range names[:n] {
		for used[plugs[i]] {
			i++
		}
		used[plugs[i]] = true
		truth[name] = plugs[i]
		r.lock[plugs[i]], r.sensor[name] = []string{name}, plugs[i]
	}
}

// harms are labels of doors with something wrong beside their wiring.
type harms struct{ stuck, dead, double map[string]bool }

func check(t *rapid.T, w *commission.Walk, plan locker.Layout, truth map[string]locker.Output, h harms) {
	proposed := w.Layout()
	must(t, proposed.Validate())
	got, want := wiring(proposed), wiring(plan)
	findings := w.Findings()
	named := func(label string, kinds ...commission.Kind) bool {
		return slices.ContainsFunc(findings, func(f commission.Finding) bool {
			return slices.Contains(kinds, f.Kind) && slices.Contains(f.Doors, label)
		})
	}
	for name, at := range truth {
		b := w.Plan().Boards[at.Board-1]
		switch {
		case h.double[name]:
			if !named(name, commission.KindTwoDoors, commission.KindSharedAddress) || !named("Z"+name, commission.KindTwoDoors, commission.KindSharedAddress) {
				t.Fatalf("doors %s and Z%s on one output are not named: %+v", name, name, findings)
			}
			continue
		case h.stuck[name]:
			if !named(name, commission.KindStuck, commission.KindNoChannel) {
				t.Fatalf("door %s that no pulse opens is not named: %+v", name, findings)
			}
			continue
		case got[name] != at:
			t.Fatalf("door %s is proposed at %s and hangs on %s", name, got[name], at)
		case at != want[name] && !named(name, commission.KindCrossedDoors, commission.KindMovedDoor):
			t.Fatalf("door %s hangs on %s instead of %s, and is not named", name, at, want[name])
		case at == want[name] && named(name, commission.KindCrossedDoors, commission.KindMovedDoor):
			t.Fatalf("door %s hangs where it should, and is named as crossed", name)
		}
		if h.dead[name] && b.Sees != named(name, commission.KindDeadSensor) {
			t.Fatalf("dead sensor of %s: board sees %t, named %t", name, b.Sees, !b.Sees)
		}
	}
}

// What is not asked by a plan is named by the person, and becomes a layout that the server takes.
func TestWalk_WithoutAPlan(t *testing.T) {
	t.Parallel()
	boards := seeing(1, 4)
	boards[0].Sees = false
	r := newRig(boards, planned(t, []int{2, 1}, boards))
	w, err := commission.New(commission.Plan{Boards: boards}, start())
	must(t, err)
	r.walk(t, w)
	file := commission.WriteLayout(w.Layout(), "made by a test")
	l, err := commission.ParseLayout(file)
	must(t, err)
	want := map[string]locker.Output{"A01": out(1, 1), "A02": out(1, 2), "B01": out(1, 3)}
	if got := wiring(l); !maps.Equal(got, want) || len(l.Banks[0].Columns) != 2 || l.Banks[0].Witness.Latch {
		t.Errorf("the layout is %+v, want doors %v in two columns of a bank that sees nothing", l, want)
	}
	if w.Next().Kind != commission.StepDone {
		t.Error("the walk goes on")
	}
}

// Steps are taken back, repeated and taken up after an interruption, and the door's label may be typed
// in either case.
func TestWalk_UndoRepeatResume(t *testing.T) {
	t.Parallel()
	boards := seeing(1, 4)
	l := planned(t, []int{3}, boards)
	r := newRig(boards, l)
	w, err := commission.New(commission.Plan{Boards: boards, Layout: &l, Rest: r.rest()}, start())
	must(t, err)
	now := start()
	if err := w.Undo(); !errors.Is(err, commission.ErrUndo) {
		t.Errorf("undo of nothing: %v", err)
	}
	r.step(t, w, w.Next(), &now)
	must(t, w.Begin(now))
	data, err := w.Save()
	must(t, err)
	w, err = commission.Restore(data) // the power went while the pulse was under way
	must(t, err)
	if s := w.Next(); s.Kind != commission.StepOpen || s.Door != "A02" || s.Done != 1 {
		t.Fatalf("after the restart the step is %+v, want A02 again", s)
	}
	must(t, w.Begin(now))
	_, err = w.Saw(commission.Sight{Result: commission.ResultSent, Heard: true}, now)
	must(t, err)
	must(t, w.Answer(commission.Answer{Kind: commission.AnswerOther, Labels: []string{" a03 "}}, now))
	must(t, w.Undo())
	if s := w.Next(); s.Door != "A02" || s.Done != 1 {
		t.Fatalf("after undo the step is %+v, want A02", s)
	}
	r.walk(t, w)
	if f := told(w.Findings()); len(f) != 1 || f[0] != "spare" {
		t.Errorf("the answer that was taken back is still there: %q", f)
	}
	w.Repeat(out(1, 1))
	if s := w.Next(); s.Door != "A01" || s.Of-s.Done != 1 {
		t.Errorf("repeated, the step is %+v", s)
	}
}

// What lies behind a door keeps it shut until somebody says so, and the record of the walk shows it.
func TestWalk_AsksBeforeItOpensAFullDoor(t *testing.T) {
	t.Parallel()
	boards := seeing(1, 2)
	l := planned(t, []int{2}, boards)
	r := newRig(boards, l)
	r.full["A01"] = true
	w, err := commission.New(commission.Plan{Boards: boards, Layout: &l, Rest: r.rest(), Only: true}, start())
	must(t, err)
	must(t, w.Begin(start()))
	must(t, w.Occupied())
	if s := w.Next(); s.Kind != commission.StepConfirm || s.Door != "A01" {
		t.Fatalf("the step is %+v, want a question about A01", s)
	}
	for _, a := range []commission.AnswerKind{commission.AnswerYes, commission.AnswerAgain, commission.AnswerNothing} {
		if err := w.Answer(commission.Answer{Kind: a}, start()); !errors.Is(err, commission.ErrStep) {
			t.Errorf("%s opens a full door: %v", a, err)
		}
	}
	must(t, w.Answer(commission.Answer{Kind: commission.AnswerSkip}, start()))
	w.Repeat(out(1, 1))
	r.walk(t, w)
	if rec := w.Records()[0]; !rec.Occupied || !rec.Confirmed {
		t.Errorf("the confirmation is not on record: %+v", rec)
	}
}

func TestAnswer_IsChecked(t *testing.T) {
	t.Parallel()
	boards := seeing(1, 2)
	w, err := commission.New(commission.Plan{Boards: boards}, start())
	must(t, err)
	if err := w.Answer(commission.Answer{Kind: commission.AnswerYes}, start()); !errors.Is(err, commission.ErrStep) {
		t.Errorf("an answer before the pulse: %v", err)
	}
	must(t, w.Answer(commission.Answer{Kind: commission.AnswerSkip}, start()))
	if s := w.Next(); s.Output != out(1, 2) || s.Done != 1 {
		t.Errorf("skipped before the pulse, the step is %+v", s)
	}
	must(t, w.Begin(start()))
	_, err = w.Saw(commission.Sight{Result: commission.ResultSent, Heard: true}, start())
	must(t, err)
	for _, a := range []commission.Answer{
		{Kind: commission.AnswerYes},
		{Kind: commission.AnswerOther},
		{Kind: commission.AnswerOther, Labels: []string{"A\n1"}},
		{Kind: commission.AnswerOther, Labels: []string{"A door with a long name"}},
		{Kind: commission.AnswerOther, Labels: []string{"A01"}, Size: "XXL"},
		{Kind: "whatever"},
	} {
		if err := w.Answer(a, start()); err == nil {
			t.Errorf("%+v was taken", a)
		}
	}
}

func TestPlanColumns_Refuses(t *testing.T) {
	t.Parallel()
	for _, columns := range [][]int{nil, {0}, {9}, {4, 5}, {8, 1}} {
		if _, err := commission.PlanColumns(columns, seeing(1, 8)); err == nil {
			t.Errorf("columns %v were taken for 8 outputs", columns)
		}
	}
	if _, err := commission.ParseColumns("6,x"); err == nil {
		t.Error("6,x was taken")
	}
	if got, err := commission.ParseColumns("6, 5 5"); err != nil || !slices.Equal(got, []int{6, 5, 5}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func FuzzParseLayout(f *testing.F) {
	f.Add([]byte("banks: []"))
	f.Add(commission.WriteLayout(locker.Layout{}, "x"))
	f.Add([]byte(`{"banks":[{"id":"main","name":"x","columns":[{"name":"A","compartments":[]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := commission.ParseLayout(data)
		if err != nil {
			return
		}
		again, err := commission.ParseLayout(commission.WriteLayout(l, "again"))
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if !maps.Equal(wiring(l), wiring(again)) {
			t.Fatalf("%v became %v", wiring(l), wiring(again))
		}
	})
}

func FuzzRestore(f *testing.F) {
	f.Add([]byte(`{"plan":{"boards":[{"bus":"left","address":1,"channels":2,"presence":2}]},"started":"2026-03-02T09:00:00Z"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := commission.Restore(data)
		if err != nil {
			return
		}
		_ = w.Findings() // whatever was kept, it must be read without a panic
		_, _, _ = w.Doors(), w.Layout(), w.Next()
	})
}

package locker_test

import (
	"testing"

	"cubby/internal/locker"
)

func TestAllocate(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		setup func(x *world)
		need  locker.Need
		place locker.PlaceID
		code  locker.Code
	}{
		{"smallest that fits, high first", nil, locker.Need{Size: locker.SizeS}, "main/A01", ""},
		{"low door for who needs one", nil, locker.Need{Size: locker.SizeS, LowDoor: true}, "main/A02", ""},
		{"upgrade when the size is gone", func(x *world) {
			x.store(dora, locker.SizeS)
			x.store(cleo, locker.SizeS)
		}, locker.Need{Size: locker.SizeS, Unit: "u101"}, "main/A04", ""},
		{
			"never a high door for who needs a low one", nil,
			locker.Need{Size: locker.SizeXL, LowDoor: true},
			"", locker.CodeNoLowDoor,
		},
		{
			"beside the household's own parcel", func(x *world) { x.store(bob, locker.SizeL) },
			locker.Need{Size: locker.SizeS, Unit: "u101", Recipient: ana},
			"", "",
		},
		{"nothing refrigerated here", nil, locker.Need{Size: locker.SizeS, Cold: true}, "", locker.CodeNothingFits},
		{"no such bank", nil, locker.Need{Size: locker.SizeS, Bank: "other"}, "", locker.CodeBankFull},
		{"no such size", nil, locker.Need{Size: "XXL"}, "", locker.CodeInputInvalid},
		{"out of service", func(x *world) {
			x.must(locker.SetService{Place: "main/A06", Out: true, By: locker.Actor{Kind: locker.ActorStaff, ID: "s1"}})
		}, locker.Need{Size: locker.SizeXL}, "", locker.CodeNothingFits},
		{"a silent board takes its doors away", func(x *world) {
			x.must(locker.RaiseFault{Fault: locker.FaultBoardSilent, Part: locker.PartBoard("b", 1)})
		}, locker.Need{Size: locker.SizeS}, "", locker.CodeBankFull},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x := newWorld(t, latch)
			if c.setup != nil {
				c.setup(x)
			}
			a, err := locker.Allocate(x.State, c.need, x.now)
			if c.code != "" {
				wantCode(t, err, c.code)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.place != "" && a.Place != c.place {
				t.Errorf("place = %s, want %s", a.Place, c.place)
			}
		})
	}
}

func TestAllocate_SharesTheHouseholdsDoorByVolume(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	_, place := x.store(bob, locker.SizeS)
	x.must(locker.SetService{Place: "main/A02", Out: true, By: locker.Actor{Kind: locker.ActorStaff, ID: "s1"}})
	_, upgraded := x.store(ana, locker.SizeS) // A01 is full with one small parcel
	if upgraded == place {
		t.Fatal("two small parcels in a small door")
	}
	_, shared := x.store(ana, locker.SizeS)
	if shared != upgraded {
		t.Errorf("third parcel went to %s, want beside the second in %s", shared, upgraded)
	}
	x.Directory.Policy.Consolidate = false
	if _, alone := x.store(ana, locker.SizeS); alone == shared {
		t.Error("shared although the policy forbids it")
	}
}

func TestOptions_EndWithARecordedRefusal(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	need := locker.Need{Size: locker.SizeXL, LowDoor: true, Bank: "main"}
	got := locker.Options(x.State, need, x.now)
	if len(got) != 2 || got[0].Kind != "desk" || got[1].Kind != "refuse" {
		t.Errorf("options for a low door = %+v, want desk, refuse", got)
	}
	need.LowDoor = false
	need.Bank = "other"
	got = locker.Options(x.State, need, x.now)
	if len(got) != 4 || got[0].Kind != "bank" || got[1].Kind != "shelf" {
		t.Errorf("options = %+v, want bank, shelf, desk, refuse", got)
	}
}

func TestFindRecipients(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	cases := []struct {
		text string
		want int
	}{{"101", 2}, {"gar", 1}, {"ga", 0}, {"smi", 2}, {"", 0}, {"999", 0}}
	for _, c := range cases {
		if got := x.Directory.FindRecipients(c.text); len(got) != c.want {
			t.Errorf("%q finds %d, want %d", c.text, len(got), c.want)
		}
	}
	if got := x.Directory.Recipients[ana].MaskedName(); got != "A… SMITH" {
		t.Errorf("masked = %q", got)
	}
	if got := x.Directory.Recipients[dora].MaskedName(); got != "D…" {
		t.Errorf("masked = %q", got)
	}
}

func TestLayout_Validate(t *testing.T) {
	t.Parallel()
	l := testLayout(latch)
	if err := l.Validate(); err != nil {
		t.Fatal(err)
	}
	l.Banks[0].Columns[0].Compartments[1].Output.Channel = 1
	wantCode(t, l.Validate(), locker.CodeLayoutInvalid)
}

func TestCodes_AreUniqueAndNumbered(t *testing.T) {
	t.Parallel()
	names, numbers := map[locker.Code]bool{}, map[int]bool{}
	for _, c := range locker.Codes() {
		if names[c.Code] || numbers[c.Number] {
			t.Errorf("%s or %d stands twice", c.Code, c.Number)
		}
		names[c.Code], numbers[c.Number] = true, true
	}
}

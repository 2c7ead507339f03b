package demo_test

import (
	"testing"

	"cubby/internal/app/demo"
	"cubby/internal/locker"
)

func TestLayouts_AreValidAndAsInThePictures(t *testing.T) {
	t.Parallel()
	bank, room := demo.BankLayout(), demo.RoomLayout()
	for _, l := range []locker.Layout{bank, room} {
		if err := l.Validate(); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(bank.Places()); got != 45+1 {
		t.Errorf("the site has %d places, want 45 doors and the desk", got)
	}
	for _, c := range bank.Banks[0].Columns {
		height := c.ScreenUnits
		for _, d := range c.Compartments {
			height += d.Units
			if d.ReachMM < demo.PlinthMM || d.ReachMM > demo.PlinthMM+24*demo.UnitMM {
				t.Errorf("door %s is operated at %d mm", d.Name, d.ReachMM)
			}
		}
		if height != 24 {
			t.Errorf("column %s is %d units high, want 24", c.Name, height)
		}
	}
}

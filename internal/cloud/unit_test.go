package cloud_test

import (
	"testing"

	"cubby/internal/cloud"
)

func TestPutUnit_EveryUnitHasANumberOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := []string{"7A", "7B", "7C", "7", "Penthouse", "Façade studio", "Doctor's surgery", "Unit 12 AA", "Unit 12 BA"}
	for _, name := range names {
		if _, err := w.PutUnit(w.ctx, w.owner, w.property, cloud.UnitDraft{Name: name}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	units, err := w.Units(w.ctx, w.owner, w.site, "", 200)
	if err != nil {
		t.Fatal(err)
	}
	owners := map[string]string{}
	for _, u := range units.Items {
		if other, taken := owners[u.Number]; taken || u.Number == "" {
			t.Errorf("%q has number %q, like %q", u.Name, u.Number, other)
		}
		owners[u.Number] = u.Name
	}
	if owners["7"] != "7A" || owners["702"] != "7B" || owners["703"] != "7C" {
		t.Errorf("numbers %v", owners)
	}
	id := units.Items[0]
	if _, err := w.PutUnit(w.ctx, w.owner, w.property, cloud.UnitDraft{ID: id.ID, Name: id.Name}); err != nil {
		t.Errorf("the same again: %v", err)
	}
}

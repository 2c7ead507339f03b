package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

func layout() locker.Layout {
	return locker.Layout{
		Banks: []locker.Bank{{
			ID: "main", Name: "Main bank", Witness: locker.Witness{Latch: true, Infrared: true},
			Columns: []locker.Column{{Name: "A", ScreenUnits: 4, ScreenAbove: 1, Compartments: []locker.Compartment{
				{ID: "main/A01", Name: "A01", Size: locker.SizeS, Units: 1, ReachMM: 900, Output: locker.Output{Bus: "b1", Board: 1, Channel: 1}},
				{
					ID: "main/A02", Name: "A02", Size: locker.SizeXL, Units: 4, Features: locker.Features{Outdoor: true, Accessible: true},
					Output: locker.Output{Bus: "b1", Board: 1, Channel: 2},
				},
			}}},
		}},
		Rooms: []locker.Room{{ID: "room", Name: "Room", Shelves: []locker.Shelf{{ID: "room/1", Name: "1"}}}},
		Desk:  &locker.Desk{ID: "desk", Name: "Desk"},
	}
}

// changes returns one change of every kind, all fields set, numbered from 1.
func changes(tb testing.TB) []wire.Change {
	tb.Helper()
	var all []wire.Change
	add := func(c wire.Change, err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		c.Rev = uint64(len(all) + 1)
		all = append(all, c)
	}
	add(wire.EncodeSite(filled(locker.Site{})))
	add(wire.EncodeLayout(layout()))
	add(wire.EncodePolicy(filled(locker.Policy{})))
	add(wire.EncodeUnit(filled(locker.Unit{})))
	add(wire.EncodeRecipient(filled(locker.Recipient{})))
	add(wire.EncodeCourier(filled(locker.Courier{})))
	add(wire.EncodeStaff(filled(locker.Staff{})))
	add(wire.EncodeGrant(filled(locker.Grant{})))
	add(wire.EncodeOrder(filled(locker.Order{})))
	add(wire.EncodeCodeKey(wire.Key{ID: "k1", Secret: bytes.Repeat([]byte{7}, 32)}))
	add(wire.EncodeProofKey(wire.Key{ID: "k2", Secret: bytes.Repeat([]byte{9}, 32)}))
	return all
}

func applied(t *testing.T, all []wire.Change) (*locker.Directory, *wire.Keys) {
	t.Helper()
	d, keys := locker.NewDirectory(), wire.NewKeys()
	for _, c := range all {
		if err := wire.ApplyChange(d, keys, c); err != nil {
			t.Fatal(err)
		}
	}
	return d, keys
}

func TestApplyChange_EveryKind(t *testing.T) {
	t.Parallel()
	d, keys := applied(t, changes(t))
	want := locker.NewDirectory()
	want.Rev = 11
	want.Site, want.Policy = filled(locker.Site{}), filled(locker.Policy{})
	want.SetLayout(layout())
	unit, recipient, courier := filled(locker.Unit{}), filled(locker.Recipient{}), filled(locker.Courier{})
	staff, grant, order := filled(locker.Staff{}), filled(locker.Grant{}), filled(locker.Order{})
	want.Units[unit.ID], want.Recipients[recipient.ID], want.Couriers[courier.ID] = unit, recipient, courier
	want.Staff[staff.ID], want.Grants[grant.ID], want.Orders[order.Stay] = staff, grant, order
	if diff := cmp.Diff(want, d, cmpopts.IgnoreUnexported(locker.Directory{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, ok := d.Place("main/A02"); !ok {
		t.Error("the layout has no index")
	}
	if !bytes.Equal(keys.Code["k1"], bytes.Repeat([]byte{7}, 32)) || !bytes.Equal(keys.Proof["k2"], bytes.Repeat([]byte{9}, 32)) {
		t.Error("keys did not arrive")
	}
}

func TestApplyChange_TwiceIsHarmless(t *testing.T) {
	t.Parallel()
	once, _ := applied(t, changes(t))
	twice, _ := applied(t, append(changes(t), changes(t)...))
	if diff := cmp.Diff(once, twice, cmpopts.IgnoreUnexported(locker.Directory{})); diff != "" {
		t.Errorf("-once +twice:\n%s", diff)
	}
}

func TestApplyChange_Deletes(t *testing.T) {
	t.Parallel()
	all := changes(t)
	d, keys := applied(t, all)
	for i, c := range all {
		gone := wire.EncodeDeletion(c.Kind, c.ID)
		gone.Rev = uint64(100 + i)
		if err := wire.ApplyChange(d, keys, gone); err != nil {
			t.Fatal(err)
		}
	}
	want := locker.NewDirectory()
	want.Rev = 110
	if diff := cmp.Diff(want, d, cmpopts.IgnoreUnexported(locker.Directory{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(keys.Code)+len(keys.Proof) != 0 {
		t.Error("keys stayed")
	}
}

func TestApplyChange_UnknownKindMovesOnlyRev(t *testing.T) {
	t.Parallel()
	d, keys := locker.NewDirectory(), wire.NewKeys()
	c := wire.Change{Rev: 5, Kind: "weather", ID: "x", Body: json.RawMessage(`{"rain":true}`)}
	if err := wire.ApplyChange(d, keys, c); err != nil {
		t.Fatal(err)
	}
	if d.Rev != 5 || wire.KnownKind(c.Kind) {
		t.Errorf("rev %d", d.Rev)
	}
	for _, c := range changes(t) {
		if !wire.KnownKind(c.Kind) {
			t.Errorf("%s is not known", c.Kind)
		}
	}
}

func TestApplyChange_RefusesAndChangesNothing(t *testing.T) {
	t.Parallel()
	twice := layout()
	twice.Desk.ID = "main/A01"
	bad, err := wire.EncodeLayout(twice)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change wire.Change
		want   error
	}{
		"no body":       {wire.Change{Kind: wire.KindUnit, ID: "u"}, wire.ErrMalformed},
		"not an object": {wire.Change{Kind: wire.KindUnit, ID: "u", Body: json.RawMessage(`null`)}, wire.ErrMalformed},
		"other id":      {wire.Change{Kind: wire.KindUnit, ID: "u", Body: json.RawMessage(`{"id":"v"}`)}, wire.ErrMalformed},
		"no id":         {wire.Change{Kind: wire.KindUnit, Body: json.RawMessage(`{}`)}, wire.ErrMalformed},
		"empty key":     {wire.Change{Kind: wire.KindCodeKey, ID: "k", Body: json.RawMessage(`{"id":"k"}`)}, wire.ErrMalformed},
		"bad layout":    {bad, &locker.Error{Code: locker.CodeLayoutInvalid}},
	} {
		d, keys := applied(t, changes(t))
		before, _ := applied(t, changes(t))
		c.change.Rev = 50
		if err := wire.ApplyChange(d, keys, c.change); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if diff := cmp.Diff(before, d, cmpopts.IgnoreUnexported(locker.Directory{})); diff != "" {
			t.Errorf("%s changed something:\n%s", name, diff)
		}
	}
}

func TestChange_Golden(t *testing.T) {
	t.Parallel()
	for _, c := range changes(t) {
		data, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "change/"+c.Kind+".json", append(data, '\n'))
	}
	for _, path := range released(t, "change/*.json") {
		var c wire.Change
		if err := json.Unmarshal(readFile(t, path), &c); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if c.Kind != strings.TrimSuffix(filepath.Base(path), ".json") {
			t.Errorf("%s holds a %s", path, c.Kind)
		}
		if err := wire.ApplyChange(locker.NewDirectory(), wire.NewKeys(), c); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestSecrets_ArePrintedRedacted(t *testing.T) {
	t.Parallel()
	key := wire.Key{ID: "k", Secret: wire.Secret("open sesame")}
	annex := wire.Annex{"r": "Maria Lopez"}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", slog.Any("key", key.Secret), slog.Any("annex", annex))
	for _, text := range []string{
		fmt.Sprint(key), fmt.Sprintf("%#v", key), fmt.Sprintf("%x", key.Secret), fmt.Sprintf("%s", annex), fmt.Sprintf("%+v", annex),
		log.String(),
	} {
		if strings.Contains(text, "sesame") || strings.Contains(text, "6f70656e") || strings.Contains(text, "Maria") {
			t.Errorf("shows it: %s", text)
		}
	}
}

func FuzzApplyChange(f *testing.F) {
	for _, c := range changes(f) {
		f.Add(c.Kind, c.ID, []byte(c.Body), false)
	}
	f.Fuzz(func(t *testing.T, kind, id string, body []byte, deleted bool) {
		d, keys := locker.NewDirectory(), wire.NewKeys()
		c := wire.Change{Rev: 9, Kind: kind, ID: id, Body: body, Deleted: deleted}
		if err := wire.ApplyChange(d, keys, c); (err == nil) != (d.Rev == 9) {
			t.Fatalf("rev %d with error %v", d.Rev, err)
		}
	})
}

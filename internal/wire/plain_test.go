package wire_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Every kind of fact goes the short way, and comes out as encoding/json would have it.
func TestPlain_WalksEveryFact(t *testing.T) {
	t.Parallel()
	for _, zero := range wire.Facts() {
		for _, fact := range []locker.Fact{plainly(zero), zero} {
			want, err := json.Marshal(fact)
			if err != nil {
				t.Fatal(err)
			}
			body, back, ok := wire.WalkFact(fact)
			if !ok || string(body) != string(want) {
				t.Errorf("%s: %t\n%s instead of\n%s", fact.Kind(), ok, body, want)
			}
			if diff := cmp.Diff(fact, back); diff != "" {
				t.Errorf("%s does not come back (-want +got):\n%s", fact.Kind(), diff)
			}
		}
	}
}

// plainly returns a fact with every field set to what stands for itself.
func plainly(zero locker.Fact) locker.Fact {
	v := reflect.New(reflect.TypeOf(filled(zero))).Elem()
	v.Set(reflect.ValueOf(filled(zero)))
	var walk func(v reflect.Value, name string)
	walk = func(v reflect.Value, name string) {
		switch v.Kind() { //nolint:exhaustive // facts hold no other kinds
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i), v.Type().Field(i).Name)
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i), name)
			}
		case reflect.String:
			v.SetString("of " + name)
		}
	}
	walk(v, "")
	fact, _ := v.Interface().(locker.Fact)
	return fact
}

// draw sets every field of a value to something drawn, seldom something that encoding/json escapes.
func draw(t *rapid.T, v reflect.Value) {
	switch v.Kind() { //nolint:exhaustive // facts and turns hold no other kinds
	case reflect.Struct:
		for i := range v.NumField() {
			draw(t, v.Field(i))
		}
	case reflect.String:
		if rapid.IntRange(0, 30).Draw(t, "odd") > 0 {
			v.SetString(rapid.StringMatching(`[a-z0-9:/. -]{0,12}`).Draw(t, "text"))
			return
		}
		v.SetString(rapid.OneOf(
			rapid.String(), rapid.SampledFrom([]string{`"`, `\`, "<", "&", "\x7f", "\u2028", "\xff", "\n"}),
		).Draw(t, "odd text"))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), rapid.IntRange(0, 3).Draw(t, "length"), 3))
		for i := range v.Len() {
			draw(t, v.Index(i))
		}
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	default:
		if v.CanInt() {
			n := rapid.Int64().Draw(t, "number")
			if v.OverflowInt(n) {
				n = 1
			}
			v.SetInt(n)
			return
		}
		n := rapid.Uint64().Draw(t, "number")
		if v.OverflowUint(n) {
			n = 1
		}
		v.SetUint(n)
	}
}

func TestPlain_SaysWhatEncodingJSONSays(t *testing.T) {
	t.Parallel()
	short := 0
	rapid.Check(t, func(t *rapid.T) {
		op := operation()
		draw(t, reflect.ValueOf(&op.Boot).Elem())
		draw(t, reflect.ValueOf(&op.MonoMS).Elem())
		for range rapid.IntRange(1, 3).Draw(t, "facts") {
			v := reflect.New(reflect.TypeOf(rapid.SampledFrom(wire.Facts()).Draw(t, "fact"))).Elem()
			draw(t, v)
			fact, _ := v.Interface().(locker.Fact)
			op.Facts = append(op.Facts, fact)
		}
		want, err := wire.Marshal(op)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := wire.WritePlain(op); ok {
			short++
			if string(got) != string(want) {
				t.Fatalf("%s instead of\n%s", got, want)
			}
		}
		sameReading(t, want)
	})
	if short < 10 {
		t.Errorf("only %d operations went the short way", short)
	}
}

// sameReading checks that what is read the short way is read the long way too, and the same.
func sameReading(t interface{ Fatalf(string, ...any) }, data []byte) {
	got, ok := wire.ReadPlain(data)
	if !ok {
		return
	}
	want, err := wire.Scan(data)
	if err != nil {
		t.Fatalf("read without encoding/json, which says %v: %q", err, data)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q (-encoding/json +plain):\n%s", data, diff)
	}
}

package controller_test

import (
	"reflect"
	"testing"

	"cubby/internal/controller"
)

// differ makes a value differ from a base of the same type, one leaf at a time, and calls look each time
// with the path to the leaf.
func differ(v, base reflect.Value, path string, look func(path string)) {
	switch v.Kind() { //nolint:exhaustive // facts and turns hold no other kinds
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		look(path)
		base.Set(reflect.New(v.Type().Elem()))
		differ(v.Elem(), base.Elem(), path, look)
		base.SetZero()
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		look(path)
		base.Set(reflect.MakeSlice(v.Type(), 1, 1))
		differ(v.Index(0), base.Index(0), path+"[0]", look)
		base.SetZero()
	case reflect.Struct:
		for i := range v.NumField() {
			differ(v.Field(i), base.Field(i), path+"."+v.Type().Field(i).Name, look)
		}
		return
	case reflect.Bool:
		v.SetBool(true)
		look(path)
	case reflect.String:
		v.SetString("other")
		look(path)
	case reflect.Float64:
		v.SetFloat(0.5)
		look(path)
	default:
		if v.CanInt() {
			v.SetInt(7)
		} else {
			v.SetUint(7)
		}
		look(path)
	}
	v.SetZero()
}

// A panel is woken when anything of its turn changes, so every field counts.
func TestTurn_EqualComparesEveryField(t *testing.T) {
	t.Parallel()
	var turn, base controller.Turn
	leaves := 0
	differ(reflect.ValueOf(&turn).Elem(), reflect.ValueOf(&base).Elem(), "Turn", func(path string) {
		leaves++
		if controller.EqualTurns(turn, base) {
			t.Errorf("a turn that differs in %s counts as the same", path)
		}
		if !controller.EqualTurns(turn, turn) {
			t.Errorf("a turn with %s differs from itself", path)
		}
	})
	if leaves < 60 {
		t.Errorf("only %d leaves were tried", leaves)
	}
}

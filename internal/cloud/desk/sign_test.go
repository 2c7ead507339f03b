package desk_test

import (
	"testing"

	"cubby/internal/cloud/desk"
)

func TestParseSignature(t *testing.T) {
	t.Parallel()
	s, err := desk.ParseSignature("100 40;1,2 3,4;9,9")
	if err != nil || s.Width != 100 || s.Height != 40 || s.Path() != "M1 2 L3 4 M9 9 h1" {
		t.Errorf("%+v, %v, %s", s, err, s.Path())
	}
	if s, err := desk.ParseSignature("=Ana Torres"); err != nil || s.Typed != "Ana Torres" {
		t.Errorf("%+v, %v", s, err)
	}
	for _, text := range []string{"", "=", "100 40", "100 40;", "100 40;101,2", "0 0;0,0", "a b;1,1", "100 40;1", "9999 10;1,1", "100 40;-1,2"} {
		if s, err := desk.ParseSignature(text); err == nil {
			t.Errorf("%q is %+v", text, s)
		}
	}
}

func FuzzParseSignature(f *testing.F) {
	f.Add("100 40;1,2 3,4;9,9")
	f.Add("=Ana")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := desk.ParseSignature(text)
		if err != nil {
			return
		}
		for _, stroke := range s.Strokes {
			for _, at := range stroke {
				if at[0] < 0 || at[0] > s.Width || at[1] < 0 || at[1] > s.Height {
					t.Errorf("%q has a point at %v outside of %d by %d", text, at, s.Width, s.Height)
				}
			}
		}
		if s.Typed == "" && s.Path() == "" {
			t.Errorf("%q draws nothing", text)
		}
	})
}

func TestSigns(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		rule string
		by   desk.Taker
		want bool
	}{
		{desk.SignNever, desk.TakerOther, false},
		{desk.SignOthers, desk.TakerRecipient, false},
		{desk.SignOthers, desk.TakerDelegate, true},
		{desk.SignAlways, desk.TakerRecipient, true},
	} {
		if got := desk.Signs(v.rule, v.by); got != v.want {
			t.Errorf("%s under %q: %v", v.by, v.rule, got)
		}
	}
}

package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

// kindsInSources returns type name → kind of every fact that internal/locker declares.
func kindsInSources(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../locker/*.go")
	if err != nil || len(paths) == 0 {
		t.Fatal("no sources of internal/locker", err)
	}
	kinds := map[string]string{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Name.Name != "Kind" || f.Recv == nil || len(f.Body.List) != 1 {
				continue
			}
			result, ok := f.Body.List[0].(*ast.ReturnStmt)
			if !ok {
				continue
			}
			if kind, ok := result.Results[0].(*ast.BasicLit); ok {
				name, _ := strconv.Unquote(kind.Value)
				kinds[f.Recv.List[0].Type.(*ast.Ident).Name] = name
			}
		}
	}
	return kinds
}

func TestFacts_AreAllOfLocker(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, f := range wire.Facts() {
		got[reflect.TypeOf(f).Name()] = f.Kind()
	}
	if diff := cmp.Diff(kindsInSources(t), got); diff != "" {
		t.Errorf("Facts() and internal/locker differ (-locker +wire):\n%s", diff)
	}
}

func TestFacts_Golden(t *testing.T) {
	t.Parallel()
	for _, zero := range wire.Facts() {
		fact := filled(zero)
		body, err := json.Marshal(fact)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, fact.Kind()+".json", append(body, '\n'))
		back, err := wire.DecodeFact(fact.Kind(), body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fact, back); diff != "" {
			t.Errorf("%s does not come back (-want +got):\n%s", fact.Kind(), diff)
		}
	}
}

func TestFacts_ReleasedAreDecodedForEver(t *testing.T) {
	t.Parallel()
	for _, path := range released(t, "*.json") {
		kind := strings.TrimSuffix(filepath.Base(path), ".json")
		body := readFile(t, path)
		fact, err := wire.DecodeFact(kind, body)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if _, unknown := fact.(locker.Unknown); unknown {
			t.Errorf("%s is unknown", path)
		}
		again, err := json.Marshal(fact)
		if err != nil {
			t.Fatal(err)
		}
		if !keeps(parseJSON(t, body), parseJSON(t, again)) {
			t.Errorf("%s lost something:\n%s\n%s", path, body, again)
		}
	}
}

func TestEncodeOperation_Golden(t *testing.T) {
	t.Parallel()
	op := operation(
		locker.ParcelStored{Stay: "s1", Place: "main/B07", Evidence: locker.EvidenceDoor, By: locker.Actor{Kind: "courier", ID: "c1"}},
		locker.DepositSettled{Stay: "s1"},
	)
	data, err := wire.EncodeOperation(op)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "operation/two_facts.json", data)
	for _, path := range released(t, "operation/two_facts.json") {
		got, err := wire.DecodeOperation(readFile(t, path))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if diff := cmp.Diff(op, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestDecodeOperation_UnknownIsKept(t *testing.T) {
	t.Parallel()
	for name, fact := range map[string]struct{ kind, body string }{
		"new kind":         {"door_sang", `{ "song":"<la & la>",  "n":1.50 }`},
		"not an object":    {"parcel_stored", `[1, 2]`},
		"null":             {"parcel_stored", `null`},
		"type of a field":  {"parcel_stored", `{"stay":{"id":"x"}}`},
		"purpose":          {"open_requested", `{"request":"r","purpose":"levitate","cause":"local"}`},
		"cause":            {"open_requested", `{"request":"r","purpose":"collect","cause":"satellite"}`},
		"occupancy":        {"door_closed", `{"place":"p","occupancy":"half"}`},
		"brackets in text": {"door_sang", `{"a":"}]\"","b":[{}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := []locker.Fact{locker.DepositSettled{Stay: "s"}, locker.Unknown{Name: fact.kind, Body: fact.body}}
			data := fmt.Sprintf(`{"v":1,"site":"s","epoch":1,"n":2,"boot":"b","mono_ms":3,"wall_ms":4,"clock_trusted":false,`+
				`"facts":[{"k":"deposit_settled","d":{"stay":"s"}},{"k":%q,"d":%s}]}`, fact.kind, fact.body)
			op, err := wire.DecodeOperation([]byte(data))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, op.Facts); diff != "" {
				t.Fatalf("-want +got:\n%s", diff)
			}
			again, err := wire.EncodeOperation(op)
			if err != nil {
				t.Fatal(err)
			}
			if string(again) != data {
				t.Errorf("encoded again:\n%s\nwant:\n%s", again, data)
			}
		})
	}
}

func TestDecodeOperation_DescriptiveValuesPass(t *testing.T) {
	t.Parallel()
	fact, err := wire.DecodeFact("fault_raised", []byte(`{"fault":"gremlins","part":"bus"}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := (locker.FaultRaised{Fault: "gremlins", Part: "bus"}); fact != locker.Fact(want) {
		t.Errorf("got %#v", fact)
	}
}

// A newer version adds fields everywhere, and may order them differently.
func TestDecodeOperation_NewerFields(t *testing.T) {
	t.Parallel()
	data := ` { "facts" : [ { "new":[1,{"x":"]"}], "d" : {"stay":"s","mood":{"a":[]}}, "k":"deposit_settled" } ],
		"n":2,"epoch":1,"colour":{"a":"}"},"site":"s","v":1,"boot":"é\n","x":-1.5e3,"y":null } `
	op, err := wire.DecodeOperation([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	want := wire.Operation{Site: "s", Epoch: 1, Number: 2, Boot: "é\n", Facts: []locker.Fact{locker.DepositSettled{Stay: "s"}}}
	if diff := cmp.Diff(want, op); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDecodeOperation_Refuses(t *testing.T) {
	t.Parallel()
	head := `{"v":1,"site":"s","epoch":1,"n":2,"facts":[`
	many := strings.Repeat(`{"k":"x","d":{}},`, wire.MaxFacts) + `{"k":"x","d":{}}]}`
	for name, c := range map[string]struct {
		data string
		want error
	}{
		"nothing":        {"", wire.ErrMalformed},
		"array":          {"[]", wire.ErrMalformed},
		"cut":            {head + `{"k":"x","d":{}`, wire.ErrMalformed},
		"trailing":       {head + `]} x`, wire.ErrMalformed},
		"two objects":    {head + `]}{}`, wire.ErrMalformed},
		"no site":        {`{"v":1,"epoch":1,"n":1,"facts":[]}`, wire.ErrMalformed},
		"no epoch":       {`{"v":1,"site":"s","n":1,"facts":[]}`, wire.ErrMalformed},
		"negative":       {`{"v":1,"site":"s","epoch":-1,"n":1,"facts":[]}`, wire.ErrMalformed},
		"fraction":       {`{"v":1,"site":"s","epoch":1.5,"n":1,"facts":[]}`, wire.ErrMalformed},
		"leading zero":   {`{"v":1,"site":"s","epoch":01,"n":1,"facts":[]}`, wire.ErrMalformed},
		"overflow":       {`{"v":1,"site":"s","epoch":18446744073709551616,"n":1,"facts":[]}`, wire.ErrMalformed},
		"no kind":        {head + `{"d":{}}]}`, wire.ErrMalformed},
		"no body":        {head + `{"k":"x"}]}`, wire.ErrMalformed},
		"body not json":  {head + `{"k":"x","d":{"a":}}]}`, wire.ErrMalformed},
		"known not json": {head + `{"k":"parcel_stored","d":{"stay":}}]}`, wire.ErrMalformed},
		"wrong brackets": {head + `{"k":"x","d":{]}]}`, wire.ErrMalformed},
		"too many facts": {head + many, wire.ErrTooLarge},
		"too large":      {head + `{"k":"x","d":"` + strings.Repeat("x", wire.MaxOperationSize) + `"}]}`, wire.ErrTooLarge},
		"other version": {
			`{"v":2,"site":"s","epoch":1,"n":1,"facts":[]}`, &locker.Error{Code: locker.CodeVersionUnsupported},
		},
		"no version": {`{"site":"s","epoch":1,"n":1,"facts":[]}`, &locker.Error{Code: locker.CodeVersionUnsupported}},
	} {
		if _, err := wire.DecodeOperation([]byte(c.data)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestEncodeOperation_Refuses(t *testing.T) {
	t.Parallel()
	fact := locker.DepositSettled{Stay: "s"}
	many := make([]locker.Fact, wire.MaxFacts+1)
	for i := range many {
		many[i] = fact
	}
	noNumber := operation(fact)
	noNumber.Number = 0
	for name, c := range map[string]struct {
		op   wire.Operation
		want error
	}{
		"no facts":    {operation(), wire.ErrMalformed},
		"nil fact":    {operation(nil), wire.ErrMalformed},
		"no number":   {noNumber, wire.ErrMalformed},
		"bad unknown": {operation(locker.Unknown{Name: "x", Body: "{"}), wire.ErrMalformed},
		"no name":     {operation(locker.Unknown{Body: "{}"}), wire.ErrMalformed},
		"many facts":  {operation(many...), wire.ErrTooLarge},
		"large":       {operation(locker.DepositSettled{Stay: locker.StayID(strings.Repeat("x", wire.MaxOperationSize))}), wire.ErrTooLarge},
	} {
		if _, err := wire.EncodeOperation(c.op); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func drawOperation(t *rapid.T) wire.Operation {
	known := wire.Facts()
	facts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) locker.Fact {
		if i := rapid.IntRange(-1, len(known)-1).Draw(t, "kind"); i >= 0 {
			return filled(known[i])
		}
		body, err := json.Marshal(rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "body"))
		if err != nil {
			t.Fatal(err)
		}
		return locker.Unknown{Name: "new_" + rapid.StringMatching(`[a-z]{1,8}`).Draw(t, "name"), Body: string(body)}
	}), 1, 6).Draw(t, "facts")
	return wire.Operation{
		Site:   locker.SiteID(rapid.StringN(1, 20, -1).Draw(t, "site")),
		Epoch:  rapid.Uint64Min(1).Draw(t, "epoch"),
		Number: rapid.Uint64Min(1).Draw(t, "number"),
		Boot:   rapid.String().Draw(t, "boot"), MonoMS: rapid.Int64().Draw(t, "mono"),
		WallMS: rapid.Int64().Draw(t, "wall"), ClockTrusted: rapid.Bool().Draw(t, "trusted"),
		Request: rapid.String().Draw(t, "request"), Facts: facts,
	}
}

func TestOperation_ComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		op := drawOperation(t)
		data, err := wire.EncodeOperation(op)
		if errors.Is(err, wire.ErrTooLarge) {
			t.Skip()
		}
		if err != nil {
			t.Fatal(err)
		}
		back, err := wire.DecodeOperation(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(op, back); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		again, err := wire.EncodeOperation(back)
		if err != nil || string(again) != string(data) {
			t.Fatalf("encoded again: %v\n%s\n%s", err, data, again)
		}
	})
}

func FuzzDecodeOperation(f *testing.F) {
	for _, zero := range wire.Facts() {
		data, err := wire.EncodeOperation(operation(filled(zero)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"v":1,"site":"s","epoch":1,"n":1,"facts":[{"k":"x","d":"\\\""}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		sameReading(t, data)
		op, err := wire.DecodeOperation(data)
		if err != nil || len(op.Facts) == 0 {
			return
		}
		if !json.Valid(data) {
			t.Fatalf("took what is not JSON: %q", data)
		}
		first, err := wire.EncodeOperation(op)
		if errors.Is(err, wire.ErrTooLarge) { // escapes take more room
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		op, err = wire.DecodeOperation(first)
		if err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		second, err := wire.EncodeOperation(op)
		if err != nil || string(first) != string(second) {
			t.Fatalf("not stable: %v\n%s\n%s", err, first, second)
		}
	})
}

// typical is an operation as a deposit makes it: four facts.
func typical(tb testing.TB) []byte {
	tb.Helper()
	id := "01920000-0000-7000-8000-00000000000"
	actor := locker.Actor{Kind: locker.ActorCourier, ID: id + "7"}
	data, err := wire.EncodeOperation(operation(
		locker.SessionBegan{Session: locker.SessionID(id + "1"), Actor: actor, Grant: locker.CourierRight(locker.CourierID(id + "7"))},
		locker.DepositBegun{
			Stay: locker.StayID(id + "2"), Parcel: locker.ParcelID(id + "3"), Place: "main/B07",
			Recipient: locker.RecipientID(id + "4"), Unit: locker.UnitID(id + "5"), Size: locker.SizeM, Actor: actor,
			Carrier: "ups", Session: locker.SessionID(id + "1"), Tracking: "kq3vz7", Key: "9f1c2d3e4f5a6b7c",
			CollectBy: 1_790_000_000_000,
		},
		locker.OpenRequested{
			Request: locker.RequestID(id + "6"), Place: "main/B07", Purpose: locker.PurposeDeposit, Cause: locker.CauseLocal,
			Grant: locker.CourierRight(locker.CourierID(id + "7")), Actor: actor, Session: locker.SessionID(id + "1"),
			Stays: []locker.StayID{locker.StayID(id + "2")}, Attempt: 1,
		},
		locker.ParcelStored{Stay: locker.StayID(id + "2"), Place: "main/B07", Evidence: locker.EvidenceDoor, By: actor},
	))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// Ingest decodes at least 8,000 operations a second beside the database on half a core: 62
// microseconds each are the most; a fifth of that leaves room for the rest.
func BenchmarkDecodeOperation(b *testing.B) {
	data := typical(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.DecodeOperation(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeOperation(b *testing.B) {
	op, err := wire.DecodeOperation(typical(b))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.EncodeOperation(op); err != nil {
			b.Fatal(err)
		}
	}
}

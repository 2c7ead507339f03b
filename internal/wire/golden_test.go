package wire_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

var update = flag.Bool("update", false, "write the golden files of the current version")

// current is the folder of the goldens that this version writes. When a type gets a new field,
// a new folder begins and the old ones stay: they are decoded for ever.
const current = "testdata/v3"

// golden compares got with a file of the current version; with -update it writes the file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join(current, name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: a new type needs a golden file, run with -update", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s changed: what was written before must stay readable as it was (-want +got):\n%s", path, diff)
	}
}

// released returns the golden files of all versions that match a pattern below testdata/v*.
func released(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "v*", pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("no golden files for %s", pattern)
	}
	return paths
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// dump returns a frame as annotated hex; undump reads it again.
func dump(frame []byte) []byte { return []byte(hex.Dump(frame)) }

func undump(t *testing.T, text []byte) []byte {
	t.Helper()
	var frame []byte
	for line := range strings.Lines(string(text)) {
		digits, _, _ := strings.Cut(line, "|")
		if len(digits) < 10 {
			continue
		}
		b, err := hex.DecodeString(strings.Join(strings.Fields(digits[8:]), ""))
		if err != nil {
			t.Fatal(err)
		}
		frame = append(frame, b...)
	}
	return frame
}

// fill sets every field of v to something that is not zero, the same at each run.
func fill(v reflect.Value, name string) {
	switch v.Interface().(type) {
	case locker.Purpose:
		v.SetString(string(locker.PurposeCollect))
		return
	case locker.Cause:
		v.SetString(string(locker.CauseLocal))
		return
	case locker.Occupancy:
		v.SetString(string(locker.OccupancyOccupied))
		return
	case locker.Size:
		v.SetString(string(locker.SizeM))
		return
	case json.RawMessage:
		v.SetBytes([]byte(`{"of":"` + name + `"}`))
		return
	}
	switch v.Kind() { //nolint:exhaustive // other kinds have no place in a message and panic
	case reflect.String:
		v.SetString(strings.ToLower(name) + "-é<1>")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(len(name)) + 3)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(len(name)) + 2)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), v.Type().Field(i).Name)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), name)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, name)
		fill(value, name)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	default:
		panic("fill " + v.Kind().String())
	}
}

// filled returns a copy of sample with every field set.
func filled[T any](sample T) T {
	v := reflect.New(reflect.TypeOf(sample)).Elem()
	fill(v, v.Type().Name())
	return v.Interface().(T)
}

// keeps reports whether every member of old is in now with the same value.
func keeps(old, now any) bool {
	a, ok := old.(map[string]any)
	if !ok {
		return reflect.DeepEqual(old, now)
	}
	b, ok := now.(map[string]any)
	if !ok {
		return false
	}
	for name, value := range a {
		if !keeps(value, b[name]) {
			return false
		}
	}
	return true
}

func parseJSON(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return v
}

func operation(facts ...locker.Fact) wire.Operation {
	return wire.Operation{
		Site: "01920000-0000-7000-8000-000000000001", Epoch: 2, Number: 41, Boot: "b7c1", MonoMS: 86_400_123,
		WallMS: 1_790_000_000_456, ClockTrusted: true, Request: "req-1", Facts: facts,
	}
}

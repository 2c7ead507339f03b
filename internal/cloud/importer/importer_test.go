package importer_test

import (
	"errors"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cubby/internal/cloud/importer"
	"cubby/internal/locker"
)

func checks() importer.Checks {
	return importer.Checks{
		Key: func(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), " ")) },
		Email: func(s string) (string, error) {
			a, err := mail.ParseAddress(s)
			if err != nil {
				return "", err
			}
			return strings.ToLower(a.Address), nil
		},
		Phone: func(s string) (string, error) {
			if strings.Trim(s, "+0123456789 ") != "" {
				return "", errors.New("no number")
			}
			return strings.ReplaceAll(s, " ", ""), nil
		},
		MaxNumber: 6,
	}
}

func utf16of(s string, big, mark bool) []byte {
	var out []byte
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	for _, u := range units {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

func TestRead_EncodingsAndSeparators(t *testing.T) {
	t.Parallel()
	const plain = "Unit,Name\n4B,José Núñez\n"
	for name, c := range map[string]struct {
		data     []byte
		encoding string
		sep      rune
	}{
		"UTF-8":                 {[]byte(plain), "UTF-8", ','},
		"UTF-8 with a mark":     {[]byte("\ufeff" + plain), "UTF-8", ','},
		"UTF-16 little":         {utf16of(plain, false, true), "UTF-16", ','},
		"UTF-16 big":            {utf16of(plain, true, true), "UTF-16", ','},
		"UTF-16 without a mark": {utf16of(plain, false, false), "UTF-16", ','},
		"Windows-1252":          {[]byte("Unit,Name\n4B,Jos\xe9 N\xfa\xf1ez\n"), "Windows-1252", ','},
		"semicolons":            {[]byte("\n\nUnit;Name\r\n4B;José Núñez\r\n"), "UTF-8", ';'},
		"tabs":                  {[]byte("Unit\tName\n4B\tJosé Núñez"), "UTF-8", '\t'},
		"sep line":              {[]byte("sep=;\nUnit;\"Name, all\"\n4B;José Núñez\n"), "UTF-8", ';'},
		"old Mac":               {[]byte("Unit;Name\r4B;José Núñez\r"), "UTF-8", ';'},
		"quoted separators":     {[]byte("\"Unit,,,\";Name\n\"4B\";\"José Núñez\"\n"), "UTF-8", ';'},
	} {
		table, err := importer.Read(c.data, 10)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if table.Encoding != c.encoding || table.Separator != c.sep || len(table.Records) != 1 || len(table.Header) != 2 ||
			!slices.Equal(table.Records[0].Cells, []string{"4B", "José Núñez"}) {
			t.Errorf("%s: got %+v", name, table)
		}
	}
}

func TestRead_KeepsLines(t *testing.T) {
	t.Parallel()
	table, err := importer.Read([]byte("sep=,\nUnit,Name\n\n4B,\"Ana\nGarcía\"\n,\n5A,Ben\n6A,x\"y\n7A,Eve\n8A,\"never ends\n9A,Zoe\n"), 10)
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, r := range table.Records {
		lines = append(lines, r.Line)
	}
	if want := []int{4, 7, 9}; !slices.Equal(lines, want) {
		t.Errorf("lines %v, want %v", lines, want)
	}
	want := []importer.Problem{{Line: 8, Code: importer.ProblemQuote}, {Line: 10, Code: importer.ProblemQuote}}
	if diff := cmp.Diff(want, table.Problems); diff != "" {
		t.Error(diff)
	}
}

func TestRead_Refuses(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"nothing":          "",
		"spaces":           "  \n \r\n",
		"no rows":          "Unit,Name\n\n,\n",
		"too many rows":    "Unit,Name\n" + strings.Repeat("4B,Ana\n", 11),
		"too many columns": strings.Repeat("Unit,", 200) + "\n4B\n",
	} {
		if _, err := importer.Read([]byte(data), 10); !errors.Is(err, locker.Errorf(locker.CodeImportInvalid, "")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGuess(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header string
		want   importer.Mapping
	}{
		{"Unit,Name,E-mail,Phone,Language", importer.Mapping{"unit", "name", "email", "phone", "language"}},
		{"Resident ID;First Name;Last Name;Apt #;Cell phone", importer.Mapping{"external_id", "first_name", "last_name", "unit", "phone"}},
		{"Unit Number,Resident", importer.Mapping{"unit", "name"}},
		{"Unit,Unit Number,Full name,Notes", importer.Mapping{"unit", "unit_number", "name", ""}},
		{"Vivienda,Nombre,Apellidos,Correo electrónico,Teléfono,Idioma", importer.Mapping{
			"unit", "first_name", "last_name", "email", "phone", "language",
		}},
		{"PISO,Nombre,Puerta baja", importer.Mapping{"unit", "name", "low_door"}},
		{"الوحدة,الاسم,البريد الإلكتروني,اللغة", importer.Mapping{"unit", "name", "email", "language"}},
		{"Email,Email", importer.Mapping{"email", ""}},
		{"a,b", importer.Mapping{"", ""}},
	} {
		header := strings.FieldsFunc(c.header, func(r rune) bool { return r == ',' || r == ';' })
		if diff := cmp.Diff(c.want, importer.Guess(header)); diff != "" {
			t.Errorf("%s: %s", c.header, diff)
		}
	}
}

func parse(t *testing.T, text string) ([]importer.Row, []importer.Problem, int) {
	t.Helper()
	table, err := importer.Read([]byte(text), 1000)
	if err != nil {
		t.Fatal(err)
	}
	rows, problems, bad, err := importer.Parse(table, importer.Guess(table.Header), checks())
	if err != nil {
		t.Fatal(err)
	}
	return rows, problems, bad
}

func TestParse_NamesEveryProblem(t *testing.T) {
	t.Parallel()
	rows, problems, bad := parse(t, strings.Join([]string{
		"Unit,Unit Number,Name,E-mail,Phone,Language,Kind,Low door,ID",
		"4B,402,Ana García,Ana@Example.org,+34 600 1,Español,resident,no,7", // fine
		",402,Ben,,,,,,",
		"4B,402, ,,,,,,",
		"4B,4x2,Cy,nowhere,12ab,Klingon,alien,perhaps,", // six things
		"4B,403,Dee,,,,,,",
		"4B,402,ana garcía,,,,,,",
		"4B,402,ana  GARCÍA,,,,,,",
		"4B,402,Eve,,,,,,7",
		"4B,402,Fay,,,,,,,extra",
		"4B,402,G\x01y,,,,,,",
		strings.Repeat("u", 41) + ",,Hal,,,,,,",
	}, "\n"))
	if len(rows) != 2 || bad != 9 {
		t.Errorf("%d rows, %d faulty", len(rows), bad)
	}
	low := false
	want := importer.Row{
		Line: 2, Unit: "4B", Number: "402", Name: "Ana García", Email: "ana@example.org", Phone: "+346001", Language: "es",
		Kind: locker.RecipientResident, LowDoor: &low, ExternalID: "7",
	}
	if diff := cmp.Diff(want, rows[0], cmpopts.IgnoreUnexported(importer.Row{})); diff != "" {
		t.Error(diff)
	}
	got := make([]importer.Problem, 0, len(problems))
	for _, p := range problems {
		p.Field, p.Value = "", ""
		got = append(got, p)
	}
	if diff := cmp.Diff([]importer.Problem{
		{Line: 3, Column: "Unit", Code: importer.ProblemUnitMissing},
		{Line: 4, Column: "Name", Code: importer.ProblemNameMissing},
		{Line: 5, Column: "Unit Number", Code: importer.ProblemNumber},
		{Line: 5, Column: "E-mail", Code: importer.ProblemEmail},
		{Line: 5, Column: "Phone", Code: importer.ProblemPhone},
		{Line: 5, Column: "Language", Code: importer.ProblemLanguage},
		{Line: 5, Column: "Kind", Code: importer.ProblemKind},
		{Line: 5, Column: "Low door", Code: importer.ProblemLowDoor},
		{Line: 6, Column: "Unit Number", Code: importer.ProblemNumberDiffers, Other: 2},
		{Line: 8, Code: importer.ProblemDuplicate, Other: 7},
		{Line: 9, Column: "ID", Code: importer.ProblemDuplicate, Other: 2},
		{Line: 10, Code: importer.ProblemCells},
		{Line: 11, Column: "Name", Code: importer.ProblemHidden},
		{Line: 11, Column: "Name", Code: importer.ProblemNameMissing},
		{Line: 12, Column: "Unit", Code: importer.ProblemTooLong},
	}, got); diff != "" {
		t.Error(diff)
	}
}

func TestParse_RefusesMappings(t *testing.T) {
	t.Parallel()
	table, err := importer.Read([]byte("a,b,c\n1,2,3\n"), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []importer.Mapping{
		nil, {"unit"}, {"", "name"}, {"unit", "name", "name"}, {"unit", "name", "nonsense"}, {"unit", "name", "", ""},
	} {
		if _, _, _, err := importer.Parse(table, m, checks()); !errors.Is(err, locker.Errorf(locker.CodeImportInvalid, "")) {
			t.Errorf("%v: %v", m, err)
		}
	}
}

func known() importer.Known {
	return importer.Known{
		Units: []importer.Unit{
			{ID: "u1", Kind: locker.UnitApartment, Name: "4B", Key: "4B", Number: "402"},
			{ID: "u2", Kind: locker.UnitApartment, Name: "5A", Key: "5A", Number: "501"},
		},
		People: []importer.Person{
			{ID: "ana", Unit: "4B", UnitName: "4B", Name: "Ana García", NameKey: "ANA GARCÍA", Email: "ana@example.org", Language: "es", Kind: "resident", Source: "csv"},
			{ID: "ben", Unit: "5A", UnitName: "5A", Name: "Ben Smith", NameKey: "BEN SMITH", Email: "ben@example.org", Kind: "resident"},
			{ID: "cy", Unit: "5A", UnitName: "5A", Name: "Cy", NameKey: "CY", Kind: "resident", Source: "csv", ExternalID: "77"},
			{ID: "dee", Unit: "5A", UnitName: "5A", Name: "Dee", NameKey: "DEE", Kind: "resident", Source: "csv", Inactive: true},
		},
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	rows, _, _ := parse(t, strings.Join([]string{
		"Unit,Unit Number,Name,E-mail,Language,ID",
		"4b,,ANA GARCÍA,ana@example.org,,", // the case of a name is a change of the name
		"5A,502,Benjamin Smith,ben@example.org,en,",
		"6C,,Cy Young,,,77", // moved and renamed, the same id
		"5A,,dee,,,",
		"6C,603,Eve,eve@example.org,ar,",
	}, "\n"))
	plan := importer.Compare(known(), rows, "csv")
	if diff := cmp.Diff([]importer.Unit{
		{ID: "u2", Kind: locker.UnitApartment, Name: "5A", Key: "5A", Number: "502"},
		{Kind: locker.UnitApartment, Name: "6C", Key: "6C", Number: "603"},
	}, plan.Units); diff != "" {
		t.Error(diff)
	}
	var got []importer.Change
	for _, c := range plan.People {
		got = append(got, c.Change)
	}
	if diff := cmp.Diff([]importer.Change{
		{Line: 2, Action: importer.ActionChange, Unit: "4B", Name: "ANA GARCÍA", Fields: []importer.Edit{{Field: "name", Old: "Ana García", New: "ANA GARCÍA"}}},
		{Line: 3, Action: importer.ActionChange, Unit: "5A", Name: "Benjamin Smith", Fields: []importer.Edit{
			{Field: "name", Old: "Ben Smith", New: "Benjamin Smith"}, {Field: "language", New: "en"},
		}},
		{Line: 4, Action: importer.ActionChange, Unit: "6C", Name: "Cy Young", Fields: []importer.Edit{
			{Field: "unit", Old: "5A", New: "6C"}, {Field: "name", Old: "Cy", New: "Cy Young"},
		}},
		{Line: 5, Action: importer.ActionChange, Unit: "5A", Name: "dee", Fields: []importer.Edit{{Field: "name", Old: "Dee", New: "dee"}}},
		{Line: 6, Action: importer.ActionAdd, Unit: "6C", Name: "Eve"},
	}, got); diff != "" {
		t.Error(diff)
	}
	if plan.People[3].Person.Inactive || plan.People[1].Person.Email != "ben@example.org" || plan.Unchanged != 0 {
		t.Errorf("plan %+v", plan)
	}
}

func TestCompare_GoneAndUnchanged(t *testing.T) {
	t.Parallel()
	rows, _, _ := parse(t, "Unit,Name\n4B,Ana García\n5A,Ben Smith\n")
	plan := importer.Compare(known(), rows, "csv")
	if plan.Unchanged != 2 || len(plan.People) != 0 || len(plan.Units) != 0 {
		t.Errorf("plan %+v", plan)
	}
	// Ben was added by hand and Dee had left: only Cy is gone.
	if len(plan.Gone) != 1 || plan.Gone[0].Person.ID != "cy" || !plan.Gone[0].Person.Inactive {
		t.Errorf("gone %+v", plan.Gone)
	}
	if plan := importer.Compare(known(), rows, "yardi"); len(plan.Gone) != 0 {
		t.Errorf("gone of another source: %+v", plan.Gone)
	}
}

func TestCompare_SameNameOtherID(t *testing.T) {
	t.Parallel()
	k := known()
	k.People[2].NameKey, k.People[2].Name = "JO LEE", "Jo Lee"
	rows, _, _ := parse(t, "Unit,Name,ID\n5A,Jo Lee,78\n") // a namesake in the same unit
	plan := importer.Compare(k, rows, "csv")
	if len(plan.People) != 1 || plan.People[0].Action != importer.ActionAdd {
		t.Errorf("plan %+v", plan.People)
	}
}

func TestKnown_Hash(t *testing.T) {
	t.Parallel()
	a, err := known().Hash()
	if err != nil {
		t.Fatal(err)
	}
	k := known()
	k.People[0].Email = "other@example.org"
	b, err := k.Hash()
	if err != nil || slices.Equal(a, b) || len(a) != 32 {
		t.Errorf("hashes %x and %x, %v", a, b, err)
	}
}

func FuzzImport(f *testing.F) {
	f.Add([]byte("Unit,Name,E-mail\n4B,Ana,ana@example.org\n"))
	f.Add([]byte("sep=;\nUnit;Name\n\"4B\";\"A\nB\"\n"))
	f.Add(utf16of("Unit\tName\n4B\tAna\n", false, true))
	f.Add([]byte("Unit,Name\n4B,Jos\xe9\n"))
	f.Add([]byte("Unit,Name\n\"4B,Ana\n"))
	f.Add([]byte("\xff\xfe\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const most = 500
		table, err := importer.Read(data, most)
		if err != nil {
			return
		}
		if len(table.Records) > most || len(table.Header) > importer.MaxColumns {
			t.Fatalf("%d rows, %d columns", len(table.Records), len(table.Header))
		}
		m := make(importer.Mapping, len(table.Header))
		m[0] = importer.FieldUnit
		if len(m) > 1 {
			m[1] = importer.FieldName
		} else {
			m[0] = importer.FieldName
		}
		rows, problems, bad, err := importer.Parse(table, m, checks())
		if err != nil {
			return
		}
		if len(rows)+bad != len(table.Records)+len(table.Problems) {
			t.Fatalf("%d rows and %d faulty of %d", len(rows), bad, len(table.Records))
		}
		for _, p := range problems {
			if p.Line < 1 || !utf8.ValidString(p.Value) {
				t.Fatalf("problem %+v", p)
			}
		}
		first := importer.Compare(importer.Known{}, rows, "csv")
		var k importer.Known
		k.Units = first.Units
		for i := range k.Units {
			k.Units[i].ID = "u"
		}
		for _, c := range first.People {
			k.People = append(k.People, c.Person)
		}
		if again := importer.Compare(k, rows, "csv"); len(again.People)+len(again.Units)+len(again.Gone) != 0 {
			t.Fatalf("the same file again changes something: %+v", again)
		}
	})
}

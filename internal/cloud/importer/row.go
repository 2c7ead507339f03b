package importer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"cubby/internal/locker"
)

// Limits of what a row holds, those of the tables it ends in.
const (
	maxUnit       = 40
	maxName       = 200
	maxExternalID = 200
	maxShown      = 60 // of a wrong value in a Problem
)

// Checks are the rules that rows share with forms.
type Checks struct {
	Key       func(string) string          // what two spellings of a name have in common
	Email     func(string) (string, error) // an address as it is kept
	Phone     func(string) (string, error) // a number as it is kept
	MaxNumber int                          // digits of a unit's number
}

// Row is one recipient of a file. An empty field changes nothing.
type Row struct {
	Line       int
	Unit       string
	Number     string
	Name       string
	Email      string
	Phone      string
	Language   string // BCP 47
	Kind       locker.RecipientKind
	LowDoor    *bool // nil: not said
	ExternalID string

	unitKey, nameKey string
}

// Parse reads the rows of a table. It returns the good ones and what is wrong with the others; bad
// counts the rows with a problem. A mapping without a unit or a name is IMPORT_INVALID, as is one
// that maps two columns to one field.
func Parse(t Table, m Mapping, checks Checks) (rows []Row, problems []Problem, bad int, err error) {
	if err := checkMapping(t, m); err != nil {
		return nil, nil, 0, err
	}
	p := parser{table: t, mapping: m, checks: checks, problems: slices.Clone(t.Problems)}
	p.seen, p.numbers = map[string]int{}, map[string]numbered{}
	bad = len(t.Problems)
	for _, record := range t.Records {
		before := len(p.problems)
		row := p.row(record)
		if len(p.problems) == before {
			p.compare(row)
		}
		if len(p.problems) > before {
			bad++
			continue
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(p.problems, func(a, b Problem) int { return a.Line - b.Line })
	return rows, p.problems, bad, nil
}

func checkMapping(t Table, m Mapping) error {
	if len(m) > len(t.Header) {
		return locker.Errorf(locker.CodeImportInvalid, "the mapping names %d columns, the file has %d", len(m), len(t.Header))
	}
	for i, f := range m {
		switch {
		case f == FieldNone:
		case !slices.Contains(Fields(), f):
			return locker.Errorf(locker.CodeImportInvalid, "column %q cannot become %q", t.Header[i], string(f))
		case slices.Contains(m[:i], f):
			return locker.Errorf(locker.CodeImportInvalid, "two columns are both mapped to %q", string(f))
		}
	}
	if !slices.Contains(m, FieldUnit) {
		return locker.Errorf(locker.CodeImportInvalid, "say which column holds the unit")
	}
	if !slices.Contains(m, FieldName) && !slices.Contains(m, FieldFirstName) && !slices.Contains(m, FieldLastName) {
		return locker.Errorf(locker.CodeImportInvalid, "say which column holds the name")
	}
	return nil
}

type numbered struct {
	number string
	line   int
}

type parser struct {
	table    Table
	mapping  Mapping
	checks   Checks
	problems []Problem
	seen     map[string]int      // line by what makes a recipient the same
	numbers  map[string]numbered // by key of the unit
}

// add notes a problem of a row.
func (p *parser) add(line int, f Field, code ProblemCode, value string) *Problem {
	problem := Problem{Line: line, Field: f, Code: code, Value: shorten(value, maxShown)}
	if i := slices.Index(p.mapping, f); i >= 0 && f != FieldNone {
		problem.Column = p.table.Header[i]
	}
	p.problems = append(p.problems, problem)
	return &p.problems[len(p.problems)-1]
}

// row reads one record and notes everything that is wrong with it.
func (p *parser) row(record Record) Row {
	row := Row{Line: record.Line}
	if len(record.Cells) > len(p.table.Header) && !blank(record.Cells[len(p.table.Header):]) {
		p.add(row.Line, FieldNone, ProblemCells, strings.Join(record.Cells[len(p.table.Header):], " "))
		return row
	}
	var first, last string
	for i, cell := range record.Cells {
		if i >= len(p.mapping) || p.mapping[i] == FieldNone {
			continue
		}
		f, cell := p.mapping[i], clean(cell)
		if !utf8.ValidString(cell) || strings.IndexFunc(cell, unicode.IsControl) >= 0 {
			p.add(row.Line, f, ProblemHidden, strings.Map(visible, cell))
			continue
		}
		if f == FieldFirstName {
			first = cell
		} else if f == FieldLastName {
			last = cell
		}
		p.set(&row, f, cell)
	}
	if row.Name == "" {
		row.Name = clean(first + " " + last)
	}
	p.checkNames(&row)
	return row
}

func visible(r rune) rune {
	if unicode.IsControl(r) || r == utf8.RuneError {
		return '·'
	}
	return r
}

func (p *parser) checkNames(row *Row) {
	row.unitKey, row.nameKey = p.checks.Key(row.Unit), p.checks.Key(row.Name)
	switch {
	case row.unitKey == "":
		p.add(row.Line, FieldUnit, ProblemUnitMissing, "")
	case utf8.RuneCountInString(row.Unit) > maxUnit:
		p.add(row.Line, FieldUnit, ProblemTooLong, row.Unit)
	}
	name := FieldName
	if !slices.Contains(p.mapping, FieldName) {
		name = FieldLastName
	}
	switch {
	case row.nameKey == "":
		p.add(row.Line, name, ProblemNameMissing, "")
	case utf8.RuneCountInString(row.Name) > maxName:
		p.add(row.Line, name, ProblemTooLong, row.Name)
	}
}

// set puts a cell into a row.
func (p *parser) set(row *Row, f Field, cell string) {
	if cell == "" {
		return
	}
	code := ProblemCode("")
	switch f {
	case FieldUnit:
		row.Unit = cell
	case FieldName:
		row.Name = cell
	case FieldUnitNumber:
		if row.Number = cell; len(cell) > p.checks.MaxNumber || strings.Trim(cell, "0123456789") != "" {
			code = ProblemNumber
		}
	case FieldEmail:
		var err error
		if row.Email, err = p.checks.Email(cell); err != nil {
			code = ProblemEmail
		}
	case FieldPhone:
		var err error
		if row.Phone, err = p.checks.Phone(cell); err != nil {
			code = ProblemPhone
		}
	case FieldLanguage:
		if row.Language = languageOf(cell); row.Language == "" {
			code = ProblemLanguage
		}
	case FieldKind:
		if row.Kind = kindOf(cell); row.Kind == "" {
			code = ProblemKind
		}
	case FieldLowDoor:
		if row.LowDoor = yesNo(cell); row.LowDoor == nil {
			code = ProblemLowDoor
		}
	case FieldExternalID:
		if row.ExternalID = cell; len(cell) > maxExternalID {
			code = ProblemTooLong
		}
	case FieldNone, FieldFirstName, FieldLastName:
	}
	if code != "" {
		p.add(row.Line, f, code, cell)
	}
}

// compare finds what a row has in common with those before it.
func (p *parser) compare(row Row) {
	who := "name|" + row.unitKey + "|" + row.nameKey
	if row.ExternalID != "" {
		who = "id|" + row.ExternalID
	}
	if line, again := p.seen[who]; again {
		f := FieldNone
		if row.ExternalID != "" {
			f = FieldExternalID
		}
		p.add(row.Line, f, ProblemDuplicate, row.Name).Other = line
		return
	}
	p.seen[who] = row.Line
	if row.Number == "" {
		return
	}
	had, known := p.numbers[row.unitKey]
	switch {
	case !known:
		p.numbers[row.unitKey] = numbered{row.Number, row.Line}
	case had.number != row.Number:
		p.add(row.Line, FieldUnitNumber, ProblemNumberDiffers, row.Number).Other = had.line
	}
}

// languageOf returns the tag of a language that is named by a tag or by its name in English, Spanish
// or Arabic; empty: unknown.
func languageOf(cell string) string {
	switch fold(cell) {
	case "english", "ingles", "الانجليزية", "انجليزي":
		return "en"
	case "spanish", "espanol", "castellano", "الاسبانية":
		return "es"
	case "arabic", "arabe", "العربية", "عربي":
		return "ar"
	}
	tag, err := language.Parse(cell)
	if err != nil {
		return ""
	}
	return tag.String()
}

func kindOf(cell string) locker.RecipientKind {
	switch fold(cell) {
	case "resident", "tenant", "owner", "residente", "inquilino", "propietario", "ساكن":
		return locker.RecipientResident
	case "employee", "staff", "empleado", "empleada", "موظف":
		return locker.RecipientEmployee
	case "office", "department", "company", "oficina", "departamento", "empresa", "مكتب":
		return locker.RecipientOffice
	}
	return ""
}

func yesNo(cell string) *bool {
	yes, no := true, false
	switch fold(cell) {
	case "yes", "y", "true", "1", "x", "si", "s", "نعم":
		return &yes
	case "no", "n", "false", "0", "لا":
		return &no
	}
	return nil
}

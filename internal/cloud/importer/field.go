package importer

// Field is what a column holds. The zero value is a column that is not imported.
type Field string

// The fields. A unit and a name are needed; all others may be missing.
const (
	FieldNone       Field = ""
	FieldUnit       Field = "unit"        // name of the unit, e.g. "4B"
	FieldUnitNumber Field = "unit_number" // digits for keypads, e.g. "402"
	FieldName       Field = "name"        // the whole name
	FieldFirstName  Field = "first_name"  // with FieldLastName instead of FieldName
	FieldLastName   Field = "last_name"
	FieldEmail      Field = "email"
	FieldPhone      Field = "phone"
	FieldLanguage   Field = "language" // BCP 47, or the name of a language
	FieldKind       Field = "kind"     // resident, employee or office
	FieldLowDoor    Field = "low_door" // yes or no
	FieldExternalID Field = "external_id"
)

// Fields returns all fields but FieldNone, in the order in which a form lists them.
func Fields() []Field {
	return []Field{
		FieldUnit, FieldUnitNumber, FieldName, FieldFirstName, FieldLastName, FieldEmail, FieldPhone, FieldLanguage,
		FieldKind, FieldLowDoor, FieldExternalID,
	}
}

// Mapping says what each column holds, by the index of the column. Columns beyond its end are not
// imported.
type Mapping []Field

// Problem is one thing that is wrong with a row.
type Problem struct {
	Line   int    // of the file, counted from 1; a row that spans lines counts by its first
	Column string // header of the column; empty: the row as a whole
	Field  Field
	Code   ProblemCode
	Value  string // what stands there, shortened
	Other  int    // line of the row that this one repeats or contradicts; 0: none
}

// ProblemCode says what is wrong. Stable; pages translate it under "import.problem.<code>".
type ProblemCode string

// The problems.
const (
	ProblemUnitMissing   ProblemCode = "unit_missing"
	ProblemNameMissing   ProblemCode = "name_missing"
	ProblemTooLong       ProblemCode = "too_long"
	ProblemHidden        ProblemCode = "hidden_characters"
	ProblemEmail         ProblemCode = "email_wrong"
	ProblemPhone         ProblemCode = "phone_wrong"
	ProblemLanguage      ProblemCode = "language_unknown"
	ProblemKind          ProblemCode = "kind_unknown"
	ProblemLowDoor       ProblemCode = "yes_no_wrong"
	ProblemNumber        ProblemCode = "number_not_digits"
	ProblemNumberDiffers ProblemCode = "number_differs" // from that of the same unit on line Other
	ProblemDuplicate     ProblemCode = "duplicate"      // of the row on line Other
	ProblemCells         ProblemCode = "cells_extra"    // more cells than the header has columns
	ProblemQuote         ProblemCode = "quote_wrong"    // a quotation mark where none can be, or one that never ends
)

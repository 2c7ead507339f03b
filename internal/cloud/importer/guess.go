package importer

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// headers returns the names that columns of a field have in files of property systems, folded as by
// fold. English, Spanish and Arabic.
func headers(f Field) []string {
	switch f {
	case FieldUnit:
		return []string{
			"unit", "unit name", "apartment", "apt", "flat", "suite", "address 2", "unidad", "vivienda", "piso", "apartamento",
			"departamento", "depto", "puerta", "office", "oficina", "الوحدة", "الشقة", "شقة", "وحدة",
		}
	case FieldUnitNumber:
		return []string{
			"unit number", "unit no", "unit num", "apartment number", "apt number", "apt no", "number", "keypad", "keypad number",
			"numero", "numero de unidad", "numero de vivienda", "رقم الوحدة", "رقم الشقة", "الرقم",
		}
	case FieldName:
		return []string{
			"name", "full name", "resident", "resident name", "tenant", "tenant name", "recipient", "recipient name", "contact",
			"nombre completo", "nombre y apellidos", "residente", "inquilino", "destinatario", "الاسم", "الاسم الكامل", "اسم الساكن",
		}
	case FieldFirstName:
		return []string{"first name", "first", "given name", "forename", "nombre", "nombres", "الاسم الاول", "الاسم الأول"}
	case FieldLastName:
		return []string{
			"last name", "last", "surname", "family name", "apellido", "apellidos", "primer apellido", "اسم العائلة", "اللقب",
		}
	case FieldEmail:
		return []string{
			"email", "e mail", "mail", "email address", "e mail address", "correo", "correo electronico", "البريد",
			"البريد الالكتروني", "البريد الإلكتروني",
		}
	case FieldPhone:
		return []string{
			"phone", "phone number", "mobile", "mobile phone", "cell", "cell phone", "telephone", "tel", "telefono", "movil",
			"celular", "الهاتف", "رقم الهاتف", "الجوال",
		}
	case FieldLanguage:
		return []string{"language", "lang", "locale", "preferred language", "idioma", "lengua", "اللغة"}
	case FieldKind:
		return []string{"kind", "type", "resident type", "recipient type", "tipo", "النوع"}
	case FieldLowDoor:
		return []string{
			"low door", "accessible", "accessibility", "wheelchair", "needs low door", "puerta baja", "accesible", "باب منخفض",
		}
	case FieldExternalID:
		return []string{
			"id", "external id", "resident id", "tenant id", "tenant code", "recipient id", "person id", "codigo",
			"id externo", "id de residente", "المعرف",
		}
	case FieldNone:
	}
	return nil
}

// Guess proposes what each column holds from its header. No field is proposed twice.
func Guess(header []string) Mapping {
	m := make(Mapping, len(header))
	for _, f := range Fields() {
		for _, name := range headers(f) {
			if i := slices.IndexFunc(header, func(h string) bool { return fold(h) == fold(name) }); i >= 0 && m[i] == FieldNone {
				m[i] = f
				break
			}
		}
	}
	// "Unit number" alone is the name of the unit; "Nombre" without "Apellidos" is the whole name.
	promote(m, FieldUnitNumber, FieldUnit)
	if !slices.Contains(m, FieldLastName) {
		promote(m, FieldFirstName, FieldName)
	}
	return m
}

// promote makes the column of one field the column of another that has none.
func promote(m Mapping, from, to Field) {
	if i := slices.Index(m, from); i >= 0 && !slices.Contains(m, to) {
		m[i] = to
	}
}

// fold returns a header in lower case, without accents, and with single spaces for all that is
// neither letter nor digit.
func fold(header string) string {
	folded := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return ' '
	}, norm.NFD.String(header))
	return strings.Join(strings.Fields(folded), " ")
}

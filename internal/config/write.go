package config

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Write writes the settings in force as a file that Parse reads back. Secrets are left out.
func Write(w io.Writer, cfg Config) error {
	var b bytes.Buffer
	b.WriteString("# Settings in force. Secrets are left out.\n")
	writeSection(&b, reflect.ValueOf(cfg), "")
	_, err := w.Write(b.Bytes())
	return err
}

func writeSection(b *bytes.Buffer, section reflect.Value, indent string) {
	for field := range fieldsOf(section.Type()) {
		value := section.FieldByIndex(field.Index)
		switch {
		case field.Type == reflect.TypeFor[Secret]():
		case isSection(field.Type):
			fmt.Fprintf(b, "%s%s:\n", indent, keyOf(field))
			writeSection(b, value, indent+"  ")
		case isEntries(field.Type) && value.Len() > 0:
			fmt.Fprintf(b, "%s%s:\n", indent, keyOf(field))
			for i := range value.Len() {
				var entry bytes.Buffer
				writeSection(&entry, value.Index(i), indent+"    ")
				b.WriteString(indent + "  - " + strings.TrimLeft(entry.String(), " "))
			}
		default:
			fmt.Fprintf(b, "%s%s: %s\n", indent, keyOf(field), written(value))
		}
	}
}

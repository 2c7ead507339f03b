// Package report turns the answer of a plan into what people read: a page, its parts, paper, text,
// tables and drawings, all from one list of sections in one language.
//
// New builds the sections. HTML, PDF, Text, XLSX and CSV write all of them; Part and Body are templ
// components for a page that shows the answer among other things and links Style; SVG and Drawings
// give single pictures, Tables the figures. Nothing is written without unit and source: every table
// says its units in its header or in a column, and where its figures come from below it.
//
// The package must not know how a plan is solved, read from files or served.
package report

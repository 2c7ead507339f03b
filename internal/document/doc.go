// Package document writes what people take away: tables as CSV and as a workbook (XLSX), and paged
// paper as PDF. It knows rows, columns and drawings, not what they are about.
//
// A Table is written once and leaves in any form. Numbers stay numbers: money is kept in minor units
// and shown in major ones, times are shown in the zone that the caller chose. Text that a
// spreadsheet would run as a formula is disarmed in CSV; in a workbook it is typed as text.
//
// PDF uses the fonts that every reader has, which know Latin script of western Europe only. Text in
// another script must be printed from a page instead: see Paper.
package document

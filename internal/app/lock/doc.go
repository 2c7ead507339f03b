// Package lock puts lock boards together: it is the one list of protocol families, and the only place
// that turns settings and models (board/catalog) into drivers, codecs and virtual boards. A new family
// is one file here and one line in entries. The package must not know doors, journals or people.
//
// # Settings
//
// An option that is set on a bus wins over the model's, the model's over the family's own. The tag
// families in internal/config says who takes an option; anything else is refused with the reason,
// because a setting without effect looks like one that works.
//
// # Why a probe opens nothing
//
// Probe asks the questions of every family on a line whose boards nobody knows, so a question must not
// be an order in another family. None is, because an order of each family has a start that no question
// of another has anywhere, or a check that it does not pass:
//
//	family    an order to open                  the only question that a probe sends
//	rs485     8A AA CC 11 .. BCC                80 AA 01 33 BCC
//	kerong    02 AC 31 03 SUM (or 33, 39)       02 A0 30 03 SUM
//	modbus    UU 05 .... .... CRC-16            UU 01 .... .... CRC-16
//	          .. .. 00 00 00 06 UU 05 ....      the same with 01
//	wkly      57 4B 4C 59 LEN AA 82 CC XOR      57 4B 4C 59 09 AA 83 01 XOR
//	winnsen   90 06 05 SS LL 03                 90 06 12 SS 01 03
//	usbrelay  A0 CC 01 SUM                      none: nothing would answer
//
// Bytes of two questions side by side, or of one heard at another rate, are not covered by that table.
// TestProbe_OpensNothing feeds what a probe really sends, to nobody and to a full bus of its family, to
// the virtual boards of every other one: alone, in a row, backwards, byte by byte, and sampled at every
// other rate. Boards of unknown makes are beyond any test: docs/hardware.md says so.
package lock

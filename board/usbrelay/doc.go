// Package usbrelay drives the cheap USB relay boards named LCUS-1 to LCUS-8 and their clones: a USB
// serial chip (mostly CH340), a small controller, and 1 to 16 relays. For a bank of a few doors, a
// door opener, or a test bench.
//
// # Line
//
// A serial port of its own, 9600 8N1; one board on it, which is board 1.
//
// # Frames
//
// All numbers are hexadecimal: CC is the channel from 1, SUM the low byte of the sum of the three
// bytes before it.
//
//	relay on     A0 CC 01 SUM    e.g. A0 01 01 A2
//	relay off    A0 CC 00 SUM    e.g. A0 01 00 A1
//
// Source: sellers' pages and several unrelated public programs agree on these two. The example frames
// are in testdata. On a question for the state, the single byte FF, they disagree: some boards answer
// nothing, some a byte for each channel, some a text ("CH1:OFF"). It is not used.
//
// # What is missing
//
// The board answers nothing and has no inputs. So there is no witness of a door: ReadStates returns
// StateUnknown for all of them, and Unlock returns AckNone. Nothing can be probed either. The checksum
// is weak: two wrong bits can make a valid frame for another channel, and nothing would show it. The
// line is a USB cable, where wrong bits are caught before the board.
//
// # A pulse that the program must end
//
// The board has no timed pulse: the driver switches on and, by its own timer, off. Off is written
// after every on, also when the context has ended, when on could not be written and when the first off
// could not; and again at the next poll, because nobody says that it arrived. None of that helps when
// the process is killed or the computer loses its power in the middle of a pulse while the board keeps
// its own: then the coil stays on, heats, and the door stays unlocked, until Restore runs at the next
// start. The driver therefore refuses to work unless Options.Accept holds the sentence Acceptance.
package usbrelay

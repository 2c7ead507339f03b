// Package rs485 drives the "8A/80" lock control boards: the cheapest and most common ones, sold
// under many names with 8, 12, 16, 18, 24 or 50 channels and told apart only by their frames.
//
// # Line
//
// RS-485, two wires (A to A, B to B), up to 31 boards in one daisy chain, 9600 8N1 by default. The
// address is set by switches on the board, 1 to 31. One request is on the bus at a time. Behind a
// serial server use board/port's "tcp:" line; the frames are the same.
//
// # Frames
//
// All numbers are hexadecimal: AA is the address, CC the channel from 1, ST a state, BCC the XOR of
// all bytes before it.
//
//	open one             8A AA CC 11 BCC       reply 8A AA CC ST BCC
//	open one, SS seconds 8A AA CC 11 SS BCC    reply 8A AA CC ST BCC
//	open all             8A AA 00 11 BCC       reply by firmware: one per door, one, or none
//	status of one        80 AA CC 33 BCC       reply 80 AA CC ST BCC
//	status of all        80 AA 00 33 BCC       reply 80 AA S.. 33 BCC
//	door changed         unasked               81 AA CC ST BCC or 82 AA CC ST BCC
//
// In "status of all" the lowest channels are in the last status byte, bit 0 first. Boards of 8 and
// 24 channels send three status bytes, boards of 32 send four, so a reply's length never follows
// from the channel count; both lengths are tried, see Options.StatusBytes for others.
//
// Source: no vendor manual is public; the facts agree between more than ten unrelated
// public drivers and captures. The example frames are in testdata.
//
// # What differs between boards, and is therefore a setting
//
//   - ST is 00 or 11 and follows the lock's feedback switch: see Polarity. A reply to open carries
//     the state too, so 00 and 11 both mean that the board did as it was told.
//   - Some firmwares never answer 8A: Options.NoUnlockReply.
//   - Many adapters return what was sent. A reply with state 11 equals its request, so whether the
//     adapter echoes must be known before an unlock is believed: see Echo.
//   - The reply to open may take 500 ms, because some boards pulse first.
//
// "Open all" can be encoded, and the virtual board obeys it, but Driver does not send it: the boards
// pulse faster than one lock a second, and one request would stand for many openings.
//
// The checksum is weak: two wrong bits in the same place of two bytes cancel out. On a bus with all 31
// boards 1.7 % of the unlock frames with two random wrong bits open another door, or all doors of a
// board when the channel becomes 0 (BenchmarkDriver_BitErrors, a million frames; 0.5 % with one board).
// Nothing on this line can prevent that, but the poll after it shows each such door. In the other direction the splitters also check addresses, channels
// and states, and the driver asks for the exact address and channel that it addressed.
package rs485

// Package wkly drives the "WKLY" lock control boards, which are sold without a name and told by the
// first four bytes of every frame: 57 4B 4C 59, the letters WKLY.
//
// # Line
//
// RS-485, two wires (A to A, B to B), 9600 8N1, boards 0 to 31 by switches on the board. One request
// is on the bus at a time. Behind a serial server use board/port's "tcp:" line; the frames are the
// same.
//
// # Frames
//
// All numbers are hexadecimal: LEN is the length of the whole frame, ADDR the board, CC a channel
// from 1, ST is 00 for done and FF for failed, DD is a door (00 open, 01 closed, FF not known), XOR is
// the XOR of all bytes before it, the four letters and LEN among them.
//
//	57 4B 4C 59 LEN ADDR CMD data XOR
//
//	80  open several at once   request N CC..    reply ST
//	81  let a light blink      request CC        reply ST CC
//	82  open one               request CC        reply ST CC DD
//	83  ask for one door       request CC        reply ST CC DD
//	84  ask for all doors      no data           reply ST N DD..
//	85  door changed           unasked: CC DD
//	86  open all               no data           reply ST
//	87  open one after another request N CC..    reply ST
//	88  light on, 89 light off request CC        reply ST CC
//
// Open channel 1 of board 0: 57 4B 4C 59 09 00 82 01 83, reply 57 4B 4C 59 0B 00 82 00 01 00 81. On
// requests of nine bytes the letters and LEN cancel out, so an XOR of the rest seems to work; on
// replies of eleven it is wrong.
//
// Source: no vendor manual is public; the frames agree between five unrelated public drivers, whose
// tests quote a manual's examples. The example frames are in testdata.
//
// # What differs between boards, and is therefore a setting
//
//   - DD follows the lock's feedback switch: Polarity. By default 00 is open, as all sources say.
//   - Not every firmware may answer 84 in the form above, which rests on one source; 83 is safe. With
//     PollOne the driver asks for door after door.
//   - The number of channels: a reply to 84 that covers fewer leaves the others unknown.
//
// # Open, to be checked on hardware
//
//   - The reply to 84: a status, the number of doors, one byte for each. A manual's example of a board
//     with 24 channels, quoted by one public driver, says so: 22 00 84 00 18 and 24 doors.
//   - What follows FF in a reply that failed: a frame that ends with FF is accepted as well,
//     unless an unlock before has no answer yet, whose late answer it may be.
//
// "Open several" and "open all" can be encoded, and the virtual board obeys them, but Driver does not
// send them: one request would stand for many openings.
//
// The checksum is weak: 0.51 % of the errors of two bits in an unlock frame open another door
// (BenchmarkDriver_BitErrors), because two wrong bits in one column cancel out. So the decoder also
// checks letters, length, address, command and the shape of the data, Driver compares board and
// channel with what it asked for, and the poll after each unlock shows every door that opened.
package wkly

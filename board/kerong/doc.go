// Package kerong drives the KERONG CU12 and CU16 lock control boards: 12 or 16 locks each, with a
// presence sensor behind each door as an option.
//
// # Line
//
// RS-485, two wires (A to A, B to B), 19200 8N1 as delivered; 9600, 57600 and 115200 can be selected
// on the board, so the rate belongs to the port. The network variant listens on TCP port 5000 and
// speaks the same frames: use board/port's "tcp:" line. The board's number is set by switches, 0 to
// 15. One request is on the bus at a time.
//
// # Frames
//
// All numbers are hexadecimal. ADDR holds two things: the board in its high four bits, and in its low
// four bits the lock, counted from 0 where people count from 1. SUM is the low byte of the sum of all
// bytes before it.
//
//	02 ADDR CMD data 03 SUM
//
//	30  states of a board       no data    02 00 30 03 35   reply 35
//	31  unlock the lock in ADDR no data    02 00 31 03 36   reply 35, or none
//	32  states of all boards    no data    02 F0 32 03 27   one reply 36 from each board
//	33  unlock all of a board   no data    02 00 33 03 38
//	35  states, reply           H1 H2 I1 I2                 02 ADDR 35 H1 H2 I1 I2 03 SUM
//	36  states, reply to 32     H1 H2 I1 I2                 02 00 36 00 00 00 00 03 3B
//	37  set the unlock time     2 bytes, units of 10 ms     02 00 37 00 37 03 73
//	38  ask for it              no data    02 00 38 03 3D   reply 38 with 2 bytes
//	39  unlock with a delay     1 byte, seconds
//
// H1 are the hooks of locks 1 to 8 and H2 of 9 to 16, the lowest lock in bit 0; I1 and I2 are the
// presence sensors in the same order.
//
// Source: no vendor manual is public; the frames agree between six unrelated public drivers, two
// frames are captures. The example frames are in testdata.
//
// # What differs between boards, and is therefore a setting
//
//   - A hook bit of 1 means locked in two sources and unlocked in a third: Polarity, which has no
//     default.
//   - Whether there are presence sensors, and what their bit means: Infrared.
//   - Some boards answer an unlock with their states, some with nothing: Options.NoUnlockReply.
//   - A board may stop answering after an unlock. Command 38 has been seen to wake it, and it moves
//     nothing. So when a board is silent after an unlock, Driver sends one 38 before the next
//     question for states, never a second unlock: see Options.NoWake.
//
// # Open, to be checked on hardware
//
//   - The low four bits of ADDR in a reply to 31: the lock that was asked for, and 0, are accepted. A reply
//     with 0 may also belong to a question or to an unlock before; while one of them has no answer, a
//     single reply with 0 acknowledges nothing, and the unlock counts as silent.
//   - The order of the two bytes of the unlock time: high byte first in the only public driver that
//     sets it. Driver sets nothing.
//   - ADDR F0 calls all boards, and is at the same time lock 1 of board 15. Nobody says which of them
//     a board hears in command 31, so that one lock is refused: OpenFrame and Unlock send nothing.
//
// "Unlock all" can be encoded, and the virtual board obeys it, but Driver does not send it: one
// request would stand for many openings.
//
// The checksum is weak: a sum of bytes does not see two errors that cancel out, and 0.60 % of
// the errors of two bits in an unlock frame open other doors (BenchmarkDriver_BitErrors), some of them
// all of a board, because "unlock" is one bit from "unlock all". So the decoder also checks the
// command and its length, Driver compares board and lock with what it asked for, and the poll after
// each unlock shows every door that opened.
package kerong

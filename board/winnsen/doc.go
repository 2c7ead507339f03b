// Package winnsen drives the lock control boards of Winnsen lockers: up to four stations with 16 locks
// each, and frames without a checksum.
//
// # Line
//
// RS-485, two wires (A to A, B to B), 9600 8N1. The station is set by two switches, 0 to 3. One
// request is on the bus at a time. Behind a serial server use board/port's "tcp:" line; the frames are
// the same.
//
// # Frames
//
// All numbers are hexadecimal: SS is the station, LL the lock from 1, RR a result.
//
//	unlock  90 06 05 SS LL 03   reply 90 07 85 SS LL RR 03   RR 01 done, 00 failed, 02 too early
//	status  90 06 12 SS LL 03   reply 90 07 92 SS LL RR 03   RR 01 open, 00 closed
//
// Source: no vendor manual is public; the frames are those of one public driver in several revisions.
// The example frames are in testdata.
//
// # What differs between boards, and is therefore a setting
//
//   - The last revision reads the reply to status as 90 07 92 SS RR LL 03: Order.
//   - The last revision counts stations from 1: Options.FirstStation.
//   - RR of a status follows the lock's feedback switch: Polarity. By default 01 is open.
//
// # Cool-down
//
// A lock that was pulsed cannot be pulsed again for about 15 seconds. The board refuses with 00, in the
// last revision with 02; both are board.AckRefused. The driver does not wait and does not repeat.
//
// # No checksum
//
// One wrong bit turns an open door into a closed one, or one lock into another. What can be done is
// done, and it is not much:
//
//   - A frame must have every fixed byte right, the station, lock and result in their ranges, and the
//     length of its function; a reply must be of the station, lock and function that were asked for.
//   - There is a request for each lock and none for all, so the reply to an unlock names the lock that
//     the board understood. A reply that names another one is no answer: the unlock counts as silent,
//     and the poll finds the door that really opened.
//   - A state that differs from the last one is asked for a second time before it is believed.
//
// A request that is damaged on its way can still open the wrong door. Of all errors of one bit in an
// unlock frame 11.46 % do, of all errors of two bits 1.22 % (TestSlave_WrongBits). The boards of other
// families open nothing after one wrong bit, so prefer them, and keep this line short and terminated.
//
// # Open, to be checked on hardware
//
//   - Whether a board answers at all for a lock that it does not have. The driver takes silence of a
//     single lock for StateUnknown.
//   - The length of the pulse, and what a board does with a status during it.
package winnsen

// Package modbus drives relay boards that speak Modbus: the Waveshare family and its many relatives,
// with 1 to 32 relays for the locks and as many digital inputs for door contacts.
//
// # Line
//
// Three transports. RTU over RS-485, two wires, 9600 8N1 by default; RTU frames over TCP, behind a
// transparent serial server; and Modbus TCP, by default on port 502. See Framing. The unit id, 1 to
// 247, is the board's address; it is set by switches or by register 4000.
//
// # Frames
//
// All numbers are hexadecimal. An RTU frame is the unit, the function, its data and a CRC, low byte
// first (CRC-16/MODBUS: start FFFF, polynomial A001). A Modbus TCP frame has seven bytes before
// the function and no CRC: a transaction number, 0000, the number of bytes that follow, the unit.
// Source: Modbus over Serial Line V1.02 §2.5.1, Modbus Messaging on TCP/IP V1.0b §3.1.3.
//
//	relay on, off        UU 05 00CC FF00, UU 05 00CC 0000   reply: the same bytes
//	flash on             UU 05 02CC NNNN                    reply: the same bytes
//	flash off            UU 05 04CC NNNN                    reply: the same bytes
//	all off              UU 05 00FF 0000                    reply: the same bytes
//	read relays          UU 01 0000 00NN                    reply UU 01 BYTES BITS..
//	read inputs          UU 02 AAAA 00NN                    reply UU 02 BYTES BITS..
//	read, set unit id    00 03 4000 0001, 00 06 4000 00UU   answered by whoever is on the line
//	refused              any                                reply UU FUNCTION+80 CODE
//
// Codes 01, 02, 03 and 06 say that the board did nothing. Codes 0A and 0B come from a gateway that gets no
// answer from the board: that is silence, and the relay may have moved. After the other codes it may, too.
//
// CC is the channel less one. NNNN is a time in units of 100 ms. Bits come lowest first, eight to a
// byte. Registers are two bytes, high byte first; the driver reads none.
//
// Flash is function 05 with a value other than FF00 and 0000, which the standard forbids (Modbus
// Application Protocol V1.1b3 §6.5). It is the boards' own timed pulse, and therefore what a lock
// needs: the board ends it, whatever happens to the computer. A counterpart that keeps to the
// standard answers it with an exception, or takes the value for "off" and says so in its reply; the
// driver reports both and never believes that a pulse came of it.
//
// Source: the frames in testdata, from public vendor notes and captures.
//
// # Doors
//
// A door contact is wired to the input of the same number. The inputs are a contact on the door
// (board.Info.Cycle), not the lock's own switch. Which reading is an open door depends on the
// contact: see Polarity. Options.InputOffset moves the first input, Options.NoInputs is for boards
// or banks without contacts; then a poll reads the relays, which proves only that the board lives.
//
// # Boards without flash
//
// ModeCoil switches the relay on and, by the driver's own timer, off again. Off is sent after every
// on: also when the context has ended, when on was not answered and when the line is lost in
// between, and again before the next unlock or poll of that board if it was not acknowledged. None of
// that helps when the process is killed or the computer loses its power in the middle of a pulse:
// then the coil stays on, heats, and the door stays unlocked, until Restore runs at the next
// start. The driver therefore refuses this mode unless Options.Accept holds the sentence Acceptance.
// A board with a watchdog on its outputs removes the danger.
//
// # What else differs between boards, and is therefore a setting
//
//   - Some boards do not answer a flash: Options.NoUnlockReply.
//   - Many RS-485 adapters return what was sent. The reply to any write equals its request, so
//     whether the adapter echoes must be known before a write is believed: see Options.Echo.
//   - An RTU board takes two frames for one unless there is silence between them: Options.Gap.
//   - The unit id of boards behind a gateway, the rate and the parity are the line's and the bank's.
package modbus

// Package gpio drives relays and transistors on the GPIO lines of a small computer, such as a relay
// hat on a Raspberry Pi, with door contacts on other lines.
//
// # Wiring
//
// A chip is a GPIO controller of the Linux kernel, e.g. gpiochip0 ("gpiodetect" lists them), a line is
// one pin of it by its offset ("gpioinfo" lists them). Options.Outputs are the lines of the locks:
// the first one is channel 1. A line drives a relay or a logic-level transistor, never a lock. Many
// relay hats switch on when the line is low: Options.ActiveLow. A resistor must hold every output
// off while nobody drives it: from power-on until the program starts, and after it has ended.
//
// Options.Inputs are the lines of the door contacts in the order of the channels. With BiasPullUp the
// contact joins the line to ground, with BiasPullDown to the supply; either way an input is on while
// its contact is closed. Whether that means a shut or an open door is the Polarity. Without a bias
// an input is on while its line is high.
//
// Source: kernel documentation, GPIO character device (userspace API v2, Linux 5.10 and later).
//
// # Pins on a line
//
// The driver talks to pins over a board.Conn, as every family does, so that one owner, one suite and
// one simulator serve them all: Open gives a Conn whose other end is the chip in this process, Slave
// one whose other end is a virtual bank. What they say is ASCII, one frame a line; NN counts requests
// in two hexadecimal digits, and an answer repeats it:
//
//	:NN on 3           relay of channel 3 on      :NN ok
//	:NN off 3          relay of channel 3 off     :NN ok
//	:NN off all        all relays off             :NN ok
//	:NN read           inputs                     :NN inputs 0110   one digit for each, 1 is on
//	                                              :NN inputs -      there are none
//	any                                           :NN error TEXT    nothing was done
//
// A frame ends with a line feed. There is no checksum: the line is memory, a pipe or TCP.
//
// # A pulse that the program must end
//
// A line has no timed pulse: the driver switches on and, by its own timer, off. Off is sent after every
// on, also when the context has ended and when on failed, and again before the next unlock or poll if it
// was not acknowledged. Closing the Conn of Open switches everything off as well. None of that helps when
// the process is killed or the computer hangs in the middle of a pulse: the kernel gives the line back
// as it is, the coil stays on, heats, and the door stays unlocked, until Open or Restore runs at the
// next start. The driver therefore refuses to work unless Options.Accept holds the sentence Acceptance.
// A relay with a timer of its own, or a hardware watchdog that resets the board, removes the danger.
package gpio

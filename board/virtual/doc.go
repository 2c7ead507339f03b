// Package virtual is the physical world of a bank without the bank: doors that open on a pulse, jam,
// open late or lie, boards that lose power, and the lines to them with their noise. Demo, simulator
// and tests watch World to count what the boards saw, whatever a controller says of itself.
//
// World knows no protocol: it has pulses for boards that end them themselves, coils for boards that are
// switched on and off, sensors that chatter, and boards that are deaf after an unlock. Together hangs
// several boards on one address. A family's slave end (for example rs485.Slave) reads World and is served
// by Serve over any io.ReadWriter; ListenTCP and OpenPTY give it a real port. The package must not
// know compartments, grants or people.
//
// World is safe for concurrent use. It starts no goroutine: a slow door opens when somebody looks
// at the world after its time.
package virtual

// Package port opens the line to lock boards from a short text, for example
// "serial:/dev/ttyUSB0?baud=9600&parity=N&data=8&stop=1" or "tcp:192.168.1.20:5000", and keeps it
// open. It is the only home of the serial library. It knows bytes, not frames, boards or doors.
package port

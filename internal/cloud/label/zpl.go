package label

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"cubby/internal/notify/qr"
)

// ZPL returns labels in the language of label printers. Text is UTF-8 (^CI28); what could be a command in it is
// written in hexadecimal. Source: ZPL II Programming Guide, ^CI, ^FH, ^BC, ^BQ, ^A, ^PW, ^LL.
func ZPL(size Size, labels []Label) ([]byte, error) {
	if err := size.Check(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, l := range labels {
		fmt.Fprintf(&out, "^XA^CI28^PW%d^LL%d^LH0,0\n", size.WidthMM*size.DotsPerMM, size.HeightMM*size.DotsPerMM)
		for _, p := range layout(l, size) {
			if err := p.zpl(&out, size); err != nil {
				return nil, err
			}
		}
		out.WriteString("^XZ\n")
	}
	return out.Bytes(), nil
}

func (p part) zpl(out *bytes.Buffer, size Size) error {
	dots := func(mm float64) int { return int(mm*float64(size.DotsPerMM) + 0.5) }
	fmt.Fprintf(out, "^FO%d,%d", dots(p.x), dots(p.y))
	switch p.kind {
	case kindText:
		fmt.Fprintf(out, "^A0N,%d,%d^FH_^FD%s^FS\n", dots(p.h), dots(p.h), field(p.text))
	case kindQR:
		rows, err := qr.Matrix(p.text)
		if err != nil {
			return err
		}
		const most = 10 // magnification of ^BQ
		module := min(max(dots(p.w)/len(rows), 1), most)
		fmt.Fprintf(out, "^BQN,2,%d^FH_^FDMA,%s^FS\n", module, field(p.text))
	case kindBar:
		bars, err := Bars(p.text)
		if err != nil {
			return err
		}
		const most = 4 // dots of a module: wider ones win nothing
		module := min(max(dots(p.w)/len(bars), 1), most)
		fmt.Fprintf(out, "^BY%d^BCN,%d,N,N,N,A^FH_^FD%s^FS\n", module, dots(p.h), field(p.text))
	}
	return nil
}

// field writes text as the data of a field: nothing in it is a command.
func field(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		switch {
		case c == '^' || c == '~' || c == '_' || c == '>' || c == '\\' || c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, "_%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// DefaultPort is where label printers take what they print. Source: HP JetDirect, "raw" printing.
const DefaultPort = 9100

// Printing ends after printWithin; ports below leastPort belong to services of the system and are never printed to.
const (
	printWithin = 5 * time.Second
	leastPort   = 1024
	maxAddress  = 200
)

// ErrAddress means that an address of a printer cannot be used.
var ErrAddress = errors.New("a printer is a host name or an address, with a port from 1024 on; without one it is 9100")

// Address brings the address of a printer into the form host:port; empty stays empty. Anything else is ErrAddress.
func Address(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = strings.Trim(text, "[]"), strconv.Itoa(DefaultPort)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	bad := strings.IndexFunc(host, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("/?#@%\\", r) }) >= 0
	if err != nil || n < leastPort || host == "" || bad || len(text) > maxAddress {
		return "", ErrAddress
	}
	return net.JoinHostPort(host, port), nil
}

// Dial opens a connection, as net.Dialer does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Print sends data to a printer and waits until it was taken, five seconds at most.
func Print(ctx context.Context, dial Dial, address string, data []byte) (err error) {
	ctx, cancel := context.WithTimeout(ctx, printWithin)
	defer cancel()
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("reach the label printer: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	if _, err := io.Copy(conn, bytes.NewReader(data)); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

package virtual

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// hangUpPoll is how often the master looks whether somebody has opened the slave again: Linux
// reports a slave that nobody holds as an I/O error and offers nothing to wait for.
const hangUpPoll = 10 * time.Millisecond

// PTY is boards behind a pseudo terminal: a serial port for whoever opens Path.
type PTY struct {
	path   string
	cancel context.CancelFunc
	done   sync.WaitGroup
	err    error // written before done
}

// OpenPTY makes a pseudo terminal in raw mode and serves its far end until ctx ends or Stop is
// called. The near end may be opened, closed and opened again.
func OpenPTY(ctx context.Context, handle Handler) (*PTY, error) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("open pseudo terminal: %w", err)
	}
	path, err := preparePTY(master)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open pseudo terminal: %w", err), master.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &PTY{path: path, cancel: cancel}
	far := &ptyMaster{file: master, gone: ctx.Done()}
	p.done.Go(func() {
		p.err = handle(ctx, far)
		if ctx.Err() != nil {
			p.err = nil
		}
		_ = far.Close() // the handler usually has
	})
	return p, nil
}

// Path returns the device to open, e.g. /dev/pts/3.
func (p *PTY) Path() string { return p.path }

// Spec returns the line in the words of board/port.
func (p *PTY) Spec() string { return "serial:" + p.path }

// Stop hangs up, as pulling a USB adapter does, and waits. It returns what the handler failed with.
func (p *PTY) Stop() error {
	p.cancel()
	p.done.Wait()
	return p.err
}

// ptyMaster bridges the times when nobody has the slave open. The file is no embedded field, because
// io.Copy would find its WriteTo and go past Read.
type ptyMaster struct {
	file *os.File
	gone <-chan struct{}
}

func (m *ptyMaster) Write(p []byte) (int, error) { return m.file.Write(p) }

func (m *ptyMaster) Close() error { return m.file.Close() }

func (m *ptyMaster) Read(p []byte) (int, error) {
	for {
		n, err := m.file.Read(p)
		if err == nil || !errors.Is(err, syscall.EIO) {
			return n, err
		}
		timer := time.NewTimer(hangUpPoll)
		select {
		case <-m.gone:
			timer.Stop()
			return 0, io.EOF
		case <-timer.C:
		}
	}
}

func preparePTY(master *os.File) (path string, err error) {
	var unlock, number int32
	if err := ioctl(master, syscall.TIOCSPTLCK, unsafe.Pointer(&unlock)); err != nil { //nolint:gosec // ioctl
		return "", fmt.Errorf("unlock: %w", err)
	}
	if err := ioctl(master, syscall.TIOCGPTN, unsafe.Pointer(&number)); err != nil { //nolint:gosec // ioctl
		return "", fmt.Errorf("number: %w", err)
	}
	path = fmt.Sprintf("/dev/pts/%d", number)
	// The terminal keeps its mode while the master is open, so the slave can be closed again.
	slave, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return "", err
	}
	return path, errors.Join(makeRaw(slave), slave.Close())
}

// makeRaw turns echo, line editing and translation off, as cfmakeraw(3) does.
func makeRaw(slave *os.File) error {
	var t syscall.Termios
	if err := ioctl(slave, syscall.TCGETS, unsafe.Pointer(&t)); err != nil { //nolint:gosec // ioctl
		return fmt.Errorf("read mode: %w", err)
	}
	t.Iflag &^= syscall.IGNBRK | syscall.BRKINT | syscall.PARMRK | syscall.ISTRIP |
		syscall.INLCR | syscall.IGNCR | syscall.ICRNL | syscall.IXON
	t.Oflag &^= syscall.OPOST
	t.Lflag &^= syscall.ECHO | syscall.ECHONL | syscall.ICANON | syscall.ISIG | syscall.IEXTEN
	t.Cflag = t.Cflag&^(syscall.CSIZE|syscall.PARENB) | syscall.CS8
	if err := ioctl(slave, syscall.TCSETS, unsafe.Pointer(&t)); err != nil { //nolint:gosec // ioctl
		return fmt.Errorf("set raw mode: %w", err)
	}
	return nil
}

// ioctl goes through SyscallConn, because Fd would take the file out of the poller and a Read
// could then not be woken.
func ioctl(f *os.File, request uintptr, arg unsafe.Pointer) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg))
	})
	if err != nil {
		return err
	}
	if errno != 0 {
		return errno
	}
	return nil
}

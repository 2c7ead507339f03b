package linktest

import (
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
)

// Wire is a TCP proxy that breaks: each connection carries a drawn number of bytes and then ends in
// the middle of whatever it carried.
type Wire struct {
	listener net.Listener
	target   string
	done     sync.WaitGroup
	conns    atomic.Int64
	frozen   atomic.Bool

	mu    sync.Mutex
	rand  *rand.Rand
	least int64 // bytes before a connection breaks
	most  int64 // 0: never
	open  map[net.Conn]struct{}
}

// NewWire listens on loopback and passes connections to target (host:port).
func NewWire(target string, seed uint64) (*Wire, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &Wire{
		listener: l, target: target, rand: rand.New(rand.NewPCG(seed, 2)),
		open: map[net.Conn]struct{}{},
	}
	w.done.Go(w.accept)
	return w, nil
}

// Address returns host:port to connect to.
func (w *Wire) Address() string { return w.listener.Addr().String() }

// Break makes new connections break after between least and most bytes from the server or the
// site; most 0 heals the wire.
func (w *Wire) Break(least, most int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.least, w.most = least, most
}

// Freeze stops all bytes while connections stay open: a cable that was pulled.
func (w *Wire) Freeze(frozen bool) { w.frozen.Store(frozen) }

// Connections returns how many there were.
func (w *Wire) Connections() int64 { return w.conns.Load() }

// Close ends everything and waits.
func (w *Wire) Close() {
	_ = w.listener.Close() // only to stop accepting
	w.mu.Lock()
	for c := range w.open {
		_ = c.Close() // a broken wire has nobody to tell
	}
	w.mu.Unlock()
	w.done.Wait()
}

func (w *Wire) accept() {
	for {
		site, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.conns.Add(1)
		server, err := net.Dial("tcp", w.target)
		if err != nil {
			_ = site.Close() // the server is away
			continue
		}
		budget := &atomic.Int64{}
		budget.Store(w.keep(site, server))
		w.done.Go(func() { w.copy(site, server, budget) })
		w.done.Go(func() { w.copy(server, site, budget) })
	}
}

// keep remembers two ends and draws how many bytes they may carry; less than 0: any number.
func (w *Wire) keep(ends ...net.Conn) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range ends {
		w.open[c] = struct{}{}
	}
	if w.most == 0 {
		return -1
	}
	return w.least + w.rand.Int64N(w.most-w.least+1)
}

func (w *Wire) copy(from, to net.Conn, budget *atomic.Int64) {
	defer func() {
		_ = from.Close() // both ends go together
		_ = to.Close()
	}()
	limited := budget.Load() >= 0
	buffer := make([]byte, 512)
	for {
		n, err := from.Read(buffer)
		if w.frozen.Load() {
			if err != nil {
				return
			}
			continue
		}
		if limited {
			if left := budget.Add(-int64(n)); left < 0 {
				n = max(0, n+int(left))
				err = io.EOF
			}
		}
		if _, writeErr := to.Write(buffer[:n]); writeErr != nil || err != nil {
			return
		}
	}
}

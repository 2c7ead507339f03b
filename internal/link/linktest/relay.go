package linktest

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"cubby/internal/wire"
)

// Faults are what a relay does to messages, as probabilities from 0 to 1, in both directions. Only
// messages after the handshake are touched, unless Greet says otherwise.
type Faults struct {
	Drop, Repeat, Cut float64
	DelayMost         time.Duration      // each message waits up to so long; the order stays
	Greet             bool               // the handshake suffers too
	Hold              map[wire.Type]bool // these wait until the faults are set again
	Lose              map[wire.Type]bool // these are dropped
}

// Relay is a proxy that ends TLS: it passes HTTP on and relays WebSocket messages one by one. It
// listens nowhere itself: it is an http.Handler for the test's server.
type Relay struct {
	target *url.URL
	client *http.Client
	proxy  *httputil.ReverseProxy
	done   sync.WaitGroup

	mu     sync.Mutex
	faults Faults
	rand   *rand.Rand
	held   chan struct{} // closed when Hold ends
	block  bool          // refuses WebSockets
	seen   []wire.Message
}

// NewRelay returns a relay to the server at target. Equal seeds draw equal faults.
func NewRelay(target string, client *http.Client, seed uint64) (*Relay, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	proxy := &httputil.ReverseProxy{
		Transport: client.Transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(u)
			r.Out.Host = r.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	return &Relay{
		target: u, client: client, proxy: proxy, held: make(chan struct{}),
		rand: rand.New(rand.NewPCG(seed, 1)),
	}, nil
}

// Set replaces the faults and ends what is held.
func (r *Relay) Set(f Faults) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = f
	close(r.held)
	r.held = make(chan struct{})
}

// BlockSockets makes the relay answer 403 to WebSockets, as some corporate proxies do.
func (r *Relay) BlockSockets(block bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.block = block
}

// Seen returns every message that a site sent through a WebSocket.
func (r *Relay) Seen() []wire.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]wire.Message(nil), r.seen...)
}

// Wait waits until all relayed connections have ended.
func (r *Relay) Wait() { r.done.Wait() }

// ServeHTTP implements http.Handler.
func (r *Relay) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if !strings.EqualFold(request.Header.Get("Upgrade"), "websocket") {
		r.proxy.ServeHTTP(w, request)
		return
	}
	r.mu.Lock()
	block := r.block
	r.mu.Unlock()
	if block {
		http.Error(w, "no websockets here", http.StatusForbidden)
		return
	}
	r.done.Add(1)
	defer r.done.Done()
	r.relay(w, request)
}

func (r *Relay) relay(w http.ResponseWriter, request *http.Request) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(request.Context()))
	defer cancel()
	up, _, err := websocket.Dial(ctx, r.target.String()+request.URL.Path, &websocket.DialOptions{ //nolint:bodyclose // the library says that it never needs to be
		HTTPClient: r.client, Host: request.Host, Subprotocols: []string{request.Header.Get("Sec-WebSocket-Protocol")},
	})
	if err != nil {
		http.Error(w, "the server is away", http.StatusBadGateway)
		return
	}
	defer func() { _ = up.CloseNow() }() // a relay's connections end when one side does
	down, err := websocket.Accept(w, request, &websocket.AcceptOptions{Subprotocols: []string{up.Subprotocol()}})
	if err != nil {
		return
	}
	defer func() { _ = down.CloseNow() }() // likewise
	up.SetReadLimit(2 * wire.MaxFrameSize)
	down.SetReadLimit(2 * wire.MaxFrameSize)
	var wg sync.WaitGroup
	wg.Go(func() { defer cancel(); r.pump(ctx, down, up, true) })
	wg.Go(func() { defer cancel(); r.pump(ctx, up, down, false) })
	wg.Wait()
}

// pump passes messages on until one side ends or a fault cuts the connection.
func (r *Relay) pump(ctx context.Context, from, to *websocket.Conn, fromSite bool) {
	for {
		kind, frame, err := from.Read(ctx)
		if err != nil {
			return
		}
		times, wait, held := r.fate(frame, fromSite)
		if times < 0 {
			return
		}
		if held != nil {
			select {
			case <-held:
			case <-ctx.Done():
				return
			}
		}
		if wait > 0 {
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return
			}
		}
		for range times {
			if to.Write(ctx, kind, frame) != nil {
				return
			}
		}
	}
}

// fate draws what happens to a message: how often it is sent (less than 0: the connection is cut),
// after which delay, and until when it is held.
func (r *Relay) fate(frame []byte, fromSite bool) (times int, wait time.Duration, held chan struct{}) {
	m, err := wire.Decode(frame)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && fromSite {
		r.seen = append(r.seen, m)
	}
	if err == nil && r.faults.Hold[m.Type()] {
		held = r.held
	}
	if err == nil && r.faults.Lose[m.Type()] {
		return 0, 0, nil
	}
	if r.faults.DelayMost > 0 {
		wait = time.Duration(r.rand.Int64N(int64(r.faults.DelayMost)))
	}
	if err == nil && m.Type() <= wire.TypeWelcome && !r.faults.Greet {
		return 1, wait, held
	}
	switch roll := r.rand.Float64(); {
	case roll < r.faults.Drop:
		return 0, 0, nil
	case roll < r.faults.Drop+r.faults.Repeat:
		return 2, wait, held
	case roll < r.faults.Drop+r.faults.Repeat+r.faults.Cut:
		return -1, 0, nil
	}
	return 1, wait, held
}

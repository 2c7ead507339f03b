package auth

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// LimiterOptions configure [NewLimiter].
type LimiterOptions struct {
	// Every is the time after which one more try is allowed; 0 means 30 s.
	Every time.Duration
	// Burst is how many tries are allowed at once; 0 means 8.
	Burst int
	// MaxKeys bounds the remembered keys; 0 means 10,000. Keys beyond share one allowance.
	MaxKeys int
	// Now is required.
	Now func() time.Time
}

// Limiter bounds sign-in tries per key. A server uses two, one keyed by account and one by address
// (see [AddressKey]), and asks both before it looks at the password. It is safe for concurrent
// use; its memory is bounded, and a flood of new keys never frees a key that is used up.
type Limiter struct {
	opts LimiterOptions

	mu       sync.Mutex
	keys     map[string]*rate.Limiter
	overflow *rate.Limiter
	sweptAt  time.Time
}

// overflowFactor is how many keys' worth of tries all keys beyond MaxKeys share.
const overflowFactor = 10

// NewLimiter returns a limiter. It returns an error without Now or with negative options.
func NewLimiter(opts LimiterOptions) (*Limiter, error) {
	if opts.Now == nil || opts.Every < 0 || opts.Burst < 0 || opts.MaxKeys < 0 {
		return nil, errors.New("auth: a limiter needs Now, and options that are not negative")
	}
	if opts.Every == 0 {
		opts.Every = 30 * time.Second
	}
	if opts.Burst == 0 {
		opts.Burst = 8
	}
	if opts.MaxKeys == 0 {
		opts.MaxKeys = 10_000
	}
	return &Limiter{
		opts:     opts,
		keys:     map[string]*rate.Limiter{},
		overflow: rate.NewLimiter(rate.Every(opts.Every/overflowFactor), opts.Burst*overflowFactor),
	}, nil
}

// Allow spends one try of key. When none is left it returns false and how long to wait, and spends
// nothing.
func (l *Limiter) Allow(key string) (ok bool, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.opts.Now()
	lim := l.limiter(key, now)
	r := lim.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return false, wait
	}
	return true, 0
}

// Forget gives a key all its tries back, after a right password. Only the account's own key is
// forgotten, never an address's: whoever has one account may not buy tries at others with it.
func (l *Limiter) Forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.keys, key)
}

func (l *Limiter) limiter(key string, now time.Time) *rate.Limiter {
	if lim, ok := l.keys[key]; ok {
		return lim
	}
	if len(l.keys) >= l.opts.MaxKeys && now.Sub(l.sweptAt) >= l.opts.Every {
		l.sweptAt = now // at most once per allowance: a flood must not buy a sweep for each try
		for k, lim := range l.keys {
			if lim.TokensAt(now) >= float64(l.opts.Burst) {
				delete(l.keys, k) // a full allowance is what a new key gets anyway
			}
		}
	}
	if len(l.keys) >= l.opts.MaxKeys {
		return l.overflow
	}
	lim := rate.NewLimiter(rate.Every(l.opts.Every), l.opts.Burst)
	l.keys[key] = lim
	return lim
}

// AddressKey returns the key of a remote address "host:port": the IPv4 address, or the /64 network
// of an IPv6 address, which is what one subscriber gets. What cannot be read gives "unknown".
func AddressKey(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return "unknown"
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return "unknown"
	}
	return prefix.String()
}

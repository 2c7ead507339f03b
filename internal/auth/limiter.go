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
	// Day is the most tries of a key in a day, after as many at once; 0 means no such bound. A guess
	// every half a minute is nothing to a program, but a million a year is a lot to a password.
	Day int
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
	keys     map[string]tries
	overflow tries
	sweptAt  time.Time
}

// tries are the allowances of one key. Each try spends of all of them.
type tries []*rate.Limiter

// overflowFactor is how many keys' worth of tries all keys beyond MaxKeys share.
const overflowFactor = 10

// NewLimiter returns a limiter. It returns an error without Now or with negative options.
func NewLimiter(opts LimiterOptions) (*Limiter, error) {
	if opts.Now == nil || opts.Every < 0 || opts.Burst < 0 || opts.Day < 0 || opts.MaxKeys < 0 {
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
	l := &Limiter{opts: opts, keys: map[string]tries{}}
	l.overflow = l.fresh(overflowFactor)
	return l, nil
}

// fresh returns the full allowances of so many keys.
func (l *Limiter) fresh(keys int) tries {
	t := tries{rate.NewLimiter(rate.Every(l.opts.Every/time.Duration(keys)), l.opts.Burst*keys)}
	if l.opts.Day > 0 {
		n := l.opts.Day * keys
		t = append(t, rate.NewLimiter(rate.Every(24*time.Hour/time.Duration(n)), n))
	}
	return t
}

// Allow spends one try of key. When none is left it returns false and how long to wait, and spends
// nothing.
func (l *Limiter) Allow(key string) (ok bool, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.opts.Now()
	var asked []*rate.Reservation
	for _, lim := range l.limiter(key, now) {
		r := lim.ReserveN(now, 1)
		asked = append(asked, r)
		wait = max(wait, r.DelayFrom(now))
	}
	if wait > 0 {
		for _, r := range asked {
			r.CancelAt(now)
		}
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

func (l *Limiter) limiter(key string, now time.Time) tries {
	if lim, ok := l.keys[key]; ok {
		return lim
	}
	if len(l.keys) >= l.opts.MaxKeys && now.Sub(l.sweptAt) >= l.opts.Every {
		l.sweptAt = now // at most once per allowance: a flood must not buy a sweep for each try
		for k, lim := range l.keys {
			if lim.full(now) {
				delete(l.keys, k) // a full allowance is what a new key gets anyway
			}
		}
	}
	if len(l.keys) >= l.opts.MaxKeys {
		return l.overflow
	}
	lim := l.fresh(1)
	l.keys[key] = lim
	return lim
}

func (t tries) full(now time.Time) bool {
	for _, lim := range t {
		if lim.TokensAt(now) < float64(lim.Burst()) {
			return false
		}
	}
	return true
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

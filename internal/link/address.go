package link

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// Paths of the link below the server's address.
const (
	pathEnrol    = "/link/v1/enrol"
	pathSocket   = "/link/v1/socket"
	pathExchange = "/link/v1/exchange"
)

// ErrAddress means that a server's address cannot be used: it is not https (or http on loopback),
// or it has a user, a query or a fragment.
var ErrAddress = errors.New("link: the server's address must be https://… (http only on this computer)")

// parseAddress checks a server's address and returns it without a slash at its end.
func parseAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil, u.User != nil, u.RawQuery != "", u.Fragment != "", u.Hostname() == "":
		return nil, ErrAddress
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		u.Path = strings.TrimRight(u.Path, "/")
		return u, nil
	}
	return nil, ErrAddress
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// hostOf returns what both halves call the server in their signatures: lower case, without the
// port that the scheme implies.
func hostOf(host string) string {
	host = strings.ToLower(host)
	host = strings.TrimSuffix(host, ":443")
	return strings.TrimSuffix(host, ":80")
}

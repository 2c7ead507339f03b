package auth

import (
	"fmt"
	"net/http"
)

// CrossOrigin returns a middleware that refuses requests which change something and come from
// another site's page (Sec-Fetch-Site, else Origin against Host). Trusted lists further origins,
// such as "https://console.example.com". Denied answers what is refused; nil means a plain 403.
// Requests of programs carry neither header and pass: they bring a token, not a cookie.
func CrossOrigin(trusted []string, denied http.Handler) (func(http.Handler) http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	for _, origin := range trusted {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("trust origin %q: %w", origin, err)
		}
	}
	if denied != nil {
		protection.SetDenyHandler(denied)
	}
	return protection.Handler, nil
}

// Package link is the authenticated connection between the two halves of Cubby: it carries facts
// up, the directory and intents down, and health and tree heads beside them. The site always
// connects to the server; no port is open on site.
//
// Enrolment. A new controller makes its own Ed25519 key. [Enrol] presents it with a one-time token,
// after the server has proved that it holds the key that the token names. The answer names the site
// and the server's key, which the controller keeps from then on.
//
// Session. [Client] opens a WebSocket to /link/v1/socket. Server first, then site, each signs both
// nonces, both keys, the site and a channel binding: the TLS exporter of the connection when the
// server ends TLS itself, else the host name by which the site reached it, so that a proxy may end
// TLS. The server's signature says which binding holds, so nobody in between can choose the weaker
// one. Plain HTTP is refused unless the host is loopback.
//
// Facts go up in batches, several in flight, and are acknowledged by the highest committed
// position. After a cut the site goes on from what the server says it has, so a repeat is possible
// and harmless, and a gap is not possible. The directory comes down by revision, one batch at a
// time; a gap or a new directory epoch makes the site say what it has, and the server goes on from
// there. Intents carry an expiry by the server's clock. The site judges it against an upper bound of
// that clock, taken from answers whose round trip it timed, so an intent that was held back opens
// nothing late, whatever the site's wall clock says.
//
// Fallback. Where WebSockets do not get through, the same messages go as POST to /link/v1/exchange.
// Each request is signed over a nonce that the server gave out and takes once; each answer is signed
// over the request's own nonce. The client tries a WebSocket again from time to time.
//
// One controller. While a session is alive, another instance with the same key is refused with
// IDENTITY_IN_USE, and both are told. An instance that reconnects replaces its own old session.
//
// Limits. What is signed is the start of a session and each POST; in between TLS protects the
// messages. Behind a proxy that ends TLS, the proxy is trusted with the directory and with intents,
// not with the record, whose heads both halves sign. The governor of the controller lies below this
// package and does not depend on it.
//
// The package knows nothing of what operations mean, where they are stored, or who may do what: the
// controller passes in a [SiteSide], the server a [Hub] and a [Registry]. Locks: Client.mu,
// clientSession.mu, Server.mu and session.mu never nest.
package link

// Package resident is the page behind the link in a resident's messages: what waits, the code that
// opens it, and opening a door while standing at the locker.
//
// There is no account. Whoever has the link has the right that it carries, as with the code itself;
// so an answer is never stored by caches or search engines, the address never travels as a referrer,
// and nothing of it is logged. The page shows what waits now, never what was. Its service worker keeps
// the last answer, so that code and QR code show without a network.
package resident

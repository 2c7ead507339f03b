// Package push sends messages to browsers that asked for them: Web Push, encrypted for the browser and
// signed with the server's key (VAPID). Sources: RFC 8030, RFC 8291, RFC 8292.
//
// It knows nothing of parcels or of whose browser it is.
package push

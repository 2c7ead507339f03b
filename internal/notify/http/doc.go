// Package http sends short messages and calls through any gateway that speaks HTTP: what is sent, where
// and how stands in templates, with presets for common gateways. Numbers go out as E.164.
//
// It knows nothing of parcels. An answer of a gateway becomes a class: sent, to be tried again, never to
// be taken, or a mistake in the settings. A gateway that is asked twice for one message can tell by the
// message's ID, where its template passes that on.
package http

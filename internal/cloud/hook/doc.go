// Package hook tells other programs what happens: webhooks, with a log of each message and a way to have
// them sent again.
//
// Nothing is written while a site's record comes in. A follower reads the record behind the cursor of
// each hook, at most a second later, and makes a delivery of each fact that the hook wants, in one
// transaction with the cursor; the event's id is the fact's place in the record, so that no fact is told
// twice under two ids or lost in a crash. Incidents, which stand in a table and not in a record, are
// found by time with an overlap and have ids of their own. Deliveries then go out hook by hook: an
// address that does not answer waits by itself and holds up no other one.
//
// A receiver must bear copies (the same webhook-id) and any order. Messages hold ids and no personal
// data: who needs a name asks the API for it, with a token that may see it.
package hook

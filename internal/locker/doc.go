// Package locker holds the words and the rules of a parcel site: what there is (layout, people,
// policy), what happened (facts), what may happen (commands), and the decisions between them.
//
// Data flow. A face turns its input into a Command. Decide looks at the State and answers with
// facts, or with an *Error that has a stable Code. The application makes the facts durable and
// only then acts on them. Evolve folds each fact into the State; replaying a journal through
// Evolve gives the same State again. Both halves of Cubby use the same rules: the controller over
// its journal, the server for sites that it hosts.
//
// State has two parts with one writer each. Directory is permission: layout, people, grants,
// policy; the cloud writes it and a site holds a replica. Matter is what happened on site; only
// facts change it. A fact is a record of what happened, so Evolve never refuses one, even when it
// contradicts permission.
//
// The package is pure: time, ids and randomness come in as arguments; it has no I/O, no clock, no
// logger, and no order that depends on the iteration of a map. It must not know how facts are
// encoded, stored or sent, how codes are derived, or which board opens a door.
//
// Personal data never enters a fact. Facts hold ids and AnnexRefs; names, tracking numbers and
// typed reasons stand in the directory or in the annex that travels beside the fact.
package locker

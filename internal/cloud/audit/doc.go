// Package audit looks at all sites again and again and says where the books contradict each other: the
// server's tables, the record that a site sent, what its controller believes, and what people and sensors saw.
//
// The checks are pure: [Check] takes [Books] and returns differences. An [Auditor] reads the books, hourly and
// whenever a site came back, and keeps one incident for each difference, which ends by itself when the
// difference is gone. It changes no custody: what is done about a difference is for people.
//
// The record is folded by locker.Evolve, which the site itself uses, and not by the projection that made the
// tables: an error in one of them shows. What was folded is kept, so that an audit reads only what came since;
// a difference is believed only after the whole record was folded again.
package audit

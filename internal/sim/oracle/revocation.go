package oracle

// revocationBound is how long a right may be used after the server took it back, in milliseconds,
// while the link is up.
const revocationBound = 5_000

// revocationChecker holds I1b: a right that was taken back is unusable as soon as the site knows, and
// within revocationBound where the link is up.
type revocationChecker struct{ judge }

func newRevocationChecker(j judge) *revocationChecker { return &revocationChecker{j} }

func (c *revocationChecker) see(t *truth, ev Event) {
	switch e := ev.(type) {
	case Fact:
		if e.Kind == "open_requested" && e.Retries == "" {
			c.used(t, e, e.Grant, true)
		}
	case Tried:
		c.used(t, e, e.Ref, e.Admitted)
	}
}

func (c *revocationChecker) used(t *truth, ev Event, ref string, admitted bool) {
	r := t.rights[ref]
	if r == nil || !r.Revoked {
		return
	}
	at := ev.head().At
	c.hold(!admitted || r.Rev > t.applied, ev, "%s was used although the site knew that it was taken back", ref)
	late := t.online && at > max(r.revokedAt, t.since)+revocationBound
	c.hold(!admitted || !late, ev, "%s was used %d ms after it was taken back, with the link up", ref, at-r.revokedAt)
}

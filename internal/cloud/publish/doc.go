// Package publish gives out, each day, what the records of all sites were: the hash of the newest signed head of each,
// in one text that the server signs and that goes on from the day before. Anybody reads the text; the heads themselves
// go by mail and as files to whoever the operator names, and to whoever may see the site. One party cannot countersign
// for itself: for a site that runs inside the server this is the only check on the server. It must not know how a
// record is verified.
package publish

// Package round leads staff with a phone through a guided audit: place after place of a site, a door is opened,
// and the person says what is in it. It replaces the sheet of paper.
//
// What was seen becomes facts of the site's record. A place as booked, or empty, is verified; what the books do not
// say is told parcel by parcel. Doors are opened by the intents that every remote opening takes: the site's governor
// stands, and the reason of the audit stands in the record. Shelves and the desk have no door to open.
//
// A [Desk] keeps no state of its own: a guided audit is a row that outlives phones and servers, and two phones may
// work on one.
package round

// Package replan plans an installed site again from its own record: it reads the parcels of a site, learns how
// long they stay (package forecast), and asks package sizing whether other doors or another hold would help. It
// decides nothing itself and changes nothing.
package replan

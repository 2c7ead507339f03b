// Package refit knows what an installed bank is made of and what its record holds: which other divisions its
// columns could have, and which days of the record count. It knows nothing of simulation, cost or stores.
package refit

// Package layout turns the answer of a plan into the layout of a site: names, outputs, shelves. It knows nothing
// of how a plan is found.
package layout

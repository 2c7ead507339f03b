// Package catalogue knows what can be bought: makes of lockers as data, with the sizes of their
// compartments, their columns and their prices. A make is one YAML file. Some makers sell columns of
// a fixed division, others divide a column as the customer likes; the second kind is written once and
// expanded to all maximal divisions.
//
// Lengths are whole millimetres, heights of doors are above the floor, prices are figures with a
// range and a source. The package reads only the bytes it is given; it must not know of demand,
// walls or plans.
package catalogue

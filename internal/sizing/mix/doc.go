// Package mix decides how a bank is divided: which compartments one above the other make a column,
// how many columns of which pattern a demand needs, and which mix of doors loses the fewest
// parcels.
//
// Heights are whole numbers of one unit, usually millimetres. Size classes are positions: 0 is the
// smallest, and a door of a larger class holds whatever a smaller one holds. What a mix of doors is
// worth comes in as a function, so this package knows nothing of deliveries, queues or money; it
// must not learn of them. Nothing here reads a clock or draws a random number that was not passed
// in: the same input always gives the same answer, in the same order.
package mix

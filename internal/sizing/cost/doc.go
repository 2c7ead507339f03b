// Package cost says what an alternative costs over the years. Every amount is a line: a product of
// figures, once, every year or every few years. Lines are evaluated exactly, to the smallest unit
// of the currency, for tables, and in floating point for Monte-Carlo and the tornado; both read the
// same lines. The package knows nothing of queues and parcels: the planner gives it quantities.
package cost

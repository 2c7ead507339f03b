// Package traffic holds the closed formulas and small exact chains that say how many parcels find no
// door: Erlang-B and its inverses, Kaufman-Roberts for an open room, the modified offered load of a
// week, Hayward's approximation and the cascade of upgrades, the daily pick-up chain, and exact
// Markov chains of small banks. They screen many banks in a moment and check the simulation.
//
// Loads are in erlangs: parcels per time times the mean time that one stays. Probabilities are
// fractions between 0 and 1. Nothing here knows of people, money or hardware; no I/O, clock or
// randomness; every function is safe for concurrent use.
package traffic

// Package sim is a discrete-event simulation of a bank of compartments in a building: couriers come in
// visits, parcels stay as long as residents let them, and the bank gives each the smallest door
// that fits. It says how many parcels find no door, on how many days that happens at all, where they
// go instead, and how full each size of door is over the week, with the doubt of every figure.
//
// A building-year has 52 weeks that begin on Monday; time runs in whole minutes. Random numbers hang
// on the seed, the year, the day, the carrier and the parcel, never on what the bank did, so that
// alternatives meet the same parcels (common random numbers) and the result depends neither on the
// number of workers nor on which of them simulated which year.
//
// The package knows nothing of cost, walls or hardware; no I/O and no clock.
package sim

// Package front draws what the front desk has beside its two forms, "Log a delivery" and "Hand over": what was just
// logged, the field for a signature, slips and labels, and the settings of the desk. The console mounts its [Pages].
package front

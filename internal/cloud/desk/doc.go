// Package desk is the front desk: staff log parcels into a free door, onto a shelf or to the desk, take back what
// was logged by mistake, hand parcels over, and print slips and labels.
//
// What touches matter is asked of the site by an intent, as everything is: a [Desk] keeps no state of its own.
package desk

// Package figure holds numbers that know where they come from: a value or a range, its unit, its
// source, and whether it is an assumption. It knows nothing of lockers; everything that the
// planner prints is made of figures, so that nothing stands on paper without unit and source.
package figure

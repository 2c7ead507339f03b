// Package forecast says how many parcels will come and how many doors will be free. It is pure:
// numbers in, numbers out, no clock and no randomness.
//
// A daily or hourly series goes through three models that fail in different ways, and their mean is
// the forecast: the seasonal naive one (last week again), exponential smoothing chosen by AICc (ETS,
// with a damped trend), and Theta. Holidays are taken out before and put back after. Intervals are
// conformal: how far the same models missed before, on days that they had not seen, scaled by how
// busy the day was. See Forecast.
//
// Free doors at a later time follow from the parcels that are there now (how long parcels stay is
// learnt by Kaplan and Meier's estimator, which takes those that still wait into account) and from
// the deliveries expected until then. See FreeDoors. Booking limits for couriers are Littlewood's
// rule and EMSR-b. See Littlewood, BookingLimits.
//
// Sources: Hyndman and Athanasopoulos, Forecasting: principles and practice, 3rd edition, ch. 8;
// Assimakopoulos and Nikolopoulos (2000), International Journal of Forecasting 16, and Hyndman and
// Billah (2003) ibid. 19 for Theta; Lei et al. (2018), JASA 113 for split conformal intervals;
// Talluri and van Ryzin (2004), The Theory and Practice of Revenue Management, ch. 2.
package forecast

package traffic

import "math"

// maxCapacity bounds the capacity of a room, in whatever unit the sizes are in.
const maxCapacity = 1_000_000

// Room is what Kaufman-Roberts says about a space that parcels of different sizes share.
type Room struct {
	// Blocking is the fraction of each class that does not fit, in the order the classes were given.
	Blocking []float64
	// Occupancy[j] is the probability that j units of the capacity are taken.
	Occupancy []float64
	// MeanOccupied is the mean number of units taken.
	MeanOccupied float64
}

// KaufmanRoberts answers an open room (or a length of shelf) of capacity units: a parcel of class k
// takes sizes[k] units as long as that much is free, wherever it is; loads are in erlangs. The work
// is capacity times classes. It wraps ErrInput for figures out of range.
//
// Source: Kaufman 1981 and Roberts 1981.
func KaufmanRoberts(capacity int, sizes []int, loads []float64) (*Room, error) {
	if err := checkRoom(capacity, sizes, loads); err != nil {
		return nil, err
	}
	q := make([]float64, capacity+1)
	q[0] = 1
	for j := 1; j <= capacity; j++ {
		x := 0.0
		for k, size := range sizes {
			if size <= j {
				x += float64(size) * loads[k] * q[j-size]
			}
		}
		q[j] = x / float64(j)
		// Large loads outgrow a float64: what lies that far below is nothing, so scale it away.
		const ceiling = 1e200
		if q[j] > ceiling {
			for i := range q[:j+1] {
				q[i] /= ceiling
			}
		}
	}
	largest := 0.0
	for _, x := range q {
		largest = math.Max(largest, x)
	}
	for j := range q {
		q[j] /= largest // so that the sum cannot overflow either
	}
	total := compensatedSum(q)
	room := &Room{Blocking: make([]float64, len(sizes)), Occupancy: q}
	for j := range q {
		q[j] /= total
	}
	weighted := make([]float64, len(q))
	for j := range q {
		weighted[j] = float64(j) * q[j]
	}
	room.MeanOccupied = compensatedSum(weighted)
	for k, size := range sizes {
		room.Blocking[k] = 1
		if size <= capacity {
			room.Blocking[k] = math.Min(1, compensatedSum(q[capacity-size+1:]))
		}
	}
	return room, nil
}

func checkRoom(capacity int, sizes []int, loads []float64) error {
	if capacity < 1 || capacity > maxCapacity {
		return bad("the capacity is %d; it must be between 1 and %d", capacity, maxCapacity)
	}
	const maxClasses = 1000
	if len(sizes) == 0 || len(sizes) > maxClasses {
		return bad("%d classes; give between 1 and %d", len(sizes), maxClasses)
	}
	if len(sizes) != len(loads) {
		return bad("%d sizes but %d loads; give one load per size", len(sizes), len(loads))
	}
	for k, size := range sizes {
		if size < 1 || size > maxCapacity {
			return bad("size %d is %d; it must be between 1 and %d", k+1, size, maxCapacity)
		}
		if err := checkLoad("a load", loads[k]); err != nil {
			return err
		}
	}
	return nil
}

// compensatedSum is Neumaier's sum: the error does not grow with the number of terms.
func compensatedSum(of []float64) float64 {
	total, lost := 0.0, 0.0
	for _, x := range of {
		t := total + x
		if math.Abs(total) >= math.Abs(x) {
			lost += (total - t) + x
		} else {
			lost += (x - t) + total
		}
		total = t
	}
	return total + lost
}

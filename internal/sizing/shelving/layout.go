package shelving

// Sizes of a room, in mm. Shelves of 500 mm take every parcel that a door takes; an aisle of 1,000 mm lets a person
// turn with a large one. Both are assumptions of the planner, as is the door.
const (
	RunDepthMM = 500
	AisleMM    = 1000
	DoorMM     = 900
	stepMM     = 100 // shelves come in lengths of whole steps
	leastMM    = 500 // a shorter run is not worth its aisle
	// slender is how many times as long as wide a room is at most, where the layout chooses.
	slender = 2.5
)

// Run is a run of shelves from above: a rectangle measured from the far left corner of the room.
type Run struct {
	XMM     int `json:"x_mm"`
	YMM     int `json:"y_mm"`
	WidthMM int `json:"width_mm"`
	DepthMM int `json:"depth_mm"`
}

// Layout is a room seen from above with its door in the near wall.
type Layout struct {
	WidthMM    int     `json:"width_mm"` // along the wall of the door
	DepthMM    int     `json:"depth_mm"`
	DoorFromMM int     `json:"door_from_mm"` // from the left end of its wall
	DoorMM     int     `json:"door_mm"`
	Runs       []Run   `json:"runs"`
	RunMM      int     `json:"run_mm"`   // length of all runs together
	FloorM2    float64 `json:"floor_m2"` // what runs and aisles take; the rest of the room stays free
}

// Take lays out at least a length of runs on the least floor of a room. Where the room does not hold as much it
// returns false and as much as it holds. The door stands where the layout wants it: the room may be turned.
func Take(widthMM, depthMM, runMM int) (Layout, bool) {
	var best, most Layout
	for _, room := range [][2]int{{widthMM, depthMM}, {depthMM, widthMM}} {
		for n := 1; wide(n) <= room[0]; n++ {
			long := (room[1] - cross(n)) / stepMM * stepMM
			if long < leastMM {
				continue
			}
			full := comb(room[0], room[1], n, n*long)
			if full.RunMM > most.RunMM || full.RunMM == most.RunMM && full.FloorM2 < most.FloorM2 {
				most = full
			}
			if full.RunMM < runMM {
				continue
			}
			if l := comb(room[0], room[1], n, runMM); best.RunMM == 0 || l.FloorM2 < best.FloorM2 {
				best = l
			}
		}
	}
	if best.RunMM > 0 {
		return best, true
	}
	if most.RunMM == 0 {
		most.WidthMM, most.DepthMM = widthMM, depthMM
	}
	return most, false
}

// Least returns the smallest room for a length of runs.
func Least(runMM int) Layout {
	var best Layout
	for n := 1; n == 1 || (n-1)*leastMM < runMM; n++ {
		width := wide(n)
		depth := max(each(runMM, n)+cross(n), AisleMM)
		if long, short := max(width, depth), min(width, depth); n > 1 && float64(long) > slender*float64(short) {
			continue
		}
		if l := comb(width, depth, n, runMM); best.RunMM == 0 || width*depth < best.WidthMM*best.DepthMM {
			l.FloorM2 = float64(width) * float64(depth) / 1e6
			best = l
		}
	}
	return best
}

// wide is what n runs take beside each other: a run, an aisle, two back to back, an aisle, and so on.
func wide(n int) int {
	return n*RunDepthMM + aisles(n)*AisleMM
}

// aisles of n runs: each serves the run on its left and the one on its right.
func aisles(n int) int { return (n + 1) / 2 }

// cross is the way along the wall of the door; a single aisle begins at the door.
func cross(n int) int {
	if aisles(n) > 1 {
		return AisleMM
	}
	return 0
}

// each is the length of one of n equal runs.
func each(runMM, n int) int {
	return max((runMM+n*stepMM-1)/(n*stepMM)*stepMM, leastMM)
}

// comb stands n runs, of a length together, across a room.
func comb(widthMM, depthMM, n, runMM int) Layout {
	long := each(runMM, n)
	l := Layout{
		WidthMM: widthMM, DepthMM: depthMM, RunMM: n * long,
		FloorM2:    float64(wide(n)) * float64(long+cross(n)) / 1e6,
		DoorFromMM: RunDepthMM + (AisleMM-DoorMM)/2, DoorMM: DoorMM,
	}
	for i := range n {
		// The runs end at the way along the near wall; what is left stays free behind them.
		l.Runs = append(l.Runs, Run{
			XMM: i*RunDepthMM + aisles(i)*AisleMM, YMM: depthMM - cross(n) - long, WidthMM: RunDepthMM, DepthMM: long,
		})
	}
	return l
}

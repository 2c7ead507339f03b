// Package fit places modules of lockers along walls: which stretches are free, how many columns of
// which width they take, and which modules make the best or the cheapest bank there. It is exact: it
// looks at every way to use the corners and at every packing of widths that no other one contains,
// and asks package mix for the doors.
//
// What it holds to:
//   - A module stands wholly on a free stretch, and nothing stands on an obstacle. Under an obstacle
//     that hangs (a window, a shelf) stands what is lower.
//   - In front of every bank the floor is free for Site.FrontMM, also towards a bank on the wall
//     opposite. In front of a kiosk fits the clear floor of a wheelchair, 762 by 1,219 mm (30 by 48
//     in), lengthwise or crosswise.
//   - In an inner corner either both banks keep out of the square that the other one needs, or one
//     bank runs into the corner and the other keeps its distance, so that people can stand before
//     every door.
//   - One kiosk serves the whole site, because one controller drives every bank that is cabled to it.
//     Banks may therefore stand on several walls. KioskPerWall is for walls that do not see each
//     other.
//
// All lengths are whole millimetres. Walls are seen from the room, so a wall runs from left to right,
// and its left end meets the right end of the wall before it. The package must not know of demand,
// time or money beyond a number to make small.
package fit

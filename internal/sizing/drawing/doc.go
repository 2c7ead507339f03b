// Package drawing turns plans into pictures: the front of a bank to scale, the floor plan, and three
// charts. A builder makes a Scene out of plain figures; a Scene is a list of rectangles, lines,
// paths and texts, each with a Class that says what it is. SVG writes a scene for a page, and
// Scene.Walk hands the same primitives to any other renderer.
//
// Every word comes in with the input, so that pages can translate it; the package must not know of
// languages, plans or money. Lengths of buildings are millimetres, all other coordinates are units
// of the scene; y grows downwards. Geometry is physical: a wall is not mirrored where people read
// from right to left, only its texts change their direction.
package drawing

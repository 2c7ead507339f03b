// Package shelving lays out the shelves of a package room: runs with aisles between them, the door, and what floor
// they take. It knows lengths and depths, not parcels.
package shelving

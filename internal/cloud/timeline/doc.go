// Package timeline reads operations as people do: what happened to a parcel or at a place, when, and
// who was there. Operations are the truth; nothing of a timeline is stored.
package timeline

// Package planfile turns files into planning problems and back: a plan as YAML and a log of
// deliveries as CSV. It reads bytes that people wrote, so it is strict, bounded, and names the line
// of whatever is wrong. It knows the keys of sizing's types and nothing of how a problem is solved.
package planfile

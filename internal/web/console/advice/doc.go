// Package advice is the console's page that says whether other doors would help a site, and the same as files. It
// knows nothing of sessions and of how advice is found.
package advice

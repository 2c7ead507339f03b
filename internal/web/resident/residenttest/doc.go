// Package residenttest gives the resident's pages something to show: a Fake in the place of the server
// half and Fixtures, which name a request for every page.
package residenttest

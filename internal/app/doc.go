// Package app builds and starts everything: it maps the settings to the options of each part, lists
// the protocol families and the channels, and owns the goroutines' life. It holds no rules.
//
// A Site is the on-site half: journal, replica, buses, controller, link and kiosk. A Server is the
// other: store, cloud, link, pages, API, notices. The demo (internal/app/demo) builds both in one
// process over virtual boards.
package app

// Package chat tells staff in the rooms where they are: Matrix, Slack, Teams, Telegram and others, each
// by an address that holds its secrets.
//
// It knows nothing of what is told.
package chat

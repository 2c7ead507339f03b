// Package demo is a whole house on one computer: a server, two controllers over virtual lock boards
// on real ports, a mail catcher, a sample property and people who deliver and collect. It uses the
// same composition as production; only the boards, the mail and the people are not real.
//
// It must not reach into the halves: people act through the kiosk's face and the mail they get.
package demo

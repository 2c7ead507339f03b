// Package qr draws QR codes for mails and pages. It knows nothing of what they say.
package qr

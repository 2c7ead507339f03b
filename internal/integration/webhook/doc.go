// Package webhook signs and sends one message at a time to another program's address, as the
// specification Standard Webhooks asks (https://www.standardwebhooks.com): three headers, HMAC-SHA256
// over id, time and body, and two signatures while a secret is being changed.
//
// It keeps no queue; what to send and how often to try again is decided in internal/cloud/hook. An
// address is somebody's input: unless [Options].Private is set, only HTTPS to public addresses is
// reached, so that nobody makes this server ask what stands beside it. Redirects are not followed.
package webhook

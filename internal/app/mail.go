package app

import (
	"fmt"
	"os"
	"strings"

	"cubby/internal/notify/email"
)

// newSender returns the channel of mail, and nil when no mail server is set.
func newSender(opts ServerOptions) (*email.Client, error) {
	c := opts.Config.SMTP
	if c.Host == "" {
		return nil, nil //nolint:nilnil // no mail is a setting, not an error
	}
	password := c.Password.Reveal()
	if c.PasswordFile != "" {
		data, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("read the mail password: %w", err)
		}
		password = strings.TrimRight(string(data), "\r\n")
	}
	return email.New(email.Options{
		Host: c.Host, Port: c.Port, Username: c.Username, Password: email.Password(password), From: c.From,
		TLS: email.TLSMode(c.TLS), Timeout: c.Timeout, Now: opts.Now,
	})
}

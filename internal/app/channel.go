package app

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"cubby/internal/cloud/holder"
	"cubby/internal/cloud/notice"
	"cubby/internal/config"
	"cubby/internal/notify/chat"
	"cubby/internal/notify/http"
	"cubby/internal/notify/push"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// channels fills in how people are told beside mail. This is the list of channels.
func (s *Server) channels(ctx context.Context, o *notice.Options) error {
	c := s.opts.Config
	s.faces.channels = []holder.Channel{holder.Email}
	sms, err := newGateway(c.SMS)
	if err != nil {
		return fmt.Errorf("server.sms: %w", err)
	}
	if sms != nil {
		o.SMS, s.faces.channels = sms, append(s.faces.channels, holder.SMS)
	}
	voice, err := newGateway(c.Voice)
	if err != nil {
		return fmt.Errorf("server.voice: %w", err)
	}
	if voice != nil {
		o.Voice, s.faces.channels = voice, append(s.faces.channels, holder.Voice)
	}
	o.Chat = chat.Client{Private: c.Webhooks.Addresses == "any"}
	if !s.secure() {
		return nil // browsers ask for messages only where a page is encrypted
	}
	key, err := s.pushKey(ctx)
	if err != nil {
		return err
	}
	contact := c.Branding.Mail
	if contact == "" {
		contact = c.PublicURL
	}
	browsers, err := push.New(push.Options{Key: key, Contact: contact})
	if err != nil {
		return fmt.Errorf("build messages to browsers: %w", err)
	}
	o.Push, s.faces.pushKey = browsers, browsers.PublicKey()
	s.faces.channels = append(s.faces.channels, holder.Push)
	return nil
}

// newGateway returns a gateway, and nil when none is set.
func newGateway(c config.Gateway) (*http.Gateway, error) {
	if !c.Set() {
		return nil, nil //nolint:nilnil // no gateway is a setting, not an error
	}
	secret := c.Secret.Reveal()
	if c.SecretFile != "" {
		data, err := os.ReadFile(c.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("read the secret: %w", err)
		}
		secret = strings.TrimRight(string(data), "\r\n")
	}
	return http.New(http.Options{
		Preset: c.Preset, Method: c.Method, URL: c.URL, Headers: c.Headers, Body: c.Body, From: c.From, Account: c.Account,
		Secret: http.Secret(secret), Retry: statuses(c.Retry), Dead: statuses(c.Dead), Region: c.Region, Timeout: c.Timeout,
	})
}

// statuses reads numbers, which the settings have checked.
func statuses(list []string) []int {
	var all []int
	for _, s := range list {
		if n, err := strconv.Atoi(s); err == nil {
			all = append(all, n)
		}
	}
	return all
}

// secretPush names the server's key for messages to browsers.
const secretPush = "web_push"

// pushKey returns the server's key for messages to browsers; it is made once, for browsers know it.
func (s *Server) pushKey(ctx context.Context) ([]byte, error) {
	var key []byte
	err := s.store.Tx(ctx, func(q *db.Queries) (err error) {
		if key, err = q.FindSecret(ctx, secretPush); err == nil || !errors.Is(err, store.ErrNone) {
			return err
		}
		made, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			return fmt.Errorf("make the key of messages to browsers: %w", err)
		}
		err = q.CreateSecret(ctx, db.CreateSecretParams{Name: secretPush, Secret: made.Bytes(), CreatedAt: s.opts.Now().UnixMilli()})
		if err != nil {
			return fmt.Errorf("keep the key of messages to browsers: %w", err)
		}
		key, err = q.FindSecret(ctx, secretPush)
		return err
	})
	return key, err
}

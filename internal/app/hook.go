package app

import (
	"crypto/rand"
	"fmt"
	"io"

	"cubby/internal/cloud/hook"
	"cubby/internal/integration/webhook"
	"cubby/internal/store"
)

// newHooks returns what tells other programs, not yet started.
func newHooks(opts ServerOptions, st *store.Store) (*hook.Hooks, error) {
	version := opts.Version
	if version == "" {
		version = "dev"
	}
	sender, err := webhook.New(webhook.Options{
		Now: opts.Now, Version: version, Private: opts.Config.Webhooks.Addresses == "any",
	})
	if err != nil {
		return nil, fmt.Errorf("build the sender of webhooks: %w", err)
	}
	var random io.Reader = rand.Reader
	if opts.Random != nil {
		random = opts.Random
	}
	hooks, err := hook.New(hook.Options{
		Store: st, Sender: sender, Logger: opts.Logger, Now: opts.Now, NewID: opts.NewID, Random: random,
	})
	if err != nil {
		return nil, fmt.Errorf("build the webhooks: %w", err)
	}
	return hooks, nil
}

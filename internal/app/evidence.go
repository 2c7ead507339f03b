package app

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"

	"cubby/internal/auth"
	"cubby/internal/cloud/evidence"
	"cubby/internal/cloud/evidence/bundle"
	"cubby/internal/text"
)

// KeyPath is where a server gives out its public key, to anybody.
const KeyPath = "/operator.pub"

// buildEvidence makes what writes evidence.
func (s *Server) buildEvidence(catalog *text.Catalog) error {
	packs, err := evidence.New(evidence.Options{
		Parcels: s.Cloud, Store: s.store, Identity: s.identity, KeyName: ServerKeyName, Now: s.opts.Now,
	})
	if err != nil {
		return fmt.Errorf("build evidence: %w", err)
	}
	if s.faces.proofs, err = bundle.New(packs, s.Cloud, catalog, s.opts.Now); err != nil {
		return fmt.Errorf("build evidence: %w", err)
	}
	return nil
}

func (s *Server) serveKey(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if _, err := io.WriteString(w, PublicKeyFile(s.identity)); err != nil {
		s.opts.Logger.DebugContext(r.Context(), "the public key was not read", slog.Any("error", err))
	}
}

// PublicKeyFile returns the file by which an operator gives out its public key: evidence.ParsePublic reads it.
func PublicKeyFile(id auth.Identity) string {
	return fmt.Sprintf("# Public key (Ed25519) of the operator of this Cubby server, for: cubby verify FILE --key operator.pub\n"+
		"# Fingerprint: %s\n%s\n", id.Fingerprint(), base64.StdEncoding.EncodeToString(id.Public()))
}

// ServerIdentity reads the key of the server whose data stands in a folder.
func ServerIdentity(dir string) (auth.Identity, error) {
	id, err := auth.LoadIdentity(filepath.Join(dir, ServerIdentityFile))
	if err != nil {
		return id, fmt.Errorf("read the server's key: %w", err)
	}
	return id, nil
}

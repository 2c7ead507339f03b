package sitestore

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const pemType = "PRIVATE KEY"

// Identity returns the controller's private key from the file at path, and makes it from rand when
// the file is not there; made says so. The key never leaves the machine. The file is PKCS #8 in
// PEM, readable by its owner only; one that others can read is refused.
func Identity(path string, rand io.Reader) (key ed25519.PrivateKey, made bool, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = makeIdentity(path, rand)
		return key, err == nil, err
	}
	if err != nil {
		return nil, false, fmt.Errorf("read identity: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, false, fmt.Errorf("read identity: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, false, fmt.Errorf("identity file %s can be read by others (mode %v): chmod 600 it, or enrol anew if they may have",
			filepath.Base(path), info.Mode().Perm())
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != pemType {
		return nil, false, fmt.Errorf("identity file %s holds no private key: restore it, or delete it and enrol anew", filepath.Base(path))
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, false, fmt.Errorf("read identity: %w", err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, false, fmt.Errorf("identity file %s holds a key of another type than Ed25519", filepath.Base(path))
	}
	return key, false, nil
}

func makeIdentity(path string, rand io.Reader) (ed25519.PrivateKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return nil, fmt.Errorf("make identity: %w", err)
	}
	key := ed25519.NewKeyFromSeed(seed)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make identity: %w", err)
	}
	if err := writeSecret(path, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})); err != nil {
		return nil, fmt.Errorf("make identity: %w", err)
	}
	return key, nil
}

// writeSecret makes a file that is whole or not there after a power cut. It never replaces one.
func writeSecret(path string, data []byte) error {
	temp := path + ".new"
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync())
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if err := os.Link(temp, path); err != nil { // unlike a rename, this fails when the other exists
		return errors.Join(err, os.Remove(temp))
	}
	if err := os.Remove(temp); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

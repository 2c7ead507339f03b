package auth_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"cubby/internal/auth"
)

func TestIdentity_CreatedOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "identity.pem")
	if _, err := auth.LoadIdentity(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	var mu sync.Mutex
	seen := map[auth.Fingerprint]bool{}
	creations := 0
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			id, created, err := auth.LoadOrCreateIdentity(path, nil)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if created {
				creations++
			}
			seen[id.Fingerprint()] = true
		})
	}
	wg.Wait()
	if len(seen) != 1 || creations != 1 {
		t.Errorf("%d identities, %d created", len(seen), creations)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%d files are left, %v", len(files), err)
	}
}

func TestIdentity_RefusesBadFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "identity.pem")
	if _, _, err := auth.LoadOrCreateIdentity(path, nil); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		content []byte
		mode    os.FileMode
		want    error
	}{
		"readable by a group": {good, 0o640, auth.ErrKeyFileOpen},
		"cut off":             {good[:60], 0o600, auth.ErrIdentity},
		"empty":               {nil, 0o600, auth.ErrIdentity},
		"another kind":        {[]byte("-----BEGIN PRIVATE KEY-----\nMDA=\n-----END PRIVATE KEY-----\n"), 0o600, auth.ErrIdentity},
	} {
		if err := os.WriteFile(path, tc.content, tc.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, tc.mode); err != nil {
			t.Fatal(err)
		}
		if _, _, err := auth.LoadOrCreateIdentity(path, nil); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != string(tc.content) {
			t.Errorf("%s: the file was changed, %v", name, err)
		}
	}
}

func TestIdentity_SignsForOnePurpose(t *testing.T) {
	t.Parallel()
	id, err := auth.NewIdentity(nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := auth.NewIdentity(nil)
	if err != nil {
		t.Fatal(err)
	}
	sig := id.Sign("hello", []byte("world"))
	if !auth.VerifySignature(id.Public(), "hello", []byte("world"), sig) {
		t.Error("its own signature is refused")
	}
	if auth.VerifySignature(id.Public(), "hell", []byte("oworld"), sig) ||
		auth.VerifySignature(id.Public(), "hello", []byte("worlds"), sig) ||
		auth.VerifySignature(other.Public(), "hello", []byte("world"), sig) ||
		auth.VerifySignature(nil, "hello", []byte("world"), sig) ||
		auth.VerifySignature(id.Public(), "hello", []byte("world"), nil) {
		t.Error("a wrong signature passes")
	}
	f := id.Fingerprint()
	if got, err := auth.ParseFingerprint(f.String()); err != nil || got != f || f == other.Fingerprint() {
		t.Errorf("fingerprint: %v", err)
	}
	for _, bad := range []string{"", "k1", f.String()[1:], f.String() + "a", "k2" + f.String()[2:]} {
		if _, err := auth.ParseFingerprint(bad); !errors.Is(err, auth.ErrToken) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if (auth.Identity{}).Sign("hello", nil) != nil || !(auth.Identity{}).IsZero() {
		t.Error("no identity signs")
	}
}

package app_test

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cubby/internal/app"
	"cubby/internal/app/demo"
	"cubby/internal/cloud"
	"cubby/internal/config"
	"cubby/internal/journal"
	"cubby/internal/store"
)

// An export of a house that works, taken while it works, holds tables that a server opens and records
// that verify, and no secret.
func TestExportAll_OpensAndVerifies(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	house, err := demo.Start(t.Context(), demo.Options{
		Dir: dir, Logger: slog.New(slog.DiscardHandler), Now: time.Now, Random: rand.Reader,
		NewID: store.NewIDs(time.Now, rand.Reader).New, Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := house.Stop(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := house.Run(t.Context(), demo.Task{Parcels: 2, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	settings := config.Default()
	settings.Server.SMTP.Password = config.NewSecret("hunter2 and more")
	var archive bytes.Buffer
	opts := serverOptions(filepath.Join(dir, "server"), true)
	if err := app.ExportAll(t.Context(), opts, settings, &archive); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(archive.Bytes(), []byte("hunter2")) || bytes.Contains(archive.Bytes(), []byte("PRIVATE KEY")) {
		t.Error("a secret is in the export")
	}
	out := unpack(t, &archive)
	checkRecords(t, out)
	if data, err := os.ReadFile(filepath.Join(out, app.ExportSettings)); err != nil {
		t.Error(err)
	} else if _, err := config.Parse("exported", data); err != nil {
		t.Error(err)
	}
	restored := t.TempDir()
	if err := os.Rename(filepath.Join(out, app.ExportDatabase), filepath.Join(restored, "cubby.db")); err != nil {
		t.Fatal(err)
	}
	err = app.WithCloud(t.Context(), serverOptions(restored, false), func(c *cloud.Cloud) error {
		p, err := c.Operator(t.Context(), "")
		if err != nil {
			return err
		}
		sites, err := c.Sites(t.Context(), p)
		if err == nil && len(sites) != 2 {
			t.Errorf("the restored server has %d sites", len(sites))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "server", "export-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func checkRecords(t *testing.T, out string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(out, app.ExportPublic))
	if err != nil {
		t.Fatal(err)
	}
	if key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text))); err != nil || len(key) != 32 {
		t.Errorf("the public key is %q, %v", text, err)
	}
	f, err := os.Open(filepath.Join(out, app.ExportJournals, string(demo.BankSite)+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	report, err := journal.VerifyExport(f, journal.VerifyOptions{})
	if err != nil || report.Fault() != nil || report.Records() == 0 {
		t.Errorf("the bank's record: %d records, fault %v, %v", report.Records(), report.Fault(), err)
	}
}

func unpack(t *testing.T, archive io.Reader) string {
	t.Helper()
	dir := t.TempDir()
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.Clean("/"+h.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

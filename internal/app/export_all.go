package app

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud/evidence"
	"cubby/internal/config"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/store"
)

// Names inside the archive of ExportAll.
const (
	ExportNote     = "README.txt"
	ExportDatabase = "cubby.db"
	ExportSettings = "cubby.yaml"
	ExportPublic   = "server.pub" // the key that verifies countersigned heads
	ExportJournals = "journals/"  // NAME.jsonl of each site, for cubby verify
)

const exportNote = `Everything that a Cubby server knows, as of the time of these files.

cubby.db     the tables: people, parcels, sites, their records; SQLite 3. To put it back, stop the server, place the file as
             cubby.db into server.data_dir, and start it.
cubby.yaml   the settings in force, without secrets
server.pub   the public key of the server, which signs the heads of the records of sites
journals/    the record of each site, one operation a line, without names: check one with "cubby verify FILE"

It holds personal data: keep it as you keep the server. The server's private key and passwords are not in it.
`

// ExportAll writes an archive (tar) of everything that a server knows. It may run beside the server.
func ExportAll(ctx context.Context, opts ServerOptions, settings config.Config, w io.Writer) (err error) {
	path, ok := strings.CutPrefix(opts.Config.DatabaseURL(), "sqlite:")
	if !ok {
		return errors.New("export: only a database of SQLite is a file that can be put into an archive; use cubby backup")
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("export: there is no database: %w", err)
	}
	dir, err := os.MkdirTemp(opts.Config.DataDir, "export-") // where there is room for the data, and nobody else looks
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := exportParts(ctx, opts, settings, dir); err != nil {
		return err
	}
	t := tar.NewWriter(w)
	if err := addFolder(t, dir, opts.Now()); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if err := t.Close(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// exportParts writes the parts of an export into a folder.
func exportParts(ctx context.Context, opts ServerOptions, settings config.Config, dir string) (err error) {
	st, c, id, err := openCloud(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	var text bytes.Buffer
	if err := config.Write(&text, settings); err != nil {
		return fmt.Errorf("export the settings: %w", err)
	}
	public := base64.StdEncoding.EncodeToString(id.Public()) + "\n"
	for name, data := range map[string][]byte{
		ExportNote: []byte(exportNote), ExportSettings: text.Bytes(), ExportPublic: []byte(public),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	if err := st.CopyTo(ctx, filepath.Join(dir, ExportDatabase)); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if err := os.Mkdir(filepath.Join(dir, ExportJournals), 0o700); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	sites, err := sitesOf(ctx, st)
	if err != nil {
		return err
	}
	for _, site := range sites {
		record := evidence.NewRecord(c.HostedStorage(locker.SiteID(site)), st, locker.SiteID(site))
		if err := exportRecord(ctx, record, id, opts, filepath.Join(dir, ExportJournals)); err != nil {
			return fmt.Errorf("export the record of site %s: %w", site, err)
		}
	}
	return nil
}

// exportRecord writes the record of one site into a folder, unless the site has none yet.
func exportRecord(ctx context.Context, r *evidence.Record, id auth.Identity, opts ServerOptions, dir string) (err error) {
	epochs, err := r.Epochs(ctx)
	if err != nil || len(epochs) == 0 {
		return err
	}
	log, err := journal.New(ctx, r, journal.LogOptions{Site: string(r.Site()), Signer: id.Private(), Now: opts.Now})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, url.PathEscape(string(r.Site()))+".jsonl"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return log.Export(ctx, f, journal.ExportOptions{})
}

// sitesOf lists the sites of all organizations.
func sitesOf(ctx context.Context, st *store.Store) ([]string, error) {
	root, err := st.Read().FirstOrganization(ctx)
	if errors.Is(err, store.ErrNone) {
		return nil, nil // nobody has set it up yet
	}
	if err != nil {
		return nil, fmt.Errorf("find the organization: %w", err)
	}
	tree, err := st.Read().ListOrganizationTree(ctx, root.ID)
	if err != nil {
		return nil, fmt.Errorf("list organizations: %w", err)
	}
	var sites []string
	for _, organization := range tree {
		rows, err := st.Read().ListSites(ctx, organization)
		if err != nil {
			return nil, fmt.Errorf("list sites: %w", err)
		}
		for _, site := range rows {
			sites = append(sites, site.ID)
		}
	}
	return sites, nil
}

func addFolder(t *tar.Writer, dir string, now time.Time) error {
	return fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // only read
		info, err := f.Stat()
		if err != nil {
			return err
		}
		h := &tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: now, Typeflag: tar.TypeReg}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		_, err = io.Copy(t, f)
		return err
	})
}

package bundle

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/evidence"
	"cubby/internal/locker"
	"cubby/internal/text"
)

// PackName is the pack in the archive, whatever the archive is called.
const PackName = "evidence.json"

const (
	documentName = "timeline" // and .pdf or .html
	most         = 16 << 20   // bytes of one file in an archive that is read
)

// Maker makes archives, beside all that an evidence.Maker does. It is safe for concurrent use.
type Maker struct {
	*evidence.Maker

	parcels evidence.Parcels
	text    *text.Catalog
	now     func() time.Time
}

// New returns a maker. All arguments are needed.
func New(packs *evidence.Maker, parcels evidence.Parcels, texts *text.Catalog, now func() time.Time) (*Maker, error) {
	if packs == nil || parcels == nil || texts == nil || now == nil {
		return nil, errors.New("bundle: packs, parcels, texts and a clock are needed")
	}
	return &Maker{Maker: packs, parcels: parcels, text: texts, now: now}, nil
}

// Bundle returns the archive about a parcel that the principal sees, in a language of the catalogue. Names
// and what people typed stand in it only for a person, or a token with the scope pii. A parcel of which no
// record stands under a signed head yet is CONFLICT.
func (m *Maker) Bundle(
	ctx context.Context, who cloud.Principal, site locker.SiteID, parcel locker.ParcelID, language string,
) ([]byte, error) {
	if err := who.NeedScope(auth.ScopeRead); err != nil {
		return nil, err
	}
	view, err := m.parcels.Parcel(ctx, who, site, parcel)
	if err != nil {
		return nil, err
	}
	at, err := m.parcels.Site(ctx, who, site)
	if err != nil {
		return nil, err
	}
	now := m.now()
	doc, err := write(story{
		t: m.text.For(language), site: at, parcel: view, people: who.Allows(auth.ScopePII), at: now,
		fingerprint: m.Key().Fingerprint(),
	})
	if err != nil {
		return nil, err
	}
	pack, err := m.Pack(ctx, who, site, parcel, &doc)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range []evidence.Document{{Name: PackName, Data: pack}, doc} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: now.UTC()})
		if err != nil {
			return nil, fmt.Errorf("write the archive: %w", err)
		}
		if _, err := w.Write(f.Data); err != nil {
			return nil, fmt.Errorf("write the archive: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("write the archive: %w", err)
	}
	return out.Bytes(), nil
}

// Check checks an archive: its pack, see evidence.Check, and that the document in it is the one that was
// made with the pack.
func Check(archive []byte, want evidence.Wanted) (evidence.Proven, error) {
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return evidence.Proven{}, fmt.Errorf("%w: %w", evidence.ErrBadPack, err)
	}
	pack, err := readFile(z, PackName)
	if err != nil {
		return evidence.Proven{}, err
	}
	proven, err := evidence.Check(pack, want)
	if err != nil {
		return evidence.Proven{}, err
	}
	paper := proven.Pack.Paper
	if paper == nil {
		return proven, nil
	}
	doc, err := readFile(z, paper.Name)
	if err != nil {
		return evidence.Proven{}, err
	}
	if sum := sha256.Sum256(doc); base64.StdEncoding.EncodeToString(sum[:]) != paper.SHA256 {
		return evidence.Proven{}, &evidence.Fault{Reason: paper.Name + " is not the document that was made with the evidence"}
	}
	return proven, nil
}

func readFile(z *zip.Reader, name string) (data []byte, err error) {
	f, err := z.Open(name)
	if err != nil {
		return nil, &evidence.Fault{Reason: "the archive has no file " + name}
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, most+1))
	if err != nil || len(data) > most {
		return nil, &evidence.Fault{Reason: "the file " + name + " in the archive cannot be read"}
	}
	return data, nil
}

package app_test

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"cubby/internal/app"
	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/desk"
	"cubby/internal/cloud/evidence"
	"cubby/internal/cloud/evidence/bundle"
	"cubby/internal/journal"
	"cubby/internal/locker"
)

// fetch gets a file from a server, as a program does.
func fetch(t *testing.T, s *app.Server, token, path string) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, data
}

// logTwo logs two parcels to a shelf, starts the server anew and signs a head over them.
func logTwo(t *testing.T, dir string) (*app.Server, cloud.Principal, []locker.ParcelID) {
	t.Helper()
	s, p := newServer(t, dir)
	for _, tracking := range []string{"1Z999", "1Z888"} {
		logOne(t, s, p, tracking)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	s, p = newServer(t, dir)
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	signHead(t, s, dir)
	var parcels []locker.ParcelID
	for _, d := range waiting(t, s, p) {
		parcels = append(parcels, d.Parcel)
	}
	return s, p, parcels
}

// logOne logs a parcel to a shelf.
func logOne(t *testing.T, s *app.Server, p cloud.Principal, tracking string) {
	t.Helper()
	before := len(waiting(t, s, p))
	until(t, "a parcel is logged", func() bool {
		ana, err := s.Cloud.FindRecipients(t.Context(), p, "mailroom", "4B")
		if err != nil || len(ana) != 1 {
			return false
		}
		_, err = s.Desk().LogDelivery(t.Context(), p, "mailroom", desk.Draft{
			Tracking: tracking, Recipient: ana[0].ID, Size: locker.SizeL, Place: "shelf/1",
		})
		return err == nil
	})
	until(t, "it shows as waiting", func() bool { return len(waiting(t, s, p)) == before+1 })
}

// signHead signs what the hosted site has recorded, as it does itself after five minutes.
func signHead(t *testing.T, s *app.Server, dir string) {
	t.Helper()
	id, err := app.ServerIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	log, err := journal.New(t.Context(), s.Cloud.HostedStorage("mailroom"), journal.LogOptions{
		Site: "mailroom", Signer: id.Private(), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The evidence of a parcel that went through the real composition verifies with the public key alone; with
// any byte changed, another parcel or another key it does not.
func TestEvidence_VerifiesOffline(t *testing.T) {
	t.Parallel()
	s, p, parcels := logTwo(t, t.TempDir())
	secret, err := s.Cloud.CreateAPIToken(t.Context(), p, "evidence", []auth.Scope{auth.ScopeRead}, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	token := string(secret)
	path := "/api/v1/sites/mailroom/parcels/" + string(parcels[0]) + "/evidence"
	var archive []byte
	until(t, "the evidence is there", func() bool {
		code, data := fetch(t, s, token, path)
		archive = data
		return code == http.StatusOK
	})
	_, public := fetch(t, s, "", app.KeyPath)
	key, err := evidence.ParsePublic(public)
	if err != nil {
		t.Fatal(err)
	}
	want := evidence.Wanted{Key: evidence.Key{Name: app.ServerKeyName, Key: key}}
	proven, err := bundle.Check(archive, want)
	if err != nil || proven.Records == 0 || len(proven.Heads) == 0 {
		t.Fatalf("%d records, %v", proven.Records, err)
	}
	files := unzip(t, archive)
	pack := files[bundle.PackName]
	if strings.Contains(string(pack), "Ana Smith") || strings.Contains(string(pack), "1Z999") || strings.Contains(string(pack), string(parcels[1])) {
		t.Errorf("the pack holds more than its parcel's facts:\n%s", pack)
	}
	if !bytes.HasPrefix(files["timeline.pdf"], []byte("%PDF")) {
		t.Error("there is no PDF")
	}
	checkWrong(t, pack, want, parcels[1])
	checkFlips(t, pack, want)

	_, export := fetch(t, s, token, "/api/v1/sites/mailroom/record")
	report, err := journal.VerifyExport(bytes.NewReader(export), journal.VerifyOptions{Site: key})
	if err != nil || report.Fault() != nil || report.Records() == 0 || report.Epochs[0].Heads == 0 {
		t.Errorf("the record of the server: %+v, %v", report, err)
	}
	if code, heads := fetch(t, s, token, "/api/v1/heads"); code != http.StatusOK || !strings.Contains(string(heads), "cubby/mailroom/1") {
		t.Errorf("heads: %d %s", code, heads)
	}
	if code, _ := fetch(t, s, "", path); code != http.StatusUnauthorized {
		t.Errorf("without a token: %d", code)
	}
	if code, _ := fetch(t, s, token, "/api/v1/sites/mailroom/parcels/other/evidence"); code != http.StatusNotFound {
		t.Errorf("of an unknown parcel: %d", code)
	}
}

func checkWrong(t *testing.T, pack []byte, want evidence.Wanted, other locker.ParcelID) {
	t.Helper()
	stranger, err := auth.NewIdentity(nil)
	if err != nil {
		t.Fatal(err)
	}
	for what, w := range map[string]evidence.Wanted{
		"another key":        {Key: evidence.Key{Name: app.ServerKeyName, Key: stranger.Public()}},
		"another parcel":     {Key: want.Key, Parcel: other},
		"another site":       {Key: want.Key, Site: "elsewhere"},
		"another stay":       {Key: want.Key, Stay: "other"},
		"another site's key": {Key: want.Key, SiteKeys: []ed25519.PublicKey{stranger.Public()}},
	} {
		if _, err := evidence.Check(pack, w); err == nil {
			t.Errorf("%s: the pack verifies", what)
		}
	}
}

// checkFlips changes every byte of a pack.
func checkFlips(t *testing.T, pack []byte, want evidence.Wanted) {
	t.Helper()
	for i := range pack {
		for _, bit := range []byte{0x01, 0x20, 0x80} {
			pack[i] ^= bit
			if _, err := evidence.Check(pack, want); err == nil {
				t.Fatalf("with bit %#x of byte %d of %d changed, the pack verifies", bit, i, len(pack))
			}
			pack[i] ^= bit
		}
	}
	if _, err := evidence.Check(pack, want); err != nil {
		t.Fatal(err)
	}
}

func unzip(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

package link_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"cubby/internal/auth"
	"cubby/internal/link"
	"cubby/internal/link/linktest"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

func TestLink_WrongServerKey(t *testing.T) {
	t.Parallel()
	for _, via := range []link.Via{link.ViaSocket, link.ViaHTTPS} {
		r := newRig(t, true)
		r.behind(t, 1).BlockSockets(via == link.ViaHTTPS)
		site := linktest.NewSite(siteID)
		happen(t, site, 5)
		opts, _ := r.options(t, site)
		opts.ServerKey = newIdentity(t).Public()
		c := start(t, opts)
		eventually(t, "the client notices", func() bool { return strings.Contains(c.State().LastError, link.ErrServerKey.Error()) })
		if got, _ := r.hub.Record(siteID); len(got) != 0 {
			t.Errorf("%s: %d operations went to a stranger", via, len(got))
		}
		if via == link.ViaSocket && r.hub.Identified() != 0 {
			t.Error("the site proved its key to a stranger")
		}
		if c.State().Connected {
			t.Error("connected to a stranger")
		}
	}
}

func TestLink_UnknownController(t *testing.T) {
	t.Parallel()
	stranger, other := newIdentity(t), newIdentity(t)
	for name, set := range map[string]func(r *rig, o *link.ClientOptions){
		"key":           func(_ *rig, o *link.ClientOptions) { o.Identity = stranger },
		"site":          func(_ *rig, o *link.ClientOptions) { o.SiteID = "another" },
		"other's site":  func(r *rig, o *link.ClientOptions) { r.hub.Allow("another", other); o.Identity = other },
		"over https":    func(_ *rig, o *link.ClientOptions) { o.Identity = stranger },
		"site by https": func(_ *rig, o *link.ClientOptions) { o.SiteID = "another" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, true)
			r.behind(t, 1).BlockSockets(strings.Contains(name, "https"))
			site := linktest.NewSite(siteID)
			happen(t, site, 5)
			opts, heard := r.options(t, site)
			set(r, &opts)
			c := start(t, opts)
			eventually(t, "refused", func() bool { return heard.hasNotice(locker.CodeNotAllowed) })
			if got, _ := r.hub.Record(siteID); len(got) != 0 || c.State().Connected {
				t.Error("a stranger got in")
			}
		})
	}
}

// Somebody in between with a certificate that the site trusts relays to the real server, which ends
// TLS itself: the two TLS connections have different exporters.
func TestLink_ManInTheMiddle(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	transport := &http.Transport{TLSClientConfig: r.tls}
	t.Cleanup(transport.CloseIdleConnections)
	relay, err := linktest.NewRelay(r.http.URL, &http.Client{Transport: transport}, 1)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewTLSServer(relay)
	t.Cleanup(func() {
		front.CloseClientConnections()
		front.Close()
		relay.Wait()
	})
	site := linktest.NewSite(siteID)
	happen(t, site, 5)
	opts, _ := r.options(t, site)
	opts.ServerURL = front.URL
	opts.TLS = &tls.Config{RootCAs: pool(front), MinVersion: tls.VersionTLS12}
	c := start(t, opts)
	eventually(t, "the client notices", func() bool { return strings.Contains(c.State().LastError, link.ErrServerKey.Error()) })
	if got, _ := r.hub.Record(siteID); len(got) != 0 || c.State().Connected || r.hub.Identified() != 0 {
		t.Error("the relay got through")
	}
}

// The server behind a proxy takes only the names that it goes by, else a site that was lured to
// another name could be relayed.
func TestLink_OtherHost(t *testing.T) {
	t.Parallel()
	r := newRig(t, true, func(o *link.ServerOptions) { o.Hosts = []string{"Cubby.example:443"} })
	site := linktest.NewSite(siteID)
	opts, heard := r.options(t, site)
	c := start(t, opts)
	eventually(t, "refused", func() bool { return heard.hasNotice(locker.CodeNotAllowed) })
	if c.State().Connected {
		t.Error("connected by a name that is not the server's")
	}
}

func TestLink_SecondController(t *testing.T) {
	t.Parallel()
	for _, via := range []link.Via{link.ViaSocket, link.ViaHTTPS} {
		t.Run(string(via), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, true)
			r.behind(t, 1).BlockSockets(via == link.ViaHTTPS)
			site := linktest.NewSite(siteID)
			opts, heard := r.options(t, site)
			first := start(t, opts)
			eventually(t, "connected", connected(first, via))

			clone, cloneHeard := opts, &seen{}
			clone.Instance, clone.Site = "instance-2", linktest.NewSite(siteID)
			clone.OnNotice = func(n wire.Notice) {
				cloneHeard.mu.Lock()
				defer cloneHeard.mu.Unlock()
				cloneHeard.notices = append(cloneHeard.notices, n)
			}
			second := start(t, clone)
			eventually(t, "the newcomer is refused", func() bool { return cloneHeard.hasNotice(locker.CodeIdentityInUse) })
			eventually(t, "the server knows", func() bool {
				all := r.hub.Collisions(siteID)
				return len(all) > 0 && all[0].Instance == "instance-1" && all[0].Newcomer == "instance-2"
			})
			if via == link.ViaSocket {
				eventually(t, "the first is told", func() bool { return heard.hasNotice(locker.CodeIdentityInUse) })
			}
			if !first.State().Connected || second.State().Connected {
				t.Error("the newcomer won")
			}
			first.Stop()
			eventually(t, "the second takes over", connected(second, via))
		})
	}
}

// A power cut leaves a session behind that nobody answers for: the restarted controller gets in, and
// nobody cries wolf.
func TestLink_RestartAfterPowerCut(t *testing.T) {
	t.Parallel()
	r := newRig(t, true)
	_, m := rawSession(t, r, func(h *wire.Hello) { h.Instance = "before" }) // and never reads again
	if _, ok := m.(wire.Welcome); !ok {
		t.Fatalf("got %#v", m)
	}
	site := linktest.NewSite(siteID)
	opts, heard := r.options(t, site)
	c := start(t, opts)
	eventually(t, "connected", connected(c, link.ViaSocket))
	if n := len(r.hub.Collisions(siteID)); n != 0 || heard.hasNotice(locker.CodeIdentityInUse) {
		t.Errorf("%d collisions with a session that was dead", n)
	}
}

func TestLink_RestartWhilePolling(t *testing.T) {
	t.Parallel()
	r := newRig(t, true)
	r.behind(t, 1).BlockSockets(true)
	opts, heard := r.options(t, linktest.NewSite(siteID))
	c := start(t, opts)
	eventually(t, "connected", connected(c, link.ViaHTTPS))
	c.Stop()
	opts.Instance = "after the restart"
	c = start(t, opts)
	eventually(t, "connected", connected(c, link.ViaHTTPS))
	if n := len(r.hub.Collisions(siteID)); n != 0 || heard.hasNotice(locker.CodeIdentityInUse) {
		t.Errorf("%d collisions with a controller that was gone", n)
	}
}

// recorder passes requests on and keeps the POSTs of the fallback.
type recorder struct {
	next http.Handler

	mu    sync.Mutex
	posts []*http.Request
	body  [][]byte
}

func (rec *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		http.Error(w, "no websockets here", http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	rec.mu.Lock()
	rec.posts = append(rec.posts, r.Clone(context.WithoutCancel(r.Context())))
	rec.body = append(rec.body, body)
	rec.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec.next.ServeHTTP(w, r)
}

func (rec *recorder) count() int {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return len(rec.posts)
}

func TestExchange_ReplayAndTampering(t *testing.T) {
	t.Parallel()
	r := newRig(t, true)
	rec := &recorder{next: r.server.Handler()}
	r.http.Config.Handler = rec
	site := linktest.NewSite(siteID)
	happen(t, site, 10)
	opts, _ := r.options(t, site)
	c := start(t, opts)
	r.sameRecord(t, site)
	eventually(t, "some requests went by", func() bool { return rec.count() > 4 })
	c.Stop()

	before := len(r.hub.Statuses(siteID))
	ack, err := wire.EncodeFrames(wire.Status{Version: "forged"})
	if err != nil {
		t.Fatal(err)
	}
	for i, post := range rec.posts {
		if post.Header.Get("Cubby-Nonce") == "" {
			continue
		}
		for name, change := range map[string]func(h http.Header, body []byte) []byte{
			"replay":   func(_ http.Header, b []byte) []byte { return b },
			"body":     func(http.Header, []byte) []byte { return ack },
			"site":     func(h http.Header, b []byte) []byte { h.Set("Cubby-Site", "other"); return b },
			"instance": func(h http.Header, b []byte) []byte { h.Set("Cubby-Instance", "other"); return b },
			"nonce":    func(h http.Header, b []byte) []byte { h.Set("Cubby-Nonce", nonceOf(t, r.http.URL)); return b },
			"own":      func(h http.Header, b []byte) []byte { h.Set("Cubby-Client-Nonce", "other"); return b },
			"host":     func(h http.Header, b []byte) []byte { h.Set("Cubby-Host", "other"); return b },
			"sign":     func(h http.Header, b []byte) []byte { h.Set("Cubby-Signature", "!"); return b },
		} {
			header := post.Header.Clone()
			body := change(header, rec.body[i])
			status := send(t, r.http.URL, header, body)
			if want := http.StatusForbidden; name != "replay" && status != want {
				t.Errorf("%s: status %d", name, status)
			}
			if name == "replay" && status != http.StatusUnauthorized {
				t.Errorf("replayed: status %d", status)
			}
		}
	}
	if got, repeats := r.hub.Record(siteID); len(got) != 10 || repeats != 0 {
		t.Errorf("a replay had an effect: %d operations, %d repeats", len(got), repeats)
	}
	if n := len(r.hub.Statuses(siteID)); n != before {
		t.Error("a replay changed the status")
	}
}

func send(t *testing.T, url string, header http.Header, body []byte) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, url+"/link/v1/exchange", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body) // so that the connection is used again
	http.DefaultClient.CloseIdleConnections()
	return response.StatusCode
}

// nonceOf returns a fresh nonce of the server.
func nonceOf(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Post(url+"/link/v1/exchange", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	return response.Header.Get("Cubby-Nonce")
}

func TestEnrol(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	now := time.Now()
	record, token, err := auth.NewEnrolment(nil, r.url, r.identity.Fingerprint(), auth.Enrolment{Site: string(siteID), CreatedAt: now})
	if err != nil {
		t.Fatal(err)
	}
	r.hub.Expect(record)
	text := string(token.Encode()) // as it is pasted
	token, err = auth.ParseEnrolmentToken(text)
	if err != nil {
		t.Fatal(err)
	}
	id := newIdentity(t)
	enrolled, err := link.Enrol(t.Context(), link.EnrolOptions{Token: token, Identity: id, Software: "test", Name: "box", TLS: r.tls})
	if err != nil {
		t.Fatal(err)
	}
	if enrolled.Site != siteID || !enrolled.ServerKey.Equal(r.identity.Public()) || enrolled.ServerURL != r.url {
		t.Errorf("got %+v", enrolled)
	}
	_, err = link.Enrol(t.Context(), link.EnrolOptions{Token: token, Identity: newIdentity(t), TLS: r.tls})
	if !errors.Is(err, &locker.Error{Code: locker.CodeTokenUsed}) {
		t.Errorf("a token works twice: %v", err)
	}

	// What was enrolled connects.
	site := linktest.NewSite(siteID)
	happen(t, site, 3)
	opts, _ := r.options(t, site)
	opts.Identity, opts.SiteID, opts.ServerKey = id, enrolled.Site, enrolled.ServerKey
	start(t, opts)
	r.sameRecord(t, site)
}

// TestEnrol_EndsTheSessionOfTheControllerBefore: who holds the old controller must not go on hearing of
// the site, nor keep the new one out.
func TestEnrol_EndsTheSessionOfTheControllerBefore(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	stolen := linktest.NewSite(siteID)
	opts, _ := r.options(t, stolen)
	before := start(t, opts)
	eventually(t, "the first controller is there", func() bool { return before.State().Connected })

	record, token, err := auth.NewEnrolment(nil, r.url, r.identity.Fingerprint(), auth.Enrolment{Site: string(siteID), CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	r.hub.Expect(record)
	id := newIdentity(t)
	if _, err = link.Enrol(t.Context(), link.EnrolOptions{Token: token, Identity: id, TLS: r.tls}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the old controller is gone", func() bool { return !before.State().Connected })
	site := linktest.NewSite(siteID)
	opts, _ = r.options(t, site)
	opts.Identity = id
	after := start(t, opts)
	eventually(t, "the new controller is there", func() bool { return after.State().Connected })
	if before.State().Connected {
		t.Error("the old controller is back")
	}
	if n := len(r.hub.Collisions(siteID)); n != 0 {
		t.Errorf("%d collisions", n)
	}
}

func TestEnrol_Refuses(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	token := func(created time.Time, key auth.Fingerprint) auth.EnrolmentToken {
		record, token, err := auth.NewEnrolment(nil, r.url, key, auth.Enrolment{Site: "s", CreatedAt: created})
		if err != nil {
			t.Fatal(err)
		}
		r.hub.Expect(record)
		return token
	}
	_, unknown, err := auth.NewEnrolment(nil, r.url, r.identity.Fingerprint(), auth.Enrolment{CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		token auth.EnrolmentToken
		tls   *tls.Config
		want  error
	}{
		"expired":      {token(time.Now().Add(-25*time.Hour), r.identity.Fingerprint()), r.tls, &locker.Error{Code: locker.CodeTokenExpired}},
		"unknown":      {unknown, r.tls, &locker.Error{Code: locker.CodeTokenUsed}},
		"other server": {token(time.Now(), newIdentity(t).Fingerprint()), r.tls, link.ErrServerKey},
		"plain http":   {auth.EnrolmentToken{ServerURL: "http://cubby.example"}, r.tls, link.ErrAddress},
	} {
		_, err := link.Enrol(t.Context(), link.EnrolOptions{Token: c.token, Identity: newIdentity(t), TLS: c.tls})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if _, err := link.Enrol(t.Context(), link.EnrolOptions{Token: token(time.Now(), r.identity.Fingerprint()), Identity: newIdentity(t)}); err == nil {
		t.Error("took a certificate that nobody vouches for")
	}
}

// The key of a server is public: whoever shows it without holding it does not get the secret.
func TestEnrol_KeepsTheSecretFromAnImpostor(t *testing.T) {
	t.Parallel()
	genuine, impostor := newIdentity(t), newIdentity(t)
	requests := make(chan string, 10)
	front := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		requests <- string(body)
		answer, err := json.Marshal(map[string]any{
			"v": 1, "server_key": []byte(genuine.Public()), "server_nonce": "n", "signature": impostor.Sign("cubby/link/offer/v1", body),
		})
		if err != nil {
			return
		}
		_, _ = w.Write(answer)
	}))
	t.Cleanup(front.Close)
	_, token, err := auth.NewEnrolment(nil, front.URL, genuine.Fingerprint(), auth.Enrolment{CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = link.Enrol(t.Context(), link.EnrolOptions{
		Token: token, Identity: newIdentity(t), TLS: &tls.Config{RootCAs: pool(front), MinVersion: tls.VersionTLS12},
	})
	if !errors.Is(err, link.ErrServerKey) {
		t.Errorf("got %v", err)
	}
	close(requests)
	for body := range requests {
		if strings.Contains(body, string(token.Secret)) {
			t.Error("the impostor has the secret")
		}
	}
}

// rawSession greets the server by hand, as another version of the site would.
func rawSession(t *testing.T, r *rig, hello func(*wire.Hello)) (*websocket.Conn, wire.Message) {
	t.Helper()
	id := newIdentity(t)
	r.hub.Allow(siteID, id)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, r.url+"/link/v1/socket", nil) //nolint:bodyclose // the library says that it never needs to be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	h := wire.Hello{
		Versions: []int{1}, Key: id.Fingerprint().String(), Site: siteID, Nonce: bytes.Repeat([]byte{5}, 32),
		Host: strings.TrimPrefix(r.url, "http://"),
	}
	if hello != nil {
		hello(&h)
	}
	write(t, conn, h)
	m := read(t, conn)
	challenge, ok := m.(wire.Challenge)
	if !ok {
		return conn, m
	}
	transcript := prefixed([]byte{1}, []byte("host"), []byte(h.Host), []byte(h.Host), []byte(h.Key),
		[]byte(r.identity.Fingerprint().String()), []byte(h.Site), []byte(h.Instance), h.Nonce, challenge.Nonce)
	if !auth.VerifySignature(r.identity.Public(), "cubby/link/server/v1", transcript, challenge.Signature) {
		t.Fatal("the signature of the server is not over what both versions agreed on")
	}
	write(t, conn, wire.Proof{Signature: id.Sign("cubby/link/site/v1", transcript)})
	return conn, read(t, conn)
}

// prefixed is the transcript as the first version defined it: it must not change.
func prefixed(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(append(b, byte(len(p))), p...) // every part is shorter than 128
	}
	return b
}

func write(t *testing.T, conn *websocket.Conn, m wire.Message) {
	t.Helper()
	frame, err := wire.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Write(t.Context(), websocket.MessageBinary, frame); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, conn *websocket.Conn) wire.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, frame, err := conn.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	m, err := wire.Decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A site of another version: without an instance, without beats, with messages and fields that
// this server does not know.
func TestServer_OtherVersionOfSite(t *testing.T) {
	t.Parallel()
	r := newRig(t, true)
	conn, m := rawSession(t, r, func(h *wire.Hello) { h.Versions = []int{7, 1} })
	if _, ok := m.(wire.Welcome); !ok {
		t.Fatalf("got %#v", m)
	}
	for _, frame := range [][]byte{
		[]byte("\xc8\x01{\"weather\":\"rain\"}"), // a type of message that came later
		[]byte("\x0a\x01{\"version\":\"0.9\",\"mood\":[1,2]}"),
		[]byte("\x08\x01{\"epoch\":0,\"rev\":0}"),
	} {
		if err := conn.Write(t.Context(), websocket.MessageBinary, frame); err != nil {
			t.Fatal(err)
		}
	}
	write(t, conn, wire.UploadBatch{Items: []wire.Upload{{Position: wire.Position{Epoch: 1, Number: 1}, Op: []byte("{}")}}})
	for {
		if ack, ok := read(t, conn).(wire.Ack); ok {
			if ack.Number != 1 {
				t.Errorf("got %+v", ack)
			}
			break
		}
	}
	eventually(t, "the status came", func() bool { return len(r.hub.Statuses(siteID)) == 1 })
}

func TestServer_RefusesHello(t *testing.T) {
	t.Parallel()
	r := newRig(t, true)
	for name, c := range map[string]struct {
		set  func(*wire.Hello)
		want locker.Code
	}{
		"version": {func(h *wire.Hello) { h.Versions = []int{2} }, locker.CodeVersionUnsupported},
		"host":    {func(h *wire.Hello) { h.Host = "evil.example" }, locker.CodeNotAllowed},
		"nonce":   {func(h *wire.Hello) { h.Nonce = []byte{1} }, locker.CodeInputInvalid},
		"key":     {func(h *wire.Hello) { h.Key = "k1" }, locker.CodeNotAllowed},
		"site":    {func(h *wire.Hello) { h.Site = "another" }, locker.CodeNotAllowed},
	} {
		_, m := rawSession(t, r, c.set)
		if refused, ok := m.(wire.Refuse); !ok || refused.Code != c.want {
			t.Errorf("%s: got %#v", name, m)
		}
	}
}

func TestServer_RefusesFrames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind   websocket.MessageType
		frame  []byte
		status websocket.StatusCode
	}{
		"oversized":      {websocket.MessageBinary, make([]byte, wire.MaxFrameSize+1), websocket.StatusMessageTooBig},
		"text":           {websocket.MessageText, []byte("\x0f\x01{}"), websocket.StatusPolicyViolation},
		"garbage":        {websocket.MessageBinary, []byte("\x05\x01garbage"), websocket.StatusPolicyViolation},
		"server's words": {websocket.MessageBinary, []byte("\x06\x01{}"), websocket.StatusPolicyViolation},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, true)
			conn, _ := rawSession(t, r, nil)
			if err := conn.Write(t.Context(), c.kind, c.frame); err != nil {
				t.Fatal(err)
			}
			for {
				_, _, err := conn.Read(t.Context())
				if err == nil {
					continue // what the server said before it noticed
				}
				if got := websocket.CloseStatus(err); got != c.status {
					t.Errorf("closed with %v: %v", got, err)
				}
				break
			}
			eventually(t, "the session ended", func() bool { _, ok := r.server.Connected(siteID); return !ok })
		})
	}
}

func TestExchange_Oversized(t *testing.T) {
	t.Parallel()
	r := newRig(t, true)
	header := http.Header{"Cubby-Nonce": {nonceOf(t, r.url)}}
	if status := send(t, r.url, header, make([]byte, wire.MaxBodySize+1)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", status)
	}
}

func TestNewClient_Refuses(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	good, _ := r.options(t, linktest.NewSite(siteID))
	for _, address := range []string{"", "http://cubby.example", "ws://cubby.example", "https://u@h", "https://h?q", "https://h#f", "ftp://h"} {
		opts := good
		opts.ServerURL = address
		if _, err := link.NewClient(opts); !errors.Is(err, link.ErrAddress) {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, address := range []string{"https://cubby.example", "https://h:8443/cubby/", "http://127.0.0.1:80", "http://localhost", "http://[::1]:1"} {
		if err := link.ParseAddress(address); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, strip := range []func(*link.ClientOptions){
		func(o *link.ClientOptions) { o.Identity = auth.Identity{} },
		func(o *link.ClientOptions) { o.ServerKey = nil },
		func(o *link.ClientOptions) { o.SiteID = "" },
		func(o *link.ClientOptions) { o.Instance = "" },
		func(o *link.ClientOptions) { o.Site = nil },
		func(o *link.ClientOptions) { o.Logger = nil },
		func(o *link.ClientOptions) { o.Now = nil },
	} {
		opts := good
		strip(&opts)
		if _, err := link.NewClient(opts); err == nil {
			t.Error("took options that lack something")
		}
	}
	if _, err := link.NewServer(link.ServerOptions{}); err == nil {
		t.Error("took a server without options")
	}
}

func FuzzHandler(f *testing.F) {
	f.Add("/link/v1/enrol", []byte(`{"v":1,"nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","host":"example.com"}`), "", "")
	f.Add("/link/v1/exchange", []byte("\x05\x0a\x01{}"), "nonce", base64.StdEncoding.EncodeToString(make([]byte, 64)))
	f.Add("/link/v1/socket", []byte{}, "", "")
	id, err := auth.NewIdentity(nil)
	if err != nil {
		f.Fatal(err)
	}
	hub := linktest.NewHub(time.Now)
	server, err := link.NewServer(link.ServerOptions{
		Hub: hub, Registry: hub, Identity: id, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		f.Fatal(err)
	}
	handler := server.Handler()
	f.Fuzz(func(t *testing.T, path string, body []byte, nonce, signature string) {
		if !strings.HasPrefix(path, "/link/v1/") || strings.ContainsAny(path, " \r\n\t%?#") || strings.ContainsFunc(path, func(r rune) bool { return r < '!' || r > '~' }) {
			return
		}
		request := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
		request.Header.Set("Cubby-Nonce", nonce)
		request.Header.Set("Cubby-Signature", signature)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, request)
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("status %d", w.Code)
		}
	})
}

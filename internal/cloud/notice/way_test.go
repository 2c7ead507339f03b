package notice_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/holder"
	"cubby/internal/cloud/notice"
	"cubby/internal/locker"
	"cubby/internal/notify/email"
	"cubby/internal/notify/http"
	"cubby/internal/notify/push"
)

// phones is a gateway, a push service and a room: it keeps what it took, and fails with fail.
type phones struct {
	mu   sync.Mutex
	took []string
	fail error
}

func (p *phones) take(words ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return p.fail
	}
	p.took = append(p.took, strings.Join(words, " | "))
	return nil
}

func (p *phones) set(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = err
}

func (p *phones) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.took...)
}

type texter struct{ *phones }

func (t texter) Send(_ context.Context, m http.Message) error { return t.take(m.To, m.Text, m.Lang) }

type pusher struct{ *phones }

func (p pusher) Send(_ context.Context, to push.Subscription, m push.Message) error {
	return p.take(to.Endpoint, m.Title, m.Body, m.URL)
}

type chatter struct{ *phones }

func (c chatter) Send(_ context.Context, address, text string) error { return c.take(address, text) }

// outcome is a failure of a channel.
type outcome struct{ class email.Class }

func (f outcome) Error() string     { return f.class.String() }
func (f outcome) Fate() email.Class { return f.class }

type lines struct{ sms, voice, push, chat *phones }

func newPhones(t *testing.T) (*world, lines) {
	t.Helper()
	l := lines{&phones{}, &phones{}, &phones{}, &phones{}}
	w := newWorld(t, func(o *notice.Options) {
		o.SMS, o.Voice, o.Push, o.Chat = texter{l.sms}, texter{l.voice}, pusher{l.push}, chatter{l.chat}
	})
	return w, l
}

func (w *world) desk() (*holder.Desk, string) {
	w.t.Helper()
	ids := 0
	d, err := holder.New(holder.Options{Cloud: w.Cloud, Store: w.store, Now: w.clock.now, NewID: func() string {
		ids++
		return fmt.Sprintf("id%d", ids)
	}})
	must(w.t, err)
	address, err := w.RecipientLink(w.ctx, w.owner, w.ana)
	must(w.t, err)
	return d, path.Base(address)
}

func TestWays_NobodyNeedsASmartphone(t *testing.T) {
	t.Parallel()
	w, l := newPhones(t)
	w.put(cloud.RecipientDraft{ID: w.ben, Name: "Ben Smith", Phone: "+34600123456", Language: "en"})
	w.stored("s1", "main/A02", w.ben)
	w.work()
	code, err := w.StayCode(w.ctx, w.owner, w.site, "s1", "test of the message")
	must(t, err)
	got := l.sms.all()
	if len(got) != 1 || !strings.Contains(got[0], code.Symbols) || !strings.Contains(got[0], "+34600123456") ||
		!strings.Contains(got[0], "door A02") || !strings.Contains(got[0], "https://parcels.example.org/p/") {
		t.Errorf("short messages %q", got)
	}
	if len(l.voice.all()) != 0 || len(w.incidents(cloud.IncidentUnnotified)) != 0 {
		t.Errorf("calls %q", l.voice.all())
	}
	w.pass(26*time.Hour, time.Hour)
	if got = l.sms.all(); len(got) != 2 {
		t.Errorf("after a day: %q", got)
	}
}

func TestWays_ChosenOnes(t *testing.T) {
	t.Parallel()
	w, l := newPhones(t)
	desk, token := w.desk()
	w.put(cloud.RecipientDraft{ID: w.ana, Name: "Ana García", Email: "ana@example.org", Phone: "+34600123456", Language: "en"})
	key := append([]byte{4}, make([]byte, 64)...)
	must(t, desk.AddBrowser(w.ctx, token, holder.Browser{
		Endpoint: "https://push.example.org/x", P256DH: base64.RawURLEncoding.EncodeToString(key),
		Auth: base64.RawURLEncoding.EncodeToString(make([]byte, 16)),
	}))
	must(t, desk.SetWishes(w.ctx, token, holder.Wishes{
		Language: "en", Channels: []holder.Channel{holder.Voice, holder.Push}, QuietFrom: 9 * 60, QuietTo: 11 * 60,
	}))
	w.stored("s1", "main/A02", w.ana)
	w.work()
	w.wantMails("ana@example.org", 0)
	code, err := w.StayCode(w.ctx, w.owner, w.site, "s1", "test of the message")
	must(t, err)
	got := l.push.all()
	if len(got) != 1 || !strings.Contains(got[0], "door A02") || strings.Contains(got[0], code.Symbols) || !strings.Contains(got[0], token) {
		t.Errorf("messages to browsers %q", got)
	}
	if len(l.voice.all()) != 0 {
		t.Error("a call in quiet hours")
	}
	w.pass(2*time.Hour, 15*time.Minute)
	if got = l.voice.all(); len(got) != 1 || !strings.Contains(got[0], notice.Spoken(code.Digits)) || !strings.Contains(got[0], "4, 0, 2") {
		t.Errorf("calls %q, want %s", got, notice.Spoken(code.Digits))
	}
	// A browser that listens no more is forgotten, and the other channel is enough.
	l.push.set(fmt.Errorf("gone: %w", push.ErrGone))
	w.stored("s2", "main/A03", w.ana)
	w.work()
	if wishes, err := desk.Wishes(w.ctx, token); err != nil || wishes.Browsers != 0 {
		t.Errorf("%d browsers are left: %v", wishes.Browsers, err)
	}
	if found := w.incidents(cloud.IncidentUnnotified); len(found) != 0 {
		t.Errorf("incidents %+v", found)
	}
}

func TestWays_OneThatFailsIsNoIncidentWhileAnotherTold(t *testing.T) {
	t.Parallel()
	w, l := newPhones(t)
	desk, token := w.desk()
	w.put(cloud.RecipientDraft{ID: w.ana, Name: "Ana García", Email: "ana@example.org", Phone: "+34600123456"})
	must(t, desk.SetWishes(w.ctx, token, holder.Wishes{Channels: []holder.Channel{holder.Email, holder.SMS}}))
	l.sms.set(outcome{email.ClassPermanent})
	w.stored("s1", "main/A02", w.ana)
	w.work()
	w.wantMails("ana@example.org", 1)
	w.pass(20*time.Minute, time.Minute)
	if found := w.incidents(cloud.IncidentUnnotified); len(found) != 0 {
		t.Errorf("incidents %+v", found)
	}
	// Both fail: somebody is told.
	w.mail.all(noSuchUser)
	w.stored("s2", "main/A03", w.ana)
	w.work()
	if found := w.incidents(cloud.IncidentUnnotified); len(found) != 1 {
		t.Errorf("incidents %+v", found)
	}
	// A gateway that is away is tried again.
	l.sms.set(errors.New("away"))
	w.mail.all(take)
	w.stored("s3", "main/A01", w.ana)
	w.work()
	l.sms.set(nil)
	w.pass(10*time.Minute, time.Minute)
	if len(l.sms.all()) != 1 {
		t.Errorf("short messages %q", l.sms.all())
	}
}

func TestLink_GoesTheKnownWay(t *testing.T) {
	t.Parallel()
	w, l := newPhones(t)
	desk, token := w.desk()
	w.put(cloud.RecipientDraft{ID: w.ana, Name: "Ana García", Email: "ana@example.org", Phone: "+34600123456", Language: "en"})
	must(t, desk.LostPhone(w.ctx, token))
	w.work()
	mail := w.wantMails("ana@example.org", 1)[0]
	_, rest, ok := strings.Cut(mail.Text, "https://parcels.example.org/p/")
	if !ok || strings.Fields(rest)[0] == token {
		t.Fatalf("the mail says\n%s", mail.Text)
	}
	fresh := strings.Fields(rest)[0]
	if _, err := w.ResidentPage(w.ctx, fresh); err != nil {
		t.Errorf("the new link: %v", err)
	}
	if got := l.sms.all(); len(got) != 1 || !strings.Contains(got[0], fresh) {
		t.Errorf("short messages %q", got)
	}
	w.work()
	w.wantMails("ana@example.org", 1)
}

func TestChat_HearsOfIncidents(t *testing.T) {
	t.Parallel()
	w, l := newPhones(t)
	must(t, w.SetSettings(w.ctx, w.owner, w.site, "Harbour", cloud.SiteSettings{NoticeSettings: cloud.NoticeSettings{Chat: []string{"slack://token@room"}}}))
	wantCode(t, w.SetSettings(w.ctx, w.owner, w.site, "Harbour", cloud.SiteSettings{NoticeSettings: cloud.NoticeSettings{Chat: []string{"file:///etc/passwd"}}}), locker.CodeInputInvalid)
	must(t, w.Raise(w.ctx, w.site, cloud.IncidentSiteSilent, cloud.SeverityHigh, "x"))
	w.pass(time.Minute, 10*time.Second)
	if got := l.chat.all(); len(got) != 1 || !strings.HasPrefix(got[0], "slack://token@room | ") || !strings.Contains(got[0], "Harbour") {
		t.Errorf("rooms heard %q", got)
	}
}

func TestSpoken(t *testing.T) {
	t.Parallel()
	if got := notice.Spoken("471-082-336"); got != "4, 7, 1. 0, 8, 2. 3, 3, 6" {
		t.Errorf("spoken as %q", got)
	}
}

package notice_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/notice"
	"cubby/internal/locker"
)

func TestFirst_OnceAfterSettling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ingest(w.depositFacts("s1", "main/A02", w.ana)...)
	w.work()
	w.tick()
	w.wantMails("ana@example.org", 0) // the courier may still undo
	w.ingest(locker.DepositSettled{Stay: "s1"})
	w.work()
	m := w.wantMails("ana@example.org", 1)[0]

	code, err := w.StayCode(w.ctx, w.owner, w.site, "s1", "test of the letter")
	must(t, err)
	if m.Subject != "Su paquete está en la puerta A02" || m.Lang != "es" {
		t.Errorf("subject %q in %q", m.Subject, m.Lang)
	}
	for _, want := range []string{
		code.Symbols, "402", code.Digits, "A02", "Lobby", "Harbour", "1 Dock Street", "5 de marzo de 2026, 10:00",
		"+34 600 000 000", "UPS", "6784", "https://parcels.example.org/p/",
	} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the text lacks %q:\n%s", want, m.Text)
		}
		if !strings.Contains(m.HTML, want) && !strings.HasPrefix(want, "+") {
			t.Errorf("the HTML lacks %q", want)
		}
	}
	if len(m.Inline) != 1 || !strings.HasPrefix(string(m.Inline[0].Data), "\x89PNG") {
		t.Errorf("%d pictures", len(m.Inline))
	}
	_, rest, _ := strings.Cut(m.Text, "https://parcels.example.org/p/")
	page, err := w.ResidentPage(w.ctx, strings.Fields(rest)[0])
	must(t, err)
	if len(page.Parcels) != 1 || page.Parcels[0].Code != code {
		t.Errorf("the link shows %+v", page.Parcels)
	}
	w.pass(10*time.Minute, time.Minute)
	w.wantMails("ana@example.org", 1)
	if w.mail.copies() != 1 {
		t.Errorf("%d copies", w.mail.copies())
	}
	if len(w.incidents(cloud.IncidentUnnotified)) != 0 {
		t.Error("an incident although all is well")
	}
}

func TestFirst_EachLanguageAndPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, v := range []struct {
		lang, place, subject, dir string
	}{
		{"en", "main/A01", "Your parcel is in door A01", "ltr"},
		{"ar", "main/A02", "طردك في الباب \u2066A02\u2069", "rtl"},
		{"", "room/1", "Your parcel is on shelf S1", "ltr"},
		{"es-MX", "desk", "Su paquete está en recepción", "ltr"},
		{"fr", "desk", "Your parcel is at the desk", "ltr"},
	} {
		address := "x" + v.lang + "@example.org"
		id := w.put(cloud.RecipientDraft{Name: "X", Email: address, Language: v.lang})
		w.stored(locker.StayID("s"+v.lang), locker.PlaceID(v.place), id)
		w.work()
		m := w.wantMails(strings.ToLower(address), 1)[0]
		if m.Subject != v.subject {
			t.Errorf("%q: subject %q, want %q", v.lang, m.Subject, v.subject)
		}
		if !strings.Contains(m.HTML, `dir="`+v.dir+`"`) || strings.Contains(m.Text, "[mail.") || strings.Contains(m.HTML, "[mail.") {
			t.Errorf("%q: letter is\n%s", v.lang, m.Text)
		}
		// Groups of digits swap places between Arabic words unless they are kept apart.
		if isolates := strings.Count(m.Text, "\u2066"); v.dir == "rtl" && isolates < 5 || v.dir == "ltr" && isolates > 0 {
			t.Errorf("%q: %d isolates in\n%s", v.lang, isolates, m.Text)
		}
	}
}

func TestFirst_NewCodeAndNewRecipient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stored("s1", "main/A02", w.ana)
	w.work()
	before, err := w.StayCode(w.ctx, w.owner, w.site, "s1", "test")
	must(t, err)
	w.ingest(locker.CodeReissued{Stay: "s1", Key: w.key, Generation: 2})
	w.work()
	m := w.wantMails("ana@example.org", 2)[1]
	after, err := w.StayCode(w.ctx, w.owner, w.site, "s1", "test")
	must(t, err)
	if after == before || !strings.Contains(m.Text, after.Symbols) || strings.Contains(m.Text, before.Symbols) {
		t.Errorf("the second mail says\n%s", m.Text)
	}
	if m.Subject != "El código nuevo de su paquete" {
		t.Errorf("subject %q", m.Subject)
	}

	// Ben has no address: somebody is told at once, and Ben as soon as there is one.
	must(t, w.ReassignStay(w.ctx, w.owner, w.site, "s1", w.ben, "wrong name on the label"))
	w.work()
	if found := w.incidents(cloud.IncidentUnnotified); len(found) != 1 || found[0].Detail != "no_address" {
		t.Fatalf("incidents %+v", found)
	}
	w.put(cloud.RecipientDraft{ID: w.ben, Name: "Ben Smith", Email: "ben@example.org"})
	w.tick()
	w.wantMails("ben@example.org", 1)
	w.wantMails("ana@example.org", 2)
	if found := w.incidents(cloud.IncidentUnnotified); len(found) != 0 {
		t.Errorf("incidents are still %+v", found)
	}
}

func TestFirst_NothingForWhatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mail.all(busy)
	w.stored("s1", "main/A01", w.ana)
	w.work()
	w.collected("s1", "main/A01", w.ana)
	w.mail.all(take)
	w.pass(time.Minute, time.Minute)
	w.wantMails("ana@example.org", 0)
	if rows := w.notices("s1"); len(rows) != 1 || rows[0].State != "cancelled" {
		t.Errorf("notices %+v", rows)
	}
}

// I4: a provider that loses replies, refuses for a while and hangs up: each recipient of each parcel
// gets one message, whose copies carry the same Message-ID.
func TestFirst_I4UnreliableProvider(t *testing.T) {
	t.Parallel()
	const parcels = 20
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	w := newWorld(t)
	lost := 0
	w.mail.behave(func(string) fate {
		f := []fate{take, take, loseReply, busy, hangUp}[random.IntN(5)]
		if f == loseReply {
			lost++
		}
		return f
	})
	var stays []locker.StayID
	for i := range parcels {
		stay := locker.StayID("s" + strconv.Itoa(i))
		stays = append(stays, stay)
		w.stored(stay, "desk", w.put(cloud.RecipientDraft{Name: "N " + string(stay), Email: string(stay) + "@example.org"}))
		w.work()
	}
	for range 30 {
		w.pass(time.Minute, 30*time.Second)
	}
	w.mail.all(take) // for whoever had bad luck each time
	w.pass(40*time.Minute, 5*time.Minute)
	sent := 0
	for _, stay := range stays {
		for _, row := range w.notices(stay) {
			if row.State != "sent" || row.Kind != "first" {
				t.Errorf("notice %+v", row)
			}
			sent++
		}
	}
	if sent != len(stays) || len(w.mail.taken()) != len(stays)+len(w.to("duty@example.org")) {
		t.Errorf("%d of %d sent, %d unique mails", sent, len(stays), len(w.mail.taken()))
	}
	if copies := w.mail.copies() - len(w.mail.taken()); copies > lost {
		t.Errorf("%d copies for %d lost replies", copies, lost)
	}
}

func TestSend_BounceIsSeenAndMended(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mail.behave(func(to string) fate {
		if to == "ana@example.org" {
			return noSuchUser
		}
		return take
	})
	w.stored("s1", "main/A01", w.ana)
	w.work()
	row := w.notices("s1")[0]
	if row.State != "bounced" || row.Attempts != 1 || !strings.HasPrefix(row.Error, "bounced: ") || strings.Contains(row.Error, "ana@") {
		t.Errorf("notice %+v", row)
	}
	if found := w.incidents(cloud.IncidentUnnotified); len(found) != 1 || found[0].Detail != "bounced" {
		t.Fatalf("incidents %+v", found)
	}
	w.clock.add(time.Minute)
	w.put(cloud.RecipientDraft{ID: w.ana, Name: "Ana García", Email: "ana@new.example.org", Language: "es"})
	w.tick()
	w.wantMails("ana@new.example.org", 1)
	if found := w.incidents(cloud.IncidentUnnotified); len(found) != 0 {
		t.Errorf("incidents are still %+v", found)
	}
	m := w.to("ana@new.example.org")[0]
	must(t, w.notifier.Bounced(w.ctx, "<"+m.MessageID+">", "mailbox full"))
	if row := w.notices("s1")[0]; row.State != "bounced" {
		t.Errorf("notice %+v", row)
	}
	if found := w.incidents(cloud.IncidentUnnotified); len(found) != 1 {
		t.Errorf("incidents %+v", found)
	}
	wantCode(t, w.notifier.Bounced(w.ctx, "nobody@example.org", ""), locker.CodeNotFound)
}

func TestSend_ServerAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mail.all(busy)
	w.stored("s1", "main/A01", w.ana)
	w.work()
	if len(w.incidents(cloud.IncidentUnnotified)) != 0 {
		t.Error("an incident at the first failure")
	}
	w.pass(12*time.Minute, time.Minute)
	if found := w.incidents(cloud.IncidentUnnotified); len(found) != 1 || found[0].Detail != "temporary" {
		t.Fatalf("incidents after 12 minutes: %+v", found)
	}
	w.pass(3*time.Hour, 3*time.Minute) // all attempts are spent
	if row := w.notices("s1")[0]; row.State != "failed" && row.State != "queued" || row.Attempts < 12 {
		t.Errorf("notice %+v", row)
	}
	w.mail.all(take)
	w.pass(90*time.Minute, 5*time.Minute)
	w.wantMails("ana@example.org", 1)
	if found := w.incidents(cloud.IncidentUnnotified); len(found) != 0 {
		t.Errorf("incidents are still %+v", found)
	}
}

func TestRetryNotice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mail.all(noSuchUser)
	w.stored("s1", "main/A01", w.ana)
	w.work()
	id := w.notices("s1")[0].ID
	stranger := cloud.Principal{User: "x", Organization: "other", Roles: []cloud.Role{cloud.RoleOwner}}
	wantCode(t, w.notifier.RetryNotice(w.ctx, stranger, id), locker.CodeNotFound)
	wantCode(t, w.notifier.RetryNotice(w.ctx, w.owner, "none"), locker.CodeNotFound)
	w.mail.all(take)
	must(t, w.notifier.RetryNotice(w.ctx, w.owner, id))
	wantCode(t, w.notifier.RetryNotice(w.ctx, w.owner, id), locker.CodeConflict)
	w.work()
	w.wantMails("ana@example.org", 1)
	wantCode(t, w.notifier.RetryNotice(w.ctx, w.owner, id), locker.CodeConflict)
	w.collected("s1", "main/A01", w.ana)
	wantCode(t, w.notifier.RetryNotice(w.ctx, w.owner, id), locker.CodeConflict)
}

func TestHandlers_WithoutMailServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *notice.Options) { o.Mailer = nil })
	w.stored("s1", "main/A01", w.ana)
	w.pass(12*time.Minute, time.Minute)
	if row := w.notices("s1")[0]; row.State != "queued" || row.Attempts != 0 {
		t.Errorf("notice %+v", row)
	}
	if len(w.incidents(cloud.IncidentUnnotified)) != 1 {
		t.Error("nobody was told that no mail goes out")
	}
	wantCode(t, w.notifier.SendTestMail(w.ctx, w.owner, "me@example.org"), locker.CodeMailUnreachable)
}

func TestSendTestMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.notifier.SendTestMail(w.ctx, w.owner, "me@example.org"))
	if m := w.wantMails("me@example.org", 1)[0]; m.Subject != "Test mail from Harbour Parcels" {
		t.Errorf("subject %q", m.Subject)
	}
	wantCode(t, w.notifier.SendTestMail(w.ctx, w.owner, "not an address"), locker.CodeInputInvalid)
	staff := w.owner
	staff.Roles = []cloud.Role{cloud.RoleStaff}
	wantCode(t, w.notifier.SendTestMail(w.ctx, staff, "me@example.org"), locker.CodeNotAllowed)
	w.mail.all(noSuchUser)
	wantCode(t, w.notifier.SendTestMail(w.ctx, w.owner, "me@example.org"), locker.CodeMailRefused)
	w.mail.all(busy)
	wantCode(t, w.notifier.SendTestMail(w.ctx, w.owner, "me@example.org"), locker.CodeMailUnreachable)

	gone := newWorld(t, func(o *notice.Options) { o.Mailer = w.client(1) }) // nobody listens there
	err := gone.notifier.SendTestMail(gone.ctx, gone.owner, "me@example.org")
	wantCode(t, err, locker.CodeMailUnreachable)
	if !strings.Contains(err.Error(), "server.smtp.host") {
		t.Errorf("the error does not say what to look at: %v", err)
	}
}

// A mail that the provider does not finish must not hold up the others: I4 allows a minute.
func TestSend_SlowMailHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mail.behave(func(to string) fate {
		if to == "ana@example.org" {
			return stall
		}
		return take
	})
	must(t, w.worker.Start(w.ctx))
	defer w.worker.Stop()
	defer close(w.mail.release)
	w.stored("s1", "main/A01", w.ana)
	w.stored("s2", "main/A02", w.put(cloud.RecipientDraft{Name: "Quick", Email: "quick@example.org"}))
	select {
	case to := <-w.mail.arrived:
		if to != "quick@example.org" {
			t.Errorf("a mail to %s", to)
		}
	case <-w.ctx.Done():
	}
}

package notice_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cubby/internal/cloud"
	"cubby/internal/cloud/notice"
	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

const day = 24 * time.Hour

func TestRemind_StepsThenRepeat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stored("s1", "main/A02", w.ana) // Monday 10:00 in Madrid
	w.work()
	w.pass(day-time.Minute, time.Hour)
	w.wantMails("ana@example.org", 1)
	w.pass(time.Minute, time.Minute)
	if m := w.wantMails("ana@example.org", 2)[1]; m.Subject != "Su paquete sigue en la puerta A02" {
		t.Errorf("subject %q", m.Subject)
	}
	w.pass(day, 30*time.Minute)
	w.wantMails("ana@example.org", 3)
	w.pass(day, 30*time.Minute) // collect by has just passed
	w.wantMails("ana@example.org", 4)
	w.pass(day, 30*time.Minute)
	if m := w.wantMails("ana@example.org", 5)[4]; m.Subject != "Su paquete ha pasado de plazo" {
		t.Errorf("subject %q", m.Subject)
	}
	var kinds []string
	for _, row := range w.notices("s1") {
		kinds = append(kinds, row.Kind)
	}
	if want := []string{"first", "reminder_1", "reminder_2", "reminder_3", "reminder_4"}; !slices.Equal(kinds, want) {
		t.Errorf("kinds %v", kinds)
	}
	w.collected("s1", "main/A02", w.ana)
	w.pass(3*day, time.Hour)
	w.wantMails("ana@example.org", 5)
}

func TestRemind_OnceAcrossRestartsAndTwoServers(t *testing.T) {
	t.Parallel()
	var opts notice.Options
	w := newWorld(t, func(o *notice.Options) { opts = *o })
	w.stored("s1", "main/A02", w.ana)
	w.work()
	w.clock.add(day)
	other, err := notice.New(opts)
	must(t, err)
	must(t, w.notifier.Tick(w.ctx))
	must(t, other.Tick(w.ctx))
	w.restart(opts)
	w.tick()
	w.tick()
	w.wantMails("ana@example.org", 2)
	if w.mail.copies() != 2 {
		t.Errorf("%d copies", w.mail.copies())
	}
}

func TestRemind_QuietHolidayAndVacation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.SetSettings(w.ctx, w.owner, w.site, "Harbour", cloud.SiteSettings{
		NoticeSettings: cloud.NoticeSettings{Holidays: []string{"03-04"}}, // Wednesday
	}))
	w.clock.add(13 * time.Hour) // Monday 23:00 in Madrid: the first notice goes out all the same
	w.stored("s1", "main/A02", w.ana)
	w.work()
	w.wantMails("ana@example.org", 1)
	w.pass(33*time.Hour-time.Minute, 30*time.Minute) // Tuesday 23:00 and its night; Wednesday 07:59
	w.wantMails("ana@example.org", 1)
	w.pass(16*time.Hour, 30*time.Minute) // the whole Wednesday, a holiday
	w.wantMails("ana@example.org", 1)
	w.pass(8*time.Hour, 30*time.Minute)
	w.wantMails("ana@example.org", 1)
	w.pass(2*time.Minute, time.Minute) // Thursday 08:01: one mail, though two steps are due
	w.wantMails("ana@example.org", 2)
	if rows := w.notices("s1"); rows[1].Kind != "reminder_2" {
		t.Errorf("kind %s", rows[1].Kind)
	}

	w.put(cloud.RecipientDraft{
		ID: w.ana, Name: "Ana García", Email: "ana@example.org", Language: "es", VacationUntil: w.clock.now().Add(5 * day),
	})
	w.pass(5*day-time.Hour, time.Hour)
	w.wantMails("ana@example.org", 2)
	w.pass(2*time.Hour, time.Hour)
	w.wantMails("ana@example.org", 3)
}

func TestRemind_OwnQuietHours(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(cloud.RecipientDraft{
		ID: w.ana, Name: "Ana García", Email: "ana@example.org", QuietFrom: 9 * 60, QuietTo: 17 * 60, // works at night
	})
	w.stored("s1", "main/A02", w.ana)
	w.work()
	w.pass(day+6*time.Hour, 30*time.Minute) // Tuesday 16:00
	w.wantMails("ana@example.org", 1)
	w.pass(time.Hour, 30*time.Minute)
	w.wantMails("ana@example.org", 2)
}

func TestRemind_NotWhatWasCollectedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stored("s1", "main/A02", w.ana)
	w.work()
	w.clock.add(day)
	must(t, w.notifier.Tick(w.ctx)) // the reminder is queued
	w.collected("s1", "main/A02", w.ana)
	w.work()
	w.wantMails("ana@example.org", 1)
	if rows := w.notices("s1"); len(rows) != 2 || rows[1].State != "cancelled" {
		t.Errorf("notices %+v", rows)
	}
}

func TestConfirm_OnlyWhereWanted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stored("s1", "main/A01", w.ana)
	w.stored("s2", "main/A02", w.ana)
	w.work()
	w.collected("s1", "main/A01", w.ana)
	w.pass(2*time.Hour, time.Hour)
	w.wantMails("ana@example.org", 2)
	must(t, w.SetSettings(w.ctx, w.owner, w.site, "Harbour", cloud.SiteSettings{
		NoticeSettings: cloud.NoticeSettings{ConfirmCollected: true},
	}))
	w.collected("s2", "main/A02", w.ana)
	w.pass(10*time.Minute, time.Minute)
	m := w.wantMails("ana@example.org", 3)[2]
	if m.Subject != "Su paquete ha sido recogido" || len(m.Inline) != 0 || strings.Contains(m.HTML, "class=\"code\"") {
		t.Errorf("mail %q:\n%s", m.Subject, m.Text)
	}
}

func TestRemind_MoreThanOnePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const parcels = 600
	var uploads []wire.Upload
	for i := range parcels {
		stay := locker.StayID("s" + strconv.Itoa(i))
		uploads = append(uploads, w.upload(append(w.depositFacts(stay, "desk", w.ana), locker.DepositSettled{Stay: stay})...))
	}
	for batch := range slices.Chunk(uploads, 100) {
		_, err := w.Hub().Ingest(w.ctx, w.site, batch)
		must(t, err)
	}
	must(t, w.store.Tx(w.ctx, func(q *db.Queries) error {
		for i := range parcels {
			id := "s" + strconv.Itoa(i)
			_, err := q.CreateNotice(w.ctx, db.CreateNoticeParams{
				ID: id, Site: string(w.site), Stay: id, Recipient: string(w.ana), Channel: "email", Kind: "first", Generation: 1,
			})
			must(t, err)
			must(t, q.MarkNoticeSent(w.ctx, db.MarkNoticeSentParams{SentAt: w.clock.now().UnixMilli(), ID: id}))
		}
		return nil
	}))
	w.clock.add(day)
	for range 2 {
		must(t, w.notifier.Tick(w.ctx))
	}
	rows, err := w.store.Read().ListNotices(w.ctx, db.ListNoticesParams{State: "queued", Page: 2 * parcels})
	must(t, err)
	if len(rows) != parcels || rows[0].Kind != "reminder_1" {
		t.Errorf("%d reminders, want %d", len(rows), parcels)
	}
}

func TestCalendar_Quietly(t *testing.T) {
	t.Parallel()
	madrid, err := time.LoadLocation("Europe/Madrid")
	must(t, err)
	c := notice.Calendar{
		Zone: madrid, Quiet: []notice.Hours{{From: 21 * 60, To: 8 * 60}, {From: 13 * 60, To: 14 * 60}, {From: 600, To: 600}},
		Holidays: []string{"2026-05-04", "12-25"},
	}
	for at, want := range map[string]bool{
		"2026-03-02T19:59:00Z": false, // 20:59
		"2026-03-02T20:00:00Z": true,
		"2026-03-02T23:30:00Z": true,
		"2026-03-03T06:59:00Z": true,
		"2026-03-03T07:00:00Z": false,
		"2026-03-03T12:30:00Z": true,
		"2026-07-03T06:00:00Z": false, // summer time: 08:00
		"2026-05-04T10:00:00Z": true,
		"2027-05-04T10:00:00Z": false,
		"2027-12-25T10:00:00Z": true,
	} {
		moment, err := time.Parse(time.RFC3339, at)
		must(t, err)
		if got := c.Quietly(moment); got != want {
			t.Errorf("%s: quiet %t, want %t", at, got, want)
		}
	}
}

func TestRhythm_DueNeverFalls(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hours := rapid.SliceOfN(rapid.IntRange(1, 200), 0, 5).Draw(t, "steps")
		slices.Sort(hours)
		r := notice.Rhythm{Repeat: time.Duration(rapid.IntRange(0, 48).Draw(t, "repeat")) * time.Hour}
		for _, h := range hours {
			r.Steps = append(r.Steps, time.Duration(h)*time.Hour)
		}
		a := time.Duration(rapid.IntRange(0, 3000).Draw(t, "a")) * time.Hour
		b := a + time.Duration(rapid.IntRange(0, 3000).Draw(t, "b"))*time.Minute
		first, second := r.Due(a), r.Due(b)
		if first < 0 || second < first || second > 60 {
			t.Fatalf("step %d after %s, %d after %s", first, a, second, b)
		}
		if len(hours) == 0 && second != 0 {
			t.Fatal("a reminder although none is wanted")
		}
	})
	r := notice.Rhythm{Steps: []time.Duration{day, 2 * day}, Repeat: day}
	for waited, want := range map[time.Duration]int{0: 0, day - 1: 0, day: 1, 2 * day: 2, 3*day - 1: 2, 3 * day: 3, 10 * day: 10} {
		if got := r.Due(waited); got != want {
			t.Errorf("after %s: step %d, want %d", waited, got, want)
		}
	}
}

func TestDuty_SilentSiteOnceAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.SetSettings(w.ctx, w.owner, w.site, "Harbour", cloud.SiteSettings{
		Languages: []string{"es"}, OnDuty: []string{"Guard@example.org", "duty@example.org"},
	}))
	w.Hub().Present(w.ctx, w.site, link.Presence{Connected: true})
	w.clock.add(6 * time.Minute)
	must(t, w.Sweep(w.ctx))
	w.pass(time.Minute, 10*time.Second)
	for _, address := range []string{"guard@example.org", "duty@example.org"} {
		if m := w.wantMails(address, 1)[0]; m.Subject != "Harbour: El lugar no da señales" || m.Lang != "es" {
			t.Errorf("subject %q in %q", m.Subject, m.Lang)
		}
	}
	w.pass(30*time.Minute, 5*time.Minute)
	must(t, w.Sweep(w.ctx))
	w.wantMails("duty@example.org", 1)
	w.Hub().Present(w.ctx, w.site, link.Presence{Connected: true})
	w.pass(2*time.Minute, 10*time.Second)
	if len(w.incidents(cloud.IncidentSiteSilent)) != 0 {
		t.Fatal("the incident is still open")
	}
	if m := w.wantMails("duty@example.org", 2)[1]; m.Subject != "Harbour: terminado: El lugar no da señales" {
		t.Errorf("subject %q", m.Subject)
	}
	w.pass(2*time.Minute, time.Minute) // not longer: it would be silent again
	w.wantMails("duty@example.org", 2)
}

func TestDuty_NamesThePartOfAFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ingest(locker.FaultRaised{Fault: locker.FaultBoardSilent, Part: "rs485/2"})
	w.work()
	w.pass(10*time.Second, 5*time.Second)
	if m := w.wantMails("duty@example.org", 1)[0]; !strings.Contains(m.Text, "Something is broken (rs485/2)") {
		t.Errorf("mail:\n%s", m.Text)
	}
}

func TestDuty_Merges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, place := range []locker.PlaceID{"main/A01", "main/A02", "main/A03"} {
		w.ingest(locker.FaultRaised{Fault: locker.FaultLock, Place: place})
		w.work()
		if i == 0 {
			w.pass(10*time.Second, 5*time.Second)
		}
	}
	m := w.wantMails("duty@example.org", 1)[0]
	if m.Subject != "Harbour: Something is broken" || !strings.Contains(m.Text, "A01") || !strings.Contains(m.Text, "/incidents") {
		t.Errorf("mail %q:\n%s", m.Subject, m.Text)
	}
	w.pass(4*time.Minute, 30*time.Second)
	w.wantMails("duty@example.org", 1) // the pause
	w.pass(2*time.Minute, 30*time.Second)
	if m := w.wantMails("duty@example.org", 2)[1]; m.Subject != "Harbour: 2 incidents" ||
		!strings.Contains(m.Text, "A02") || !strings.Contains(m.Text, "A03") {
		t.Errorf("mail %q:\n%s", m.Subject, m.Text)
	}
}

package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/desk"
	"cubby/internal/locker"
	"cubby/internal/notify/qr"
	"cubby/internal/text"
	"cubby/internal/web/console/front"
	"cubby/internal/web/console/said"
	"cubby/internal/web/ui"
)

// parcelView is one parcel with its custody record.
type parcelView struct {
	Shell    ui.ShellView
	Notice   *ui.BannerView
	Badges   []ui.BadgeView
	Facts    []factView
	Place    ui.ButtonView
	Actions  []ui.ButtonView
	Timeline activityView
	Notices  activityView
	Again    []againView // messages that can be sent again
	Stays    parcelListView
	Signed   *front.SignedView
	Said     *said.View       // what the resident said; nil: nothing
	Code     *ui.CodeCardView // shown once, after the code was asked for
}

// againView sends one message again.
type againView struct {
	Action string
	Send   ui.ButtonView
}

func parcelID(r *http.Request) locker.ParcelID {
	return unseg[locker.ParcelID](r.PathValue("parcel"))
}

func (c *Console) parcel(w http.ResponseWriter, r *http.Request, pg page) error {
	p, err := c.cloud.Parcel(r.Context(), pg.who, pg.site.ID, parcelID(r))
	if err != nil {
		return err
	}
	v := c.parcelView(pg, p)
	var stays []locker.StayID
	for _, s := range p.Stays {
		stays = append(stays, s.Stay)
	}
	if v.Said, err = c.saidOf(r, pg, p.Site, stays...); err != nil {
		return err
	}
	if intent := locker.IntentID(r.URL.Query().Get("intent")); intent != "" {
		answer, err := c.cloud.Await(r.Context(), pg.who, intent)
		if err != nil {
			return err
		}
		v.Notice = outcome(pg.t, answer)
	}
	return write(w, r, parcelPage(v))
}

func (c *Console) parcelView(pg page, p cloud.ParcelView) parcelView {
	t := pg.t
	v := parcelView{
		Shell:  c.shell(pg, shellOf{title: t.T("console.parcel.title", "who", recipientWords(t, p.Delivery)), nav: "deliveries"}),
		Badges: stayBadges(pg, p.Delivery), Facts: parcelFacts(pg, p.Delivery), Actions: parcelActions(pg, p),
		Place: ui.ButtonView{
			Text: placeWord(t, p.PlaceKind, p.PlaceName), Icon: "map-pin", Kind: "ghost", Href: placeHref(p.Site, p.Place),
			Attrs: inSheet(placeHref(p.Site, p.Place)),
		},
		Timeline: activityView{Heading: t.T("console.custody"), Empty: t.T("console.custody.none"), Line: timeline(pg, "custody", p.Timeline)},
		Notices:  activityView{Heading: t.T("console.notices"), Empty: t.T("console.notices.none"), Line: notices(pg, p.Notices)},
	}
	if c.evidence != nil {
		v.Actions = append(v.Actions, ui.ButtonView{
			Text: t.T("console.parcel.prove"), Icon: "download", Kind: "ghost", Href: parcelHref(p.Site, p.Parcel) + "/evidence",
		})
	}
	for _, e := range p.Timeline {
		if e.Signature != "" {
			v.Signed = front.Signed(t, e.Signature)
		}
	}
	if c.retry != nil {
		v.Again = noticesAgain(t, p)
	}
	const several = 2
	if len(p.Stays) >= several {
		v.Stays.Heading = t.T("console.parcel.stays")
		for _, s := range p.Stays {
			v.Stays.Rows = append(v.Stays.Rows, parcelRowView{
				Href: placeHref(s.Site, s.Place), Who: placeWord(t, s.PlaceKind, s.PlaceName), Badge: stayBadge(t, s),
				Detail: t.DayTime(s.BegunAt, pg.now, pg.zone),
			})
		}
	}
	return v
}

// saidOf returns what residents said of stays.
func (c *Console) saidOf(r *http.Request, pg page, site locker.SiteID, stays ...locker.StayID) (*said.View, error) {
	return said.Of(r.Context(), said.Request{
		Desk: c.said, Who: pg.who, Text: pg.t, Site: site, Base: siteHref(site, ""), Stays: stays, Now: pg.now, Zone: zoneFor(pg, site),
	})
}

func (c *Console) saidPhoto(w http.ResponseWriter, r *http.Request, pg page) error {
	return said.Photo(w, r, c.said, pg.who, pg.site.ID)
}

// parcelEvidence gives out the archive with the story of a parcel and its proofs.
func (c *Console) parcelEvidence(w http.ResponseWriter, r *http.Request, pg page) error {
	if c.evidence == nil {
		return locker.Errorf(locker.CodeNotFound, "evidence is not made here")
	}
	archive, err := c.evidence(r.Context(), pg.who, pg.site.ID, parcelID(r), pg.t.Lang())
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="evidence.zip"`)
	_, err = w.Write(archive)
	return err //nolint:wrapcheck // the connection's
}

func parcelFacts(pg page, d cloud.Delivery) []factView {
	t := pg.t
	var facts []factView
	add := func(key, value string) {
		if value != "" {
			facts = append(facts, factView{Name: t.T("console.parcel." + key), Value: value})
		}
	}
	when := func(key string, at time.Time) {
		if !at.IsZero() {
			add(key, t.DayTime(at, pg.now, pg.zone))
		}
	}
	add("recipient", recipientWords(t, d))
	add("tracking", d.Tracking)
	add("carrier", d.CarrierName)
	if d.Size != "" {
		add("size", t.Size(string(d.Size)))
	}
	when("stored", d.StoredAt)
	if d.EndedAt.IsZero() {
		when("collect_by", d.CollectBy)
	}
	when("ended", d.EndedAt)
	add("why", reasonWords(t, d.EndReason))
	if d.Evidence != "" {
		add("evidence", t.T("console.evidence."+string(d.Evidence)))
	}
	return facts
}

// parcelActs lists what can be asked of a parcel, in the order of the buttons. The code is read to
// its holder; everything else changes something.
func parcelActs() []actButton {
	return []actButton{
		{cloud.ActionClear, "package-open", "ghost"},
		{cloud.ActionExtend, "calendar", "ghost"},
		{cloud.ActionReassign, "user-plus", "ghost"},
		{cloud.ActionReissue, "refresh-cw", "ghost"},
		{actionCode, "key-round", "ghost"},
		{cloud.ActionRevoke, "lock", "ghost"},
		{cloud.ActionRestore, "undo-2", "ghost"},
	}
}

// actionCode is reading a code out; it is possible whenever a new one could be made.
const actionCode cloud.Action = "code"

func parcelActions(pg page, p cloud.ParcelView) []ui.ButtonView {
	var buttons []ui.ButtonView
	if slices.Contains(p.Actions, cloud.ActionHandOver) {
		buttons = append(buttons, ui.ButtonView{
			Text: pg.t.T("console.nav.hand_over"), Icon: "hand", Href: siteHref(p.Site, "/hand-over?place="+seg(p.Place)),
		})
	}
	if p.State == locker.StayStored {
		buttons = append(buttons, front.PrintLink(pg.t, siteHref(p.Site, ""), desk.KindParcel, p.Stay))
		if p.Recipient != "" && !p.Revoked {
			buttons = append(buttons, front.PrintLink(pg.t, siteHref(p.Site, ""), desk.KindSlip, p.Stay))
		}
	}
	if slices.Contains(p.Actions, cloud.ActionOpen) {
		href := placeHref(p.Site, p.Place) + "/" + string(cloud.ActionOpen)
		buttons = append(buttons, ui.ButtonView{
			Text: pg.t.T("console.act." + string(cloud.ActionOpen)), Icon: "door-open", Href: href, Attrs: inSheet(href),
		})
	}
	for _, a := range parcelActs() {
		wanted := a.act
		if wanted == actionCode {
			wanted = cloud.ActionReissue
		}
		if !slices.Contains(p.Actions, wanted) {
			continue
		}
		href := parcelHref(p.Site, p.Parcel) + "/" + string(a.act)
		buttons = append(buttons, ui.ButtonView{
			Text: pg.t.T("console.act." + string(a.act)), Icon: a.icon, Kind: a.kind, Href: href, Attrs: inSheet(href),
		})
	}
	return buttons
}

// notices lists the messages to the recipient, newest last.
func notices(pg page, all []cloud.NoticeView) ui.TimelineView {
	t := pg.t
	v := ui.TimelineView{ID: "notices"}
	for _, n := range all {
		at := n.Created
		if !n.Sent.IsZero() {
			at = n.Sent
		}
		parts := []string{t.T("console.notice.state." + n.State)}
		if n.Attempts > 1 {
			parts = append(parts, t.N("console.notice.attempts", n.Attempts))
		}
		if n.Error != "" {
			parts = append(parts, t.T("console.quote", "text", n.Error))
		}
		item := ui.TimelineItem{
			ID: "notice-" + htmlID(n.ID), Icon: "mail", Text: noticeWords(t, n.Kind), Detail: strings.Join(parts, " · "), ISO: iso(at),
			Time: t.DayTime(at, pg.now, pg.zone),
		}
		if undelivered(n) {
			item.Kind = "fault"
		}
		v.Items = append(v.Items, item)
	}
	return v
}

// undelivered reports whether a message reached nobody and is not tried any more.
func undelivered(n cloud.NoticeView) bool { return n.State == "failed" || n.State == "bounced" }

// noticesAgain offers the messages that reached nobody. Once a parcel is gone, only the one that says
// so is still true.
func noticesAgain(t *text.Printer, p cloud.ParcelView) []againView {
	var again []againView
	for _, n := range p.Notices {
		if !undelivered(n) || p.State.Ended() != (n.Kind == "collected") {
			continue
		}
		again = append(again, againView{
			Action: parcelHref(p.Site, p.Parcel) + "/notices/" + seg(n.ID) + "/retry",
			Send:   ui.ButtonView{Text: t.T("console.notice.again", "what", noticeWords(t, n.Kind)), Icon: "refresh-cw", Kind: "ghost"},
		})
	}
	return again
}

// parcelRetryNotice sends a message again. A page that shows what has changed since is no mistake of
// its reader: it is shown anew.
func (c *Console) parcelRetryNotice(w http.ResponseWriter, r *http.Request, pg page) error {
	if c.retry == nil {
		return locker.Errorf(locker.CodeNotFound, "messages are not sent from here")
	}
	did := "notice_again"
	if err := c.retry(r.Context(), pg.who, unseg[string](r.PathValue("notice"))); err != nil {
		if codeOf(err) != locker.CodeConflict {
			return err
		}
		did = "notice_stale"
	}
	c.done(w, r, parcelHref(pg.site.ID, parcelID(r)), did)
	return nil
}

func noticeWords(t *text.Printer, kind string) string {
	if rest, ok := strings.CutPrefix(kind, "reminder_"); ok {
		return t.T("console.notice.reminder", "n", rest)
	}
	if key := "console.notice." + kind; t.Has(key) {
		return t.T("console.notice." + kind)
	}
	return strings.ReplaceAll(kind, "_", " ")
}

// codeCard shows a code with its QR code.
func codeCard(t *text.Printer, code cloud.Code, prompt string) (*ui.CodeCardView, error) {
	modules, err := qr.Matrix(code.Token)
	if err != nil {
		return nil, err
	}
	return &ui.CodeCardView{
		Prompt: prompt, QR: modules, QRText: t.T("console.code.qr"), Code: strings.ReplaceAll(code.Symbols, "-", ""),
		CodeText: t.T("console.code"), CopyText: t.T("common.copy"), CopiedText: t.T("common.copied"),
	}, nil
}

package console

import (
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/console/fact"
	"cubby/internal/web/ui"
)

// reasonWords says a reason of a fact: a word or code that staff have words of their own for, an error code, or the word itself when the
// site is newer than the server.
func reasonWords(t *text.Printer, reason string) string {
	if reason == "" {
		return ""
	}
	for _, family := range []string{"console.why.", "console.fault.", "console.problem.", "error."} {
		if t.Has(family + reason) {
			return t.T(family + reason)
		}
	}
	return strings.ReplaceAll(reason, "_", " ")
}

func featureWords(t *text.Printer, f locker.Features) string {
	var words []string
	for _, one := range []struct {
		has bool
		key string
	}{
		{f.Refrigerated, "refrigerated"}, {f.Outdoor, "outdoor"}, {f.Oversize, "oversize"}, {f.Accessible, "accessible"},
	} {
		if one.has {
			words = append(words, t.T("console.feature."+one.key))
		}
	}
	return t.List(words...)
}

// recipientWords names whom a parcel is for, e.g. "Jane Smith, unit 4B".
func recipientWords(t *text.Printer, d cloud.Delivery) string {
	switch {
	case d.RecipientName == "" && d.UnitName == "":
		return t.T("console.recipient.unknown")
	case d.RecipientName == "":
		return unitWord(t, d.UnitName)
	case d.UnitName == "":
		return d.RecipientName
	}
	return t.T("console.recipient.of", "name", d.RecipientName, "unit", unitWord(t, d.UnitName))
}

// stayBadge says where a parcel is in its life.
func stayBadge(t *text.Printer, d cloud.Delivery) ui.BadgeView {
	v := ui.BadgeView{Text: t.T("console.stay." + string(d.State))}
	switch d.State {
	case locker.StayDepositing, locker.StayUndoing:
		v.Kind = "info"
	case locker.StayStored:
		v.Kind = "ok"
		if d.Overdue {
			v.Kind, v.Text, v.Icon = "warn", t.T("state.overdue"), "clock-alert"
		}
		if d.Revoked {
			v.Kind, v.Text, v.Icon = "info", t.T("console.stay.revoked"), "lock"
		}
	case locker.StayHeld:
		v.Kind, v.Icon = "danger", "triangle-alert"
	case locker.StayCollected, locker.StayRemoved, locker.StayUndone:
	}
	return v
}

// timeline draws facts in the order in which they come.
func timeline(pg page, id string, entries []cloud.TimelineEntry) ui.TimelineView {
	v := ui.TimelineView{ID: id}
	for _, e := range entries {
		icon, fault := fact.Icon(e.Kind)
		item := ui.TimelineItem{
			ID:   id + "-" + itoa(int(e.Epoch)) + "-" + itoa(int(e.Number)) + "-" + itoa(e.Index),
			Icon: icon, Text: factWords(pg.t, e.Kind), Detail: entryDetail(pg.t, e), ISO: iso(e.At),
			Time: pg.t.DayTime(e.At, pg.now, pg.zone),
		}
		if fault {
			item.Kind = "fault"
		}
		v.Items = append(v.Items, item)
	}
	return v
}

func factWords(t *text.Printer, kind string) string {
	if key := "console.fact." + kind; t.Has(key) {
		return t.T("console.fact." + kind)
	}
	return strings.ReplaceAll(kind, "_", " ")
}

// entryDetail is who, why and what it rests on, in one line.
func entryDetail(t *text.Printer, e cloud.TimelineEntry) string {
	var parts []string
	add := func(s string) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	add(actorWords(t, e.Actor, e.ActorName))
	if e.Purpose != "" && t.Has("console.purpose."+string(e.Purpose)) {
		add(t.T("console.purpose." + string(e.Purpose)))
	}
	if e.Evidence != "" && t.Has("console.evidence."+string(e.Evidence)) {
		add(t.T("console.evidence." + string(e.Evidence)))
	}
	add(reasonWords(t, e.Reason))
	if e.Note != "" {
		add(t.Own(t.T("console.quote", "text", t.Own(e.Note))))
	}
	return strings.Join(parts, " · ")
}

func actorWords(t *text.Printer, a locker.Actor, name string) string {
	if a.Kind == "" || !t.Has("console.actor."+string(a.Kind)) {
		return name
	}
	role := t.T("console.actor." + string(a.Kind))
	if name == "" {
		return role
	}
	return t.T("console.actor.named", "role", role, "name", t.Own(name))
}

// wishes lists what a site was asked to do and how it answered.
func wishes(pg page, intents []cloud.IntentView) ui.TimelineView {
	v := ui.TimelineView{ID: "wishes"}
	for _, i := range intents {
		kind := strings.ReplaceAll(string(i.Kind), "_", " ")
		if key := "console.wish." + string(i.Kind); pg.t.Has(key) {
			kind = pg.t.T("console.wish." + string(i.Kind))
		}
		var parts []string
		if i.UserName != "" {
			parts = append(parts, i.UserName)
		}
		if i.Reason != "" {
			parts = append(parts, pg.t.Own(pg.t.T("console.quote", "text", pg.t.Own(i.Reason))))
		}
		parts = append(parts, pg.t.T("console.wish.state."+string(i.State)))
		if i.Code != "" {
			parts = append(parts, reasonWords(pg.t, string(i.Code)))
		}
		item := ui.TimelineItem{
			ID: "wish-" + htmlID(string(i.ID)), Icon: "hand", Text: kind, Detail: strings.Join(parts, " · "), ISO: iso(i.Created),
			Time: pg.t.DayTime(i.Created, pg.now, pg.zone),
		}
		if i.State == cloud.IntentRefused || i.State == cloud.IntentExpired {
			item.Kind = "fault"
		}
		v.Items = append(v.Items, item)
	}
	return v
}

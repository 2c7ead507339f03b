package resident

import (
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"cubby/internal/cloud/holder"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

func (f *Face) wishesForm(w http.ResponseWriter, r *http.Request, v visit) error {
	wishes, err := f.desk.Wishes(r.Context(), v.token)
	if err != nil {
		return err
	}
	return f.wishesPage(w, r, v, wishes, nil)
}

func (f *Face) wishesPage(w http.ResponseWriter, r *http.Request, v visit, now holder.Wishes, errs []ui.FormError) error {
	t := v.t
	view := act(v, "wishes", errs)
	view.done(v, r)
	low := ui.ChoicesView{
		ID: "low", Name: "low", Legend: t.T("resident.wishes"), Hint: t.T("resident.wishes.hint"), Multiple: true,
		Options: []ui.Option{{Value: "yes", Text: t.T("resident.wishes.low"), Selected: now.LowDoor}},
	}
	if now.LowDoor {
		low.Hint = t.T("resident.wishes.kept")
	}
	channels := ui.ChoicesView{
		ID: "channel", Name: "channel", Legend: t.T("household.channels"), Hint: t.T("household.channels.hint"), Multiple: true,
		Error: errorOf(errs, "channel"),
	}
	for _, c := range f.channels {
		hint, ok := "", true
		switch c {
		case holder.Email:
			hint, ok = text.LTR(now.Email), now.Email != ""
		case holder.SMS, holder.Voice:
			hint, ok = text.LTR(now.Phone), now.Phone != ""
		case holder.Push:
			ok = now.Browsers > 0
			hint = t.N("household.browsers", now.Browsers)
		}
		if !ok && c != holder.Push {
			hint = t.T("household.channels.unknown")
		}
		channels.Options = append(channels.Options, ui.Option{
			Value: string(c), Text: t.T("household.channel." + string(c)), Hint: hint, Disabled: !ok,
			Selected: ok && (slices.Contains(now.Channels, c) || len(now.Channels) == 0),
		})
	}
	language := ui.FieldView{ID: "messages", Type: "select", Label: t.T("household.language")}
	language.Options = append(language.Options, ui.Option{Value: "", Text: t.T("household.language.site"), Selected: now.Language == ""})
	for _, l := range text.Languages() {
		language.Options = append(language.Options, ui.Option{Value: l.Tag, Text: l.Name, Selected: l.Tag == now.Language})
	}
	from, to := "", ""
	if now.QuietFrom != now.QuietTo {
		from, to = clock(now.QuietFrom), clock(now.QuietTo)
	}
	parts := []templ.Component{
		ui.Choices(low), ui.Choices(channels), ui.Field(language),
		ui.Field(ui.FieldView{
			ID: "from", Type: "time", Label: t.T("household.quiet.from"), Hint: t.T("household.quiet.hint"), Value: from, LTR: true,
			Error: errorOf(errs, "from"),
		}),
		ui.Field(ui.FieldView{ID: "to", Type: "time", Label: t.T("household.quiet.to"), Value: to, LTR: true}),
	}
	view.Cards = []cardView{{
		Action: v.href("/wishes"), Parts: parts, Submit: ui.ButtonView{Text: t.T("common.save"), Large: "xl"},
	}}
	if f.pushKey != "" {
		view.Cards = append(view.Cards, f.browserCard(v, now))
	}
	return show(w, r, view)
}

// browserCard has this phone told, or no phone any more. Asking for leave needs a script: without one
// the button does not show.
func (f *Face) browserCard(v visit, now holder.Wishes) cardView {
	t := v.t
	c := cardView{
		ID: "browser", Heading: t.T("household.browser"), Text: t.T("household.browser.text"),
		Parts: []templ.Component{ui.Button(ui.ButtonView{
			Text: t.T("household.browser.do"), Icon: "phone", Large: "big", Type: "button", Attrs: templ.Attributes{
				"data-push": f.pushKey, "data-push-to": v.href("/browser"), "data-push-refused": t.T("household.browser.refused"),
				"hidden": true,
			},
		})},
		Action: v.href("/browser"), Hidden: []ui.Hidden{{Name: "none", Value: "yes"}},
		Submit: ui.ButtonView{Text: t.T("household.browser.none"), Kind: "ghost", Icon: "ban", Disabled: now.Browsers == 0},
	}
	return c
}

// setWishes stores what the form says and leads back to it.
func (f *Face) setWishes(w http.ResponseWriter, r *http.Request, v visit) error {
	now, err := f.desk.Wishes(r.Context(), v.token)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return f.wishesPage(w, r, v, now, []ui.FormError{{Text: v.t.T("error.INPUT_INVALID")}})
	}
	now.LowDoor, now.Channels, now.Language = r.PostFormValue("low") != "", nil, r.PostFormValue("messages")
	for _, c := range r.PostForm["channel"] {
		now.Channels = append(now.Channels, holder.Channel(c))
	}
	if len(now.Channels) == 0 && (now.Email != "" || now.Phone != "") {
		return f.wishesPage(w, r, v, now, []ui.FormError{{Field: "channel", Text: v.t.T("household.channels.none")}})
	}
	from, to := r.PostFormValue("from"), r.PostFormValue("to")
	begin, ok := minutesOf(from)
	end, also := minutesOf(to)
	switch {
	case from == "" && to == "":
		now.QuietFrom, now.QuietTo = 0, 0
	case !ok || !also:
		return f.wishesPage(w, r, v, now, []ui.FormError{{Field: "from", Text: v.t.T("household.quiet.both")}})
	default:
		now.QuietFrom, now.QuietTo = begin, end
	}
	if err := f.desk.SetWishes(r.Context(), v.token, now); err != nil {
		errs, ok := problem(v, err, "channel")
		if !ok {
			return err
		}
		return f.wishesPage(w, r, v, now, errs)
	}
	ui.Redirect(w, r, v.href("/wishes?done=wishes"))
	return nil
}

// browser has a browser told, or none any more.
func (f *Face) browser(w http.ResponseWriter, r *http.Request, v visit) error {
	if r.PostFormValue("none") != "" {
		if err := f.desk.RemoveBrowsers(r.Context(), v.token); err != nil {
			return err
		}
		ui.Redirect(w, r, v.href("/wishes?done=browser"))
		return nil
	}
	err := f.desk.AddBrowser(r.Context(), v.token, holder.Browser{
		Endpoint: r.PostFormValue("endpoint"), P256DH: r.PostFormValue("p256dh"), Auth: r.PostFormValue("auth"),
	})
	if errs, ok := problem(v, err, "browser"); err != nil && ok {
		http.Error(w, errs[0].Text, http.StatusUnprocessableEntity)
		return nil
	}
	if err != nil {
		return err
	}
	ui.Redirect(w, r, v.href("/wishes?done=browser"))
	return nil
}

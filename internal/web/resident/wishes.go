package resident

import (
	"net/http"

	"cubby/internal/web/ui"
)

// wishesView is the form of what a resident needs.
type wishesView struct {
	Action string
	Low    ui.ChoicesView
	Save   ui.ButtonView
}

func wishesOf(v visit) wishesView {
	t := v.t
	w := wishesView{
		Action: v.href("/wishes"),
		Low: ui.ChoicesView{
			ID: "low", Name: "low", Legend: t.T("resident.wishes"), Hint: t.T("resident.wishes.hint"), Multiple: true,
			Options: []ui.Option{{Value: "yes", Text: t.T("resident.wishes.low"), Selected: v.page.Wishes.LowDoor}},
		},
		Save: ui.ButtonView{Text: t.T("common.save"), Kind: "ghost"},
	}
	if v.page.Wishes.LowDoor {
		w.Low.Hint = t.T("resident.wishes.kept")
	}
	return w
}

// wishes stores what the form asks for, leaves every other wish as it is, and leads back to the page.
func (f *Face) wishes(w http.ResponseWriter, r *http.Request, v visit) error {
	wishes := v.page.Wishes
	wishes.LowDoor = r.PostFormValue("low") != ""
	if err := f.cloud.SetResidentWishes(r.Context(), v.token, wishes); err != nil {
		return err
	}
	ui.Redirect(w, r, v.href("#low"))
	return nil
}

package console

import (
	"unicode/utf8"

	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// Bounds of a reason, as the use cases have them.
const (
	minReason = 3
	maxReason = 500
)

// question is the frame of a question about an object: keys base, base.text and base.do. The safe
// button has the focus.
func question(t *text.Printer, base, object, href, act string) ui.ConfirmView {
	action := href + "/" + act
	return ui.ConfirmView{
		ID: "sheet", Title: t.T(base, "name", object), Text: t.T(base + ".text"), Action: action, ConfirmText: t.T(base + ".do"),
		CancelText: t.T("common.cancel"), CancelHref: href, Attrs: map[string]any{
			"hx-post": action, "hx-target": "#sheet", "hx-swap": "innerHTML", "novalidate": true,
		},
	}
}

func reasonField(t *text.Printer, value string, errs []ui.FormError) *ui.FieldView {
	return &ui.FieldView{
		ID: "reason", Label: t.T("console.reason"), Hint: t.T("console.reason.hint"), Value: value, Required: true,
		MaxLength: maxReason, Error: errorOf(errs, "reason"), Autocomplete: "on",
	}
}

func checkReason(pg page, reason string) []ui.FormError {
	switch n := utf8.RuneCountInString(reason); {
	case n < minReason:
		return []ui.FormError{{Field: "reason", Text: pg.t.T("console.reason.missing")}}
	case n > maxReason:
		return []ui.FormError{{Field: "reason", Text: pg.t.T("console.reason.long", "n", maxReason)}}
	}
	return nil
}

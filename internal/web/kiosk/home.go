package kiosk

import (
	"cubby/internal/credential"
	"cubby/internal/notify/qr"
	"cubby/internal/web/ui"
)

// homeView is the screen that waits for somebody.
type homeView struct {
	Heading string
	Note    string // above the choices; empty: none
	Choices []ui.KioskChoice
	Proof   proofView
}

// proofView shows a phone that it is near. Without modules there is none.
type proofView struct {
	QR      [][]bool
	Label   string
	Text    string
	Symbols string
}

func (pg page) attract() screen {
	p := pg.text
	v := homeView{
		Heading: pg.siteName(),
		Choices: []ui.KioskChoice{
			{
				Text: p.T("kiosk.home.collect"), Hint: p.T("kiosk.home.collect.hint"), Icon: "package-check",
				Href: pg.at("code"), Main: true,
			},
			{Text: p.T("kiosk.home.deliver"), Hint: p.T("kiosk.home.deliver.hint"), Icon: "truck", Href: pg.at("deliver")},
		},
		Proof: pg.proof(),
	}
	if pg.home.Auditing {
		v.Note = p.T("kiosk.home.auditing") + " " + pg.whom()
		for i := range v.Choices {
			v.Choices[i].Hint = "" // a small panel has no room for both
		}
	}
	return screen{
		title: pg.siteName(), idle: never, languages: true,
		foot: []ui.KioskButton{pg.easierKey(), pg.helpKey()},
		body: homeBody(v),
	}
}

func (pg page) proof() proofView {
	if pg.home.Proof.Text == "" {
		return proofView{}
	}
	modules, err := qr.Matrix(pg.home.Proof.Text)
	if err != nil {
		return proofView{} // a proof that no picture holds is typed in nowhere either
	}
	return proofView{
		QR: modules, Label: pg.text.T("kiosk.proof.picture"), Text: pg.text.T("kiosk.proof.text"),
		Symbols: pg.home.Proof.Symbols,
	}
}

// codeEntryView is a page that takes a code or a number.
type codeEntryView struct {
	Boxes ui.CodeBoxesView
	Pad   ui.KeypadView
	Field *ui.FieldView // instead of boxes: a number of any length
	Form  formView
}

type formView struct {
	Action string
	Fields []ui.Hidden
}

// codeEntry asks for a code: nine symbols, or a number and nine digits on the keypad.
func (pg page) codeEntry() screen {
	p := pg.text
	s := screen{
		view: pg.view, title: p.T("kiosk.code.title"), idle: idleAfter, languages: true,
		foot: []ui.KioskButton{pg.otherEntry(), pg.helpKey()},
	}
	if pg.failure != nil {
		s.sound = "error"
	}
	switch pg.view {
	case "unit":
		s.title = p.T("kiosk.unit.title")
		s.foot = []ui.KioskButton{pg.backKey(), pg.otherEntry(), pg.helpKey()}
		s.body = unitEntry(pg.unitEntry())
	case "second":
		s.title, s.languages = p.T("kiosk.second.title"), false
		s.foot, s.body = nil, ui.Keyboard(pg.secondEntry())
	default:
		s.body = codeEntry(pg.codeBoxes())
	}
	return s
}

// otherEntry leads to the other form of a code.
func (pg page) otherEntry() ui.KioskButton {
	if pg.view == "unit" || pg.view == "digits" {
		return pg.link("kiosk.code.symbols", "key-round", "code")
	}
	return pg.link("kiosk.code.digits", "layout-grid", "unit")
}

func (pg page) codeBoxes() codeEntryView {
	p := pg.text
	label := "kiosk.code.title"
	if pg.view == "deliver" {
		label = "kiosk.deliver.title"
	}
	v := codeEntryView{
		Boxes: ui.CodeBoxesView{
			ID: "code", Name: "code", Label: p.T(label), Length: credential.CodeLength,
			Keys: symbolKeys, Action: base(pg.panel) + "/code", SubmitText: p.T("common.continue"),
			SpokenText: p.T("kiosk.code.spoken"),
		},
		Pad: pg.pad(5, splitKeys(symbolKeys)),
	}
	if pg.view == "digits" {
		v.Boxes.Label = p.T("kiosk.digits.title")
		v.Boxes.Keys, v.Boxes.Numeric = digitKeys, true
		v.Boxes.Fields = []ui.Hidden{{Name: "unit", Value: pg.unit}}
		v.Pad = pg.pad(3, splitKeys(digitKeys))
	}
	if pg.failure != nil {
		sentence, number := pg.reason(*pg.failure)
		v.Boxes.Label, v.Boxes.Error = p.T("kiosk.code.retry"), sentence+" "+number
	}
	return v
}

const (
	symbolKeys = credential.Alphabet
	digitKeys  = "1234567890"
)

func splitKeys(keys string) []string {
	var list []string
	for _, k := range keys {
		list = append(list, string(k))
	}
	return list
}

func (pg page) pad(columns int, list []string) ui.KeypadView {
	p := pg.text
	return ui.KeypadView{
		Keys: list, Columns: columns, Label: p.T("kiosk.keys"), DeleteText: p.T("kiosk.delete"),
		CancelText: p.T("common.cancel"), CancelHref: base(pg.panel),
	}
}

// unitEntry asks for the number that goes before nine digits.
func (pg page) unitEntry() codeEntryView {
	p := pg.text
	v := codeEntryView{
		Pad: pg.pad(3, splitKeys(digitKeys)), Form: formView{Action: base(pg.panel) + "/code"},
		Field: &ui.FieldView{
			ID: "unit", Label: p.T("kiosk.unit.title"), Hint: p.T("kiosk.unit.hint"), MaxLength: 12, LTR: true,
			InputMode: "numeric", Autocomplete: "off", Required: true, Attrs: keyed(),
		},
	}
	v.Pad.OKText = p.T("common.continue")
	if pg.failure != nil && pg.entered.Unit != "" {
		sentence, number := pg.reason(*pg.failure)
		v.Field.Error, v.Field.Hint = sentence+" "+number, ""
	}
	return v
}

// secondEntry asks for the unit as a second proof, while too many wrong codes were tried here.
func (pg page) secondEntry() ui.KeyboardView {
	p := pg.text
	return ui.KeyboardView{
		ID: "unit", Name: "unit", Label: p.T("kiosk.second.title"), MaxLength: 12, Action: base(pg.panel) + "/code",
		Fields: []ui.Hidden{{Name: "code", Value: pg.entered.Code}}, Before: []ui.KioskButton{iconOnly(pg.backKey())},
		After: []ui.KioskButton{iconOnly(pg.helpKey())}, Text: p.T("kiosk.keys"), DeleteText: p.T("kiosk.delete"),
		OKText: p.T("common.continue"),
	}
}

// iconOnly shortens a key beside a field to its picture; its word is said to screen readers.
func iconOnly(b ui.KioskButton) ui.KioskButton {
	b.Kind = "icon"
	return b
}

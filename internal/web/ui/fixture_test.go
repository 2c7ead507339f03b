package ui_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"cubby/internal/web/ui"
)

// The fixtures draw every component once, in English and with the texts an Arabic page would use
// where direction matters. Goldens, policy and contrast tests and the look in a browser share them.

func document(title string) ui.DocumentView {
	return ui.DocumentView{Lang: "en", Dir: "ltr", Title: title}
}

func fixtureSwitches() ui.SwitchView {
	return ui.SwitchView{
		Action: "/preferences", Back: "/wall", Theme: "dark", ThemeText: "Dark theme",
		Languages: []ui.LanguageView{{Tag: "es", Name: "Español"}, {Tag: "ar", Name: "العربية"}},
	}
}

func fixtureShell() ui.ShellView {
	return ui.ShellView{
		Document: document("Live wall"), SkipText: "Skip to content", NavText: "Main menu", Site: "Harbour House",
		HomeHref: "/", Heading: "Live wall", User: "Ana", SignOut: "Sign out", SignOutAction: "/sign-out",
		Live:     &ui.LiveView{Text: "Live", OffText: "Not connected", PausedText: "Paused", PauseText: "Pause updates", ResumeText: "Resume updates"},
		Switches: fixtureSwitches(),
		Help:     ui.HelpView{Text: "Help", Href: "/help", Contact: "desk@example.org", TelText: "+1 555 0100", TelHref: "tel:+15550100"},
		Nav: []ui.NavItem{
			{Text: "Live wall", Href: "/wall", Icon: "layout-grid", Current: true},
			{Text: "Deliveries", Href: "/deliveries", Icon: "truck"},
			{Text: "Residents", Href: "/residents", Icon: "users"},
			{Text: "Incidents", Href: "/incidents", Icon: "siren", Badge: "2", BadgeText: "open"},
		},
		Banner: &ui.BannerView{Kind: "warn", Icon: "wifi-off", Text: "The site is offline.", LinkText: "Look", LinkHref: "/incidents"},
		Toast:  &ui.ToastView{Text: "Parcel logged.", UndoText: "Undo", UndoAction: "/undo", Fields: []ui.Hidden{{Name: "id", Value: "7"}}, CloseText: "Close"},
	}
}

// bank is the bank of 45 doors of the pictures: heights from the top of each column.
func bank() []ui.BayView {
	columns := [][]int{
		{2, 2, 2, 2, 3, 3, 5, 5},
		{2, 2, 2, 2, 2, 2, 3, 3, 3, 3},
		{2, 2, -8, 3, 3, 3, 3},
		{3, 3, 3, 5, 5, 5},
		{8, 8, 8},
		{2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2},
	}
	letters := map[int]string{2: "S", 3: "M", 5: "L", 8: "XL"}
	words := map[string]string{"S": "Small", "M": "Medium", "L": "Large", "XL": "Extra large"}
	states := []struct {
		state      ui.DoorState
		text, unit string
	}{
		{ui.DoorFree, "Free", ""},
		{ui.DoorOccupied, "Occupied", "504"},
		{ui.DoorFree, "Free", ""},
		{ui.DoorReserved, "Reserved", "304"},
		{ui.DoorOverdue, "Overdue", "310"},
		{ui.DoorOpen, "Open", "102"},
		{ui.DoorFault, "Fault", "308"},
		{ui.DoorBlocked, "Out of service", ""},
	}
	var bays []ui.BayView
	k := 0
	for c, heights := range columns {
		bay := ui.BayView{Name: string(rune('A' + c))}
		row := 1
		for _, h := range heights {
			if h < 0 {
				bay.Doors = append(bay.Doors, ui.DoorView{IsScreen: true, Units: -h})
				continue
			}
			s := states[k%len(states)]
			k++
			name := bay.Name + strconv.Itoa(row/10) + strconv.Itoa(row%10)
			row++
			d := ui.DoorView{
				ID: "door-" + name, Name: name, Size: letters[h], SizeText: words[letters[h]], Units: h,
				State: s.state, StateText: s.text, Unit: s.unit, Href: "/doors/" + name,
			}
			if s.state == ui.DoorOverdue {
				d.DaysText = "7 days"
			}
			bay.Doors = append(bay.Doors, d)
		}
		bays = append(bays, bay)
	}
	return bays
}

func fixtureWall() ui.WallView {
	return ui.WallView{
		ID: "wall", Label: "Doors of Locker 1", UnitWord: "unit", ScreenText: "Screen", Bays: bank(), Sheet: true,
		ListText: "List", ListHref: "/wall?view=list", WallText: "Wall", WallHref: "/wall",
		Columns: ui.WallColumns{Door: "Door", Size: "Size", State: "State", Unit: "Unit", Days: "Days"},
	}
}

func fixtureMini() ui.MiniWallView {
	v := ui.MiniWallView{Label: "B07, 2nd column, middle"}
	for _, bay := range bank() {
		var mini ui.MiniBay
		for _, d := range bay.Doors {
			mini.Cells = append(mini.Cells, ui.MiniCell{Units: d.Units, Screen: d.IsScreen, Here: d.Name == "B07"})
		}
		v.Bays = append(v.Bays, mini)
	}
	return v
}

func fixtureLegend() ui.LegendView {
	return ui.LegendView{Label: "What the doors show", Items: []ui.LegendItem{
		{State: ui.DoorFree, Text: "Free"},
		{State: ui.DoorReserved, Text: "Reserved"},
		{State: ui.DoorOccupied, Text: "Occupied"},
		{State: ui.DoorOverdue, Text: "Overdue"},
		{State: ui.DoorOpen, Text: "Open"},
		{State: ui.DoorFault, Text: "Fault"},
		{State: ui.DoorBlocked, Text: "Out of service"},
	}}
}

func fixtureTiles() []ui.TileView {
	return []ui.TileView{
		{Label: "Free doors", Value: "21", Small: "of 45", Icon: "circle-dashed", ID: "tile-free"},
		{Label: "In use", Value: "23", Small: "of 45", Icon: "package"},
		{Label: "Overdue", Value: "1", Icon: "clock-alert", Kind: "overdue", Href: "/deliveries?state=overdue"},
		{Label: "Need attention", Value: "1", Icon: "triangle-alert", Kind: "fault"},
	}
}

func fixtureTimeline() ui.TimelineView {
	return ui.TimelineView{ID: "activity", Items: []ui.TimelineItem{
		{ID: "e2", Icon: "package-plus", Text: "Parcel stored", Detail: "Door E03, Unit 601", Time: "12:46", ISO: "2026-11-25T12:46:00Z"},
		{ID: "e1", Icon: "triangle-alert", Text: "Door did not open", Detail: "Door D04", Time: "12:40", ISO: "2026-11-25T12:40:00Z", Kind: "fault"},
	}}
}

func fixtureErrors() ui.ErrorSummaryView {
	return ui.ErrorSummaryView{Title: "There is a problem", Errors: []ui.FormError{
		{Field: "tracking", Text: "Enter the tracking number"}, {Text: "No door is free"},
	}}
}

func fixtureSizes() ui.SizePickerView {
	return ui.SizePickerView{ID: "size", Name: "size", Label: "How big is it?", Sizes: []ui.SizeChoice{
		{Value: "S", Text: "Small", Free: "14 free"},
		{Value: "M", Text: "Medium", Free: "6 free"},
		{Value: "L", Text: "Large", Free: "0 free", None: true},
		{Value: "XL", Text: "Extra large", Free: "1 free"},
	}}
}

func fixtureTable() ui.TableView {
	return ui.TableView{
		ID: "parcels", Caption: "Parcels", Empty: ui.EmptyView{Text: "No parcels yet.", ActionText: "Log a delivery", ActionHref: "/log"},
		Columns: []ui.ColumnView{{Text: "Tracking"}, {Text: "Unit", Sort: "ascending", Href: "?sort=-unit"}, {Text: "Days", Numeric: true}, {Text: "State"}},
		Rows: []ui.RowView{
			{ID: "p1", Href: "/parcels/1", Cells: []ui.CellView{{Text: "1Z999AA10123456784", LTR: true}, {Text: "204"}, {Text: "3"}, {Component: ui.Badge(ui.BadgeView{Text: "Overdue", Kind: "warn"})}}},
		},
	}
}

func fixtureConfirm() ui.ConfirmView {
	return ui.ConfirmView{
		ID: "open-b07", Title: "Open door B07?", Text: "The door opens at once.", Action: "/doors/B07/open",
		Fields: []ui.Hidden{{Name: "id", Value: "9"}}, ConfirmText: "Open", CancelText: "Cancel", Danger: true,
		Reason: &ui.FieldView{ID: "reason", Label: "Reason", Required: true, MaxLength: 200},
	}
}

// qr is no real code; it has the same shape.
func qr() [][]bool {
	const side = 25
	m := make([][]bool, side)
	for y := range m {
		m[y] = make([]bool, side)
		for x := range m[y] {
			m[y][x] = (x*y+x+y)%3 == 0
		}
	}
	return m
}

func fixtureCard() ui.CodeCardView {
	return ui.CodeCardView{
		Prompt: "Show this to the locker", QR: qr(), QRText: "QR code of your parcel", Code: "4F7H2KMX9", CodeText: "Your code",
		CopyText: "Copy", CopiedText: "Copied",
	}
}

func fixturePhone() ui.PhoneView {
	return ui.PhoneView{
		Document: document("1 parcel is waiting"), SkipText: "Skip to content", Site: "Harbour House", Note: "Works offline",
		NoteIcon: "wifi-off", Worker: "/p/sw.js", Languages: fixtureSwitches(), HasBar: true,
		Help: ui.HelpView{Text: "Help", Href: "/help", Contact: "desk@example.org"},
		Bar:  ui.Button(ui.ButtonView{Text: "I am at the locker: open B07", Icon: "door-open", Href: "/p/x/open", Large: "xl"}),
	}
}

func fixtureKiosk() ui.KioskView {
	return ui.KioskView{
		Document: document("Collect a parcel"), Site: "Harbour House", Bank: "Locker 1", Offline: "Offline. Collecting works.",
		Home: "/kiosk", Leave: "/kiosk/leave", Scan: "/kiosk/scan", Heartbeat: "/kiosk/heartbeat", Worker: "/sw.js", Stream: "/kiosk/stream",
		Idle:       ui.IdleView{Seconds: 40, WarnSeconds: 30, Title: "Still there?", Text: "Seconds left:", More: "More time", Leave: "Finish"},
		Foot:       []ui.KioskButton{{Text: "Easier", Icon: "accessibility", Action: "/kiosk/preferences", Fields: []ui.Hidden{{Name: "easier", Value: "1"}}}, {Text: "Help", Icon: "circle-help", Href: "/kiosk/help", ID: "help"}},
		Preference: "/kiosk/preferences", Back: "/kiosk", LanguageText: "Language",
		Languages: []ui.KioskLanguage{{Tag: "en", Short: "EN", Name: "English", Current: true}, {Tag: "es", Short: "ES", Name: "Español"}, {Tag: "ar", Short: "ع", Name: "العربية"}},
	}
}

func fixtureBoxes(keys string) ui.CodeBoxesView {
	return ui.CodeBoxesView{
		ID: "code", Name: "code", Label: "Enter your code", Hint: "Or scan your QR code.", Length: 9, Keys: keys, Action: "/kiosk/code",
		Fields: []ui.Hidden{{Name: "step", Value: "code"}}, SubmitText: "OK", SpokenText: "entered",
	}
}

const symbols = "234679ACDEFHJKMNPRTX"

func fixturePad() ui.KeypadView {
	v := ui.KeypadView{Columns: 5, Label: "Keys", DeleteText: "Delete", CancelText: "Cancel", CancelHref: "/kiosk"}
	for _, s := range symbols {
		v.Keys = append(v.Keys, string(s))
	}
	return v
}

func fixtureDigits() ui.KeypadView {
	return ui.KeypadView{
		Columns: 3, Label: "Keys", DeleteText: "Delete", CancelText: "Cancel", CancelHref: "/kiosk",
		Keys: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "0"},
	}
}

func withChildren(outer templ.Component, inner ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return outer.Render(templ.WithChildren(ctx, templ.Join(inner...)), w)
	})
}

// fixtures names every component.
func fixtures() map[string]templ.Component {
	list := fixtureWall()
	list.List = true
	empty := fixtureTable()
	empty.Rows = nil
	bad := fixtureBoxes(symbols)
	bad.Error = "One symbol is wrong."
	return map[string]templ.Component{
		"api":          ui.APIReference(ui.APIReferenceView{Document: document("API"), SpecURL: "/openapi.json", NoScript: "Read it:"}),
		"banner":       ui.Banner(*fixtureShell().Banner),
		"button":       templ.Join(ui.Button(ui.ButtonView{Text: "Save"}), ui.Button(ui.ButtonView{Text: "Delete", Kind: "danger", Name: "do", Value: "delete", Disabled: true})),
		"choices":      ui.Choices(ui.ChoicesView{ID: "who", Name: "who", Legend: "Who is it for?", Error: "Choose one", Options: []ui.Option{{Value: "1", Text: "J… SMITH", Hint: "4B", Selected: true}, {Value: "2", Text: "Desk"}}}),
		"code-boxes":   ui.CodeBoxes(bad),
		"code-card":    ui.CodeCard(fixtureCard()),
		"confirm":      ui.ConfirmDialog(fixtureConfirm()),
		"console":      consolePage(),
		"errors":       ui.ErrorSummary(fixtureErrors()),
		"field":        templ.Join(ui.Field(ui.FieldView{ID: "tracking", Label: "Tracking number", Hint: "Scan the label, or type it", Error: "Enter the tracking number", LTR: true, Required: true}), ui.Field(ui.FieldView{ID: "note", Label: "Note", Type: "textarea", Value: "</textarea><b>"}), ui.Field(ui.FieldView{ID: "site", Name: "site_id", Label: "Site", Type: "select", Options: []ui.Option{{Value: "a", Text: "A", Selected: true}}})),
		"keypad":       ui.Keypad(fixturePad()),
		"keypad-digit": ui.Keypad(fixtureDigits()),
		"kiosk-code":   kioskCodePage(),
		"kiosk-digit":  kioskDigitPage(),
		"kiosk-home":   kioskHomePage(),
		"kiosk-open":   kioskOpenPage(),
		"kiosk-sizes":  kioskSizesPage(),
		"legend":       ui.Legend(fixtureLegend()),
		"live-region":  ui.LiveRegion("/wall/stream", "#wall"),
		"mini-wall":    ui.MiniWall(fixtureMini()),
		"one-moment":   ui.OneMoment(ui.OneMomentView{Document: document("One moment"), Kiosk: true, Title: "One moment", Text: "The locker is starting."}),
		"pagination":   ui.Pagination(ui.PaginationView{Label: "Pages", FirstHref: "/p", FirstText: "First page", NextHref: "/p?after=x", NextText: "Next page"}),
		"partial":      withChildren(ui.Partial("#x", "outerMorph"), ui.Badge(ui.BadgeView{Text: "3", Hidden: "open incidents", Kind: "danger", Icon: "siren"})),
		"phone":        phonePage(),
		"size-picker":  ui.SizePicker(fixtureSizes()),
		"table":        ui.Table(fixtureTable()),
		"table-empty":  ui.Table(empty),
		"tiles":        ui.Tiles(fixtureTiles()),
		"timeline":     ui.Timeline(fixtureTimeline()),
		"toast":        ui.Toast(*fixtureShell().Toast),
		"wall":         ui.LockerWall(fixtureWall()),
		"wall-list":    ui.LockerWall(list),
	}
}

func raw(html string) templ.Component { return templ.Raw(html) }

func consolePage() templ.Component {
	return withChildren(ui.Shell(fixtureShell()),
		ui.Tiles(fixtureTiles()), raw(`<div class="cols"><div class="stack"><section class="card">`),
		ui.LiveRegion("/wall/stream", "#wall"), ui.LockerWall(fixtureWall()), ui.Legend(fixtureLegend()),
		raw(`</section><section class="stack">`), ui.Table(fixtureTable()),
		raw(`</section></div><div class="stack"><form class="form card" method="post" action="/log"><h2>Log a delivery</h2>`),
		ui.ErrorSummary(fixtureErrors()),
		ui.Field(ui.FieldView{ID: "tracking", Label: "Tracking number", Hint: "Scan the label, or type it", Error: "Enter the tracking number"}),
		ui.SizePicker(fixtureSizes()),
		ui.Button(ui.ButtonView{Text: "Open a door", Icon: "door-open", Large: "big"}),
		ui.Button(ui.ButtonView{Text: "Remote open", Kind: "danger", Type: "button", Attrs: templ.Attributes{"data-dialog": "open-b07"}}),
		raw(`</form><section class="card"><h2>Recent activity</h2>`), ui.Timeline(fixtureTimeline()), raw(`</section></div></div>`),
		ui.ConfirmDialog(fixtureConfirm()),
	)
}

func phonePage() templ.Component {
	return withChildren(ui.PhoneShell(fixturePhone()), raw(`<h1>1 parcel is waiting</h1>`), ui.CodeCard(fixtureCard()))
}

func kioskHomePage() templ.Component {
	v := fixtureKiosk()
	v.Idle.Seconds = 0
	v.Heading = "Harbour House, Locker 1"
	return withChildren(ui.KioskShell(v), ui.KioskChoices([]ui.KioskChoice{
		{Text: "Collect a parcel", Hint: "Scan or type your code", Icon: "package-check", Href: "/kiosk/code", Main: true},
		{Text: "Deliver parcels", Hint: "Couriers: scan a label", Icon: "truck", Href: "/kiosk/deliver"},
	}))
}

func kioskCodePage() templ.Component {
	return withChildren(ui.KioskShell(fixtureKiosk()), raw(`<div class="k-pin">`), ui.CodeBoxes(fixtureBoxes(symbols)), ui.Keypad(fixturePad()), raw(`</div>`))
}

func kioskDigitPage() templ.Component {
	return withChildren(ui.KioskShell(fixtureKiosk()), raw(`<div class="k-pin">`), ui.CodeBoxes(fixtureBoxes("0123456789")), ui.Keypad(fixtureDigits()), raw(`</div>`))
}

func kioskOpenPage() templ.Component {
	v := fixtureKiosk()
	v.Languages = nil
	v.Foot = []ui.KioskButton{{Text: "Reopen", Icon: "door-open", Action: "/a"}, {Text: "Stuck", Icon: "triangle-alert", Action: "/b"}, {Text: "Too high", Icon: "accessibility", Action: "/c"}, {Text: "Done", Icon: "check", Action: "/d"}}
	return withChildren(ui.KioskShell(v), raw(`<div class="k-open">`), ui.MiniWall(fixtureMini()), raw(`<div class="where"><h1>Your door is open</h1><p class="id" dir="ltr" data-sound="open">B07</p><p>2nd column, middle.<br>The light is on.</p><p class="muted">Then push it shut.</p></div></div>`))
}

func kioskSizesPage() templ.Component {
	return withChildren(ui.KioskShell(fixtureKiosk()), raw(`<form class="form" method="post" action="/kiosk/size"><h1>J… SMITH, 4B</h1>`), ui.SizePicker(fixtureSizes()), raw(`</form>`))
}

// galleryServer serves the fixtures to a browser.
func galleryServer() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(ui.AssetPrefix, ui.Handler())
	mux.HandleFunc("/kiosk/heartbeat", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	still := func(w http.ResponseWriter, r *http.Request) {
		if _, err := ui.OpenStream(w, r, time.Now); err != nil {
			return
		}
		<-r.Context().Done()
	}
	for path, name := range map[string]string{"/sw.js": "kiosk-sw.js", "/p/sw.js": "resident-sw.js"} {
		worker, err := ui.Worker(name, []byte("offline"))
		if err != nil {
			panic(err)
		}
		mux.Handle(path, worker)
	}
	mux.HandleFunc("/wall/stream", still)
	mux.HandleFunc("/kiosk/stream", still)
	mux.HandleFunc("/{name}", func(w http.ResponseWriter, r *http.Request) {
		page, ok := fixtures()[r.PathValue("name")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		var body strings.Builder
		if err := page.Render(r.Context(), &body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		html := body.String()
		for query, change := range map[string][2]string{
			"rtl":    {`lang="en" dir="ltr"`, `lang="ar" dir="rtl"`},
			"dark":   {`data-theme=""`, `data-theme="dark"`},
			"easier": {`class="d59"`, `class="d59 easier"`},
		} {
			if r.URL.Query().Has(query) {
				html = strings.Replace(html, change[0], change[1], 1)
			}
		}
		if err := ui.WriteHTML(w, r, http.StatusOK, []byte(html)); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return ui.Secure(mux, ui.StrictPolicy)
}

package ui

import (
	"maps"
	"math"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// htmxConfig: no injected style sheet (the policy forbids it), one extension, and the roving
// tab stop of the wall survives morphing. Inserted HTML never runs its own scripts.
const htmxConfig = `{"includeIndicatorCSS":false,"extensions":"sse",` +
	`"morphIgnore":["data-htmx-powered","tabindex"],"history":"reload"}`

// scriptsOf lists the scripts of a face in the order in which they run.
func scriptsOf(face string) []string {
	if face == "phone" {
		return []string{"phone.js"}
	}
	return []string{"htmx.js", face + ".js"}
}

// iconClass turns icons round that point along the line of reading.
func iconClass(name string) string {
	switch name {
	case "arrow-left", "arrow-right", "chevron-right", "log-out", "undo-2", "delete", "truck":
		return "ico flip"
	}
	return "ico"
}

// stateIcon is the icon of a door state; a free door shows its size instead.
func stateIcon(s DoorState) string {
	switch s {
	case DoorFree:
		return "circle-dashed"
	case DoorReserved:
		return "bookmark"
	case DoorOccupied:
		return "package"
	case DoorOverdue:
		return "clock-alert"
	case DoorOpen:
		return "door-open"
	case DoorFault:
		return "triangle-alert"
	case DoorBlocked:
		return "ban"
	}
	return "triangle-alert"
}

// Groups cuts a code into groups of three for reading.
func Groups(code string) []string {
	const size = 3
	var groups []string
	runes := []rune(code)
	for len(runes) > size {
		groups = append(groups, string(runes[:size]))
		runes = runes[size:]
	}
	return append(groups, string(runes))
}

func clamp(n, low, high int) int { return max(low, min(n, high)) }

// maxUnits is the tallest door; the stylesheet has a class for each height.
const maxUnits = 12

func unitClass(units int) string { return "u" + strconv.Itoa(clamp(units, 1, maxUnits)) }

func doorClass(d DoorView) string {
	class := "door " + unitClass(d.Units)
	if d.Changed {
		class += " hit"
	}
	return class
}

func doorAttributes(v WallView, d DoorView) templ.Attributes {
	attrs := templ.Attributes{"data-s": string(d.State), "data-size": d.Size, "id": d.ID}
	maps.Copy(attrs, sheetAttributes(v.Sheet && d.Href != "", d.Href))
	return attrs
}

// sheetAttributes make a link open its target as a fragment in the sheet dialog. Without
// JavaScript the link leads to the page.
func sheetAttributes(sheet bool, href string) templ.Attributes {
	if !sheet {
		return nil
	}
	return templ.Attributes{"hx-get": href, "hx-target": "#sheet", "hx-swap": "innerHTML"}
}

// fill splits the units that a bay lacks into heights that have a class.
func fill(missing int) []int {
	var heights []int
	for missing > 0 {
		u := min(missing, maxUnits)
		heights = append(heights, u)
		missing -= u
	}
	return heights
}

func gaps(bays []BayView, bay BayView) []int {
	height := func(b BayView) (n int) {
		for _, d := range b.Doors {
			n += clamp(d.Units, 1, maxUnits)
		}
		return n
	}
	tallest := 0
	for _, b := range bays {
		tallest = max(tallest, height(b))
	}
	return fill(tallest - height(bay))
}

func miniGaps(bays []MiniBay, bay MiniBay) []int {
	height := func(b MiniBay) (n int) {
		for _, c := range b.Cells {
			n += clamp(c.Units, 1, maxUnits)
		}
		return n
	}
	tallest := 0
	for _, b := range bays {
		tallest = max(tallest, height(b))
	}
	return fill(tallest - height(bay))
}

func miniState(s DoorState) templ.Attributes {
	if s == "" {
		return nil
	}
	return templ.Attributes{"data-s": string(s)}
}

func keyboardAttributes(v KeyboardView) templ.Attributes {
	attrs := templ.Attributes{
		"data-keyed": true, "autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false",
		"inputmode": "none", "maxlength": strconv.Itoa(v.MaxLength), "required": true,
	}
	if v.Scan {
		attrs["data-scan-here"] = true
	}
	return attrs
}

// keyboardKeys are four rows of ten; the last row ends with dash, delete and OK.
func keyboardKeys() []string { return strings.Split("1234567890QWERTYUIOPASDFGHJKLZXCVBNM", "") }

func idAttribute(id string) templ.Attributes {
	if id == "" {
		return nil
	}
	return templ.Attributes{"id": id}
}

func firstID(i int, id string) templ.Attributes {
	if i != 0 {
		return nil
	}
	return idAttribute(id)
}

func sortAttribute(order string) templ.Attributes {
	if order == "" {
		return nil
	}
	return templ.Attributes{"aria-sort": order}
}

func inputType(t string) string {
	if t == "" {
		return "text"
	}
	return t
}

func choiceType(multiple bool) string {
	if multiple {
		return "checkbox"
	}
	return "radio"
}

// described names the hint and the error of a control.
func described(id string, hint, err bool) string {
	var ids []string
	if hint {
		ids = append(ids, id+"-hint")
	}
	if err {
		ids = append(ids, id+"-err")
	}
	return strings.Join(ids, " ")
}

func fieldAttributes(v FieldView) templ.Attributes {
	attrs := templ.Attributes{"id": v.ID, "name": v.Name}
	if v.Name == "" {
		attrs["name"] = v.ID
	}
	set := func(name, value string) {
		if value != "" {
			attrs[name] = value
		}
	}
	set("aria-describedby", described(v.ID, v.Hint != "", v.Error != ""))
	set("autocomplete", v.Autocomplete)
	set("inputmode", v.InputMode)
	if v.Error != "" {
		attrs["aria-invalid"] = "true"
	}
	if v.Required {
		attrs["required"] = true
	}
	if v.Autofocus {
		attrs["autofocus"] = true
	}
	if v.LTR {
		attrs["dir"] = "ltr"
	}
	if v.MaxLength > 0 {
		attrs["maxlength"] = strconv.Itoa(v.MaxLength)
	}
	maps.Copy(attrs, v.Attrs)
	return attrs
}

func codeAttributes(v CodeBoxesView) templ.Attributes {
	attrs := templ.Attributes{
		"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "dir": "ltr", "required": true,
		"inputmode": "text",
	}
	if v.Numeric {
		attrs["inputmode"] = "numeric"
	}
	if v.Error != "" {
		attrs["aria-invalid"] = "true"
	}
	if d := described(v.ID, v.Hint != "", v.Error != ""); d != "" {
		attrs["aria-describedby"] = d
	}
	return attrs
}

func buttonClass(v ButtonView) string {
	class := "btn"
	for _, extra := range []string{v.Kind, v.Large} {
		if extra != "" {
			class += " " + extra
		}
	}
	return class
}

func buttonAttributes(v ButtonView) templ.Attributes {
	attrs := templ.Attributes{"type": v.Type}
	if v.Type == "" {
		attrs["type"] = "submit"
	}
	if v.Name != "" {
		attrs["name"], attrs["value"] = v.Name, v.Value
	}
	if v.Disabled {
		attrs["disabled"] = true
	}
	maps.Copy(attrs, v.Attrs)
	return attrs
}

// quietZone is the white border of a QR code in modules. Source: ISO/IEC 18004 §6.3.8.
const quietZone = 4

func qrViewBox(modules [][]bool) string {
	side := strconv.Itoa(len(modules) + 2*quietZone)
	return "0 0 " + side + " " + side
}

// qrPath joins the dark modules of each row into bars, which keeps the page small.
func qrPath(modules [][]bool) string {
	var b strings.Builder
	for y, row := range modules {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			length := 1
			for x+length < len(row) && row[x+length] {
				length++
			}
			w := strconv.Itoa(length)
			b.WriteString("M" + strconv.Itoa(x+quietZone) + " " + strconv.Itoa(y+quietZone) + "h" + w + "v1h-" + w + "z")
			x += length
		}
	}
	return b.String()
}

// Limits of a panel's density in tenths of a pixel per millimetre: the classes d30 to d120.
const (
	minDensity = 30
	maxDensity = 120
)

// PanelDensity returns the density of a panel for PanelView, in tenths of a pixel per
// millimetre, from its resolution in pixels and its diagonal in millimetres.
func PanelDensity(widthPX, heightPX int, diagonalMM float64) int {
	if diagonalMM <= 0 {
		return minDensity
	}
	diagonalPX := math.Hypot(float64(widthPX), float64(heightPX))
	return clamp(int(diagonalPX/diagonalMM*10+0.5), minDensity, maxDensity)
}

// densityClass is the class that gives the panel's stylesheet its millimetre.
func densityClass(p PanelView) string {
	density := p.Density
	if density == 0 {
		density = defaultDensity
	}
	return "d" + strconv.Itoa(clamp(density, minDensity, maxDensity))
}

func kioskDocument(v KioskView) DocumentView {
	doc := v.Document
	doc.Class = densityClass(v.Panel)
	if v.Easier {
		doc.Class += " easier"
	}
	return doc
}

func kioskAttributes(v KioskView) templ.Attributes {
	attrs := templ.Attributes{"data-home": v.Home}
	set := func(name, value string) {
		if value != "" {
			attrs[name] = value
		}
	}
	set("data-leave", v.Leave)
	set("data-scan", v.Scan)
	set("data-heartbeat", v.Heartbeat)
	set("data-worker", v.Worker)
	if v.Idle.Seconds > 0 {
		attrs["data-idle"] = strconv.Itoa(v.Idle.Seconds)
		attrs["data-warn"] = strconv.Itoa(v.Idle.WarnSeconds)
	}
	return attrs
}

// defaultDensity is that of a 10.1 inch panel of 1280x800: 5.87 px/mm.
const defaultDensity = 59

// doorWords is what a screen reader says between the door's name and its unit.
func doorWords(v WallView, d DoorView) string {
	words := ", " + d.SizeText + ", " + d.StateText
	if d.Unit != "" {
		words += ", " + v.UnitWord + " "
	}
	return words
}

func daysWords(d DoorView) string {
	if d.DaysText == "" {
		return ""
	}
	return ", " + d.DaysText
}

func oneMomentFace(kiosk bool) string {
	if kiosk {
		return "kiosk"
	}
	return "phone"
}

func oneMomentDocument(v OneMomentView) DocumentView {
	doc := v.Document
	if v.Kiosk {
		doc.Class = densityClass(v.Panel)
	}
	return doc
}

func oneMomentAttributes(kiosk bool) templ.Attributes {
	if !kiosk {
		return nil
	}
	return templ.Attributes{"data-retry": "1"}
}

// streamAttributes make an element follow a stream. An answer that is no stream (signed out,
// restarting) must not be swapped into the page; base.js tries again.
func streamAttributes(stream, target, swap string) templ.Attributes {
	return templ.Attributes{
		"hx-sse:connect": stream, "hx-target": target, "hx-swap": swap, "data-stream": true,
		"hx-status:4xx": "swap:none", "hx-status:5xx": "swap:none",
	}
}

// scalarConfig turns off everything in the API viewer that would ask another host.
const scalarConfig = `{"withDefaultFonts":false,"telemetry":false,"hideClientButton":true,"showDeveloperTools":"never",` +
	`"agent":{"disabled":true},"mcp":{"disabled":true}}`

func referrer(policy string) string {
	if policy == "" {
		return "same-origin"
	}
	return policy
}

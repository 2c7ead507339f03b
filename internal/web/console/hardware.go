package console

import (
	"net/http"
	"strconv"

	"cubby/board/catalog"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// hardwareView is the list of lock boards that the program drives, made from board/catalog.
type hardwareView struct {
	Shell    ui.ShellView
	Intro    string
	Families []familyView
	Evidence string
	Levels   []factView
}

type familyView struct {
	Name   string
	Models []modelView
}

type modelView struct {
	ID, Name string
	Facts    []factView
	Settings []factView
	SetHead  string
	Notes    string
	Badge    ui.BadgeView
}

// hardware lists the supported lock boards.
func (c *Console) hardware(w http.ResponseWriter, r *http.Request, pg page) error {
	models, err := catalog.Models()
	if err != nil {
		return err
	}
	t := pg.t
	v := hardwareView{
		Shell: c.shell(pg, shellOf{title: t.T("console.hardware.title"), nav: "sites"}), Intro: t.T("console.hardware.intro"),
		Evidence: t.T("console.hardware.evidence"),
	}
	for _, e := range []catalog.Evidence{catalog.EvidenceVirtual, catalog.EvidenceBench, catalog.EvidenceField} {
		v.Levels = append(v.Levels, factView{Name: t.T("console.hardware.evidence." + e.String()), Value: t.T("console.hardware.means." + e.String())})
	}
	for _, m := range models {
		if n := len(v.Families); n == 0 || v.Families[n-1].Name != m.Family {
			v.Families = append(v.Families, familyView{Name: m.Family})
		}
		f := &v.Families[len(v.Families)-1]
		f.Models = append(f.Models, modelOf(t, m))
	}
	return write(w, r, hardwarePage(v))
}

func modelOf(t *text.Printer, m catalog.Model) modelView {
	v := modelView{
		ID: m.ID, Name: m.Name, Notes: m.Notes, SetHead: t.T("console.hardware.settings"),
		Badge: ui.BadgeView{Text: t.T("console.hardware.evidence." + m.Evidence.String()), Kind: evidenceKind(m.Evidence)},
		Facts: []factView{
			{Name: t.T("console.hardware.model"), Value: text.LTR(m.ID)},
			{Name: t.T("console.hardware.maker"), Value: m.Maker},
			{Name: t.T("service.boards.outputs"), Value: t.Number(m.Channels)},
			{Name: t.T("console.hardware.addresses"), Value: text.LTR(strconv.Itoa(int(m.MinAddress)) + "–" + strconv.Itoa(int(m.MaxAddress)))},
		},
	}
	if m.BaudRate > 0 {
		v.Facts = append(v.Facts, factView{Name: t.T("console.hardware.baud"), Value: t.Number(m.BaudRate)})
	}
	for _, s := range m.Settings {
		v.Settings = append(v.Settings, factView{Name: s.Key, Value: s.Value})
	}
	return v
}

func evidenceKind(e catalog.Evidence) string {
	switch e {
	case catalog.EvidenceVirtual:
		return "warn"
	case catalog.EvidenceBench:
		return ""
	case catalog.EvidenceField:
		return "ok"
	}
	return ""
}

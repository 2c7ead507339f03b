package console

import (
	"net/http"
	"net/mail"
	"strings"

	"cubby/internal/locker"
	"cubby/internal/web/console/codes"
	"cubby/internal/web/ui"
)

// settingsView is the settings of the server and of the chosen site.
type settingsView struct {
	Shell    ui.ShellView
	Errors   ui.ErrorSummaryView
	MailHead string
	Mail     string
	To       *ui.FieldView // nil: mail does not leave this server
	Send     ui.ButtonView
	SiteHead string
	Site     []factView
	PolHead  string
	Policy   []factView
	Codes    ui.ButtonView
}

func (c *Console) settings(w http.ResponseWriter, r *http.Request, pg page) error {
	v, err := c.settingsView(r, pg, "", nil)
	if err != nil {
		return err
	}
	return write(w, r, settingsPage(v))
}

func (c *Console) settingsView(r *http.Request, pg page, to string, errs []ui.FormError) (settingsView, error) {
	t := pg.t
	v := settingsView{
		Shell:  c.shell(pg, shellOf{title: t.T("console.nav.settings"), nav: "settings", failed: len(errs) > 0}),
		Errors: summary(pg, errs), MailHead: t.T("console.settings.mail"), Mail: t.T("console.settings.mail.none"),
	}
	if c.testMail != nil {
		v.Mail = t.T("console.settings.mail.by", "server", c.mail)
		v.To = &ui.FieldView{
			ID: "to", Label: t.T("console.settings.mail.to"), Hint: t.T("console.settings.mail.hint"), Type: "email", Value: to,
			Error: errorOf(errs, "to"), LTR: true, Autocomplete: "email", MaxLength: 254,
		}
		v.Send = ui.ButtonView{Text: t.T("console.settings.mail.test"), Icon: "mail"}
	}
	if pg.site.ID == "" {
		return v, nil
	}
	site, err := c.cloud.Site(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return v, err
	}
	v.SiteHead, v.PolHead = pg.site.Name, t.T("console.settings.policy")
	s := site.Settings
	var languages []string
	for _, l := range s.Languages {
		languages = append(languages, c.text.For(l).Language().Name)
	}
	for _, f := range []factView{
		{"console.settings.phone", s.Phone},
		{"console.settings.address", s.Mail},
		{"console.settings.languages", t.List(languages...)},
		{"console.settings.on_duty", t.List(s.OnDuty...)},
		{"console.settings.zone", site.TimeZone},
	} {
		if f.Value != "" {
			v.Site = append(v.Site, factView{Name: t.T(f.Name), Value: f.Value})
		}
	}
	for _, f := range codes.Policy(t, site.Policy.WithDefaults()) {
		v.Policy = append(v.Policy, factView(f))
	}
	v.Codes = ui.ButtonView{Text: t.T("console.codes.title"), Icon: "key-round", Kind: "ghost", Href: siteHref(pg.site.ID, "/codes")}
	return v, nil
}

// siteCodes shows how hard codes are to guess, and sets how many wrong ones the site takes.
func (c *Console) siteCodes(w http.ResponseWriter, r *http.Request, pg page) error {
	form := r.PostForm
	if r.Method == http.MethodGet {
		form = nil
	}
	v, saved, err := codes.Answer(r.Context(), codes.Request{
		Cloud: c.cloud, Who: pg.who, Text: pg.t, Sites: pg.sites, Site: pg.site, Action: siteHref(pg.site.ID, "/codes"), Form: form,
	})
	if err != nil || saved {
		if err == nil {
			c.done(w, r, siteHref(pg.site.ID, "/codes"), "resident_saved")
		}
		return err
	}
	failed := len(v.Errors.Errors) > 0
	v.Shell = c.shell(pg, shellOf{title: pg.t.T("console.codes.title"), nav: "settings", failed: failed})
	if failed {
		return invalid(w, r, codes.Page(v), nil)
	}
	return write(w, r, codes.Page(v))
}

// settingsTestMail sends a message now, so that a wrong mail server shows here and not in a lost notice.
func (c *Console) settingsTestMail(w http.ResponseWriter, r *http.Request, pg page) error {
	if c.testMail == nil {
		return locker.Errorf(locker.CodeNotFound, "no mail server")
	}
	to := strings.TrimSpace(r.PostFormValue("to"))
	var errs []ui.FormError
	if _, err := mail.ParseAddress(to); err != nil {
		errs = append(errs, ui.FormError{Field: "to", Text: pg.t.T("console.settings.mail.missing")})
	} else if err := c.testMail(r.Context(), pg.who, to); err != nil {
		if codeOf(err) == locker.CodeInternal {
			return err
		}
		errs = append(errs, ui.FormError{Field: "to", Text: pg.t.Error(string(codeOf(err)))})
	}
	if len(errs) > 0 {
		v, err := c.settingsView(r, pg, to, errs)
		if err != nil {
			return err
		}
		return invalid(w, r, settingsPage(v), nil)
	}
	c.done(w, r, "/settings", "test_mail")
	return nil
}

// helpPageView is the help: short answers and whom to ask.
type helpPageView struct {
	Shell   ui.ShellView
	Topics  []factView
	Keys    []factView
	KeyHead string
	AskHead string
	Ask     []factView
	Nobody  string
}

// helpTopics lists the answers in the order of the page.
func helpTopics() []string {
	return []string{"open", "lost", "code", "unknown", "moved", "offline", "courier"}
}

func (c *Console) helpPage(w http.ResponseWriter, r *http.Request) {
	pg := c.stranger(r)
	if who, err := c.principal(r); err == nil {
		pg.who = who
		if err := c.choose(w, r, &pg); err != nil {
			c.fail(w, r, pg, err)
			return
		}
	}
	t := pg.t
	v := helpPageView{
		Shell: c.shell(pg, shellOf{title: t.T("common.help")}), KeyHead: t.T("console.help.keys"), AskHead: t.T("console.help.ask"),
		Nobody: t.T("console.help.nobody"),
	}
	for _, topic := range helpTopics() {
		v.Topics = append(v.Topics, factView{Name: t.T("console.help." + topic), Value: t.T("console.help." + topic + ".answer")})
	}
	for _, key := range []string{"arrows", "enter", "escape", "tab"} {
		v.Keys = append(v.Keys, factView{Name: t.T("console.help.key." + key), Value: t.T("console.help.key." + key + ".does")})
	}
	if c.contact.Mail != "" {
		v.Ask = append(v.Ask, factView{Name: t.T("console.settings.address"), Value: c.contact.Mail})
	}
	if c.contact.Phone != "" {
		v.Ask = append(v.Ask, factView{Name: t.T("console.settings.phone"), Value: c.contact.Phone})
	}
	if err := write(w, r, helpPage(v)); err != nil {
		c.fail(w, r, pg, err)
	}
}

// lost answers an address that there is not.
func (c *Console) lost(http.ResponseWriter, *http.Request, page) error {
	return locker.Errorf(locker.CodeNotFound, "no such page")
}

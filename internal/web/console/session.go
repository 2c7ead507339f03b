package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/web/ui"
)

// signInView is the sign-in page.
type signInView struct {
	Shell    ui.ShellView
	Errors   ui.ErrorSummaryView
	Action   string
	Email    ui.FieldView
	Password ui.FieldView
	Submit   ui.ButtonView
	Forgot   string // what to do without a password
}

type signInForm struct{ email, password, next string }

func (c *Console) signInView(pg page, f signInForm, errs []ui.FormError) signInView {
	return signInView{
		Shell:  c.shell(pg, shellOf{title: pg.t.T("console.sign_in"), failed: len(errs) > 0}),
		Errors: summary(pg, errs), Action: "/sign-in?next=" + url.QueryEscape(f.next),
		Email: ui.FieldView{
			ID: "email", Label: pg.t.T("console.sign_in.email"), Type: "email", Value: f.email, Autocomplete: "username",
			Error: errorOf(errs, "email"), LTR: true, Autofocus: len(errs) == 0, MaxLength: 254,
		},
		Password: ui.FieldView{
			ID: "password", Label: pg.t.T("console.sign_in.password"), Type: "password", Autocomplete: "current-password",
			Error: errorOf(errs, "password"), LTR: true, MaxLength: auth.MaxPassword,
		},
		Submit: ui.ButtonView{Text: pg.t.T("console.sign_in"), Large: "big", Icon: "lock"},
		Forgot: pg.t.T("console.sign_in.forgot"),
	}
}

func (c *Console) signInForm(w http.ResponseWriter, r *http.Request) {
	pg := c.stranger(r)
	if _, err := c.principal(r); err == nil {
		ui.Redirect(w, r, within(r.URL.Query().Get("next")))
		return
	}
	v := c.signInView(pg, signInForm{next: within(r.URL.Query().Get("next"))}, nil)
	if err := write(w, r, signInPage(v)); err != nil {
		c.fail(w, r, pg, err)
	}
}

func (c *Console) signIn(w http.ResponseWriter, r *http.Request) {
	pg := c.stranger(r)
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	f := signInForm{
		email: strings.TrimSpace(r.PostFormValue("email")), password: r.PostFormValue("password"),
		next: within(r.URL.Query().Get("next")),
	}
	var errs []ui.FormError
	if f.email == "" {
		errs = append(errs, ui.FormError{Field: "email", Text: pg.t.T("console.sign_in.email.missing")})
	}
	if f.password == "" {
		errs = append(errs, ui.FormError{Field: "password", Text: pg.t.T("console.sign_in.password.missing")})
	}
	status := http.StatusUnprocessableEntity
	if len(errs) == 0 {
		var secret auth.Secret
		var wait time.Duration
		var err error
		if secret, wait, err = c.trySignIn(r, f); err == nil {
			http.SetCookie(w, auth.SessionCookie(secret, c.secure))
			ui.Redirect(w, r, f.next)
			return
		}
		code := codeOf(err)
		if code == locker.CodeInternal {
			c.fail(w, r, pg, err)
			return
		}
		if wait > 0 {
			status = http.StatusTooManyRequests
			w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		}
		errs = append(errs, ui.FormError{Field: "email", Text: pg.t.Error(string(code))})
	}
	if err := ui.Write(w, r, status, signInPage(c.signInView(pg, f, errs))); err != nil {
		c.fail(w, r, pg, err)
	}
}

// trySignIn asks both limiters before it looks at the password.
func (c *Console) trySignIn(r *http.Request, f signInForm) (auth.Secret, time.Duration, error) {
	account := strings.ToLower(f.email)
	if ok, wait := c.addresses.Allow(auth.AddressKey(c.address(r))); !ok {
		return "", wait, locker.Errorf(locker.CodeRateLimited, "too many tries from one address")
	}
	if ok, wait := c.accounts.Allow(account); !ok {
		return "", wait, locker.Errorf(locker.CodeRateLimited, "too many tries for one account")
	}
	secret, err := c.cloud.SignIn(r.Context(), f.email, f.password, r.UserAgent())
	if err != nil {
		return "", 0, err
	}
	c.accounts.Forget(account)
	return secret, 0, nil
}

func (c *Console) signOut(w http.ResponseWriter, r *http.Request) {
	pg := c.stranger(r)
	if secret, err := auth.SessionSecret(r, c.secure); err == nil {
		if err := c.cloud.SignOut(r.Context(), secret); err != nil && codeOf(err) == locker.CodeInternal {
			c.fail(w, r, pg, err) // the session still lives: do not say otherwise
			return
		}
	}
	http.SetCookie(w, auth.EndSessionCookie(c.secure))
	ui.Redirect(w, r, "/sign-in")
}

// within returns an address of this server to lead to: a link from outside must not use the sign-in
// to lead elsewhere.
func within(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") ||
		strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

// preferences stores language and theme and leads back. It needs no session.
func (c *Console) preferences(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if lang := r.PostFormValue("lang"); c.text.Speaks(lang) {
		c.setCookie(w, cookieLang, lang, preferenceAge)
	}
	switch theme := r.PostFormValue("theme"); theme {
	case "dark", "light":
		c.setCookie(w, cookieTheme, theme, preferenceAge)
	case "system":
		c.setCookie(w, cookieTheme, "", -1)
	}
	ui.Redirect(w, r, within(r.PostFormValue("back")))
}

// home leads to the wall of the chosen site, or to the list of sites when there is none.
func (c *Console) home(w http.ResponseWriter, r *http.Request, pg page) error {
	if pg.site.ID == "" {
		ui.Redirect(w, r, "/sites")
		return nil
	}
	ui.Redirect(w, r, siteHref(pg.site.ID, "/wall"))
	return nil
}

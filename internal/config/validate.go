package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// clockLayout is how a time of day is written.
const clockLayout = "15:04"

// Validate reports what Load cannot see in one setting alone, and the form of addresses, URLs and
// times. The error joins every problem, each with its key and what to write instead.
func (c Config) Validate() error {
	return errors.Join(c.Server.validate(), c.Controller.validate())
}

// problems collects what is wrong, each under its key.
type problems []error

func (p *problems) add(key, format string, args ...any) {
	*p = append(*p, fmt.Errorf("%s: %w", key, fmt.Errorf(format, args...)))
}

func (p *problems) check(key string, err error) {
	if err != nil {
		p.add(key, "%w", err)
	}
}

func (s Server) validate() error {
	var p problems
	p.check("server.listen", listenAddress(s.Listen))
	p.check("server.public_url", webURL(s.PublicURL))
	if s.DataDir == "" {
		p.add("server.data_dir", "name a folder")
	}
	p.check("server.database.url", databaseURL(s.Database.URL))
	s.TLS.validate(&p, s.PublicURL)
	for i, text := range s.TrustedProxies {
		if _, err := ParseProxy(text); err != nil {
			p.add(fmt.Sprintf("server.trusted_proxies[%d]", i), "%q is no address and no network: write 127.0.0.1 or 10.0.0.0/8", text)
		}
	}
	if s.Branding.Name == "" {
		p.add("server.branding.name", "name the service")
	}
	if s.Branding.Mail != "" {
		p.check("server.branding.mail", mailAddress(s.Branding.Mail))
	}
	for i, address := range s.DutyMail {
		p.check(fmt.Sprintf("server.duty_mail[%d]", i), mailAddress(address))
	}
	for i, address := range s.Publish.Mail {
		p.check(fmt.Sprintf("server.publish.mail[%d]", i), mailAddress(address))
	}
	if s.MetricsListen != "" {
		p.check("server.metrics_listen", listenAddress(s.MetricsListen))
		if s.MetricsListen == s.Listen {
			p.add("server.metrics_listen", "is the same as server.listen: choose another port")
		}
	}
	s.SMTP.validate(&p)
	s.SMS.validate(&p, "server.sms")
	s.Voice.validate(&p, "server.voice")
	s.Notices.validate(&p)
	return errors.Join(p...)
}

func (s SMTP) validate(p *problems) {
	if s.Host != "" && s.From == "" {
		p.add("server.smtp.from", "a mail server needs a sender")
	}
	if s.From != "" {
		p.check("server.smtp.from", mailAddress(s.From))
	}
	if s.Username != "" && s.Password.IsZero() {
		p.add("server.smtp.username", "is set without a password: name the file that holds it in password_file, or set %s",
			envName("server.smtp.password"))
	}
}

func (g Gateway) validate(p *problems, key string) {
	if !g.Set() && g.From+g.Account+g.Body != "" {
		p.add(key, "is filled in without a preset or a url")
	}
	for name, list := range map[string][]string{"retry": g.Retry, "dead": g.Dead} {
		for _, s := range list {
			if n, err := strconv.Atoi(s); err != nil || n < 100 || n > 599 {
				p.add(key+"."+name, "%q is no status of HTTP, 100 to 599", s)
			}
		}
	}
}

func (n Notices) validate(p *problems) {
	if !slices.IsSorted(n.Reminders) {
		p.add("server.notices.reminders", "want rising times, like [24h, 48h]")
	}
	if (n.QuietStart == "") != (n.QuietEnd == "") {
		p.add("server.notices", "quiet_start and quiet_end are needed together")
	}
	p.check("server.notices.quiet_start", clock(n.QuietStart))
	p.check("server.notices.quiet_end", clock(n.QuietEnd))
}

func (c Controller) validate() error {
	var p problems
	if c.DataDir == "" {
		p.add("controller.data_dir", "name a folder")
	}
	if c.ServerURL != "" {
		p.check("controller.server_url", webURL(c.ServerURL))
	}
	p.check("controller.kiosk.listen", listenAddress(c.Kiosk.Listen))
	if c.Service.Listen != "" {
		p.check("controller.service.listen", listenAddress(c.Service.Listen))
		if c.Service.Listen == c.Kiosk.Listen {
			p.add("controller.service.listen", "is the same as controller.kiosk.listen: choose another port")
		}
	}
	if c.Doors.PollBusy > c.Doors.PollIdle {
		p.add("controller.doors.poll_busy", "%s must not be longer than poll_idle (%s)", c.Doors.PollBusy, c.Doors.PollIdle)
	}
	names, ports := map[string]bool{}, map[string]bool{}
	for i, bus := range c.Buses {
		key := fmt.Sprintf("controller.buses[%d]", i)
		bus.validate(&p, key)
		p.once(key+".name", bus.Name, names)
		p.once(key+".port", bus.Port, ports)
	}
	names = map[string]bool{}
	for i, sensor := range c.Sensors {
		key := fmt.Sprintf("controller.sensors[%d]", i)
		if sensor.Kind == "" {
			p.add(key+".kind", "say what it measures: temperature")
		}
		if !path.IsAbs(sensor.File) {
			p.add(key+".file", "want an absolute path, got %q", sensor.File)
		}
		p.once(key+".name", sensor.Name, names)
	}
	return errors.Join(p...)
}

// once reports an empty value, and one that an earlier entry has.
func (p *problems) once(key, value string, seen map[string]bool) {
	switch {
	case value == "":
		p.add(key, "is missing")
	case seen[value]:
		p.add(key, "%q is used by an entry before it", value)
	}
	seen[value] = true
}

func (b Bus) validate(p *problems, key string) {
	if b.Port != "" {
		p.check(key+".port", portSpec(b.Port))
	}
	if len(b.Boards) == 0 {
		p.add(key+".boards", "name the address of at least one board")
	}
	if sorted := slices.Sorted(slices.Values(b.Boards)); len(slices.Compact(sorted)) != len(b.Boards) {
		p.add(key+".boards", "two boards of one bus have the same address")
	}
}

// portSpec checks the form of a port; board/port opens it and knows the other parameters.
func portSpec(spec string) error {
	kind, rest, _ := strings.Cut(spec, ":")
	switch kind {
	case "serial":
		device, query, _ := strings.Cut(rest, "?")
		if device == "" {
			return fmt.Errorf("%q names no device: write serial:/dev/ttyUSB0?baud=9600", spec)
		}
		if _, err := url.ParseQuery(query); err != nil {
			return fmt.Errorf("%q: %w", spec, err)
		}
		return nil
	case "tcp":
		if host, port, err := net.SplitHostPort(rest); err != nil || host == "" || !isPort(port) {
			return fmt.Errorf("%q: write tcp:HOST:PORT", spec)
		}
		return nil
	case "gpio":
		if !path.IsAbs(rest) {
			return fmt.Errorf("%q names no chip: write gpio:/dev/gpiochip0", spec)
		}
		return nil
	}
	return fmt.Errorf("%q: write serial:/dev/ttyUSB0?baud=9600, tcp:HOST:PORT or gpio:/dev/gpiochip0", spec)
}

func listenAddress(address string) error {
	if _, port, err := net.SplitHostPort(address); err != nil || !isPort(port) {
		return fmt.Errorf("%q is no address: write HOST:PORT, or :PORT for every address of this machine", address)
	}
	return nil
}

// isPort accepts 0 too: the system then chooses a free port.
func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

func webURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("%q is no web address: write https://HOST", text)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("want scheme, host and perhaps a path, nothing more")
	}
	return nil
}

func databaseURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return errors.New("is no URL: write sqlite:PATH or postgres://USER@HOST/NAME") // the text may hold a password
	}
	if _, ok := u.User.Password(); ok || u.Query().Has("password") {
		return errors.New("holds a password: a secret does not stand in this file, name the file that holds it in password_file")
	}
	switch {
	case u.Scheme == "sqlite" && (u.Opaque != "" || u.Path != ""):
	case (u.Scheme == "postgres" || u.Scheme == "postgresql") && u.Opaque == "" && len(u.Path) > 1:
	default:
		return fmt.Errorf("%q: write sqlite:PATH or postgres://USER@HOST/NAME", text)
	}
	return nil
}

func mailAddress(text string) error {
	if _, err := mail.ParseAddress(text); err != nil {
		return fmt.Errorf("%q is no mail address", text)
	}
	return nil
}

func clock(text string) error {
	if text == "" {
		return nil
	}
	if _, err := time.Parse(clockLayout, text); err != nil {
		return fmt.Errorf("%q is no time of day: write HH:MM", text)
	}
	return nil
}

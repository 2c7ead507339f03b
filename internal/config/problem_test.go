package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cubby/internal/config"
)

func TestLoad_Problems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		file string
		env  []string
		want []string // each must stand in the error
	}{
		{
			name: "unknown key names line, key and the nearest",
			file: "server:\n  listen: \":80\"\n  pubic_url: http://x\n",
			want: []string{"cubby.yaml:3: server.pubic_url: unknown key, did you mean public_url?"},
		},
		{
			name: "unknown section",
			file: "servre: {}\n",
			want: []string{"cubby.yaml:1: servre: unknown key, did you mean server?"},
		},
		{
			name: "nothing near lists what is known",
			file: "log:\n  zzzzzzzzzzzz: 1\n",
			want: []string{"cubby.yaml:2: log.zzzzzzzzzzzz: unknown key, known here: level, format"},
		},
		{
			name: "unknown key in a list",
			file: "controller:\n  buses:\n    - name: a\n      prot: tcp:x:1\n",
			want: []string{"cubby.yaml:4: controller.buses[0].prot: unknown key, did you mean port?"},
		},
		{
			name: "all problems at once",
			file: "log:\n  level: loud\n  format: 7\ncontroller:\n  disk_reserve_mib: soon\n",
			want: []string{
				`cubby.yaml:2: log.level: "loud" is not one of debug, info, warn, error`,
				`cubby.yaml:3: log.format: "7" is not one of text, json`,
				`cubby.yaml:5: controller.disk_reserve_mib: "soon" is not a whole number`,
			},
		},
		{
			name: "syntax",
			file: "server:\n  listen: [1\n",
			want: []string{"cubby.yaml:2: "},
		},
		{
			name: "twice the same key",
			file: "log: {}\nlog: {}\n",
			want: []string{"cubby.yaml:2: ", "log"},
		},
		{
			name: "two documents",
			file: "log: {}\n---\nserver: {}\n",
			want: []string{"cubby.yaml:3: a second document starts here"},
		},
		{
			name: "a duration without a unit",
			file: "server:\n  link_silence: 5\n",
			want: []string{`server.link_silence: "5" is not a duration: write a number and a unit, like 90s, 5m or 12h`},
		},
		{
			name: "outside its range",
			file: "controller:\n  disk_reserve_mib: 1\n  doors:\n    poll_idle: 10ms\n",
			want: []string{
				"controller.disk_reserve_mib: 1 is not between 16 and 65536",
				"controller.doors.poll_idle: 10ms is not between 100ms and 1m",
			},
		},
		{
			name: "not a number",
			file: "controller: {kiosk: {panel_inches: .nan}}\n",
			want: []string{"controller.kiosk.panel_inches: "},
		},
		{
			name: "yes is not true",
			file: "controller: {buses: [{options: {unlock_replies: yes}}]}\n",
			want: []string{`unlock_replies: "yes" is not one of true, false`},
		},
		{
			name: "no value",
			file: "server:\n  listen:\n",
			want: []string{`server.listen: want one value (text); write "" for an empty text`},
		},
		{
			name: "a value for a section",
			file: "server: 5\n",
			want: []string{"server: want settings below it"},
		},
		{
			name: "a value for a list",
			file: "server: {duty_mail: a@example.org}\n",
			want: []string{"server.duty_mail: want a list"},
		},
		{
			name: "a secret in the file",
			file: "server:\n  smtp:\n    password: hunter2\n",
			want: []string{"cubby.yaml:3: server.smtp.password: a secret does not stand in this file", "password_file", "CUBBY_SERVER_SMTP_PASSWORD"},
		},
		{
			name: "a secret's file that is not there",
			file: "server:\n  smtp:\n    password_file: nowhere\n",
			want: []string{"server.smtp.password_file: open nowhere"},
		},
		{
			name: "a secret twice",
			file: "server:\n  smtp:\n    password_file: somewhere\n",
			env:  []string{"CUBBY_SERVER_SMTP_PASSWORD=hunter2"},
			want: []string{"server.smtp.password and server.smtp.password_file are both set"},
		},
		{
			name: "a misspelt variable",
			env:  []string{"CUBBY_SERVER_LISTNE=:80"},
			want: []string{"CUBBY_SERVER_LISTNE: unknown key, did you mean CUBBY_SERVER_LISTEN?"},
		},
		{
			name: "a wrong variable",
			env:  []string{"CUBBY_CONTROLLER_BUSES=[{nam: x}]"},
			want: []string{"CUBBY_CONTROLLER_BUSES: line:1: [0].nam: unknown key, did you mean name?"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, tt.file, tt.env, nil)
			expect(t, err, tt.want...)
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func expect(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", want)
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("got\n%v\nwant %s", err, text)
		}
	}
}

func TestLoad_FlagProblems(t *testing.T) {
	t.Parallel()
	_, err := load(t, "", nil, map[string]string{
		"server.listn":         ":80",
		"server.smtp.password": "hunter2",
		"log.level":            "loud",
	})
	expect(t, err,
		"flag server.listn: unknown key, did you mean server.listen?",
		"flag server.smtp.password: unknown key",
		`flag log.level: "loud" is not one of`)
}

func TestLoad_MissingFile(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Sources{File: filepath.Join(t.TempDir(), "none.yaml"), Env: []string{}})
	expect(t, err, "read configuration: ", "none.yaml")
}

func TestLoad_EmptySecretFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "password")
	write(t, path, "\n")
	_, err := load(t, "", []string{"CUBBY_SERVER_SMTP_PASSWORD_FILE=" + path}, nil)
	expect(t, err, "server.smtp.password_file: ", "is empty")
	if err := os.Truncate(path, 1<<20); err != nil {
		t.Fatal(err)
	}
	_, err = load(t, "", []string{"CUBBY_SERVER_SMTP_PASSWORD_FILE=" + path}, nil)
	expect(t, err, "is it the right file?")
}

func TestValidate_Problems(t *testing.T) {
	t.Parallel()
	bus := func(change func(*config.Bus)) func(*config.Config) {
		return func(c *config.Config) {
			b := config.Bus{Name: "left", Port: "tcp:lock:4001", Family: "rs485", Boards: []int{1}}
			change(&b)
			c.Controller.Buses = append(c.Controller.Buses, b)
		}
	}
	tests := map[string]struct {
		change func(*config.Config)
		want   string
	}{
		"listen":        {func(c *config.Config) { c.Server.Listen = "80" }, `server.listen: "80" is no address`},
		"port":          {func(c *config.Config) { c.Controller.Kiosk.Listen = ":99999" }, "controller.kiosk.listen: "},
		"service port":  {func(c *config.Config) { c.Controller.Service.Listen = "8481" }, "controller.service.listen: "},
		"service clash": {func(c *config.Config) { c.Controller.Service.Listen = c.Controller.Kiosk.Listen }, "choose another port"},
		"public URL":    {func(c *config.Config) { c.Server.PublicURL = "parcels.example.org" }, "server.public_url: "},
		"URL with user": {func(c *config.Config) { c.Controller.ServerURL = "https://a:b@x" }, "controller.server_url: want scheme"},
		"data folder":   {func(c *config.Config) { c.Server.DataDir = "" }, "server.data_dir: name a folder"},
		"site folder":   {func(c *config.Config) { c.Controller.DataDir = "" }, "controller.data_dir: name a folder"},
		"half of tls":   {func(c *config.Config) { c.Server.TLS.CertFile = "a" }, "server.tls: cert_file and key_file"},
		"acme by http":  {func(c *config.Config) { c.Server.TLS.Mode = "acme" }, "server.tls.mode: acme needs an https address"},
		"acme of an address": {
			func(c *config.Config) { c.Server.TLS.Mode, c.Server.PublicURL = "acme", "https://192.0.2.1" },
			"server.tls.mode: acme needs a public host name",
		},
		"acme directory": {
			func(c *config.Config) { c.Server.TLS.Mode, c.Server.TLS.ACME.Directory = "acme", "http://x" },
			"server.tls.acme.directory: ",
		},
		"off with files": {
			func(c *config.Config) { c.Server.TLS = config.TLS{Mode: "off", CertFile: "a", KeyFile: "b"} },
			"server.tls.mode: is off",
		},
		"files without":   {func(c *config.Config) { c.Server.TLS.Mode = "files" }, "server.tls.mode: files needs"},
		"proxy":           {func(c *config.Config) { c.Server.TrustedProxies = []string{"proxy.local"} }, "server.trusted_proxies[0]: "},
		"name":            {func(c *config.Config) { c.Server.Branding.Name = "" }, "server.branding.name: "},
		"help address":    {func(c *config.Config) { c.Server.Branding.Mail = "help" }, "server.branding.mail: "},
		"heads address":   {func(c *config.Config) { c.Server.Publish.Mail = []string{"x"} }, "server.publish.mail[0]: "},
		"duty address":    {func(c *config.Config) { c.Server.DutyMail = []string{"x"} }, "server.duty_mail[0]: "},
		"metrics":         {func(c *config.Config) { c.Server.MetricsListen = c.Server.Listen }, "server.metrics_listen: is the same"},
		"no sender":       {func(c *config.Config) { c.Server.SMTP.Host = "mail" }, "server.smtp.from: a mail server needs a sender"},
		"sender":          {func(c *config.Config) { c.Server.SMTP.From = "<" }, "server.smtp.from: "},
		"no password":     {func(c *config.Config) { c.Server.SMTP.Username = "u" }, "server.smtp.username: is set without a password"},
		"reminders":       {func(c *config.Config) { c.Server.Notices.Reminders = append(c.Server.Notices.Reminders, 1) }, "rising"},
		"half quiet":      {func(c *config.Config) { c.Server.Notices.QuietEnd = "" }, "server.notices: quiet_start and quiet_end"},
		"no time":         {func(c *config.Config) { c.Server.Notices.QuietEnd = "25:00" }, `server.notices.quiet_end: "25:00" is no time`},
		"database":        {func(c *config.Config) { c.Server.Database.URL = "mysql://x/y" }, "server.database.url: "},
		"no path":         {func(c *config.Config) { c.Server.Database.URL = "sqlite:" }, "server.database.url: "},
		"secret in a URL": {func(c *config.Config) { c.Server.Database.URL = "postgres://u:hunter2@x/y" }, "holds a password"},
		"poll":            {func(c *config.Config) { c.Controller.Doors.PollIdle = 1 }, "controller.doors.poll_busy: "},
		"bus name":        {bus(func(b *config.Bus) { b.Name = "" }), "controller.buses[0].name: is missing"},
		"bus port":        {bus(func(b *config.Bus) { b.Port = "" }), "controller.buses[0].port: is missing"},
		"port kind":       {bus(func(b *config.Bus) { b.Port = "/dev/ttyUSB0" }), "write serial:/dev/ttyUSB0"},
		"serial":          {bus(func(b *config.Bus) { b.Port = "serial:?baud=1" }), "names no device"},
		"tcp":             {bus(func(b *config.Bus) { b.Port = "tcp:lock" }), "write tcp:HOST:PORT"},
		"boards":          {bus(func(b *config.Bus) { b.Boards = nil }), "controller.buses[0].boards: "},
		"same board":      {bus(func(b *config.Bus) { b.Boards = []int{2, 1, 2} }), "the same address"},
		"chip":            {bus(func(b *config.Bus) { b.Port = "gpio:chip0" }), "write gpio:/dev/gpiochip0"},
		"two buses": {
			func(c *config.Config) { bus(func(*config.Bus) {})(c); bus(func(*config.Bus) {})(c) },
			`controller.buses[1].name: "left" is used by an entry before it`,
		},
		"sensor": {
			func(c *config.Config) { c.Controller.Sensors = []config.Sensor{{Name: "a", File: "temp"}} },
			"controller.sensors[0].file: want an absolute path",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config.Default()
			tt.change(&cfg)
			err := cfg.Validate()
			expect(t, err, tt.want)
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"cubby/internal/config"
)

var update = flag.Bool("update", false, "write docs/config.md")

func compareSecrets() cmp.Option {
	return cmp.Comparer(func(a, b config.Secret) bool { return a.Reveal() == b.Reveal() })
}

// load reads one file with an environment and flags of the test's own.
func load(t *testing.T, file string, env []string, flags map[string]string) (config.Config, error) {
	t.Helper()
	path := ""
	if file != "" {
		path = filepath.Join(t.TempDir(), "cubby.yaml")
		write(t, path, file)
	}
	if env == nil {
		env = []string{}
	}
	return config.Load(config.Sources{File: path, Env: env, Flags: flags})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDefault_IsValid(t *testing.T) {
	t.Parallel()
	got, err := load(t, "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Default(), got, compareSecrets()); diff != "" {
		t.Error(diff)
	}
}

func TestDescribe_ParsesBackToDefault(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := config.Describe(&b); err != nil {
		t.Fatal(err)
	}
	got, err := config.Parse("described", b.Bytes())
	if err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	if diff := cmp.Diff(config.Default(), got, compareSecrets()); diff != "" {
		t.Error(diff)
	}
	for _, s := range config.Settings() {
		words := strings.FieldsFunc(s.Key, func(r rune) bool { return strings.ContainsRune(".[]", r) })
		if !strings.Contains(b.String(), words[len(words)-1]) {
			t.Errorf("%s is not described", s.Key)
		}
	}
}

// The examples behind comment signs must work once the signs are gone.
func TestDescribe_ExamplesWork(t *testing.T) {
	t.Parallel()
	var b, file bytes.Buffer
	if err := config.Describe(&b); err != nil {
		t.Fatal(err)
	}
	examples := 0
	for line := range strings.Lines(b.String()) {
		switch body := strings.TrimPrefix(line, "  #   "); {
		case body != line:
			file.WriteString("    " + body)
		case strings.HasSuffix(line, ": []\n") && (strings.Contains(line, "buses") || strings.Contains(line, "sensors")):
			file.WriteString(strings.TrimSuffix(line, " []\n") + "\n")
			examples++
		default:
			file.WriteString(line)
		}
	}
	got, err := load(t, file.String(), nil, nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, file.String())
	}
	if examples != 2 || len(got.Controller.Buses) != 1 || len(got.Controller.Sensors) != 1 {
		t.Errorf("got %d lists, buses %+v, sensors %+v", examples, got.Controller.Buses, got.Controller.Sensors)
	}
}

func TestReference_IsCommitted(t *testing.T) {
	t.Parallel()
	const path = "../../docs/config.md"
	var b bytes.Buffer
	if err := config.Reference(&b); err != nil {
		t.Fatal(err)
	}
	if *update {
		write(t, path, b.String())
	}
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(committed), b.String()); diff != "" {
		t.Errorf("docs/config.md is stale, run go test ./internal/config -update:\n%s", diff)
	}
}

func TestSettings_AreDocumented(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	for _, s := range config.Settings() {
		keys[s.Key] = true
		if !strings.HasSuffix(s.Doc, ".") {
			t.Errorf("%s: want a documentation of full sentences, got %q", s.Key, s.Doc)
		}
		if (s.Min == "") != (s.Max == "") {
			t.Errorf("%s: want both ends of its range", s.Key)
		}
		if (s.Type == "number" || s.Type == "duration") && s.Max == "" {
			t.Errorf("%s: a %s without a limit", s.Key, s.Type)
		}
	}
	for _, s := range config.Settings() {
		if s.Secret && !keys[s.Key+"_file"] {
			t.Errorf("%s: want %s_file beside it", s.Key, s.Key)
		}
	}
}

// Every default must be a value that an operator could write: within its own range and words.
func TestSettings_DefaultsCanBeWritten(t *testing.T) {
	t.Parallel()
	for _, s := range config.Settings() {
		if s.Env == "" || s.Secret {
			continue
		}
		value := strings.Trim(s.Default, `"`)
		if s.Type != "list" {
			value = strings.Trim(value, "[]")
		}
		got, err := load(t, "", []string{s.Env + "=" + value}, nil)
		if err != nil {
			t.Errorf("%s=%s: %v", s.Env, value, err)
			continue
		}
		want, have := fmt.Sprintf("%+v", config.Default()), fmt.Sprintf("%+v", got)
		if want != have {
			t.Errorf("%s=%s: got %s, want %s", s.Env, value, have, want)
		}
	}
}

func TestParse_OldFiles(t *testing.T) {
	t.Parallel()
	got, err := config.Load(config.Sources{File: "testdata/v0.1.yaml", Env: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Bus{
		{
			Name: "left", Port: "serial:/dev/ttyUSB0?baud=9600", Family: "rs485", Boards: []int{1, 2},
			Options: config.BusOptions{
				Channels: 24, StatusBytes: 4, Polarity: "opening", Echo: "on", UnlockReplies: "false", Pulse: 2 * time.Second,
				Deadline: 900 * time.Millisecond, StatusDeadline: 200 * time.Millisecond,
			},
		},
		{
			// What is not set is filled in by internal/app/lock: rs485 and what version 0.1 had as defaults.
			Name: "right", Port: "tcp:192.0.2.7:4001", Boards: []int{1},
		},
	}
	if diff := cmp.Diff(want, got.Controller.Buses); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]time.Duration{24 * time.Hour, 48 * time.Hour, 96 * time.Hour}, got.Server.Notices.Reminders); diff != "" {
		t.Error(diff)
	}
	if got.Server.DatabaseURL() != "sqlite:/var/lib/cubby/cubby.db" {
		t.Errorf("got database %s", got.Server.DatabaseURL())
	}
}

func TestLoad_Precedence(t *testing.T) {
	t.Parallel()
	const key = "server.listen"
	file := "server:\n  listen: \":1\"\n"
	env := []string{"CUBBY_SERVER_LISTEN=:2", "PATH=/bin", "CUBBY_QUICK=1"}
	flags := map[string]string{key: ":3"}
	tests := []struct {
		name  string
		file  string
		env   []string
		flags map[string]string
		want  string
	}{
		{"default", "", nil, nil, config.Default().Server.Listen},
		{"file", file, nil, nil, ":1"},
		{"environment beats file", file, env, nil, ":2"},
		{"flag beats environment", file, env, flags, ":3"},
		{"flag beats file", file, nil, flags, ":3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := load(t, tt.file, tt.env, tt.flags)
			if err != nil {
				t.Fatal(err)
			}
			if got.Server.Listen != tt.want {
				t.Errorf("got %s, want %s", got.Server.Listen, tt.want)
			}
		})
	}
}

func TestLoad_FileNamedByEnvironment(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cubby.yaml")
	write(t, path, "log: {level: warn}\n")
	got, err := config.Load(config.Sources{Env: []string{"CUBBY_CONFIG=" + path}})
	if err != nil {
		t.Fatal(err)
	}
	if got.Log.Level != "warn" {
		t.Errorf("got %s", got.Log.Level)
	}
}

func TestLoad_ListsFromEnvironment(t *testing.T) {
	t.Parallel()
	got, err := load(t, "", []string{
		"CUBBY_SERVER_DUTY_MAIL=a@example.org, b@example.org",
		"CUBBY_SERVER_NOTICES_REMINDERS=12h,36h",
		`CUBBY_CONTROLLER_BUSES=[{name: left, port: "tcp:lock:4001", boards: [3]}]`,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a@example.org", "b@example.org"}, got.Server.DutyMail); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]time.Duration{12 * time.Hour, 36 * time.Hour}, got.Server.Notices.Reminders); diff != "" {
		t.Error(diff)
	}
	if len(got.Controller.Buses) != 1 || got.Controller.Buses[0].Boards[0] != 3 {
		t.Errorf("got %+v", got.Controller.Buses)
	}
}

func TestSecret_FromFileOrEnvironment(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "password")
	write(t, path, "hunter2\n")
	fromFile, err := load(t, "server:\n  smtp:\n    password_file: "+path+"\n", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	fromEnv, err := load(t, "", []string{"CUBBY_SERVER_SMTP_PASSWORD=hunter2"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]config.Config{"file": fromFile, "environment": fromEnv} {
		if got := cfg.Server.SMTP.Password.Reveal(); got != "hunter2" {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestSecret_NeverShows(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.Server.SMTP.Password = config.NewSecret("hunter2")
	asJSON, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.InfoContext(t.Context(), "configured", slog.Any("config", cfg), slog.Any("password", cfg.Server.SMTP.Password))
	outputs := map[string]string{
		"json": string(asJSON), "yaml": string(asYAML), "slog": log.String(),
		"%v": fmt.Sprintf("%v", cfg), "%+v": fmt.Sprintf("%+v", cfg), "%#v": fmt.Sprintf("%#v", cfg),
		"%x": fmt.Sprintf("%x", cfg.Server.SMTP.Password),
	}
	for name, text := range outputs {
		if strings.Contains(text, "hunter2") || strings.Contains(text, "68756e74657232") {
			t.Errorf("%s shows the secret: %s", name, text)
		}
		if name != "%x" && !strings.Contains(text, "redacted") {
			t.Errorf("%s does not say redacted: %s", name, text)
		}
	}
}

func TestParse_TooLarge(t *testing.T) {
	t.Parallel()
	_, err := config.Parse("big.yaml", bytes.Repeat([]byte("# padding\n"), 200_000))
	if err == nil || !strings.Contains(err.Error(), "is it the right file?") {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	old, err := os.ReadFile("testdata/v0.1.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(old))
	f.Add("server: {smtp: {password: x}}")
	f.Add("controller:\n  buses:\n  - name: [1]\n    boards: {}\n")
	f.Add("a: &a [*a]\n---\nb: !!int 1\n<<: *a")
	f.Add("log: {level: |\n debug}")
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := config.Parse("f", []byte(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f:") && !strings.HasPrefix(err.Error(), "f has") {
				t.Errorf("an error without its place: %v", err)
			}
			return
		}
		_ = cfg.Validate() // any result is fine, it must return
	})
}

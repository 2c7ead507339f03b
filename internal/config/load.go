package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
)

const (
	envPrefix = "CUBBY_"
	envFile   = "CUBBY_CONFIG" // names the file when no flag does

	// maxSecretBytes bounds a file that holds a secret: a wrong path must not become a password.
	maxSecretBytes = 4096
)

// Sources are where settings come from. The zero value reads the environment and, when
// CUBBY_CONFIG names one, a file.
type Sources struct {
	File  string            // path of the file; empty means what CUBBY_CONFIG names, or none
	Env   []string          // NAME=value as os.Environ gives them; nil means the process's own
	Flags map[string]string // key => value, e.g. "server.listen" => ":8080"; no secrets
}

// Load returns the settings in force: a flag beats the environment, the environment beats the
// file, the file beats the default. The error joins every problem, each with the place it stands at.
func Load(src Sources) (Config, error) {
	env := environment(src.Env)
	cfg := Default()
	path := src.File
	if path == "" {
		path = env[envFile]
	}
	if path != "" {
		data, err := readFile(path, maxFileBytes)
		if err != nil {
			return cfg, fmt.Errorf("read configuration: %w", err)
		}
		if cfg, err = Parse(path, data); err != nil {
			return cfg, err
		}
	}
	err := errors.Join(
		applyEnv(&cfg, env),
		applyFlags(&cfg, src.Flags),
	)
	if err != nil {
		return cfg, err
	}
	if err := readSecrets(&cfg); err != nil {
		return cfg, err
	}
	return cfg, cfg.Validate()
}

// environment keeps what starts with CUBBY_, by name.
func environment(env []string) map[string]string {
	if env == nil {
		env = os.Environ()
	}
	ours := map[string]string{}
	for _, pair := range env {
		if name, value, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(name, envPrefix) {
			ours[name] = value
		}
	}
	return ours
}

// applyEnv takes each variable that belongs to a section, and refuses one that names no
// setting: a misspelt variable must not be ignored. Other CUBBY_ names (CUBBY_CONFIG) are not ours.
func applyEnv(cfg *Config, env map[string]string) error {
	settings := map[string]Setting{}
	var known []string
	for _, s := range Settings() {
		if s.Env != "" {
			settings[s.Env] = s
			known = append(known, s.Env)
		}
	}
	var problems []error
	for _, name := range sortedKeys(env) {
		s, ok := settings[name]
		if !ok {
			if inSection(name) {
				problems = append(problems, fmt.Errorf("%s: %s", name, unknown(name, known)))
			}
			continue
		}
		if err := s.set(cfg, env[name]); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(problems...)
}

func inSection(name string) bool {
	for field := range fieldsOf(reflect.TypeFor[Config]()) {
		if strings.HasPrefix(name, envName(keyOf(field))+"_") {
			return true
		}
	}
	return false
}

func applyFlags(cfg *Config, flags map[string]string) error {
	settings := map[string]Setting{}
	var known []string
	for _, s := range Settings() {
		if s.Env != "" && !s.Secret {
			settings[s.Key] = s
			known = append(known, s.Key)
		}
	}
	var problems []error
	for _, key := range sortedKeys(flags) {
		s, ok := settings[key]
		if !ok {
			problems = append(problems, fmt.Errorf("flag %s: %s", key, unknown(key, known)))
			continue
		}
		if err := s.set(cfg, flags[key]); err != nil {
			problems = append(problems, fmt.Errorf("flag %s: %w", key, err))
		}
	}
	return errors.Join(problems...)
}

// set puts one written value into cfg.
func (s Setting) set(cfg *Config, text string) error {
	return setText(s.field, s.in(reflect.ValueOf(cfg).Elem()), text)
}

// in finds the setting's field below a value of type Config.
func (s Setting) in(root reflect.Value) reflect.Value {
	for word := range strings.SplitSeq(s.Key, ".") {
		for field := range fieldsOf(root.Type()) {
			if keyOf(field) == word {
				root = root.FieldByIndex(field.Index)
				break
			}
		}
	}
	return root
}

// readSecrets fills each secret from the file that its neighbour names.
func readSecrets(cfg *Config) error {
	var problems []error
	settings := Settings()
	for i, s := range settings {
		if !s.Secret {
			continue
		}
		j := slices.IndexFunc(settings, func(o Setting) bool { return o.Key == s.Key+"_file" })
		root := reflect.ValueOf(cfg).Elem()
		into, path := settings[i].in(root), settings[j].in(root).String()
		if path == "" {
			continue
		}
		if !into.IsZero() {
			problems = append(problems, fmt.Errorf("%s and %s_file are both set: keep one", s.Key, s.Key))
			continue
		}
		data, err := readFile(path, maxSecretBytes)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s_file: %w", s.Key, err))
			continue
		}
		secret := strings.TrimRight(string(data), "\r\n") // an editor's last newline is not part of it
		if secret == "" {
			problems = append(problems, fmt.Errorf("%s_file: %s is empty", s.Key, path))
		}
		into.Set(reflect.ValueOf(NewSecret(secret)))
	}
	return errors.Join(problems...)
}

// readFile reads a file of at most limit bytes.
func readFile(path string, limit int64) (data []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes: is it the right file?", path, limit)
	}
	return data, err
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

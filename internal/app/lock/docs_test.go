package lock_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"cubby/board"
	"cubby/board/catalog"
	"cubby/internal/app/lock"
	"cubby/internal/config"
)

var update = flag.Bool("update", false, "write the list of models in docs/hardware.md")

func TestHardware_IsCommitted(t *testing.T) {
	t.Parallel()
	const path = "../../../docs/hardware.md"
	const first, last = "<!-- models: made by go test ./internal/app/lock -update -->\n", "<!-- /models -->\n"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(data), first)
	_, after, ended := strings.Cut(rest, last)
	if !found || !ended {
		t.Fatalf("%s has no place for the models: want %s%s", path, first, last)
	}
	want := before + first + modelTable(t) + last + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(data) {
		t.Errorf("docs/hardware.md is stale, run go test ./internal/app/lock -update")
	}
}

// The settings that the page shows are taken as they stand.
func TestHardware_SettingsWork(t *testing.T) {
	t.Parallel()
	page := read(t, "../../../docs/hardware.md")
	block := regexp.MustCompile("(?s)```yaml\n(controller:.*?)```").FindStringSubmatch(page)
	if block == nil {
		t.Fatal("the page shows no settings")
	}
	c, err := config.Parse("hardware.md", []byte(block[1]))
	fatal(t, errors.Join(err, c.Validate()))
	for _, bus := range c.Controller.Buses {
		fatal(t, lock.Check(bus))
	}
	accept := regexp.MustCompile("(?m)^ *accept: (.*)$").FindStringSubmatch(page)
	if accept == nil || accept[1] != lock.Acceptance {
		t.Errorf("the page says %q, want the sentence %q", accept, lock.Acceptance)
	}
}

func modelTable(t *testing.T) string {
	t.Helper()
	models, err := catalog.Models()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("\n| model | name | maker | family | outputs | addresses | baud | sees doors by | presence | pulse | evidence |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|\n")
	notes, texts := map[string]string{}, []string{} // what is said, and of which models
	for _, m := range models {
		info, err := lock.Info(config.Bus{Model: m.ID})
		if err != nil {
			t.Fatalf("%s: %v", m.ID, err)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` | %d | %s | %s | %s | %s | %s | %s |\n", m.ID, m.Name, m.Maker, m.Family,
			m.Channels, addresses(m), number(m.BaudRate), witness(info), presence(m, info), pulse(info), m.Evidence)
		text := fmt.Sprintf("%s *Source: %s.*", m.Notes, strings.Join(m.Sources, "; "))
		if notes[text] == "" {
			texts = append(texts, text)
		}
		notes[text] += ", `" + m.ID + "`"
	}
	b.WriteString("\n")
	for _, text := range texts {
		fmt.Fprintf(&b, "- %s: %s\n", strings.TrimPrefix(notes[text], ", "), text)
	}
	return b.String() + "\n"
}

func addresses(m catalog.Model) string {
	if m.MinAddress == m.MaxAddress {
		return strconv.Itoa(int(m.MinAddress))
	}
	return fmt.Sprintf("%d-%d", m.MinAddress, m.MaxAddress)
}

func number(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

func witness(info board.Info) string {
	switch {
	case info.Latch:
		return "latch"
	case info.Cycle:
		return "contact"
	}
	return "-"
}

func presence(m catalog.Model, info board.Info) string {
	switch {
	case info.Infrared:
		return "infrared"
	case m.Family == "kerong":
		return "infrared, as an option"
	}
	return "-"
}

func pulse(info board.Info) string {
	if info.Software {
		return info.BoardTime.String() + " *"
	}
	return info.BoardTime.String()
}

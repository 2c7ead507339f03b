package ui_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// tokens are the custom properties of a theme, e.g. tokens["ink"] = "#13201b".
type tokens map[string]string

// blockTokens collects the custom properties of every rule whose selector is exactly that.
func blockTokens(t *testing.T, css, selector string) tokens {
	t.Helper()
	found := tokens{}
	for _, at := range regexp.MustCompile(`(?m)(^|[{};,]\s*)`+regexp.QuoteMeta(selector)+`\s*(,[^{]*)?\{`).FindAllStringIndex(css, -1) {
		body, _, _ := strings.Cut(css[at[1]:], "}")
		for _, m := range regexp.MustCompile(`--([\w-]+):\s*(#[0-9a-fA-F]{3,6})\s*(;|$)`).FindAllStringSubmatch(strings.TrimSpace(body)+";", -1) {
			found[m[1]] = m[2]
		}
	}
	if len(found) == 0 {
		t.Fatalf("no tokens under %q", selector)
	}
	return found
}

func with(base, over tokens) tokens {
	all := tokens{}
	for _, set := range []tokens{base, over} {
		for name, value := range set {
			all[name] = value
		}
	}
	return all
}

func css(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("static/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(raw), "")
}

// luminance is the relative luminance of a colour. Source: WCAG 2.2, relative luminance.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	hex := strings.TrimPrefix(colour, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	var channels [3]float64
	for i := range channels {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatalf("colour %q: %v", colour, err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			channels[i] = c / 12.92
		} else {
			channels[i] = math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*channels[0] + 0.7152*channels[1] + 0.0722*channels[2]
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	la, lb := luminance(t, a), luminance(t, b)
	return (math.Max(la, lb) + 0.05) / (math.Min(la, lb) + 0.05)
}

// Least contrasts. Source: WCAG 2.2 SC 1.4.3 and 1.4.11; 7 on the kiosk is 1.4.6.
const (
	leastText  = 4.5
	leastKiosk = 7.0
	leastEdge  = 3.0
)

type pair struct{ front, back string }

func textPairs() []pair {
	return []pair{
		{"ink", "bg"},
		{"ink", "surface"},
		{"ink", "sunken"},
		{"ink-2", "bg"},
		{"ink-2", "surface"},
		{"ink-2", "sunken"},
		{"ink-3", "bg"},
		{"ink-3", "surface"},
		{"accent", "bg"},
		{"accent", "surface"},
		{"accent", "accent-soft"},
		{"ink", "accent-soft"},
		{"ink-2", "accent-soft"},
		{"on-accent", "accent"},
		{"on-accent", "accent-hover"},
		{"danger", "surface"},
		{"danger", "bg"},
		{"danger", "danger-soft"},
		{"ink", "danger-soft"},
		{"on-danger", "danger"},
		{"free-fg", "free-bg"},
		{"reserved-fg", "reserved-bg"},
		{"occupied-fg", "occupied-bg"},
		{"overdue-fg", "overdue-bg"},
		{"open-fg", "open-bg"},
		{"fault-fg", "fault-bg"},
		{"blocked-fg", "blocked-bg"},
	}
}

func kioskPairs() []pair {
	return []pair{
		{"ink", "bg"},
		{"ink", "surface"},
		{"ink-2", "bg"},
		{"ink-2", "surface"},
		{"ink-3", "bg"},
		{"ink-3", "surface"},
		{"accent", "bg"},
		{"on-accent", "accent"},
		{"danger", "bg"},
		{"danger", "surface"},
		{"bg", "ink"},
	}
}

func edgePairs() []pair {
	return []pair{
		{"line-strong", "surface"},
		{"line-strong", "bg"},
		{"focus", "surface"},
		{"focus", "bg"},
		{"focus", "cabinet"},
		{"accent", "surface"},
		{"open-line", "cabinet"},
		{"open-line", "open-bg"},
	}
}

func check(t *testing.T, theme string, set tokens, pairs []pair, least float64) {
	t.Helper()
	for _, p := range pairs {
		front, back := set[p.front], set[p.back]
		if front == "" || back == "" {
			t.Errorf("%s: token %s or %s is missing", theme, p.front, p.back)
			continue
		}
		if got := contrast(t, front, back); got < least {
			t.Errorf("%s: %s %s on %s %s has a contrast of %.2f, want %.1f", theme, p.front, front, p.back, back, got, least)
		}
	}
}

func TestTokens_HaveContrast(t *testing.T) {
	t.Parallel()
	app := css(t, "app.css")
	light := blockTokens(t, app, ":root")
	dark := with(light, blockTokens(t, app, ":root[data-theme=dark]"))
	for theme, set := range map[string]tokens{"light": light, "dark": dark} {
		check(t, theme, set, textPairs(), leastText)
		check(t, theme, set, edgePairs(), leastEdge)
	}
	panel := css(t, "panel.css")
	kiosk := map[string]tokens{
		"kiosk light": with(light, blockTokens(t, panel, ":root")),
		"kiosk dark":  with(dark, blockTokens(t, panel, ":root[data-theme=dark]")),
	}
	for theme, set := range kiosk {
		check(t, theme, set, kioskPairs(), leastKiosk)
		check(t, theme, set, edgePairs(), leastEdge)
	}
	if got := contrast(t, "#fff", "#000000"); math.Abs(got-21) > 1e-9 {
		t.Fatalf("white on black is %.2f: the computation is wrong", got)
	}
}

// The device's dark theme and the chosen one are two blocks of the same tokens.
func TestTokens_DarkBlocksAgree(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"app.css", "panel.css"} {
		sheet := css(t, name)
		chosen := blockTokens(t, sheet, ":root[data-theme=dark]")
		device := blockTokens(t, sheet, ":root:not([data-theme=light])")
		for token := range with(chosen, device) {
			if chosen[token] != device[token] {
				t.Errorf("%s: --%s is %q when dark is chosen and %q when the device is dark", name, token, chosen[token], device[token])
			}
		}
	}
}

func TestStyles_FollowTheRules(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"app.css", "panel.css", "handheld.css", "font.css"} {
		sheet := css(t, name)
		for _, rule := range regexp.MustCompile(`([^{}]+)\{([^{}]*)\}`).FindAllStringSubmatch(sheet, -1) {
			selector, body := strings.TrimSpace(rule[1]), rule[2]
			// Opacity on text hides its true contrast from every check; pseudo-elements have no text.
			if regexp.MustCompile(`(^|[;\s])opacity:`).MatchString(body) && !strings.Contains(selector, "::") {
				t.Errorf("%s: %s uses opacity", name, selector)
			}
		}
		if regexp.MustCompile(`url\(\s*["']?(https?:)?//`).MatchString(sheet) {
			t.Errorf("%s loads something from another host", name)
		}
	}
}

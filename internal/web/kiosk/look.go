package kiosk

import (
	"sync"
	"time"

	"cubby/internal/controller"
	"cubby/internal/text"
)

// look is how the person at a panel wants to read it. It ends with their turn.
type look struct {
	lang   string
	easier bool
	at     time.Time // when it was chosen or last used
}

// looks keeps the look of each panel: it belongs to the turn at the panel, not to the browser.
type looks struct {
	mu sync.Mutex
	of map[controller.PanelID]look
}

const (
	maxLooks = 64               // panels of a site
	lookFor  = 70 * time.Second // an unused look on the home screen: idle time and warning
)

func (l *looks) get(panel controller.PanelID) look {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of[panel]
}

func (l *looks) set(panel controller.PanelID, v look) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.of[panel]; known || len(l.of) < maxLooks {
		l.of[panel] = v
	}
}

func (l *looks) forget(panel controller.PanelID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.of, panel)
}

// touch keeps the look of somebody who still uses the panel.
func (l *looks) touch(panel controller.PanelID, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.of[panel]; ok {
		v.at = now
		l.of[panel] = v
	}
}

// forgetStale forgets a look that nobody used for long, and reports whether there was one.
func (l *looks) forgetStale(panel controller.PanelID, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.of[panel]
	if !ok || now.Sub(v.at) < lookFor {
		return false
	}
	delete(l.of, panel)
	return true
}

// offered are the languages of a site that the product speaks, the site's default first.
func offered(c *text.Catalog, wanted []string) []text.Language {
	var all []text.Language
	seen := map[string]bool{}
	for _, tag := range wanted {
		if lang := c.Negotiate(tag, ""); c.Speaks(lang) && !seen[lang] && (lang != text.Default || isEnglish(tag)) {
			seen[lang] = true
			all = append(all, c.For(lang).Language())
		}
	}
	if len(all) == 0 {
		return text.Languages()
	}
	return all
}

// isEnglish tells a wish for English from one that nothing better was found for.
func isEnglish(tag string) bool { return tag == "en" || len(tag) > 2 && tag[:3] == "en-" }

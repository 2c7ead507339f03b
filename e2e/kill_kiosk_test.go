package e2e_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// killPanel is a person's view of one kiosk: its pages, over HTTP and without a script.
type killPanel struct {
	base   string // address of the panel's page
	client *http.Client
	posted func() // told before each form is sent; may be nil
	last   string // answer to the last form that was refused
}

// killPage is what a person reads of a page.
type killPage struct {
	status int
	step   string // of the turn
	text   string // of the page, without markup
	body   string
}

var (
	killStep  = regexp.MustCompile(`data-step="([a-z_]+)`)
	killTags  = regexp.MustCompile(`<[^>]*>`)
	killMatch = regexp.MustCompile(`name="ref" value="([0-9.]+)"`)
	killDoor  = regexp.MustCompile(`(?s)id="place-([^"]+)"[^>]*>(.*?)</a>`)
	killCode  = regexp.MustCompile(`\b[2-9A-Z]{3}-[2-9A-Z]{3}-[2-9A-Z]{3}\b`)
)

func newKillPanel(address, panel string, posted func()) *killPanel {
	return &killPanel{
		base: "http://" + address + "/kiosk/" + panel, posted: posted,
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}},
	}
}

// get reads the page as it is now. errKillDown means that no answer came.
func (k *killPanel) get(ctx context.Context, query string) (killPage, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.base+query, nil)
	if err != nil {
		return killPage{}, err
	}
	return k.send(req)
}

// act presses a key of the page, and returns the page that follows.
func (k *killPanel) act(ctx context.Context, act string, fields ...string) (killPage, error) {
	return k.post(ctx, "/act", append([]string{"act", act}, fields...)...)
}

// code types a code.
func (k *killPanel) code(ctx context.Context, code string) (killPage, error) {
	return k.post(ctx, "/code", "code", code)
}

func (k *killPanel) post(ctx context.Context, path string, fields ...string) (killPage, error) {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, k.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return killPage{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if k.posted != nil {
		k.posted()
	}
	page, err := k.send(req)
	if err == nil && page.status != http.StatusOK {
		k.last = fmt.Sprintf("%s %v at %s: %s", path, fields, page.step, page.text)
	}
	return page, err
}

func (k *killPanel) send(req *http.Request) (killPage, error) {
	resp, err := k.client.Do(req)
	if err != nil {
		k.client.CloseIdleConnections()
		return killPage{}, fmt.Errorf("%w: %w", errKillDown, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return killPage{}, fmt.Errorf("%w: %w", errKillDown, err)
	case resp.StatusCode == http.StatusServiceUnavailable:
		return killPage{}, fmt.Errorf("%w: one moment", errKillDown)
	case resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusUnprocessableEntity:
		return killPage{}, fmt.Errorf("%s %s: %s", req.Method, req.URL, resp.Status)
	}
	return killRead(resp.StatusCode, string(body)), nil
}

func killRead(status int, body string) killPage {
	p := killPage{status: status, body: body}
	if m := killStep.FindStringSubmatch(body); m != nil {
		p.step = m[1]
	}
	p.text = killWords(body)
	return p
}

// killWords is the text of markup, without the marks that keep numbers in their order.
func killWords(markup string) string {
	text := html.UnescapeString(killTags.ReplaceAllString(markup, " "))
	text = strings.NewReplacer("\u2066", "", "\u2069", "").Replace(text)
	return strings.Join(strings.Fields(text), " ")
}

// stored reports whether the page tells the courier that the last parcel is in a door.
func (p killPage) stored(door string) bool {
	return p.step == "courier_ready" && strings.Contains(p.text, "Stored in "+door)
}

// faulty lists the doors of a page of the staff that somebody must look into.
func (p killPage) faulty() []string {
	var places []string
	for _, m := range killDoor.FindAllStringSubmatch(p.body, -1) {
		if strings.Contains(killWords(m[2]), "Fault") {
			places = append(places, html.UnescapeString(m[1]))
		}
	}
	return places
}
